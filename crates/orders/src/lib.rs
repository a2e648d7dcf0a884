//! The `orders` function: from order records of a Kinesis stream to rows of the
//! DynamoDB table, each line exactly one row however often it is delivered.
//!
//! ```text
//! event ─ batch: decode, one row per key ─┬─ store: BatchWriteItem ──┐
//!                                         └─ rejects: SQS ───────────┴─ batchItemFailures
//! ```

mod batch;
mod config;
mod handler;
mod metrics;
mod request;
mod row;
mod store;

pub use config::Config;
pub use handler::Handler;
pub use metrics::Counts;
pub use request::batch_write_item_body;
pub use row::{ArrivalTime, Row};
pub use store::DynamoTable;

/// The function's name, in its logs, metrics and rejects.
pub const FUNCTION: &str = "orders";
