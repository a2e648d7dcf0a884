//! Metrics and their data.

use rusqlite::{Connection, OptionalExtension as _, params};

use super::datum::Datum;

/// Makes what is not there yet.
pub(crate) fn prepare(database: &Connection) -> rusqlite::Result<()> {
    database.execute_batch(
        "CREATE TABLE IF NOT EXISTS metrics (
             number INTEGER PRIMARY KEY,
             namespace TEXT NOT NULL,
             name TEXT NOT NULL,
             dimensions TEXT NOT NULL,
             UNIQUE (namespace, name, dimensions)
         ) STRICT;
         CREATE TABLE IF NOT EXISTS data (
             metric INTEGER NOT NULL REFERENCES metrics (number) ON DELETE CASCADE,
             at INTEGER NOT NULL,
             unit TEXT NOT NULL,
             count REAL NOT NULL,
             sum REAL NOT NULL,
             minimum REAL NOT NULL,
             maximum REAL NOT NULL,
             counted TEXT
         ) STRICT;
         CREATE INDEX IF NOT EXISTS by_time ON data (metric, at);",
    )
}

/// What makes a metric one: the last are its dimensions as they are kept.
pub(crate) type Metric<'a> = (&'a str, &'a str, &'a str);

fn find(database: &Connection, metric: Metric<'_>) -> rusqlite::Result<Option<i64>> {
    let mut statement = database.prepare_cached(
        "SELECT number FROM metrics WHERE namespace = ? AND name = ? AND dimensions = ?",
    )?;
    statement.query_row(metric, |row| row.get(0)).optional()
}

/// Adds a datum to its metric, which is made.
pub(crate) fn add(
    database: &Connection,
    metric: Metric<'_>,
    datum: &Datum,
) -> rusqlite::Result<()> {
    let number = match find(database, metric)? {
        Some(number) => number,
        None => {
            database
                .prepare_cached(
                    "INSERT INTO metrics (namespace, name, dimensions) VALUES (?, ?, ?)",
                )?
                .execute(metric)?;
            database.last_insert_rowid()
        }
    };
    let counted = datum
        .counted
        .as_ref()
        .map(|counted| serde_json::json!(counted).to_string());
    let mut statement =
        database.prepare_cached("INSERT INTO data VALUES (?, ?, ?, ?, ?, ?, ?, ?)")?;
    statement.execute(params![
        number,
        datum.at,
        datum.unit,
        datum.count,
        datum.sum,
        datum.minimum,
        datum.maximum,
        counted
    ])?;
    Ok(())
}

/// A metric's data from the first second to before the last, in the order of time.
pub(crate) fn read(
    database: &Connection,
    metric: Metric<'_>,
    (start, end): (i64, i64),
    unit: Option<&str>,
) -> rusqlite::Result<Vec<Datum>> {
    let mut statement = database.prepare_cached(
        "SELECT at, unit, count, sum, minimum, maximum, counted FROM data
         WHERE metric = ?1 AND at >= ?2 AND at < ?3 AND unit = coalesce(?4, unit) ORDER BY at",
    )?;
    let number = find(database, metric)?;
    let data = statement.query_map(params![number, start, end, unit], |row| {
        let counted: Option<String> = row.get(6)?;
        Ok(Datum {
            at: row.get(0)?,
            unit: row.get(1)?,
            count: row.get(2)?,
            sum: row.get(3)?,
            minimum: row.get(4)?,
            maximum: row.get(5)?,
            counted: counted.and_then(|text| serde_json::from_str(&text).ok()),
        })
    })?;
    data.collect()
}
