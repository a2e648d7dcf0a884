//! What a format says, for people: where each field is, how it is read, and what stands
//! there in a line. Nothing that decoding needs belongs here.

use std::fmt::Write as _;

use super::fields::{Fields, Mark, Slots, Source};
use super::{Described, OrderFormat, Shape};
use crate::dates::DateKind;
use crate::number::NumberForm;
use crate::order::value::Value;
use crate::record::{BOM, Decoded, online_retail};
use crate::reject::Field;
use crate::tree::Elements;

/// The name that marks of cancellations have, beside the fields.
const CANCELLED: &str = "Cancelled";

/// One field of an order format, in words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldWords {
    /// Our name of it: that of a [`Field`], or `Cancelled`.
    pub field: String,
    /// The shop's own name: a column, a path, or several. Empty if the field is a constant.
    pub name: String,
    /// What stands for it where nothing stands in the data.
    pub constant: Option<String>,
    /// How it is read: `%d.%m.%Y`, `a text`.
    pub reading: String,
}

impl OrderFormat {
    /// What the data is made of: `CSV with ';' between 8 columns`.
    #[must_use]
    pub fn shape(&self) -> String {
        let Some(described) = self.0.as_deref() else {
            return "CSV or JSON lines in the Online Retail form".to_owned();
        };
        match &described.shape {
            Shape::Csv(columns) => {
                let delimiter = char::from(columns.delimiter);
                if columns.names.is_empty() {
                    let least = columns.least;
                    format!("CSV with {delimiter:?} between columns, at least {least}")
                } else {
                    let count = columns.names.len();
                    format!("CSV with {delimiter:?} between {count} columns")
                }
            }
            Shape::Json(paths) => match &paths.lines {
                Some(lines) => {
                    format!("JSON, each object an order with lines in {}", lines.pointer)
                }
                None => "JSON, each object a line of an order".to_owned(),
            },
        }
    }

    /// Each field that has a place or a constant, in the order of the columns.
    #[must_use]
    pub fn fields(&self) -> Vec<FieldWords> {
        let Some(described) = self.0.as_deref() else {
            let own = |field: &Field| FieldWords {
                field: format!("{field:?}"),
                name: format!("{field:?}"),
                constant: None,
                reading: described_reading(&Fields::default(), *field),
            };
            let known = Field::ALL.iter();
            return known
                .filter(|field| **field != Field::Currency)
                .map(own)
                .collect();
        };
        let fields = &described.fields;
        let mut words = Vec::new();
        for field in Field::ALL {
            let source = fields.source(field);
            if source.places.is_empty() && source.constant.is_none() {
                continue;
            }
            let reading = described_reading(fields, field);
            words.push(of_source(format!("{field:?}"), source, reading));
        }
        words.extend(mark(fields));
        words
    }

    /// What stands in a line that this format has decoded, field by field, as the shop wrote
    /// it: our name of the field and the text. Blank ones are left out, and so is a line that
    /// cannot be taken apart.
    #[must_use]
    pub fn values(&self, line: &Decoded<'_>) -> Vec<(String, String)> {
        match self.0.as_deref() {
            Some(described) => described.values(line).unwrap_or_default(),
            None => online_retail(line.bytes),
        }
    }
}

impl Described {
    fn values(&self, line: &Decoded<'_>) -> Option<Vec<(String, String)>> {
        let bytes = line.bytes.strip_prefix(BOM).unwrap_or(line.bytes);
        let text = std::str::from_utf8(bytes).ok()?;
        let mut slots = Slots::default();
        match &self.shape {
            Shape::Csv(columns) => {
                columns.read(text, &mut slots.line).ok()?;
            }
            Shape::Json(paths) => {
                let outer = match paths.lines {
                    Some(_) => &mut slots.order,
                    None => &mut slots.line,
                };
                outer.resize(paths.outer_slots, Value::Absent);
                paths.outer.take(text, outer).ok()?;
                if let Some(lines) = &paths.lines {
                    let Value::Nested(array) = slots.order[lines.slot] else {
                        return None;
                    };
                    let item = usize::try_from(line.position.item?.checked_sub(1)?).ok()?;
                    let element = Elements::of(array).nth(item)?;
                    slots.line.resize(lines.inner_slots, Value::Absent);
                    lines.inner.take(element, &mut slots.line).ok()?;
                }
            }
        }
        Some(self.fields.values(&slots))
    }
}

