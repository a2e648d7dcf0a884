//! CBOR, in which today's SDKs speak: read and written as the values of JSON.

use ciborium::Value as Cbor;
use serde_json::{Map, Number, Value};

use super::wire::malformed;
use crate::protocol::Failure;

/// What CBOR calls seconds since 1970.
const EPOCH: u64 = 1;

/// A request's parameters.
pub(crate) fn read(mut bytes: &[u8]) -> Result<Value, Failure> {
    let value: Cbor = ciborium::from_reader(&mut bytes)
        .map_err(|error| malformed(&format!("is no CBOR: {error}")))?;
    if !bytes.is_empty() {
        return Err(malformed("goes on behind its end"));
    }
    from_item(value)
}

fn from_item(item: Cbor) -> Result<Value, Failure> {
    Ok(match item {
        Cbor::Integer(number) => i64::try_from(number)
            .map_err(|_| malformed("has a number that is too large"))?
            .into(),
        Cbor::Float(number) => Number::from_f64(number)
            .ok_or_else(|| {
                let message = format!("{number} is no number that can be counted");
                Failure::new("InvalidParameterValue", message)
            })?
            .into(),
        Cbor::Text(text) => text.into(),
        Cbor::Bool(flag) => flag.into(),
        Cbor::Null => Value::Null,
        Cbor::Tag(EPOCH, item) => from_item(*item)?,
        Cbor::Array(items) => {
            let items: Result<Vec<_>, _> = items.into_iter().map(from_item).collect();
            items?.into()
        }
        Cbor::Map(entries) => {
            let mut map = Map::new();
            for (name, item) in entries {
                let name = name
                    .into_text()
                    .map_err(|_| malformed("has a name that is no text"))?;
                map.insert(name, from_item(item)?);
            }
            map.into()
        }
        _ => return Err(malformed("has an item of a kind that no parameter is")),
    })
}

/// An answer.
pub(crate) fn write(value: &Value) -> Vec<u8> {
    let mut bytes = Vec::new();
    // Memory takes all that is written.
    drop(ciborium::into_writer(&to_cbor(value, ""), &mut bytes));
    bytes
}

/// `name` says whether numbers are times.
fn to_cbor(value: &Value, name: &str) -> Cbor {
    match value {
        Value::Null => Cbor::Null,
        Value::Bool(flag) => Cbor::Bool(*flag),
        Value::String(text) => Cbor::Text(text.clone()),
        Value::Number(number) => match number.as_i64() {
            Some(seconds) if name.starts_with("Timestamp") => {
                Cbor::Tag(EPOCH, Box::new(seconds.into()))
            }
            Some(number) => number.into(),
            None => Cbor::Float(number.as_f64().unwrap_or_default()),
        },
        Value::Array(items) => Cbor::Array(items.iter().map(|item| to_cbor(item, name)).collect()),
        Value::Object(map) => {
            let entry =
                |(name, value): (&String, &Value)| (name.clone().into(), to_cbor(value, name));
            Cbor::Map(map.iter().map(entry).collect())
        }
    }
}
