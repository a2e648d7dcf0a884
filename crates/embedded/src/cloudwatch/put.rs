//! PutMetricData, and what it refuses.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::datum::Datum;
use super::fields::{dimensions, given, integer, invalid, list, missing, number, text, time, unit};
use super::store;
use crate::protocol::Failure;

/// The most metrics of a request.
const MOST_METRICS: usize = 1_000;
/// The most values of a metric in a request.
const MOST_VALUES: usize = 150;
/// How old data may be: two weeks.
const OLDEST_SECONDS: i64 = 14 * 24 * 3_600;
/// How far ahead of the clock data may be: two hours.
const NEWEST_SECONDS: i64 = 2 * 3_600;

/// Takes all data of a request or none.
pub(crate) fn put(database: &Connection, request: &Value, now: i64) -> Result<Value, Failure> {
    let namespace = text(request, "Namespace", 255)?;
    let allowed = |c: char| c.is_ascii_alphanumeric() || ".-_/#: ".contains(c);
    if namespace.starts_with("AWS/")
        || namespace.starts_with(':')
        || !namespace.chars().all(allowed)
    {
        let expected = "letters, digits and . - _ / # :, and nothing of AWS's own";
        return Err(invalid("Namespace", namespace, expected));
    }
    if given(request, "EntityMetricData").is_some() {
        let message = "entities are not there in the local stack";
        return Err(Failure::new("InvalidParameterValue", message));
    }
    let data = list(request, "MetricData")?;
    if data.is_empty() {
        return Err(missing("MetricData"));
    }
    if data.len() > MOST_METRICS {
        let expected = format!("at most {MOST_METRICS} metrics");
        return Err(invalid("MetricData", data.len(), &expected));
    }
    for (place, metric) in (1..).zip(data) {
        let taken = take(database, namespace, metric, now);
        taken.map_err(|Failure { code, message }| {
            Failure::new(code, format!("MetricData.member.{place}: {message}"))
        })?;
    }
    Ok(json!({}))
}

fn take(database: &Connection, namespace: &str, metric: &Value, now: i64) -> Result<(), Failure> {
    let name = text(metric, "MetricName", 255)?;
    let dimensions = dimensions(metric)?;
    let at = time(metric, "Timestamp")?.unwrap_or(now);
    if !(now - OLDEST_SECONDS..=now + NEWEST_SECONDS).contains(&at) {
        let expected = "a time not more than two weeks ago or two hours ahead";
        return Err(invalid("Timestamp", at, expected));
    }
    // What is not of high resolution is kept by the minute.
    let at = match integer(metric, "StorageResolution")?.unwrap_or(60) {
        1 => at,
        60 => at - at.rem_euclid(60),
        other => return Err(invalid("StorageResolution", other, "1 or 60 seconds")),
    };
    let datum = datum(metric, at, unit(metric)?.unwrap_or("None"))?;
    store::add(database, (namespace, name, &dimensions), &datum)?;
    Ok(())
}

/// A value, several with their counts, or a set of statistics: one of them.
fn datum(metric: &Value, at: i64, unit: &str) -> Result<Datum, Failure> {
    let value = given(metric, "Value");
    let values = list(metric, "Values")?;
    let set = given(metric, "StatisticValues");
    match (value, values, set) {
        (None, [], None) => Err(missing("Value")),
        (Some(value), [], None) => {
            let counted = vec![(number(value, "Value")?, 1.0)];
            Ok(Datum::of_values(at, unit, counted))
        }
        (None, [], Some(set)) => statistics(set, at, unit),
        (None, values, None) => {
            let counted = counted(values, list(metric, "Counts")?)?;
            Ok(Datum::of_values(at, unit, counted))
        }
        _ => Err(Failure::new(
            "InvalidParameterCombination",
            "Value, Values and StatisticValues exclude each other",
        )),
    }
}

fn counted(values: &[Value], counts: &[Value]) -> Result<Vec<(f64, f64)>, Failure> {
    if values.len() > MOST_VALUES {
        let expected = format!("at most {MOST_VALUES} values");
        return Err(invalid("Values", values.len(), &expected));
    }
    if !counts.is_empty() && counts.len() != values.len() {
        let expected = format!("as many as there are Values, {}", values.len());
        return Err(invalid("Counts", counts.len(), &expected));
    }
    let count = |place: usize| match counts.get(place) {
        None => Ok(1.0),
        Some(value) => match number(value, "Counts")? {
            count if count > 0.0 => Ok(count),
            _ => Err(invalid("Counts", value, "a number above zero")),
        },
    };
    let one = |(place, value)| Ok((number(value, "Values")?, count(place)?));
    values.iter().enumerate().map(one).collect()
}

fn statistics(set: &Value, at: i64, unit: &str) -> Result<Datum, Failure> {
    let of = |name: &str| number(given(set, name).ok_or_else(|| missing(name))?, name);
    let datum = Datum {
        at,
        unit: unit.to_owned(),
        count: of("SampleCount")?,
        sum: of("Sum")?,
        minimum: of("Minimum")?,
        maximum: of("Maximum")?,
        counted: None,
    };
    if datum.count <= 0.0 || datum.minimum > datum.maximum {
        let expected = "a SampleCount above zero, and a Minimum that is not above the Maximum";
        return Err(invalid("StatisticValues", set, expected));
    }
    Ok(datum)
}