impl Fields {
    fn values(&self, slots: &Slots<'_>) -> Vec<(String, String)> {
        let fields = Field::ALL.map(|field| (format!("{field:?}"), self.source(field)));
        let mark = match &self.mark {
            Mark::Field(source, _) => Some((CANCELLED.to_owned(), source)),
            Mark::None | Mark::Prefix(_) => None,
        };
        let fields = fields.into_iter().chain(mark);
        let value = |(name, source): (String, &Source)| {
            let mut values = source.places.iter().filter_map(|place| {
                let slots = if place.in_order {
                    &slots.order
                } else {
                    &slots.line
                };
                slots.get(place.slot).and_then(Value::as_written)
            });
            values.next().map(|text| (name, text))
        };
        fields.filter_map(value).collect()
    }
}

fn of_source(field: String, source: &Source, reading: String) -> FieldWords {
    FieldWords {
        field,
        name: source.name.clone(),
        constant: source
            .constant
            .as_ref()
            .map(|constant| constant.text.clone()),
        reading,
    }
}

fn mark(fields: &Fields) -> Option<FieldWords> {
    let name = CANCELLED.to_owned();
    match &fields.mark {
        Mark::None => None,
        Mark::Prefix(prefix) => Some(FieldWords {
            field: name,
            name: fields.source(Field::InvoiceNo).name.clone(),
            constant: None,
            reading: format!("begins with {prefix:?}"),
        }),
        Mark::Field(source, None) => Some(of_source(name, source, "is set, and not false".into())),
        Mark::Field(source, Some(values)) => {
            let reading = format!("is {}", values.join(" or "));
            Some(of_source(name, source, reading))
        }
    }
}

/// How a field is read.
fn described_reading(fields: &Fields, field: Field) -> String {
    match field {
        Field::InvoiceNo | Field::StockCode | Field::Description | Field::Country => {
            "a text".to_owned()
        }
        Field::Quantity => match fields.numbers.thousands {
            Some(thousands) => format!("a whole number, as 1{thousands}234"),
            None => "a whole number".to_owned(),
        },
        Field::InvoiceDate => {
            let mut words = match &fields.dates.kind {
                DateKind::Iso => "ISO 8601 or M/D/YYYY H:MM".to_owned(),
                DateKind::Seconds => "seconds since 1970".to_owned(),
                DateKind::Milliseconds => "milliseconds since 1970".to_owned(),
                DateKind::Pattern(pattern) => pattern.clone(),
            };
            let zone = fields.dates.zone.as_ref().and_then(|zone| zone.iana_name());
            if let Some(zone) = zone {
                let _ = write!(words, ", in {zone}");
            }
            words
        }
        Field::UnitPrice if fields.scale > 0 => {
            let scale = fields.scale;
            format!("minor units, {scale} decimals")
        }
        Field::UnitPrice => format!("a number{}", signs(&fields.numbers)),
        Field::CustomerID => {
            let kind = if fields.text_customers {
                "a text"
            } else {
                "a whole number"
            };
            if fields.guests.is_empty() {
                kind.to_owned()
            } else {
                format!("{kind}, {} for guests", fields.guests.join(" or "))
            }
        }
        Field::LineNo => "a whole number".to_owned(),
        Field::Currency => "three letters".to_owned(),
    }
}

