//! The `notify` function: tells people of alarms through SNS, each alarm record
//! once.
//!
//! ```text
//! record ─ Alarm ─ claim ─ publish ─ complete
//!        └ no alarm ─ rejects
//! ```

mod config;
mod event;
mod handler;
mod ledger;
mod message;
mod metrics;
mod publish;

pub use config::{Config, TopicArn};
pub use event::{Answer, Event};
pub use handler::Handler;
pub use ledger::{Claim, DynamoLedger, Ledger};
pub use message::{Facts, LONGEST_SMS, LONGEST_SUBJECT, Message, Value};
pub use metrics::Counts;
pub use publish::{SnsTopic, timeouts};

/// The function's name, in its logs, metrics and rejects.
pub const FUNCTION: &str = "notify";
