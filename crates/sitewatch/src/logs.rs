//! What log a file is, as the command line says it.

use std::path::PathBuf;

use clap::Args;
use model::Log;

use crate::orders::BadFormat;

/// Flags that say it.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct LogFormat {
    /// What the logs are: cloudfront, cloudfront-json, cloudfront-real-time, w3c, alb, combined,
    /// akamai or vpc-flow; cloudfront-real-time:FIELD,… and vpc-flow:FIELD,… with these fields
    #[arg(long, value_name = "NAME", value_parser = Log::named)]
    log_format: Option<Log>,

    /// The logs are JSON objects as this file describes them
    #[arg(long, value_name = "FILE", conflicts_with = "log_format")]
    mapping: Option<PathBuf>,
}

impl LogFormat {
    /// The log; `None` where nothing is said.
    ///
    /// # Errors
    /// If the mapping cannot be read, or something is wrong with it.
    pub(crate) fn log(&self) -> Result<Option<Log>, BadFormat> {
        let Some(path) = &self.mapping else {
            return Ok(self.log_format.clone());
        };
        let bad = |problem: String| BadFormat::new(format!("{}: {problem}", path.display()));
        let text = std::fs::read_to_string(path).map_err(|error| bad(error.to_string()))?;
        let log = Log::described(&text).map_err(|error| bad(error.to_string()))?;
        Ok(Some(log))
    }
}
