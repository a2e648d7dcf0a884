//! Rows as the values of a statement.

use chrono::{DateTime, Datelike as _, Timelike as _, Utc};
use model::{Contributor, Contributors, Second};
use mysql_async::Value;

use crate::batch::{Rejected, Row};
use crate::failure::Failure;

/// One contributor of an alarm.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line<'a> {
    /// The alarm's row.
    pub(crate) row: &'a Row<'a>,
    of: &'a Contributors,
    /// From 1 on, the heaviest first.
    position: u32,
    contributor: &'a Contributor,
}

impl<'a> Line<'a> {
    /// All contributors of an alarm.
    pub(crate) fn of(row: &'a Row<'a>) -> impl Iterator<Item = Self> {
        row.alarm.contributors.iter().flat_map(move |of| {
            let line = move |(position, contributor)| Self {
                row,
                of,
                position,
                contributor,
            };
            (1..).zip(&of.top).map(line)
        })
    }
}

/// The values of an alarm's row, in the order of the statement.
pub(crate) fn alarm(row: &Row<'_>) -> Vec<Value> {
    let alarm = &row.alarm;
    vec![
        second(alarm.at),
        alarm.rate.into(),
        alarm.alarm_id.as_str().into(),
        alarm.kind.to_string().into(),
        alarm.site.as_str().into(),
        alarm.trigger_count.into(),
        alarm.peak.into(),
        alarm.cancellation_count.into(),
        alarm.threshold.into(),
        alarm.window_seconds.into(),
        alarm.measure.to_string().into(),
        second(alarm.started_at),
        alarm.signal.to_string().into(),
    ]
}

/// The values of a contributor's row, in the order of the statement.
pub(crate) fn contributor(line: &Line<'_>) -> Vec<Value> {
    let alarm = &line.row.alarm;
    vec![
        alarm.alarm_id.as_str().into(),
        alarm.kind.to_string().into(),
        second(alarm.at),
        line.of.dimension.name().into(),
        line.position.into(),
        line.contributor.value.as_str().into(),
        line.of.measure.to_string().into(),
        line.contributor.count.into(),
        line.of.total.into(),
        line.of.different.into(),
        line.of.missed.into(),
    ]
}

/// The values of a reject, in the order of the statement.
pub(crate) fn reject(rejected: &Rejected<'_>) -> Vec<Value> {
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

fn second(second: Second) -> Value {
    DateTime::from_timestamp(second.since_1970(), 0).map_or(Value::NULL, moment)
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
