//! The services, in memory: each keeps what it is given and fails as the plan says.
//!
//! A [`Client`] is one process's way to all of them. It stands where the functions have
//! their SDK clients.

mod alarms;
mod counts;
mod database;
mod ledger;
mod queue;
mod rows;
mod topic;

use std::sync::Arc;

pub use counts::{Counted, CountsTable};
pub use database::{Database, Session};
pub use ledger::{Ledger, footer};
pub use queue::Queue;
pub use rows::Rows;
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
