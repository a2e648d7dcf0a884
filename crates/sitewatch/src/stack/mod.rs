//! The whole pipeline on this machine: embedded services with all that the functions
//! need in them, the functions, and event source mappings between.
//!
//! ```text
//! producers ─▶ services: orders ─┬─ mapping ─ orders ─▶ table, rejects
//!                                └─ mapping ─ surge ──▶ services: alarms ─┬─ mapping ─ notify ─▶ topic
//!                                                                        └─ mapping ─ history ─▶ SQL
//! logs ──────▶ services: bucket ─ queue ─ feed ───┬─ traffic ─▶ metrics, rejects
//!              services: requests ─── mapping ────┘
//! ```
//!
//! What is shown of it, and whether time is real, is the commands' own.

mod checkpoints;
#[cfg(feature = "requests")]
mod feed;
mod functions;
mod history;
#[cfg(feature = "requests")]
mod logs;
mod mysql_url;
mod pump;
mod remote;
mod resources;
mod sqlite;
mod stream;
#[cfg(feature = "requests")]
mod traffic;

pub(crate) use checkpoints::Keep;
#[cfg(feature = "requests")]
pub(crate) use feed::Feed;
pub(crate) use functions::{Answer, BuiltIn, Function, Functions};
pub(crate) use history::Database;
#[cfg(feature = "requests")]
pub(crate) use logs::Logs;
pub(crate) use mysql_url::MySqlUrl;
pub(crate) use pump::{Arrival, Event, Pump};
pub(crate) use remote::Remote;
pub(crate) use resources::{Resources, sdk};
#[cfg(feature = "requests")]
pub(crate) use traffic::Traffic;

/// The site's orders.
pub(crate) const ORDERS: &str = "orders";
/// The site's requests.
pub(crate) const REQUESTS: &str = "requests";
/// What `surge` tells.
pub(crate) const ALARMS: &str = "alarms";
