//! ListMetrics: which metrics there are, page by page.

use rusqlite::{Connection, Row, params};
use serde_json::{Value, json};

use super::fields::{given, invalid, list as list_of, text};
use crate::protocol::Failure;

/// The most metrics of a page.
const MOST_METRICS: usize = 500;
/// What "recently" means: three hours.
const RECENT_SECONDS: i64 = 3 * 3_600;

pub(crate) fn list(database: &Connection, request: &Value, now: i64) -> Result<Value, Failure> {
    let optional = |name| {
        given(request, name)
            .map(|_| text(request, name, 255))
            .transpose()
    };
    let (namespace, name) = (optional("Namespace")?, optional("MetricName")?);
    let since = match given(request, "RecentlyActive") {
        None => None,
        Some(value) if value == "PT3H" => Some(now - RECENT_SECONDS),
        Some(other) => return Err(invalid("RecentlyActive", other, "PT3H")),
    };
    let after: i64 = match given(request, "NextToken") {
        None => 0,
        Some(token) => {
            let number = token.as_str().and_then(|token| token.parse().ok());
            number.ok_or_else(|| invalid("NextToken", token, "one that a page ended with"))?
        }
    };
    let filters = list_of(request, "Dimensions")?;
    let mut statement = database.prepare_cached(
        "SELECT number, namespace, name, dimensions FROM metrics
         WHERE number > ?1 AND namespace = coalesce(?2, namespace) AND name = coalesce(?3, name)
           AND (?4 IS NULL OR EXISTS (SELECT 1 FROM data WHERE metric = number AND at >= ?4))
         ORDER BY number",
    )?;
    let mut metrics = Vec::new();
    let mut last = after;
    let mut rows = statement.query(params![after, namespace, name, since])?;
    while let Some(row) = rows.next()? {
        let dimensions = dimensions(row)?;
        if !filters.iter().all(|filter| has(&dimensions, filter)) {
            continue;
        }
        if metrics.len() == MOST_METRICS {
            return Ok(json!({"Metrics": metrics, "NextToken": last.to_string()}));
        }
        last = row.get(0)?;
        metrics.push(metric(row, &dimensions)?);
    }
    Ok(json!({"Metrics": metrics}))
}

fn dimensions(row: &Row<'_>) -> rusqlite::Result<Vec<(String, String)>> {
    let dimensions: String = row.get(3)?;
    Ok(serde_json::from_str(&dimensions).unwrap_or_default())
}

fn metric(row: &Row<'_>, dimensions: &[(String, String)]) -> rusqlite::Result<Value> {
    let (namespace, name): (String, String) = (row.get(1)?, row.get(2)?);
    let dimension = |(name, value): &(String, String)| json!({"Name": name, "Value": value});
    let dimensions: Vec<Value> = dimensions.iter().map(dimension).collect();
    Ok(json!({"Namespace": namespace, "MetricName": name, "Dimensions": dimensions}))
}

/// Whether there is a dimension of that name, and of that value if the filter has one.
fn has(dimensions: &[(String, String)], filter: &Value) -> bool {
    dimensions.iter().any(|(name, value)| {
        filter["Name"] == *name && given(filter, "Value").is_none_or(|wanted| wanted == value)
    })
}
