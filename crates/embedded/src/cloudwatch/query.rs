//! Parameters as forms write them (`Dimensions.member.1.Name`), and answers in XML.

use chrono::{DateTime, SecondsFormat};
use serde_json::{Map, Value};

use crate::protocol::{Failure, Form, escaped};

/// The most steps of a parameter's name.
const MOST_STEPS: usize = 12;

/// The operation and its parameters, all of which are texts.
pub(crate) fn read(form: &Form) -> Result<(String, Value), Failure> {
    let mut root = Map::new();
    for (name, value) in form.fields() {
        if name.split('.').count() > MOST_STEPS {
            let message = "a parameter's name has too many steps";
            return Err(Failure::new("MalformedQueryString", message));
        }
        put(&mut root, name, value);
    }
    let operation = form.text("Action")?.to_owned();
    Ok((operation, lists(Value::Object(root))))
}

fn put(map: &mut Map<String, Value>, name: &str, value: &str) {
    match name.split_once('.') {
        None => drop(map.insert(name.to_owned(), value.into())),
        Some((step, rest)) => {
            let inner = map.entry(step).or_insert_with(|| Map::new().into());
            if let Value::Object(inner) = inner {
                put(inner, rest, value);
            }
        }
    }
}

/// Makes lists of what has members by number.
fn lists(value: Value) -> Value {
    let Value::Object(mut map) = value else {
        return value;
    };
    if map.len() == 1
        && let Some(Value::Object(members)) = map.get_mut("member")
    {
        let mut members: Vec<(u64, Value)> = std::mem::take(members)
            .into_iter()
            .map(|(number, value)| (number.parse().unwrap_or(u64::MAX), lists(value)))
            .collect();
        members.sort_by_key(|(number, _)| *number);
        return members.into_iter().map(|(_, value)| value).collect();
    }
    map.values_mut()
        .for_each(|value| *value = lists(value.take()));
    map.into()
}

/// An answer's elements.
pub(crate) fn content(answer: &Value) -> String {
    element("", answer)
}

fn element(name: &str, value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Bool(flag) => flag.to_string(),
        Value::String(text) => escaped(text),
        Value::Number(number) => match number.as_i64() {
            Some(seconds) if name.starts_with("Timestamp") => {
                let time = DateTime::from_timestamp(seconds, 0).unwrap_or_default();
                time.to_rfc3339_opts(SecondsFormat::Secs, true)
            }
            _ => number.to_string(),
        },
        Value::Array(items) => {
            let member = |item| format!("<member>{}</member>", element(name, item));
            items.iter().map(member).collect()
        }
        Value::Object(map) if name == "ExtendedStatistics" => {
            let entry = |(key, value): (&String, &Value)| {
                let key = escaped(key);
                format!("<entry><key>{key}</key><value>{value}</value></entry>")
            };
            map.iter().map(entry).collect()
        }
        Value::Object(map) => {
            let field =
                |(name, value): (&String, _)| format!("<{name}>{}</{name}>", element(name, value));
            map.iter().map(field).collect()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_form_becomes_lists_and_structures() {
        let form = Form::parse(
            b"Action=PutMetricData&MetricData.member.2.Value=2&MetricData.member.10.Value=10\
              &MetricData.member.2.Dimensions.member.1.Name=Host&Namespace=a+b",
        );
        let (operation, request) = read(&form).expect("a request");
        assert_eq!(operation, "PutMetricData");
        assert_eq!(
            request["MetricData"],
            json!([{"Value": "2", "Dimensions": [{"Name": "Host"}]}, {"Value": "10"}])
        );
        assert_eq!(request["Namespace"], "a b");
        // A name of a thousand steps, and names that are each other's parts.
        let deep = format!("Action=A&{}b=1", "a.".repeat(1_000));
        assert!(read(&Form::parse(deep.as_bytes())).is_err());
        assert!(read(&Form::parse(b"Action=A&a=1&a.b=2&a.b.c=3&.=4&..=5")).is_ok());
    }

    #[test]
    fn an_answer_becomes_elements() {
        let answer = json!({"Datapoints": [{"Timestamp": 60, "Sum": 1.5,
            "ExtendedStatistics": {"p99": 2.0}}], "Label": "<a>"});
        assert_eq!(
            content(&answer),
            "<Datapoints><member><ExtendedStatistics><entry><key>p99</key><value>2.0</value></entry>\
             </ExtendedStatistics><Sum>1.5</Sum><Timestamp>1970-01-01T00:01:00Z</Timestamp></member>\
             </Datapoints><Label>&lt;a&gt;</Label>"
        );
    }
}
