//! The names of formats, as a variable or a route has them.

use std::fmt;

use super::Log;

/// Names of fields in the order of a line's columns; empty for the documented ones.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FieldList(pub(crate) Vec<String>);

/// A name that is no format's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LogNameError(String);

impl fmt::Display for LogNameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for LogNameError {}

pub(super) fn log(name: &str) -> Result<Log, LogNameError> {
    match name {
        "cloudfront" => Ok(Log::CloudFront),
        "alb" => Ok(Log::Alb),
        "combined" => Ok(Log::Combined),
        _ => Err(LogNameError(String::new())),
    }
}
