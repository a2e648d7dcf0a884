//! What is known of buckets, objects and uploads.

use std::collections::{BTreeMap, HashSet};

use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::protocol::Failure;

/// Headers that are kept with an object, by name.
pub(crate) type Headers = BTreeMap<String, String>;

/// Makes what is not there yet.
pub(crate) fn prepare(database: &Connection) -> rusqlite::Result<()> {
    database.execute_batch(
        "CREATE TABLE IF NOT EXISTS buckets (
             name TEXT PRIMARY KEY,
             made_at INTEGER NOT NULL,
             notification TEXT NOT NULL DEFAULT '[]',
             sequence INTEGER NOT NULL DEFAULT 0
         ) STRICT;
         CREATE TABLE IF NOT EXISTS objects (
             bucket TEXT NOT NULL REFERENCES buckets (name),
             key TEXT NOT NULL,
             file TEXT NOT NULL,
             size INTEGER NOT NULL,
             etag TEXT NOT NULL,
             modified_at INTEGER NOT NULL,
             headers TEXT NOT NULL,
             checksum TEXT,
             checksum_header TEXT,
             PRIMARY KEY (bucket, key)
         ) STRICT, WITHOUT ROWID;
         CREATE TABLE IF NOT EXISTS uploads (
             id TEXT PRIMARY KEY,
             bucket TEXT NOT NULL REFERENCES buckets (name) ON DELETE CASCADE,
             key TEXT NOT NULL,
             headers TEXT NOT NULL
         ) STRICT;
         CREATE TABLE IF NOT EXISTS parts (
             upload TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE,
             number INTEGER NOT NULL,
             file TEXT NOT NULL,
             size INTEGER NOT NULL,
             etag TEXT NOT NULL,
             PRIMARY KEY (upload, number)
         ) STRICT;",
    )
}

/// The files of all objects and parts.
pub(crate) fn files(database: &Connection) -> rusqlite::Result<HashSet<String>> {
    let mut statement =
        database.prepare("SELECT file FROM objects UNION ALL SELECT file FROM parts")?;
    let files = statement.query_map([], |row| row.get(0))?;
    files.collect()
}

/// Refuses a bucket that is not there.
pub(crate) fn require_bucket(database: &Connection, bucket: &str) -> Result<(), Failure> {
    let mut statement = database.prepare_cached("SELECT 1 FROM buckets WHERE name = ?")?;
    if statement.exists([bucket])? {
        return Ok(());
    }
    let message = format!("there is no bucket {bucket}");
    Err(Failure::new("NoSuchBucket", message))
}

/// An object as it is kept.
#[derive(Debug, Clone)]
pub(crate) struct Object {
    pub(crate) key: String,
    pub(crate) file: String,
    /// In bytes.
    pub(crate) size: u64,
    pub(crate) etag: String,
    /// Milliseconds since 1970.
    pub(crate) modified_at: i64,
    pub(crate) headers: Headers,
    /// The header of its checksum, and its value.
    pub(crate) checksum: Option<(String, String)>,
}

/// The columns that [`Object::read`] reads.
pub(crate) const COLUMNS: &str =
    "key, file, size, etag, modified_at, headers, checksum_header, checksum";

impl Object {
    pub(crate) fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let headers: String = row.get(5)?;
        let checksum_header: Option<String> = row.get(6)?;
        Ok(Self {
            key: row.get(0)?,
            file: row.get(1)?,
            size: row.get(2)?,
            etag: row.get(3)?,
            modified_at: row.get(4)?,
            headers: serde_json::from_str(&headers).unwrap_or_default(),
            checksum: checksum_header.zip(row.get(7)?),
        })
    }

    /// The object of that key, or nothing.
    pub(crate) fn find(
        database: &Connection,
        bucket: &str,
        key: &str,
    ) -> Result<Option<Self>, Failure> {
        require_bucket(database, bucket)?;
        let query = format!("SELECT {COLUMNS} FROM objects WHERE bucket = ? AND key = ?");
        let mut statement = database.prepare_cached(&query)?;
        Ok(statement.query_row([bucket, key], Self::read).optional()?)
    }

    /// Puts it in the place of the one before.
    pub(crate) fn put(&self, database: &Connection, bucket: &str) -> rusqlite::Result<()> {
        let (header, checksum) = self.checksum.clone().unzip();
        let mut statement = database.prepare_cached(
            "INSERT OR REPLACE INTO objects
             (key, file, size, etag, modified_at, headers, checksum_header, checksum, bucket)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
        )?;
        statement.execute(params![
            self.key,
            self.file,
            self.size,
            self.etag,
            self.modified_at,
            serde_json::to_string(&self.headers).unwrap_or_default(),
            header,
            checksum,
            bucket
        ])?;
        Ok(())
    }
}

/// Takes an object away: its file.
pub(crate) fn delete(
    database: &Connection,
    bucket: &str,
    key: &str,
) -> rusqlite::Result<Option<String>> {
    let mut statement = database
        .prepare_cached("DELETE FROM objects WHERE bucket = ? AND key = ? RETURNING file")?;
    statement
        .query_row([bucket, key], |row| row.get(0))
        .optional()
}

/// A number that is larger than any before, for the order of a bucket's events.
pub(crate) fn next_in_sequence(
    database: &Connection,
    bucket: &str,
    now: i64,
) -> rusqlite::Result<i64> {
    let mut statement = database.prepare_cached(
        "UPDATE buckets SET sequence = max(sequence + 1, ?2) WHERE name = ?1 RETURNING sequence",
    )?;
    statement.query_row(params![bucket, now], |row| row.get(0))
}
