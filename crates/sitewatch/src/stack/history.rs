//! Where `history` keeps alarms: in SQLite, or in a MySQL server that is given.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use aws_lambda_events::streams::KinesisEventResponse;
use function::delivery::CallError;
use function::{Deadline, Record};
use history::{Batch, Counts, Database as _, Handler, Inserted, Place, Secrets, Store};
use rusqlite::{Connection, params};

use super::mysql_url::MySqlUrl;

/// Tables with the columns of the MySQL ones. Times are texts, ISO 8601 in UTC.
const TABLES: &str = "
    CREATE TABLE IF NOT EXISTS logs_history (
        id INTEGER PRIMARY KEY,
        alarm_creation_time TEXT NOT NULL,
        Number_of_orders INTEGER NOT NULL,
        alarm_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        site TEXT NOT NULL,
        trigger_count INTEGER NOT NULL,
        peak_count INTEGER NOT NULL,
        cancellation_count INTEGER NOT NULL,
        threshold INTEGER NOT NULL,
        window_seconds INTEGER NOT NULL,
        measure TEXT NOT NULL,
        started_at TEXT NOT NULL,
        UNIQUE (alarm_id, kind, alarm_creation_time)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS logs_rejects (
        id INTEGER PRIMARY KEY,
        message TEXT NOT NULL,
        stream TEXT NOT NULL,
        shard TEXT NOT NULL,
        sequence_number TEXT NOT NULL,
        data BLOB NOT NULL,
        UNIQUE (stream, shard, sequence_number)
    ) STRICT;";

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
        let connection = match file {
            Some(file) => Connection::open(file),
            None => Connection::open_in_memory(),
        };
        let connection = connection.and_then(|connection| {
            connection.execute_batch(TABLES)?;
            Ok(connection)
        });
        let place = || file.map_or("memory".to_owned(), |file| file.display().to_string());
        let connection = connection.with_context(|| format!("no history in {}", place()))?;
        Ok(Self::Sqlite(Sqlite(Arc::new(Mutex::new(connection)))))
    }
}

/// A SQLite database.
#[derive(Debug, Clone)]
pub(crate) struct Sqlite(Arc<Mutex<Connection>>);

impl Sqlite {
    fn keep(&self, batch: &Batch<'_>) -> rusqlite::Result<Inserted> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        let mut inserted = Inserted::default();
        for row in &batch.rows {
            let alarm = &row.alarm;
            let new = transaction.execute(
                "INSERT INTO logs_history (alarm_creation_time, Number_of_orders, alarm_id, kind, site,
                     trigger_count, peak_count, cancellation_count, threshold, window_seconds, measure,
                     started_at)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT (alarm_id, kind, alarm_creation_time) DO NOTHING",
                params![
                    alarm.at.to_string(),
                    alarm.order_count,
                    alarm.alarm_id,
                    alarm.kind.to_string(),
                    alarm.site,
                    alarm.trigger_count,
                    alarm.peak_count,
                    alarm.cancellation_count,
                    alarm.threshold,
                    alarm.window_seconds,
                    alarm.count.to_string(),
                    alarm.started_at.to_string(),
                ],
            )?;
            inserted.alarms += new as u64;
        }
        for rejected in &batch.rejected {
            let record = rejected.record;
            transaction.execute(
                "INSERT INTO logs_rejects (message, stream, shard, sequence_number, data)
                 VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                params![
                    rejected.reject.to_string(),
                    record.stream,
                    record.shard,
                    record.sequence_number.as_str(),
                    record.data,
                ],
            )?;
        }
        transaction.commit()?;
        Ok(inserted)
    }
}

impl history::Database for Sqlite {
    type Error = rusqlite::Error;

    async fn write(
        &self,
        batch: &Batch<'_>,
        _: Deadline,
        _: &mut Counts,
    ) -> Result<Inserted, Self::Error> {
        self.keep(batch)
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
