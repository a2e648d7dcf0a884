//! The function's configuration.

use function::env::{ConfigError, Env, QueueUrl, TableName};
use model::OrderFormat;

/// What the `orders` function must be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `ORDERS_TABLE`: the table of rows, keys `CustomerID` (N) and `OrderID` (S).
    pub table: TableName,
    /// `REJECTS_QUEUE_URL`: the queue for what can never be a row.
    pub rejects: QueueUrl,
    /// `ORDER_FORMAT`: the file that says how the shop's orders look.
    pub format: OrderFormat,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// The first variable that is missing or malformed, or names a file that is.
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            table: env.required("ORDERS_TABLE", TableName::EXPECTED, TableName::parse)?,
            rejects: env.required("REJECTS_QUEUE_URL", QueueUrl::EXPECTED, QueueUrl::parse)?,
            format: env
                .file("ORDER_FORMAT", OrderFormat::parse)?
                .unwrap_or_default(),
        })
    }
}
