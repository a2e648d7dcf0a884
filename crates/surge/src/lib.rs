//! The `surge` function: tells when orders come in faster than they should, over
//! all shards of a site, each order counted once.
//!
//! ```text
//! batch ─ count: one conditional write per granule ─ busy? ─ look ahead ──┐
//! clock ─ settle: what is known for good ────────────────────────────────┴─ site ─ publish
//! ```
//!
//! Pure, without SDK or clock, and so of use to anybody who has arrivals to judge:
//! `rule`, `gauge`, `bucket`, `who`, `heavy`, `granule`, `window`, `summary` and `site`.

mod bucket;
mod config;
mod count;
mod event;
mod gauge;
mod granule;
mod handler;
mod heavy;
mod look;
mod metrics;
mod publish;
mod registered;
mod rule;
mod site;
mod state;
mod summary;
mod who;
mod window;

pub use bucket::{Bucket, EXACT_ORDERS, Line, Seen, lines};
pub use config::Config;
pub use event::Event;
pub use function::table::{DynamoTable, End, Expected, Item, Keys, Table};
pub use gauge::Gauge;
pub use granule::{Arrival, GRANULE_SECONDS, Granule, start_of};
pub use handler::Handler;
pub use look::IDLE_SECONDS;
pub use metrics::Counts;
pub use publish::AlarmStream;
pub use rule::Rule;
pub use site::Site;
pub use summary::Summary;
pub use window::{Arrivals, Rate};

/// The function's name, in its logs and metrics.
pub const FUNCTION: &str = "surge";
