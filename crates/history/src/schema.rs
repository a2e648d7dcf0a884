//! The tables and views: made where there are none, brought up to date where there
//! are older ones. Rows are never touched.
//!
//! Which form they have, `logs_history` tells in its comment, which is written last:
//! as long as it is not there, every step is looked at and made if it is missing, so
//! a migration that died anywhere is finished by the next one. Functions that start at
//! the same time take turns by a lock of the server.

use std::collections::HashSet;

use function::Deadline;
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Row};
use tokio::time::Instant;

use crate::error::Error;
use crate::failure::Failure;

/// What is done here, for errors.
pub(crate) const MIGRATING: &str = "bringing the tables up to date";

/// The form that this code expects. A later one has all of it, too.
const VERSION: u32 = 2;
/// What stands before the form's number in the table's comment.
const COMMENT: &str = "sitewatch ";

/// As existing installations have it, with the key that some servers insist on behind
/// the columns whose places readers may count on: the
/// form from which every other one is made, so that a new table and an old one end up
/// the same.
const FIRST_FORM: &str = "CREATE TABLE IF NOT EXISTS logs_history \
    (alarm_creation_time DATETIME, Number_of_orders INT, \
    id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY) \
    ENGINE = InnoDB DEFAULT CHARACTER SET utf8mb4";

/// What the first form lacks. All may be null: older rows have nothing there.
const COLUMNS: [(&str, &str); 11] = [
    (
        "alarm_id",
        "VARCHAR(128) CHARACTER SET ascii COLLATE ascii_bin NULL",
    ),
    (
        "kind",
        "VARCHAR(8) CHARACTER SET ascii COLLATE ascii_bin NULL",
    ),
    (
        "site",
        "VARCHAR(64) CHARACTER SET ascii COLLATE ascii_bin NULL",
    ),
    ("trigger_count", "INT UNSIGNED NULL"),
    ("peak_count", "BIGINT UNSIGNED NULL"),
    ("cancellation_count", "BIGINT UNSIGNED NULL"),
    ("threshold", "BIGINT UNSIGNED NULL"),
    ("window_seconds", "INT UNSIGNED NULL"),
    ("measure", MEASURE),
    ("started_at", "DATETIME NULL"),
    (
        "signal",
        "VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL",
    ),
];
/// What `measure` is; in the tables of version 1 it is narrower.
const MEASURE: &str = "VARCHAR(16) CHARACTER SET ascii COLLATE ascii_bin NULL";
/// What makes an alarm one row.
const KEY: &str = "alarm_once";
const KEY_COLUMNS: &str = "(alarm_id, kind, alarm_creation_time)";

/// The other tables and the views, a statement each.
const REST: &str = include_str!("schema.sql");

/// Brings the tables and views up to date. One query if they are.
///
/// # Errors
/// [`Error`] of the database; [`Error::Migrating`] if another function has had the
/// lock until the deadline. The connection must not be used again: it may hold the lock.
pub(crate) async fn migrate(connection: &mut Conn, deadline: Deadline) -> Result<(), Error> {
    if current(connection).await.map_err(failed)? {
        return Ok(());
    }
    let left = deadline.instant().saturating_duration_since(Instant::now());
    let lock = connection.exec_first("SELECT GET_LOCK('sitewatch.schema', ?)", (left.as_secs(),));
    let lock: Option<Row> = lock.await.map_err(|error| failed(error.into()))?;
    if lock.and_then(|row| row.get_opt(0)?.ok()) != Some(Some(1)) {
        return Err(Error::Migrating);
    }
    bring_up_to_date(connection).await.map_err(failed)
}

fn failed(failure: Failure) -> Error {
    Error::of(MIGRATING, failure)
}

