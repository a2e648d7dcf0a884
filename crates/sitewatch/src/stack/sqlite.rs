//! `history`'s tables in SQLite.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use function::Deadline;
use history::{Batch, Counts, Inserted};
use model::Alarm;
use rusqlite::{Connection, Transaction, params};

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
        signal TEXT NOT NULL DEFAULT 'surge',
        UNIQUE (alarm_id, kind, alarm_creation_time)
    ) STRICT;
    CREATE TABLE IF NOT EXISTS logs_contributors (
        alarm_id TEXT NOT NULL,
        kind TEXT NOT NULL,
        alarm_creation_time TEXT NOT NULL,
        dimension TEXT NOT NULL,
        position INTEGER NOT NULL,
        value TEXT NOT NULL,
        measure TEXT NOT NULL,
        count INTEGER NOT NULL,
        total INTEGER NOT NULL,
        different INTEGER NOT NULL,
        missed INTEGER NOT NULL,
        PRIMARY KEY (alarm_id, kind, alarm_creation_time, dimension, position)
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

/// Brings the table of a file up to date that was made before there were signals.
const SIGNAL: &str = "ALTER TABLE logs_history ADD COLUMN signal TEXT NOT NULL DEFAULT 'surge'";

/// A SQLite database.
#[derive(Debug, Clone)]
pub(crate) struct Sqlite(Arc<Mutex<Connection>>);

impl Sqlite {
    /// A file, or none.
    pub(crate) fn open(file: Option<&Path>) -> rusqlite::Result<Self> {
        let connection = match file {
            Some(file) => Connection::open(file),
            None => Connection::open_in_memory(),
        }?;
        connection.execute_batch(TABLES)?;
        let has_signal =
            "SELECT COUNT(*) FROM pragma_table_info('logs_history') WHERE name = 'signal'";
        if connection.query_row(has_signal, [], |row| row.get::<_, i64>(0))? == 0 {
            connection.execute_batch(SIGNAL)?;
        }
        Ok(Self(Arc::new(Mutex::new(connection))))
    }

    fn keep(&self, batch: &Batch<'_>) -> rusqlite::Result<Inserted> {
        let mut connection = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = connection.transaction()?;
        let mut inserted = Inserted::default();
        for row in &batch.rows {
            let alarm = &row.alarm;
            let new = transaction.execute(
                "INSERT INTO logs_history (alarm_creation_time, Number_of_orders, alarm_id, kind, site,
                     trigger_count, peak_count, cancellation_count, threshold, window_seconds, measure,
                     started_at, signal)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                 ON CONFLICT (alarm_id, kind, alarm_creation_time) DO NOTHING",
                params![
                    alarm.at.to_string(),
                    alarm.rate,
                    alarm.alarm_id,
                    alarm.kind.to_string(),
                    alarm.site,
                    alarm.trigger_count,
                    alarm.peak,
                    alarm.cancellation_count,
                    alarm.threshold,
                    alarm.window_seconds,
                    alarm.measure.to_string(),
                    alarm.started_at.to_string(),
                    alarm.signal.to_string(),
                ],
            )?;
            inserted.alarms += new as u64;
            keep_contributors(&transaction, alarm)?;
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

fn keep_contributors(transaction: &Transaction<'_>, alarm: &Alarm) -> rusqlite::Result<()> {
    for of in &alarm.contributors {
        for (position, top) in (1_u32..).zip(&of.top) {
            transaction.execute(
                "INSERT INTO logs_contributors (alarm_id, kind, alarm_creation_time, dimension, position,
                     value, measure, count, total, different, missed)
                 VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                params![
                    alarm.alarm_id,
                    alarm.kind.to_string(),
                    alarm.at.to_string(),
                    of.dimension.name(),
                    position,
                    top.value,
                    of.measure.to_string(),
                    top.count,
                    of.total,
                    of.different,
                    of.missed,
                ],
            )?;
        }
    }
    Ok(())
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

#[cfg(test)]
mod tests {
    use testkit::Folder;

    use super::*;

    const ALARM: &str = r#"{"alarm_id": "website-0", "kind": "ALARM", "site": "website", "order_count": 74,
        "trigger_count": 60, "peak_count": 74, "threshold": 15, "window_seconds": 15, "count": "orders",
        "started_at": "2018-12-17T22:11:04Z", "at": "2018-12-17T22:12:03Z", "contributors": [
        {"dimension": "customer", "measure": "orders", "total": 74, "different": 12,
         "top": [{"value": "17850", "count": 61}, {"value": "guest", "count": 3}]}]}"#;

    #[test]
    fn a_file_from_before_there_were_signals_keeps_its_rows_and_takes_contributors() {
        let parent = std::env::temp_dir();
        let name = format!("sitewatch-sqlite-{}", std::process::id());
        let folder = Folder::new(parent.to_str().expect("a UTF-8 path"), &name);
        let file = folder.path("history.db");
        let old = TABLES.replace("        signal TEXT NOT NULL DEFAULT 'surge',\n", "");
        let connection = Connection::open(&file).expect("a file");
        connection.execute_batch(&old).expect("tables");
        let row = "INSERT INTO logs_history VALUES (1, '2018-12-16T10:00:00Z', 17, 'website-9', 'ALARM', \
                   'website', 60, 17, 0, 15, 15, 'orders', '2018-12-16T09:59:00Z')";
        connection.execute_batch(row).expect("a row");
        drop(connection);
        let event = testkit::event(1, &[ALARM]);
        let event: function::KinesisEvent = serde_json::from_slice(&event).expect("an event");
        let row = history::Row {
            record: &event.records[0],
            alarm: Alarm::parse(ALARM.as_bytes()).expect("an alarm"),
        };
        let mut batch = Batch::default();
        batch.rows.push(row);
        for new in [1, 0] {
            let sqlite = Sqlite::open(Some(Path::new(&file))).expect("tables");
            assert_eq!(sqlite.keep(&batch).expect("kept").alarms, new);
        }
        let connection = Connection::open(&file).expect("a file");
        let texts = |query: &str| {
            let mut query = connection.prepare(query).expect("a query");
            let rows = query.query_map([], |row| row.get::<_, String>(0));
            let rows: Result<Vec<_>, _> = rows.expect("rows").collect();
            rows.expect("texts")
        };
        assert_eq!(texts("SELECT signal FROM logs_history"), ["surge", "surge"]);
        let values = texts("SELECT value FROM logs_contributors ORDER BY position");
        assert_eq!(values, ["17850", "guest"]);
    }
}
