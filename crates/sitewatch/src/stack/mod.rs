//! The whole pipeline on this machine: embedded services with all that the functions
//! need in them, the functions, and event source mappings between.
//!
//! ```text
//! producers ─▶ services: orders ─┬─ mapping ─ orders ─▶ table, rejects
//!                                └─ mapping ─ surge ──▶ services: alarms ─┬─ mapping ─ notify ─▶ topic
//!                                                                        └─ mapping ─ history ─▶ SQL
//! ```
//!
//! What is shown of it, and whether time is real, is the commands' own.

mod checkpoints;
mod functions;
mod history;
mod mysql_url;
mod pump;
mod remote;
mod resources;
mod stream;

pub(crate) use checkpoints::Keep;
pub(crate) use functions::{Answer, BuiltIn, Function, Functions};
pub(crate) use history::Database;
pub(crate) use mysql_url::MySqlUrl;
pub(crate) use pump::{Arrival, Event, Pump};
pub(crate) use remote::Remote;
pub(crate) use resources::{Resources, sdk};

/// The site's orders.
pub(crate) const ORDERS: &str = "orders";
/// What `surge` tells.
pub(crate) const ALARMS: &str = "alarms";
