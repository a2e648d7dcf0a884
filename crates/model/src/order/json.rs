//! A JSON order line: as the Kinesis Agent's `CSVTOJSON` writes it, or as a
//! shop's own code would.

use std::borrow::Cow;

use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use crate::order::csv;
use crate::order::line::Fields;
use crate::order::value::Value;
use crate::reject::{Found, Reason, Reject};
use crate::tree::{NoObject, Taken};

/// One value as written. Raw, so that a price never passes through a float and a
/// text without escapes is not copied; present even where it is `null`.
#[derive(Default)]
struct Raw<'a>(Option<&'a RawValue>);

impl<'de: 'a, 'a> Deserialize<'de> for Raw<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        <&RawValue>::deserialize(deserializer).map(|raw| Self(Some(raw)))
    }
}

#[derive(Default, Deserialize)]
#[serde(default, rename_all = "PascalCase", bound(deserialize = "'de: 'a"))]
struct RawLine<'a> {
    invoice_no: Raw<'a>,
    stock_code: Raw<'a>,
    description: Raw<'a>,
    quantity: Raw<'a>,
    invoice_date: Raw<'a>,
    unit_price: Raw<'a>,
    #[serde(rename = "CustomerID")]
    customer_id: Raw<'a>,
    /// The agent's customary name for the customer's number.
    customer: Raw<'a>,
    country: Raw<'a>,
    line_no: Raw<'a>,
}

/// Reads one JSON object.
///
/// # Errors
/// `NotJson` for a syntax error or a field that comes twice, `ShiftedByAgent`
/// where the agent cut a quoted field.
pub(crate) fn parse(line: &str) -> Result<Fields<'_>, Reject> {
    let not_json = |_| Reject::line(Reason::NotJson);
    let raw: RawLine<'_> = serde_json::from_str(line).map_err(not_json)?;
    let mut fields = Fields {
        invoice_no: value(raw.invoice_no)?,
        stock_code: value(raw.stock_code)?,
        description: value(raw.description)?,
        quantity: value(raw.quantity)?,
        invoice_date: value(raw.invoice_date)?,
        unit_price: value(raw.unit_price)?,
        customer_id: match value(raw.customer_id)? {
            blank if blank.is_blank() => value(raw.customer)?,
            number => number,
        },
        country: value(raw.country)?,
        line_no: value(raw.line_no)?,
    };
    undo_agent_quoting(&mut fields)?;
    Ok(fields)
}

fn value(raw: Raw<'_>) -> Result<Value<'_>, Reject> {
    raw.0.map_or(Ok(Value::Absent), |raw| written(raw.get()))
}

/// A JSON value, which `raw` must be, as a field's.
///
/// # Errors
/// `NotJson` for a text with half of a surrogate pair.
#[inline]
fn written(raw: &str) -> Result<Value<'_>, Reject> {
    Ok(match raw.as_bytes().first() {
        Some(b'"') => {
            let inner = &raw[1..raw.len() - 1];
            if memchr::memchr(b'\\', inner.as_bytes()).is_none() {
                Value::text(Cow::Borrowed(inner))
            } else {
                let text = serde_json::from_str::<String>(raw)
                    .map_err(|_| Reject::line(Reason::NotJson))?;
                Value::text(Cow::Owned(text))
            }
        }
        Some(b'n') => Value::Null,
        Some(first @ (b't' | b'f')) => Value::Boolean(*first == b't'),
        Some(b'[' | b'{') => Value::Nested(raw),
        _ => Value::Number(raw),
    })
}

impl<'a> Taken<'a> for Value<'a> {
    fn is_absent(&self) -> bool {
        *self == Self::Absent
    }

    fn written(raw: &'a str) -> Result<Self, NoObject> {
        written(raw).map_err(|_| NoObject)
    }
}

