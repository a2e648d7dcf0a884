//! Inserting: many rows a statement, each row once, all of a batch or nothing.

use mysql_async::prelude::Queryable as _;
use mysql_async::{Conn, Params, Value};

use crate::batch::{Batch, Rejected};
use crate::database::Inserted;
use crate::failure::{Class, Failure};
use crate::values::{self, Line};

/// Rows in a statement: 500 of 13 values are a tenth of what a statement may have,
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
             trigger_count, peak_count, cancellation_count, threshold, window_seconds, measure, started_at, \
             `signal`) VALUES ",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    after: " ON DUPLICATE KEY UPDATE alarm_id = IF(alarm_id <=> VALUES(alarm_id) AND kind <=> VALUES(kind) \
            AND alarm_creation_time <=> VALUES(alarm_creation_time), alarm_id, REPEAT('-', 129))",
};

const CONTRIBUTORS: Insert = Insert {
    before: "INSERT INTO logs_contributors (alarm_id, kind, alarm_creation_time, dimension, `position`, \
             value, measure, `count`, total, `different`, missed) VALUES ",
    row: "(?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
    after: " ON DUPLICATE KEY UPDATE total = total",
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
    let (alarms, refused) = each(connection, &ALARMS, &batch.rows, values::alarm).await?;
    let is_kept = |row: usize| refused.binary_search_by_key(&row, |(at, _)| *at).is_err();
    let kept = (0..batch.rows.len()).filter(|row| is_kept(*row));
    let lines: Vec<Line<'_>> = kept.flat_map(|row| Line::of(&batch.rows[row])).collect();
    let (_, mut unfit) = each(connection, &CONTRIBUTORS, &lines, values::contributor).await?;
    unfit.dedup_by_key(|(line, _)| std::ptr::from_ref(lines[*line].row));
    // Without some of its contributors an alarm is still one: its row stays, and its record
    // is kept beside it, with all of them.
    let mut rejected = batch.rejected.clone();
    rejected.extend(
        refused
            .iter()
            .map(|(at, code)| batch.rows[*at].refused(*code)),
    );
    rejected.extend(unfit.iter().map(|(at, code)| lines[*at].row.refused(*code)));
    let mut rest = rejected.as_slice();
    while !rest.is_empty() {
        let (now, later) = rest.split_at(first_within_bytes(rest));
        insert(connection, &REJECTS, now, values::reject).await?;
        rest = later;
    }
    connection.query_drop("COMMIT").await?;
    Ok(Inserted {
        alarms,
        refused: refused.len() as u64,
    })
}

/// Inserts rows, many a statement: how many of them are new, and the places of those that
/// the table refuses, in ascending order and each with the error's code.
async fn each<T>(
    connection: &mut Conn,
    into: &Insert,
    rows: &[T],
    values: impl Fn(&T) -> Vec<Value> + Copy,
) -> Result<(u64, Vec<(usize, u16)>), Failure> {
    let (mut new, mut refused) = (0, Vec::new());
    for (chunk, rows) in rows.chunks(ROWS).enumerate() {
        match insert(connection, into, rows, values).await {
            Ok(inserted) => new += inserted,
            // One of them is bad, and the statement has left nothing: each for itself.
            Err(failure) if failure.class() == Class::Data => {
                for (at, row) in (chunk * ROWS..).zip(rows) {
                    match insert(connection, into, std::slice::from_ref(row), values).await {
                        Ok(inserted) => new += inserted,
                        Err(failure @ Failure::Server { code, .. })
                            if failure.class() == Class::Data =>
                        {
                            refused.push((at, code));
                        }
                        Err(failure) => return Err(failure),
                    }
                }
            }
            Err(failure) => return Err(failure),
        }
    }
    Ok((new, refused))
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
