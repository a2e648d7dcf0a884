//! How the shop's orders look, as the command line says it.

use std::path::PathBuf;

use clap::Args;
use function::env::{ConfigError, Env};
use model::OrderFormat;
use thiserror::Error;

/// The functions' variable that names the file.
pub(crate) const VARIABLE: &str = "ORDER_FORMAT";

/// The flag that stands in for it.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct Orders {
    /// How the shop's orders look: its order format file [env: ORDER_FORMAT]
    #[arg(long, value_name = "FILE")]
    orders: Option<PathBuf>,
}

impl Orders {
    /// The file, as it was given or as the environment says.
    pub(crate) fn file(&self) -> Option<String> {
        let given = self
            .orders
            .as_ref()
            .map(|file| file.to_string_lossy().into_owned());
        given.or_else(|| {
            Env::process()
                .value(VARIABLE)
                .filter(|file| !file.is_empty())
        })
    }

    /// What it says; the Online Retail forms if there is none.
    ///
    /// # Errors
    /// If it cannot be read, or something is wrong with it.
    pub(crate) fn format(&self) -> Result<OrderFormat, BadFormat> {
        let lookup = |_: &str| self.file();
        let format = Env::new(&lookup).file(VARIABLE, OrderFormat::parse);
        format
            .map(Option::unwrap_or_default)
            .map_err(|error| match error {
                ConfigError::File { path, problem, .. } => BadFormat(format!("{path}: {problem}")),
                other => BadFormat(other.to_string()),
            })
    }
}

/// A mistake in a file that describes orders or logs: exit code 2.
#[derive(Debug, Error)]
#[error("{0}")]
pub(crate) struct BadFormat(String);

impl BadFormat {
    /// A mistake: the file, and what is wrong.
    pub(crate) const fn new(problem: String) -> Self {
        Self(problem)
    }
}
