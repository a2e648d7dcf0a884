//! Where `history` keeps alarms: in SQLite, or in a MySQL server that is given.

use std::ffi::OsStr;
use std::path::Path;
use std::str::FromStr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use aws_lambda_events::streams::KinesisEventResponse;
use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use function::delivery::CallError;
use function::{Deadline, Record};
use history::{Batch, Counts, Database as _, Handler, Inserted, Place, Secrets, Store};
use model::Second;
use rusqlite::{Connection, params};
use serde_json::json;

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
                    time(alarm.at),
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
                    time(alarm.started_at),
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

fn time(second: Second) -> String {
    second.to_string()
}

/// A secret that is given rather than kept.
#[derive(Debug)]
pub(crate) struct Given(String);

impl Secrets for Given {
    async fn read(&self, _: Deadline) -> Result<String, CallError> {
        Ok(self.0.clone())
    }
}

/// `mysql://USER:PASSWORD@HOST:PORT/DATABASE`.
#[derive(Clone)]
pub(crate) struct MySqlUrl {
    user: String,
    password: String,
    host: String,
    port: u16,
    database: String,
}

impl std::fmt::Debug for MySqlUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("MySqlUrl")
    }
}

impl MySqlUrl {
    /// The database's secret, as Secrets Manager would hold it.
    pub(crate) fn secret(&self) -> String {
        json!({
            "engine": "mysql",
            "host": self.host,
            "port": self.port,
            "username": self.user,
            "password": self.password,
            "dbname": self.database,
        })
        .to_string()
    }
}

impl MySqlUrl {
    /// Reads it from the command line, and quotes no password in an error.
    pub(crate) fn parser() -> impl TypedValueParser<Value = Self> {
        MySqlUrlParser
    }
}

#[derive(Debug, Clone)]
struct MySqlUrlParser;

impl TypedValueParser for MySqlUrlParser {
    type Value = MySqlUrl;

    fn parse_ref(
        &self,
        command: &clap::Command,
        _: Option<&clap::Arg>,
        value: &OsStr,
    ) -> Result<MySqlUrl, clap::Error> {
        let url = value.to_str().unwrap_or_default().parse();
        url.map_err(|expected| {
            let message = format!("--mysql is malformed: {expected}");
            clap::Error::raw(ErrorKind::ValueValidation, message).with_cmd(command)
        })
    }
}

impl FromStr for MySqlUrl {
    type Err = &'static str;

    fn from_str(url: &str) -> Result<Self, Self::Err> {
        let parse = || {
            let (login, place) = url.strip_prefix("mysql://")?.rsplit_once('@')?;
            let (user, password) = login.split_once(':').unwrap_or((login, ""));
            let (host, database) = place.split_once('/')?;
            let (host, port) = host.split_once(':').unwrap_or((host, "3306"));
            let whole = !user.is_empty() && !host.is_empty() && !database.is_empty();
            whole.then_some(Self {
                user: decoded(user)?,
                password: decoded(password)?,
                host: host.to_owned(),
                port: port.parse().ok()?,
                database: decoded(database)?,
            })
        };
        parse().ok_or("expected mysql://USER:PASSWORD@HOST:PORT/DATABASE")
    }
}

/// A part of a URL with its %XX taken for what they stand for.
fn decoded(part: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(part.len());
    let mut rest = part.bytes();
    while let Some(byte) = rest.next() {
        if byte == b'%' {
            let digits = [rest.next()?, rest.next()?];
            let digits = std::str::from_utf8(&digits).ok()?.to_owned();
            bytes.push(u8::from_str_radix(&digits, 16).ok()?);
        } else {
            bytes.push(byte);
        }
    }
    String::from_utf8(bytes).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mysql_url_is_taken_apart() {
        let url = "mysql://me:p%40ss:w@127.0.0.1:3307/logs";
        let url: MySqlUrl = url.parse().expect("a URL");
        let secret: serde_json::Value = serde_json::from_str(&url.secret()).expect("JSON");
        assert_eq!(secret["password"], "p@ss:w");
        assert_eq!(
            (&secret["port"], &secret["dbname"]),
            (&json!(3307), &json!("logs"))
        );
        for bad in [
            "",
            "mysql://",
            "mysql://me@host",
            "postgres://me@h/d",
            "mysql://me@h:x/d",
        ] {
            assert!(bad.parse::<MySqlUrl>().is_err(), "{bad}");
        }
    }
}