async fn bring_up_to_date(connection: &mut Conn) -> Result<(), Failure> {
    // Whoever had the lock before may have done it all.
    if !current(connection).await? {
        connection.query_drop(FIRST_FORM).await?;
        if let Some(alter) = missing(connection).await? {
            connection.query_drop(alter).await?;
        }
        for statement in statements(REST) {
            connection.query_drop(statement).await?;
        }
        let comment = format!("ALTER TABLE logs_history COMMENT = '{COMMENT}{VERSION}'");
        connection.query_drop(comment).await?;
        tracing::info!(version = VERSION, "the tables are up to date");
    }
    connection
        .query_drop("DO RELEASE_LOCK('sitewatch.schema')")
        .await?;
    Ok(())
}

/// Whether the table says that it has this form or a later one.
async fn current(connection: &mut Conn) -> Result<bool, Failure> {
    let comments = texts(
        connection,
        "SELECT table_comment FROM information_schema.tables \
         WHERE table_schema = DATABASE() AND table_name = 'logs_history'",
    );
    let version = comments.await?.iter().find_map(|comment| {
        let version = comment.strip_prefix(COMMENT)?;
        version.parse::<u32>().ok()
    });
    Ok(version.is_some_and(|version| version >= VERSION))
}

/// The one statement that adds to `logs_history` what it lacks, if it lacks anything.
async fn missing(connection: &mut Conn) -> Result<Option<String>, Failure> {
    let columns = texts(
        connection,
        "SELECT LOWER(column_name) FROM information_schema.columns \
         WHERE table_schema = DATABASE() AND table_name = 'logs_history'",
    );
    let columns: HashSet<String> = columns.await?.into_iter().collect();
    let keys = texts(
        connection,
        "SELECT DISTINCT index_name FROM information_schema.statistics \
         WHERE table_schema = DATABASE() AND table_name = 'logs_history'",
    );
    let keys = keys.await?;
    let numbered = texts(
        connection,
        "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() \
         AND table_name = 'logs_history' AND extra LIKE '%auto_increment%'",
    );
    let numbered = !numbered.await?.is_empty();
    let narrow = texts(
        connection,
        "SELECT column_name FROM information_schema.columns WHERE table_schema = DATABASE() \
         AND table_name = 'logs_history' AND column_name = 'measure' AND character_maximum_length < 16",
    );
    let narrow = !narrow.await?.is_empty();
    let engine = texts(
        connection,
        "SELECT engine FROM information_schema.tables \
         WHERE table_schema = DATABASE() AND table_name = 'logs_history'",
    );
    let mut steps = Vec::new();
    if !numbered && !columns.contains("id") && !keys.iter().any(|key| key == "PRIMARY") {
        steps.push("ADD COLUMN id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY AFTER Number_of_orders".to_owned());
    }
    let lacking = COLUMNS.iter().filter(|(name, _)| !columns.contains(*name));
    steps.extend(lacking.map(|(name, definition)| format!("ADD COLUMN `{name}` {definition}")));
    if narrow {
        steps.push(format!("MODIFY COLUMN measure {MEASURE}"));
    }
    if !keys.iter().any(|key| key == KEY) {
        steps.push(format!("ADD UNIQUE KEY {KEY} {KEY_COLUMNS}"));
    }
    if !engine
        .await?
        .iter()
        .any(|engine| engine.eq_ignore_ascii_case("InnoDB"))
    {
        // Others know no transactions.
        steps.push("ENGINE = InnoDB".to_owned());
    }
    let alter = format!("ALTER TABLE logs_history {}", steps.join(", "));
    Ok((!steps.is_empty()).then_some(alter))
}

/// The first column of what a query finds.
async fn texts(connection: &mut Conn, query: &'static str) -> Result<Vec<String>, Failure> {
    let rows: Vec<Row> = connection.query(query).await?;
    let text = |row: Row| row.get_opt::<String, _>(0)?.ok();
    Ok(rows.into_iter().filter_map(text).collect())
}

/// The statements of a file in which nothing but their ends ends a line with `;`.
fn statements(file: &str) -> impl Iterator<Item = &str> {
    file.split(";\n")
        .map(str::trim)
        .filter(|statement| !statement.is_empty())
}
