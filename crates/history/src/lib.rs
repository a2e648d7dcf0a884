//! The `history` function: from alarm records of a Kinesis stream to rows of a
//! MySQL table, each alarm exactly one row however often it is delivered.
//!
//! ```text
//! event ─ batch: row or reject ─ store: connection, schema, one transaction ─ batchItemFailures
//! ```
//!
//! It sits in the database's network and reaches nothing but the database and its
//! secret, so what can never be a row is kept in a table beside the others.

mod batch;
mod config;
mod connect;
mod database;
mod error;
mod failure;
mod handler;
mod insert;
mod metrics;
mod schema;
mod secret;
mod store;
mod values;

pub use batch::{Batch, Rejected, Row};
pub use config::{Authorities, Config, Place};
pub use database::{Database, Inserted};
pub use error::Error;
pub use failure::Failure;
pub use handler::Handler;
pub use metrics::Counts;
pub use secret::{Login, SecretError, Secrets, SecretsManager};
pub use store::Store;

/// The function's name, in its logs and metrics.
pub const FUNCTION: &str = "history";
