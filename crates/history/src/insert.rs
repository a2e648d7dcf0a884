//! Inserting: many rows a statement, each row once, all of a batch or nothing.

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Params, Value};

use crate::batch::{Batch, Rejected, Row};
use crate::database::Inserted;
use crate::failure::{Class, Failure};

/// Rows in a statement: 500 of 12 values are a tenth of what a statement may have,
/// and more rows gain nothing.
const ROWS: usize = 500;
/// Bytes of originals in a statement, unless one alone has more. The least that a
/// server takes in a packet is 4 MB unless somebody made it less.
const BYTES: usize = 1024 * 1024;

/// Parts of an insert: one group of placeholders for each row stands between them.
struct Insert {
    before: &'static str,
    row: &'static str,
    after: &'static str,
}

/// A copy of a row changes nothing. (`INSERT IGNORE` would pass over values that do
/// not fit, too.) If it is another row that is in the way, because an installation has
/// a unique key of its own, then this one must not vanish: a value that is too long
/// for the column makes the table refuse it.
const ALARMS: Insert = Insert {
    before: "INSERT INTO logs_history (alarm_creation_time, Number_of_orders, alarm_id, kind, site, \
             trigger_count, peak_count, cancellation_count, threshold, window_seconds, measure, started_at) VALUES ",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    after: " ON DUPLICATE KEY UPDATE alarm_id = IF(alarm_id <=> VALUES(alarm_id) AND kind <=> VALUES(kind) \
            AND alarm_creation_time <=> VALUES(alarm_creation_time), alarm_id, REPEAT('-', 129))",
};

const REJECTS: Insert = Insert {
    before: "INSERT INTO logs_rejects (rejected_at, reason, message, stream, shard, sequence_number, \
             arrived_at, data) VALUES ",
    row: "(UTC_TIMESTAMP(), ?, ?, ?, ?, ?, ?, ?)",
    after: " ON DUPLICATE KEY UPDATE id = id",
};

/// Brings a batch into the tables, in one transaction.
///
/// # Errors
/// [`Failure`]: nothing of the batch is there, or all of it if only the answer to the
/// commit was lost. The connection must not be used again.
pub(crate) async fn transaction(
    connection: &mut Conn,
    batch: &Batch<'_>,
) -> Result<Inserted, Failure> {
    connection.query_drop("START TRANSACTION").await?;
    let mut inserted = Inserted::default();
    let mut rejected = batch.rejected.clone();
    for rows in batch.rows.chunks(ROWS) {
        match insert(connection, &ALARMS, rows, alarm).await {
            Ok(new) => inserted.alarms += new,
            // One of them is bad, and the statement has left nothing: each for itself.
            Err(failure) if failure.class() == Class::Data => {
                inserted.alarms += singly(connection, rows, &mut rejected).await?;
            }
            Err(failure) => return Err(failure),
        }
    }
    inserted.refused = (rejected.len() - batch.rejected.len()) as u64;
    let mut rest = rejected.as_slice();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(first_within_bytes(rest));
        insert(connection, &REJECTS, now, reject).await?;
        rest = later;
    }
    connection.query_drop("COMMIT").await?;
    Ok(inserted)
}

/// Inserts rows one by one; those that the table refuses become rejects.
async fn singly<'a>(
    connection: &mut Conn,
    rows: &[Row<'a>],
    rejected: &mut Vec<Rejected<'a>>,
) -> Result<u64, Failure> {
    let mut new = 0;
    for row in rows {
        match insert(connection, &ALARMS, std::slice::from_ref(row), alarm).await {
            Ok(inserted) => new += inserted,
            Err(failure @ Failure::Server { code, .. }) if failure.class() == Class::Data => {
                rejected.push(row.refused(code));
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok(new)
}

/// Inserts `rows` with one prepared statement: how many of them are new.
async fn insert<T>(
    connection: &mut Conn,
    insert: &Insert,
    rows: &[T],
    values: impl Fn(&T) -> Vec<Value>,
) -> Result<u64, Failure> {
    let mut statement = insert.before.to_owned();
    for index in 0..rows.len() {
        statement.push_str(if index == 0 { "" } else { ", " });
        statement.push_str(insert.row);
    }
    statement.push_str(insert.after);
    let values: Vec<Value> = rows.iter().flat_map(values).collect();
    connection
        .exec_drop(statement, Params::Positional(values))
        .await?;
    Ok(connection.affected_rows())
}

/// How many rejects go into the next statement: at least one.
fn first_within_bytes(rejected: &[Rejected<'_>]) -> usize {
    let mut bytes = 0;
    let fitting = rejected.iter().take(ROWS).take_while(|rejected| {
        bytes += rejected.record.data.len();
        bytes <= BYTES
    });
    fitting.count().max(1)
}

/// The values of an alarm's row, in the order of [`ALARMS`].
fn alarm(row: &Row<'_>) -> Vec<Value> {
    let alarm = &row.alarm;
    let at = |second: model::Second| {
        DateTime::from_timestamp(second.since_1970(), 0).map_or(Value::NULL, moment)
    };
    vec![
        at(alarm.at),
        alarm.order_count.into(),
        alarm.alarm_id.as_str().into(),
        alarm.kind.to_string().into(),
        alarm.site.as_str().into(),
        alarm.trigger_count.into(),
        alarm.peak_count.into(),
        alarm.cancellation_count.into(),
        alarm.threshold.into(),
        alarm.window_seconds.into(),
        alarm.count.to_string().into(),
        at(alarm.started_at),
    ]
}

/// The values of a reject, in the order of [`REJECTS`].
fn reject(rejected: &Rejected<'_>) -> Vec<Value> {
    let record = rejected.record;
    // A unit variant, which serializes as its name.
    let reason = serde_json::to_value(rejected.reject.reason).unwrap_or_default();
    let mut message = rejected.reject.to_string();
    if let Some(code) = rejected.code {
        let failure = Failure::Server {
            code,
            blames_row: true,
        };
        message = format!("{message} ({failure})");
    }
    vec![
        reason.as_str().unwrap_or_default().into(),
        message.into(),
        record.stream.as_str().into(),
        record.shard.as_str().into(),
        record.sequence_number.as_str().into(),
        moment(record.arrived_at),
        record.data.as_slice().into(),
    ]
}

/// A moment as a `DATETIME`, which begins in the year 1000 and ends with 9999: null
/// for others.
fn moment(at: DateTime<Utc>) -> Value {
    let Ok(year @ 1000..=9999) = u16::try_from(at.year()) else {
        return Value::NULL;
    };
    // Chrono's own ranges: a month is 1 to 12.
    #[allow(clippy::cast_possible_truncation, reason = "all below 61")]
    let [month, day, hour, minute, second] =
        [at.month(), at.day(), at.hour(), at.minute(), at.second()].map(|n| n as u8);
    Value::Date(
        year,
        month,
        day,
        hour,
        minute,
        second,
        at.timestamp_subsec_micros(),
    )
}
