//! A request's parameters, each by its name and kind.

use std::fmt::Display;

use chrono::DateTime;
use serde_json::Value;

use crate::protocol::Failure;

/// The units that there are.
const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];
/// The most dimensions of a metric.
const MOST_DIMENSIONS: usize = 30;

pub(crate) fn invalid(name: &str, value: impl Display, expected: &str) -> Failure {
    let message = format!("the parameter {name} is {value}: expected {expected}");
    Failure::new("InvalidParameterValue", message)
}

pub(crate) fn missing(name: &str) -> Failure {
    Failure::new(
        "MissingParameter",
        format!("the parameter {name} is missing"),
    )
}

/// What is there of a parameter.
pub(crate) fn given<'a>(request: &'a Value, name: &str) -> Option<&'a Value> {
    request.get(name).filter(|value| !value.is_null())
}

/// A text of 1 to `most` characters.
pub(crate) fn text<'a>(request: &'a Value, name: &str, most: usize) -> Result<&'a str, Failure> {
    let value = given(request, name).ok_or_else(|| missing(name))?;
    let expected = || invalid(name, value, &format!("a text of 1 to {most} characters"));
    let text = value.as_str().ok_or_else(expected)?;
    if (1..=most).contains(&text.chars().count()) {
        Ok(text)
    } else {
        Err(expected())
    }
}

/// A list, which may be missing.
pub(crate) fn list<'a>(request: &'a Value, name: &str) -> Result<&'a [Value], Failure> {
    match given(request, name) {
        None => Ok(&[]),
        Some(Value::Array(items)) => Ok(items),
        // A form's empty list.
        Some(Value::String(text)) if text.is_empty() => Ok(&[]),
        Some(other) => Err(invalid(name, other, "a list")),
    }
}

/// A number within ±2^360, which is what metrics hold.
pub(crate) fn number(value: &Value, name: &str) -> Result<f64, Failure> {
    let number = match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_f64(),
    };
    let most = 2_f64.powi(360);
    let number = number.filter(|number| (-most..=most).contains(number));
    number.ok_or_else(|| invalid(name, value, "a number between -2^360 and 2^360"))
}

/// A whole number.
pub(crate) fn integer(request: &Value, name: &str) -> Result<Option<i64>, Failure> {
    let whole = |value: &Value| match value {
        Value::String(text) => text.parse().ok(),
        other => other.as_i64(),
    };
    let read = |value| whole(value).ok_or_else(|| invalid(name, value, "a whole number"));
    given(request, name).map(read).transpose()
}

/// A time in seconds since 1970.
pub(crate) fn time(request: &Value, name: &str) -> Result<Option<i64>, Failure> {
    let read = |value: &Value| {
        let seconds = match value {
            Value::String(text) => {
                let time = DateTime::parse_from_rfc3339(text).ok();
                time.map(|time| time.timestamp())
            }
            #[expect(clippy::cast_possible_truncation, reason = "saturates")]
            other => other.as_f64().map(|seconds| seconds.floor() as i64),
        };
        seconds.ok_or_else(|| invalid(name, value, "a time"))
    };
    given(request, name).map(read).transpose()
}

/// A unit, if one is named.
pub(crate) fn unit(request: &Value) -> Result<Option<&'static str>, Failure> {
    let read = |value: &Value| {
        let found = UNITS.iter().find(|unit| value == **unit);
        found
            .copied()
            .ok_or_else(|| invalid("Unit", value, "a unit of CloudWatch"))
    };
    given(request, "Unit").map(read).transpose()
}

/// Dimensions, in the order of their names, as they are kept.
pub(crate) fn dimensions(request: &Value) -> Result<String, Failure> {
    let given = list(request, "Dimensions")?;
    if given.len() > MOST_DIMENSIONS {
        let expected = format!("at most {MOST_DIMENSIONS} dimensions");
        return Err(invalid("Dimensions", given.len(), &expected));
    }
    let mut dimensions = Vec::new();
    for dimension in given {
        let name = text(dimension, "Name", 255)?;
        let value = text(dimension, "Value", 1_024)?;
        let printable = |text: &str| {
            text.is_ascii() && !text.trim().is_empty() && !text.contains(char::is_control)
        };
        if !printable(name) || !printable(value) || name.starts_with(':') {
            let expected = "ASCII that is not blank, and no colon before a name";
            return Err(invalid("Dimensions", dimension, expected));
        }
        dimensions.push((name, value));
    }
    dimensions.sort_unstable();
    if let Some(pair) = dimensions.windows(2).find(|pair| pair[0].0 == pair[1].0) {
        return Err(invalid("Dimensions", pair[0].0, "each name once"));
    }
    Ok(serde_json::json!(dimensions).to_string())
}
