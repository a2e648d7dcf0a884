//! The function's configuration.

use function::env::{ConfigError, Env, StreamName, TableName};
use model::OrderFormat;

use crate::rule::Rule;

/// What the `surge` function must be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Config {
    /// `SURGE_TABLE`: the table of the counts and the site's state, string keys
    /// `pk` and `sk`, TTL attribute `expires_at`.
    pub table: TableName,
    /// `ALARM_STREAM`: the Kinesis stream that alarms go to.
    pub stream: StreamName,
    /// `ORDER_FORMAT`: the file that says how the shop's orders look.
    pub format: OrderFormat,
    /// The rule, from the variables that [`Rule::from_env`] names.
    pub rule: Rule,
}

impl Config {
    /// Reads the configuration.
    ///
    /// # Errors
    /// The first variable that is missing, malformed or contradicts the others, or names
    /// a file that is.
    pub fn from_env(env: &Env<'_>) -> Result<Self, ConfigError> {
        Ok(Self {
            table: env.required("SURGE_TABLE", TableName::EXPECTED, TableName::parse)?,
            stream: env.required("ALARM_STREAM", StreamName::EXPECTED, StreamName::parse)?,
            format: env
                .file("ORDER_FORMAT", OrderFormat::parse)?
                .unwrap_or_default(),
            rule: Rule::from_env(env)?,
        })
    }
}
