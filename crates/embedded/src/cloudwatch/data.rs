//! GetMetricData: one statistic each of many metrics. There is no metric math, and an
//! answer is one page.

use rusqlite::Connection;
use serde_json::{Value, json};

use super::datum::{Datum, Statistic, in_periods};
use super::fields::{dimensions, given, integer, invalid, list, missing, text, unit};
use super::statistics::{Window, period};
use super::store;
use crate::protocol::Failure;

/// The most metrics of a request.
const MOST_QUERIES: usize = 500;
/// The most datapoints of an answer.
const MOST_DATAPOINTS: i64 = 100_800;

pub(crate) fn get(database: &Connection, request: &Value) -> Result<Value, Failure> {
    let window = Window::of(request)?;
    let queries = list(request, "MetricDataQueries")?;
    if queries.is_empty() || queries.len() > MOST_QUERIES {
        let expected = format!("1 to {MOST_QUERIES} queries");
        return Err(invalid("MetricDataQueries", queries.len(), &expected));
    }
    let ascending = match given(request, "ScanBy").map(Value::as_str) {
        None | Some(Some("TimestampDescending")) => false,
        Some(Some("TimestampAscending")) => true,
        Some(other) => {
            let expected = "TimestampAscending or TimestampDescending";
            return Err(invalid("ScanBy", other.unwrap_or_default(), expected));
        }
    };
    let most = integer(request, "MaxDatapoints")?.unwrap_or(MOST_DATAPOINTS);
    let mut results = Vec::new();
    let mut left = usize::try_from(most.min(MOST_DATAPOINTS)).unwrap_or_default();
    for query in queries {
        let result = one(database, query, &window, ascending)?;
        let points = result["Values"].as_array().map_or(0, Vec::len);
        left = left.checked_sub(points).ok_or_else(|| {
            let message = "answers of several pages are not there in the local stack";
            Failure::new("InvalidParameterValue", message)
        })?;
        if given(query, "ReturnData").is_none_or(|wanted| wanted != false && wanted != "false") {
            results.push(result);
        }
    }
    Ok(json!({"MetricDataResults": results, "Messages": []}))
}

fn one(
    database: &Connection,
    query: &Value,
    window: &Window,
    ascending: bool,
) -> Result<Value, Failure> {
    let id = text(query, "Id", 255)?;
    let Some(stat) = given(query, "MetricStat") else {
        let message = "metric math is not there in the local stack: expected a MetricStat";
        return Err(Failure::new("InvalidParameterValue", message));
    };
    let metric = given(stat, "Metric").ok_or_else(|| missing("Metric"))?;
    let name = text(metric, "MetricName", 255)?;
    let dimensions = dimensions(metric)?;
    let statistic = Statistic::named(given(stat, "Stat").ok_or_else(|| missing("Stat"))?)?;
    let data = store::read(
        database,
        (text(metric, "Namespace", 255)?, name, &dimensions),
        (window.start, window.end),
        unit(stat)?,
    )?;
    let points = in_periods(data, period(stat)?, false);
    let point = |datum: &Datum| Some((datum.at, statistic.of(datum)?));
    let mut points: Vec<(i64, f64)> = points.iter().filter_map(point).collect();
    if !ascending {
        points.reverse();
    }
    let (times, values): (Vec<_>, Vec<_>) = points.into_iter().unzip();
    Ok(json!({
        "Id": id,
        "Label": given(query, "Label").and_then(Value::as_str).unwrap_or(name),
        "Timestamps": times,
        "Values": values,
        "StatusCode": "Complete",
    }))
}
