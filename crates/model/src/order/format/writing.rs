//! Order lines as a shop of a format would send them: what decoding is the inverse of. For
//! the demo and for tests; no function writes orders.

use std::collections::BTreeMap;

use rust_decimal::Decimal;

use super::csv::Columns;
use super::fields::{Fields, Mark, Place, Source};
use super::json::Paths;
use super::{Described, Shape};
use crate::number::NumberForm;
use crate::order::line::{Cancellation, Customer, OrderLine};
use crate::reject::Field;
use crate::tree::Node;

/// A value as it is written, or nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Written {
    Text(String),
    Number(String),
    Nothing,
}

/// The values of an order and of its lines, by their slots.
type Slots = BTreeMap<usize, Written>;

/// A record with the lines, which are those of one order.
pub(super) fn record(described: &Described, lines: &[OrderLine<'_>]) -> Vec<u8> {
    let mut text = String::new();
    match &described.shape {
        Shape::Csv(columns) => {
            for line in lines {
                let (_, slots) = slots(&described.fields, line);
                row(&mut text, columns, &described.fields.numbers, &slots);
            }
        }
        Shape::Json(paths) => objects(&mut text, &described.fields, paths, lines),
    }
    text.into_bytes()
}

fn row(text: &mut String, columns: &Columns, numbers: &NumberForm, slots: &Slots) {
    let delimiter = char::from(columns.delimiter);
    for column in 0..columns.least {
        if column > 0 {
            text.push(delimiter);
        }
        let value = match slots.get(&column) {
            Some(Written::Text(value)) => value.clone(),
            Some(Written::Number(value)) => value.replace('.', &numbers.decimal.to_string()),
            Some(Written::Nothing) | None => String::new(),
        };
        if value.contains([delimiter, '"', '\n', '\r']) {
            *text += &format!("\"{}\"", value.replace('"', "\"\""));
        } else {
            *text += &value;
        }
    }
    text.push('\n');
}

fn objects(text: &mut String, fields: &Fields, paths: &Paths, lines: &[OrderLine<'_>]) {
    let Some(inner) = &paths.lines else {
        for line in lines {
            object(text, &paths.outer, &slots(fields, line).1, None);
            text.push('\n');
        }
        return;
    };
    let mut array = String::from("[");
    let mut order = Slots::new();
    for line in lines {
        let (of_order, of_line) = slots(fields, line);
        array += if array.len() > 1 { "," } else { "" };
        object(&mut array, &inner.inner, &of_line, None);
        order = of_order;
    }
    array.push(']');
    object(text, &paths.outer, &order, Some((inner.slot, &array)));
    text.push('\n');
}

/// The object that a tree's values make, and the text of one more.
fn object(text: &mut String, node: &Node, slots: &Slots, more: Option<(usize, &str)>) {
    text.push('{');
    let mut is_first = true;
    for (name, child) in node.children() {
        *text += if is_first { "" } else { "," };
        is_first = false;
        *text += &serde_json::Value::from(name.as_str()).to_string();
        text.push(':');
        match (child.own_slot(), more) {
            (Some(slot), Some((other, json))) if slot == other => *text += json,
            (Some(slot), _) => match slots.get(&slot) {
                Some(Written::Text(value)) => {
                    *text += &serde_json::Value::from(value.as_str()).to_string();
                }
                Some(Written::Number(number)) => *text += number,
                Some(Written::Nothing) | None => *text += "null",
            },
            (None, _) => object(text, child, slots, more),
        }
    }
    text.push('}');
}

/// The values of an order's and a line's slots.
fn slots(fields: &Fields, line: &OrderLine<'_>) -> (Slots, Slots) {
    let (mut of_order, mut of_line) = (Slots::new(), Slots::new());
    let mut put = |source: &Source, value: Written| {
        if let Some(Place { in_order, slot, .. }) = source.places.first() {
            let slots = if *in_order {
                &mut of_order
            } else {
                &mut of_line
            };
            slots.insert(*slot, value);
        }
    };
    for field in Field::ALL {
        put(fields.source(field), value(fields, field, line));
    }
    if let Mark::Field(source, values) = &fields.mark {
        let mark = values.as_ref().and_then(|values| values.first().cloned());
        put(
            source,
            match line.cancellation {
                Cancellation::Marked => {
                    Written::Text(mark.unwrap_or_else(|| "cancelled".to_owned()))
                }
                Cancellation::Shown | Cancellation::No => Written::Nothing,
            },
        );
    }
    (of_order, of_line)
}

fn value(fields: &Fields, field: Field, line: &OrderLine<'_>) -> Written {
    let text = |text: &str| Written::Text(text.to_owned());
    match field {
        Field::InvoiceNo => text(&line.invoice_no),
        Field::StockCode => text(&line.stock_code),
        Field::Description => text(&line.description),
        Field::Quantity => Written::Number(line.quantity.to_string()),
        Field::InvoiceDate => text(&fields.dates.write(line.order_date)),
        Field::UnitPrice => Written::Number(price(line.unit_price, fields.scale).to_string()),
        Field::CustomerID => match &line.customer {
            Customer::Registered(number) => Written::Number(number.to_string()),
            Customer::Text(customer) => text(customer),
            Customer::Guest => Written::Nothing,
        },
        Field::Country => text(&line.country),
        Field::LineNo => match line.line_no {
            Some(number) => Written::Number(number.to_string()),
            None => Written::Nothing,
        },
        Field::Currency => match &line.currency {
            Some(currency) => text(currency.as_str()),
            None => Written::Nothing,
        },
    }
}

/// A price in the units that a scale makes of it.
fn price(price: Decimal, scale: u32) -> Decimal {
    let units = Decimal::from(10_u64.pow(scale));
    price
        .checked_mul(units)
        .map_or(price, |price| price.normalize())
}