/// The signs of numbers where they are not the usual ones: `, as 1.234,5`.
fn signs(numbers: &NumberForm) -> String {
    if *numbers == NumberForm::default() {
        return String::new();
    }
    let thousands = numbers.thousands.map(String::from).unwrap_or_default();
    format!(", as 1{thousands}234{}5", numbers.decimal)
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE_ORDERS: &str = r#"
format = "json"
lines = "/items"
[order]
InvoiceNo = "/no"
InvoiceDate = { at = "/at", format = "%d.%m.%Y", zone = "Europe/Berlin" }
CustomerID = { at = ["/mail", "/phone"], text = true, guest = ["0"] }
Country = { at = "/country", default = "DE" }
Cancelled = { at = "/status", is = ["void"] }
[line]
StockCode = "/sku"
Quantity = { value = 1 }
UnitPrice = { at = "/cents", scale = 2 }
"#;

    fn shown(format: &OrderFormat) -> Vec<String> {
        let fields = format.fields();
        let shown = |words: &FieldWords| {
            let constant = words.constant.as_deref().unwrap_or("-");
            format!(
                "{} {} {constant}: {}",
                words.field, words.name, words.reading
            )
        };
        fields.iter().map(shown).collect()
    }

    #[test]
    fn a_format_says_where_each_field_is_and_how_it_is_read() {
        let format = OrderFormat::parse(WHOLE_ORDERS).expect("a format");
        assert_eq!(
            format.shape(),
            "JSON, each object an order with lines in /items"
        );
        assert_eq!(
            shown(&format),
            [
                "InvoiceNo /no -: a text",
                "StockCode /items/*/sku -: a text",
                "Quantity  1: a whole number",
                "InvoiceDate /at -: %d.%m.%Y, in Europe/Berlin",
                "UnitPrice /items/*/cents -: minor units, 2 decimals",
                "CustomerID /mail or /phone -: a text, 0 for guests",
                "Country /country DE: a text",
                "Cancelled /status -: is void",
            ]
        );
    }

    #[test]
    fn values_are_those_of_the_line_as_the_shop_wrote_them() {
        let format = OrderFormat::parse(WHOLE_ORDERS).expect("a format");
        let data = br#"{"no":7,"at":"1.2.2026","phone":"+49","status":"void",
            "items":[{"sku":"A","cents":"1999"},{"sku":"B","cents":null}]}"#;
        let values: Vec<_> = format
            .decode(data)
            .map(|line| format.values(&line))
            .collect();
        let first = [
            ("InvoiceNo", "7"),
            ("StockCode", "A"),
            ("InvoiceDate", "1.2.2026"),
            ("UnitPrice", "1999"),
            ("CustomerID", "+49"),
            ("Cancelled", "void"),
        ];
        let first = first.map(|(field, text)| (field.to_owned(), text.to_owned()));
        assert_eq!(values[0], first);
        assert_eq!(values[1][1].1, "B");
        assert_eq!(values[1].len(), 5, "a price is missing");
    }

    #[test]
    fn csv_and_the_online_retail_forms_have_values_too() {
        let text = "format = \"csv\"\ndelimiter = \";\"\ncolumns = [\"a\", \"b\", \"c\"]\ndecimal = \",\"\n\
            [line]\nInvoiceNo = 1\nStockCode = \"b\"\nQuantity = { value = 1 }\nInvoiceDate = \"a\"\n\
            UnitPrice = \"c\"\nCountry = { value = \"DE\" }";
        let format = OrderFormat::parse(text).expect("a format");
        assert_eq!(format.shape(), "CSV with ';' between 3 columns");
        let line = format.decode(b"7;x;2,5").next().expect("a line");
        let price = ("UnitPrice".to_owned(), "2,5".to_owned());
        assert!(format.values(&line).contains(&price));

        let retail = OrderFormat::default();
        let line = b"536365,85123A,HOLDER,6,12/1/2010 8:26,2.55,,France";
        let line = retail.decode(line).next().expect("a line");
        let values = retail.values(&line);
        assert_eq!(
            values[4],
            ("InvoiceDate".to_owned(), "12/1/2010 8:26".to_owned())
        );
        assert_eq!(values.len(), 7, "a guest has no number");
        assert_eq!(retail.fields().len(), 9);
    }
}
