//! Rates, durations and times as every text says them.

use chrono::{DateTime, Utc};
use model::{Alarm, Second};

/// `74 orders in 15 s`.
pub(super) fn rate(alarm: &Alarm, count: u64) -> String {
    let noun = alarm.measure.noun(count);
    format!("{count} {noun} in {} s", alarm.window_seconds)
}

/// From the first breach to the record's second.
pub(super) fn duration(alarm: &Alarm) -> String {
    let seconds = (alarm.at - alarm.started_at).max(0);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {seconds} s"),
        _ => format!("{hours} h {minutes} min"),
    }
}

pub(super) fn date(second: Second) -> String {
    at(second, "%Y-%m-%d %H:%M:%S UTC")
}

pub(super) fn clock(second: Second) -> String {
    at(second, "%H:%M:%S UTC")
}

fn at(second: Second, format: &str) -> String {
    let moment = DateTime::<Utc>::from_timestamp(second.since_1970(), 0);
    moment.map_or_else(|| second.to_string(), |m| m.format(format).to_string())
}
