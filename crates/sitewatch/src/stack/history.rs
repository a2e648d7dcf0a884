//! Where `history` keeps alarms: in SQLite, or in a MySQL server that is given.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;
use aws_lambda_events::streams::KinesisEventResponse;
use function::delivery::CallError;
use function::{Deadline, Record};
use history::{Batch, Counts, Database as _, Handler, Place, Secrets, Store};

use super::mysql_url::MySqlUrl;
use super::sqlite::Sqlite;

/// How long a server may take to answer at all.
const PATIENCE: Duration = Duration::from_secs(10);

/// The database of the history.
#[derive(Debug, Clone)]
pub(crate) enum Database {
    /// SQLite, in a file or in memory.
    Sqlite(Sqlite),
    /// A MySQL server.
    MySql(MySqlUrl),
}

/// The `history` function with its database.
#[derive(Debug)]
pub(crate) enum History {
    Sqlite(Handler<Sqlite>),
    MySql(Box<Handler<Store<Given>>>),
}

impl History {
    /// The function with a database that works: a server that does not is found out
    /// now, and not by the first alarm.
    pub(crate) async fn open(database: Database) -> anyhow::Result<Self> {
        Ok(match database {
            Database::Sqlite(sqlite) => Self::Sqlite(Handler::new(sqlite)),
            Database::MySql(url) => {
                let place = Place {
                    host: None,
                    port: None,
                    database: "logs".to_owned(),
                };
                let store = Store::new(Given(url.secret()), place, None);
                let (nothing, mut counts) = (Batch::default(), Counts::default());
                let tables = store.write(&nothing, Deadline::after(PATIENCE), &mut counts);
                let made = Box::pin(tables).await;
                made.context("the MySQL server given cannot be used")?;
                Self::MySql(Box::new(Handler::new(store)))
            }
        })
    }

    pub(crate) async fn process(
        &self,
        records: &[Record],
        deadline: Deadline,
    ) -> (KinesisEventResponse, Counts) {
        match self {
            Self::Sqlite(handler) => handler.process(records, deadline).await,
            Self::MySql(handler) => Box::pin(handler.process(records, deadline)).await,
        }
    }
}

impl Database {
    /// SQLite in a file, or in memory.
    pub(crate) fn sqlite(file: Option<&Path>) -> anyhow::Result<Self> {
        let place = || file.map_or("memory".to_owned(), |file| file.display().to_string());
        let sqlite = Sqlite::open(file).with_context(|| format!("no history in {}", place()))?;
        Ok(Self::Sqlite(sqlite))
    }
}

/// A secret that is given rather than kept.
#[derive(Debug)]
pub(crate) struct Given(String);

impl Secrets for Given {
    async fn read(&self, _: Deadline) -> Result<String, CallError> {
        Ok(self.0.clone())
    }
}
