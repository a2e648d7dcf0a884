//! Why a batch could not be stored.

use std::time::Duration;

use function::delivery::CallError;

use crate::failure::{Class, Failure};
use crate::secret::SecretError;

/// Why a batch could not be stored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The secret cannot be read.
    #[error("the secret of DB_SECRET_ID cannot be read")]
    Secret(#[source] CallError),
    /// The secret does not say how to reach the database.
    #[error(transparent)]
    Login(#[from] SecretError),
    /// A database on another machine and nobody to vouch for it.
    #[error(
        "DB_CA_FILE is not set: expected the certificates of the database's authorities, \
         because a database on another machine is reached by TLS alone"
    )]
    NoAuthorities,
    /// The database will not have it, however often it is tried.
    #[error("{doing} failed for good")]
    Final {
        /// What was done.
        doing: &'static str,
        /// Why it failed.
        source: Failure,
    },
    /// It may work later.
    #[error("{doing} failed for now")]
    Later {
        /// What was done.
        doing: &'static str,
        /// Why it failed.
        source: Failure,
    },
    /// Another function has been bringing the tables up to date for too long.
    #[error("another function is at it")]
    Migrating,
    /// It was tried until the deadline.
    #[error("no time left after {} s, while {doing}", .tried.as_secs())]
    OutOfTime {
        /// How long it was tried.
        tried: Duration,
        /// What the last try was at.
        doing: &'static str,
        /// Why the try before it failed, if there was one.
        source: Option<Box<Error>>,
    },
}

impl Error {
    /// An error of the database while it was asked for something.
    pub(crate) fn of(doing: &'static str, failure: impl Into<Failure>) -> Self {
        let source = failure.into();
        match source.class() {
            Class::Later => Self::Later { doing, source },
            Class::Login | Class::Data | Class::Final => Self::Final { doing, source },
        }
    }

    /// Whether another try may succeed. A secret's reading is not tried again: that
    /// has been done until the deadline.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        matches!(self, Self::Later { .. } | Self::Migrating)
    }
}
