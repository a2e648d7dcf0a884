//! The database of all services that are written here, and in it queues with their
//! messages, topics with their subscriptions, and secrets.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use rusqlite::{Connection, OptionalExtension as _, params};

use crate::protocol::{Failure, id};
use crate::services::StartError;
use crate::{cloudwatch, s3};

/// All that the services know.
#[derive(Debug, Clone)]
pub(crate) struct Database(Arc<Mutex<Connection>>);

impl Database {
    /// Opens what is kept in `file`, or begins anew in memory.
    pub(crate) fn open(file: Option<&Path>) -> Result<Self, StartError> {
        let connection = match file {
            Some(file) => Connection::open(file),
            None => Connection::open_in_memory(),
        };
        let prepared = connection.and_then(|connection| {
            prepare(&connection)?;
            s3::prepare(&connection)?;
            cloudwatch::prepare(&connection)?;
            Ok(connection)
        });
        let connection = prepared.map_err(|error| StartError::state("messaging", file, error))?;
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    /// All of a request or nothing.
    pub(crate) fn transaction<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // A request that panicked has left its transaction, which is rolled back.
        let mut database = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = database.transaction()?;
        let answer = work(&transaction)?;
        transaction.commit()?;
        Ok(answer)
    }
}

/// Makes what is not there yet.
fn prepare(database: &Connection) -> rusqlite::Result<()> {
    database.execute_batch(
        "CREATE TABLE IF NOT EXISTS queues (name TEXT PRIMARY KEY) STRICT;
         CREATE TABLE IF NOT EXISTS messages (
             number INTEGER PRIMARY KEY,
             queue TEXT NOT NULL REFERENCES queues (name) ON DELETE CASCADE,
             id TEXT NOT NULL,
             body TEXT NOT NULL,
             sent_at INTEGER NOT NULL,
             visible_at INTEGER NOT NULL,
             receipt TEXT,
             receives INTEGER NOT NULL DEFAULT 0
         ) STRICT;
         CREATE INDEX IF NOT EXISTS visible ON messages (queue, visible_at);
         CREATE TABLE IF NOT EXISTS topics (arn TEXT PRIMARY KEY) STRICT;
         CREATE TABLE IF NOT EXISTS subscriptions (
             arn TEXT PRIMARY KEY,
             topic TEXT NOT NULL REFERENCES topics (arn) ON DELETE CASCADE,
             protocol TEXT NOT NULL,
             endpoint TEXT NOT NULL,
             UNIQUE (topic, protocol, endpoint)
         ) STRICT;
         CREATE TABLE IF NOT EXISTS secrets (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
         PRAGMA foreign_keys = ON;",
    )
}

/// A message as it is received.
pub(crate) struct Message {
    pub(crate) id: String,
    pub(crate) body: String,
    pub(crate) receipt: String,
    pub(crate) sent_at: i64,
    pub(crate) receives: i64,
}

/// Milliseconds since 1970.
pub(crate) fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}

/// Whether there is such a queue.
pub(crate) fn has_queue(database: &Connection, queue: &str) -> rusqlite::Result<bool> {
    database
        .prepare_cached("SELECT 1 FROM queues WHERE name = ?")?
        .exists([queue])
}

/// Puts a message into a queue, which must be there: its id.
pub(crate) fn send(
    database: &Connection,
    queue: &str,
    body: &str,
    delay_seconds: i64,
) -> rusqlite::Result<String> {
    let (id, now) = (id(), now());
    database
        .prepare_cached(
            "INSERT INTO messages (queue, id, body, sent_at, visible_at) VALUES (?, ?, ?, ?, ?)",
        )?
        .execute(params![queue, id, body, now, now + delay_seconds * 1_000])?;
    Ok(id)
}

/// Takes the oldest message that is visible, for so many seconds.
pub(crate) fn receive(
    database: &Connection,
    queue: &str,
    visibility_seconds: i64,
) -> rusqlite::Result<Option<Message>> {
    let now = now();
    let mut statement = database.prepare_cached(
        "UPDATE messages SET visible_at = ?1, receipt = ?2, receives = receives + 1
         WHERE number = (SELECT min(number) FROM messages WHERE queue = ?3 AND visible_at <= ?4)
         RETURNING id, body, receipt, sent_at, receives",
    )?;
    let until = now + visibility_seconds * 1_000;
    let found = statement.query_row(params![until, id(), queue, now], |row| {
        Ok(Message {
            id: row.get(0)?,
            body: row.get(1)?,
            receipt: row.get(2)?,
            sent_at: row.get(3)?,
            receives: row.get(4)?,
        })
    });
    found.optional()
}
