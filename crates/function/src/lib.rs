//! What every sitewatch function needs once: its configuration checked at start,
//! JSON logs and embedded metrics, the Kinesis event and its partial batch
//! response, the invocation's deadline, delivery to a service that answers per item,
//! and a table with conditional writes.
//!
//! Nothing here knows what an order or an alarm is for; that is the functions'.

pub mod aws;
mod deadline;
pub mod delivery;
pub mod env;
mod event;
mod invocation;
pub mod rejects;
pub mod table;
pub mod telemetry;

pub use deadline::Deadline;
pub use event::{KinesisEvent, Record, failures, first_failed};
pub use invocation::Invocation;
pub use model::SequenceNumber;

/// Any error, as the Lambda runtime takes it.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;
