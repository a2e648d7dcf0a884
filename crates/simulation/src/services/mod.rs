//! The services, in memory: each keeps what it is given and fails as the plan says.
//!
//! A [`Client`] is one process's way to all of them. It stands where the functions have
//! their SDK clients.

mod alarms;
mod bucket;
mod cloudwatch;
mod counts;
mod database;
mod ledger;
mod marks;
mod patterns;
mod queue;
mod rows;
mod sorted;
mod topic;

use std::sync::Arc;

pub use bucket::{BUCKET, Body, Bucket, Object};
pub use cloudwatch::Publication;
pub use counts::{Counted, CountsTable};
pub use database::{Database, Session};
pub use ledger::{Ledger, footer};
pub use marks::{Commit, Marks, MarksTable};
pub use queue::Queue;
pub use rows::Rows;
pub use sorted::Sorted;
pub use topic::{Published, Topic};

use crate::process::Process;
use crate::world::World;

/// One process's way to the services.
#[derive(Debug, Clone)]
pub struct Client {
    /// Where they are.
    pub world: Arc<World>,
    /// Who calls.
    pub process: Arc<Process>,
}