/// Takes off the CSV quotes that `CSVTOJSON` leaves around a field.
///
/// The agent splits a line at every comma, quoted or not, and writes each piece
/// as a string. So if no value is a number, a text that is a complete quoted CSV
/// field is unquoted, and one whose quote is not closed shows that a field was
/// cut, and every later one stands in the wrong column.
fn undo_agent_quoting(fields: &mut Fields<'_>) -> Result<(), Reject> {
    let mut all = fields.all_mut();
    if all
        .iter()
        .any(|(_, value)| matches!(value, Value::Number(_)))
    {
        return Ok(());
    }
    for (field, value) in &mut all {
        let Value::Text(text) = value else { continue };
        if !text.starts_with('"') {
            continue;
        }
        let unquoted = match csv::quoted(text) {
            None => {
                return Err(Reject::field(
                    Reason::ShiftedByAgent,
                    *field,
                    Found::OpenQuote,
                ));
            }
            Some((inner, "")) => inner.into_owned(),
            // A text that merely begins with a quoted word: no CSV field at all.
            Some(_) => continue,
        };
        **value = Value::text(Cow::Owned(unquoted));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::reject::Field;

    fn description(json: &str) -> Result<String, Reject> {
        match parse(json)?.description {
            Value::Text(text) => Ok(text.into_owned()),
            other => panic!("not a text: {other:?}"),
        }
    }

    #[test]
    fn keeps_numbers_as_written() {
        let fields = parse(r#"{"UnitPrice":0.10000000000000000001,"Quantity":6}"#).expect("JSON");
        assert_eq!(fields.unit_price, Value::Number("0.10000000000000000001"));
        assert_eq!(fields.quantity, Value::Number("6"));
        assert_eq!(fields.country, Value::Absent);
    }

    #[test]
    fn borrows_a_text_without_escapes_and_unescapes_the_others() {
        let plain = parse(r#"{"Description":" A "}"#).expect("JSON");
        assert!(matches!(plain.description, Value::Text(Cow::Borrowed("A"))));
        assert_eq!(
            description(r#"{"Description":"\u00a35 \"x\"\r"}"#).as_deref(),
            Ok("£5 \"x\"")
        );
    }

    #[test]
    fn prefers_the_customers_number_to_the_agents_customer() {
        let both = parse(r#"{"Customer":"Jane","CustomerID":17850}"#).expect("JSON");
        assert_eq!(both.customer_id, Value::Number("17850"));
        for agent in [
            r#"{"Customer":"17850"}"#,
            r#"{"Customer":"17850","CustomerID":null}"#,
            r#"{"Customer":"17850","CustomerID":" "}"#,
        ] {
            let fields = parse(agent).expect("JSON");
            assert_eq!(fields.customer_id, Value::text("17850".into()), "{agent}");
        }
    }

    #[test]
    fn unquotes_what_the_agent_left_quoted() {
        let quoted =
            r#"{"Quantity":"6","Description":"\"SET OF 6 \"\"TEA\"\"\"","Country":"\"UK\"\r"}"#;
        assert_eq!(description(quoted).as_deref(), Ok("SET OF 6 \"TEA\""));
        assert_eq!(
            parse(quoted).expect("JSON").country,
            Value::text("UK".into())
        );
        let word = r#"{"Quantity":"6","Description":"\"BEST\" MUG"}"#;
        assert_eq!(description(word).as_deref(), Ok("\"BEST\" MUG"));
    }

    #[test]
    fn leaves_quotes_alone_where_numbers_show_it_was_not_the_agent() {
        let own = r#"{"Quantity":6,"Description":"\"TEA\""}"#;
        assert_eq!(description(own).as_deref(), Ok("\"TEA\""));
        let open = r#"{"Quantity":6,"Description":"\"TEA"}"#;
        assert_eq!(description(open).as_deref(), Ok("\"TEA"));
    }

    #[test]
    fn sees_that_the_agent_cut_a_quoted_field() {
        for cut in [r#"\"A"#, r#"\"A \"\"B\"\""#, r#"\""#] {
            let json = format!(r#"{{"Quantity":" B\"","Description":"{cut}"}}"#);
            assert_eq!(
                description(&json),
                Err(Reject::field(
                    Reason::ShiftedByAgent,
                    Field::Description,
                    Found::OpenQuote
                )),
                "{cut}"
            );
        }
    }

    #[test]
    fn refuses_what_is_not_one_json_object() {
        for text in [
            "{",
            "{}{}",
            "{} x",
            r#"{"Quantity":1,"Quantity":2}"#,
            r#"{"Quantity":01}"#,
            r#"{"Description":"\ud800"}"#,
            r#"{"Quantity":NaN}"#,
            r#"{'Quantity':1}"#,
        ] {
            assert_eq!(
                parse(text).err(),
                Some(Reject::line(Reason::NotJson)),
                "{text}"
            );
        }
    }
}
