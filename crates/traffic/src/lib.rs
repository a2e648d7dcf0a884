//! The `traffic` function: counts the requests and flows of access logs per minute of
//! their own time, and publishes the sums to CloudWatch, each request once.
//!
//! ```text
//! object or batch ─ read: blocks, lines ─ classify, count ─ rejects ─ commit ─ publish
//!                   └── what is not behind the marker's place ──┘       └ marker and parts in the table
//! ```
//!
//! Pure, without SDK or clock: `count`, `classify`, `series`, `part`, `patterns`, `bots`,
//! `hosts`, `duration`, `memo`, `blocks`, `lines` and `notification`.

mod blocks;
mod bots;
mod classify;
mod config;
mod count;
mod duration;
mod event;
mod handler;
mod hosts;
mod input;
mod lines;
mod memo;
mod metrics;
mod notification;
mod objects;
mod part;
mod pattern_table;
mod patterns;
mod publish;
mod reading;
mod series;
mod source;
mod state;

pub use blocks::{Block, Blocks, MAX_LINE};
pub use bots::Bots;
pub use classify::Classifier;
pub use config::{Config, Rules};
pub use count::Tally;
pub use duration::{bucket, milliseconds};
pub use event::{Attributes, Event, Message};
pub use handler::Handler;
pub use hosts::{Hosts, Ports};
pub use lines::{Line, Lines, Refusal};
pub use metrics::Counts;
pub use notification::ObjectId;
pub use objects::{Chunks, Objects, OpenError, S3};
pub use part::{Part, parts};
pub use pattern_table::{DynamoPatterns, PatternTable};
pub use patterns::{BadPattern, Pattern, Patterns};
pub use publish::{CloudWatch, Metrics, PublishError};
pub use series::{Metric, Scope, Series, Value};

/// The function's name, in its logs and metrics.
pub const FUNCTION: &str = "traffic";
