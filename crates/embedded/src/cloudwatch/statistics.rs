//! GetMetricStatistics: one metric's statistics, period by period.

use rusqlite::Connection;
use serde_json::{Map, Value, json};

use super::datum::{Datum, Statistic, in_periods};
use super::fields::{dimensions, integer, invalid, list, missing, text, time, unit};
use super::store;
use crate::protocol::Failure;

/// The most datapoints of an answer.
const MOST_DATAPOINTS: i64 = 1_440;

/// Which part of a metric's data is asked for.
#[derive(Debug)]
pub(crate) struct Window {
    pub(crate) start: i64,
    pub(crate) end: i64,
}

impl Window {
    /// The start is inclusive, the end is not. As on AWS, the start is taken down to its
    /// minute.
    pub(crate) fn of(request: &Value) -> Result<Self, Failure> {
        let start = time(request, "StartTime")?.ok_or_else(|| missing("StartTime"))?;
        let end = time(request, "EndTime")?.ok_or_else(|| missing("EndTime"))?;
        if start >= end {
            return Err(invalid("StartTime", start, "a time before EndTime"));
        }
        let start = start.saturating_sub(start.rem_euclid(60));
        Ok(Self { start, end })
    }
}

/// A period in seconds.
pub(crate) fn period(request: &Value) -> Result<i64, Failure> {
    let period = integer(request, "Period")?.ok_or_else(|| missing("Period"))?;
    if [1, 5, 10, 20, 30].contains(&period) || (period > 0 && period % 60 == 0) {
        return Ok(period);
    }
    let expected = "1, 5, 10, 20, 30 or a multiple of 60 seconds";
    Err(invalid("Period", period, expected))
}

pub(crate) fn get(database: &Connection, request: &Value) -> Result<Value, Failure> {
    let name = text(request, "MetricName", 255)?;
    let metric = (
        text(request, "Namespace", 255)?,
        name,
        &*dimensions(request)?,
    );
    let (window, period) = (Window::of(request)?, period(request)?);
    if window.end.saturating_sub(window.start) / period > MOST_DATAPOINTS {
        let message =
            format!("the time has more than {MOST_DATAPOINTS} periods of {period} seconds");
        return Err(Failure::new("InvalidParameterCombination", message));
    }
    let asked = |name| -> Result<Vec<(&Value, Statistic)>, Failure> {
        let statistic = |name| Ok((name, Statistic::named(name)?));
        list(request, name)?.iter().map(statistic).collect()
    };
    let (plain, extended) = (asked("Statistics")?, asked("ExtendedStatistics")?);
    if plain.is_empty() && extended.is_empty() {
        return Err(missing("Statistics"));
    }
    let data = store::read(database, metric, (window.start, window.end), unit(request)?)?;
    let values = |datum: &Datum, asked: &[(&Value, Statistic)]| -> Map<String, Value> {
        let value = |(name, statistic): &(&Value, Statistic)| {
            Some((name.as_str()?.to_owned(), statistic.of(datum)?.into()))
        };
        asked.iter().filter_map(value).collect()
    };
    let mut datapoints = Vec::new();
    for datum in in_periods(data, period, true) {
        let mut point = values(&datum, &plain);
        let extended = values(&datum, &extended);
        if !extended.is_empty() {
            point.insert("ExtendedStatistics".to_owned(), extended.into());
        }
        if !point.is_empty() {
            point.insert("Timestamp".to_owned(), datum.at.into());
            point.insert("Unit".to_owned(), datum.unit.into());
            datapoints.push(point);
        }
    }
    Ok(json!({"Label": name, "Datapoints": datapoints}))
}
