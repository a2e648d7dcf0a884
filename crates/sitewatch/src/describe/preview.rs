//! The first rows of a sample as they would be stored.

use super::found::{Found, Row};
use super::table::{Column, Kind, table};
use crate::show::HEAD;

/// Digits of a hash that are shown: nobody reads it.
const HASH_DIGITS: usize = 4;
/// Digits of the hash that an `OrderID` ends in where lines have no numbers.
const WHOLE_HASH: usize = 24;

/// The table of them; nothing if there are none.
pub(super) fn rows(found: &Found) -> String {
    let rows = &found.first;
    if rows.is_empty() {
        return String::new();
    }
    let has = |is: fn(&Row) -> bool| rows.iter().any(is);
    let with_ref = has(|row| row.customer_ref.is_some());
    let with_currency = has(|row| row.currency.is_some());
    // In one column, which leaves room for the customer.
    let is_tight = with_ref && with_currency;
    let amount = if is_tight { price_and_currency } else { price };
    let column = |name, least, kind, text: fn(&Row) -> String| {
        let mut column = Column::new(name, least, kind);
        column.texts = rows.iter().map(text).collect();
        column
    };
    let columns = [
        Some(column("CustomerID", 10, Kind::Cut, |r| {
            r.customer_id.clone()
        })),
        with_ref.then(|| column("CustomerRef", 11, Kind::Cut, reference)),
        Some(column("OrderID", 10, Kind::Cut, |row| short(&row.order_id))),
        Some(column("OrderDate", 20, Kind::Cut, |r| r.order_date.clone())),
        Some(column("Quantity", 8, Kind::Number, |r| r.quantity.clone())),
        Some(column("UnitPrice", 9, Kind::Number, amount)),
        Some(column("Country", 7, Kind::Cut, |row| row.country.clone())),
        (with_currency && !is_tight).then(|| column("Currency", 8, Kind::Cut, currency)),
        has(|row| row.is_marked).then(|| column("Cancelled", 9, Kind::Cut, mark)),
    ];
    let columns: Vec<Column> = columns.into_iter().flatten().collect();
    format!(
        "\n{HEAD}The first rows as they would be stored{HEAD:#}\n{}",
        table(&columns)
    )
}

fn reference(row: &Row) -> String {
    row.customer_ref.clone().unwrap_or_default()
}

fn price(row: &Row) -> String {
    row.unit_price.clone()
}

fn currency(row: &Row) -> String {
    row.currency.clone().unwrap_or_default()
}

fn price_and_currency(row: &Row) -> String {
    format!("{} {:3}", row.unit_price, currency(row))
}

fn mark(row: &Row) -> String {
    if row.is_marked { "yes" } else { "" }.to_owned()
}

/// An `OrderID` without most of its hash.
fn short(order_id: &str) -> String {
    match order_id.rsplit_once('#') {
        Some((before, hash))
            if hash.len() == WHOLE_HASH && hash.bytes().all(|byte| byte.is_ascii_hexdigit()) =>
        {
            format!("{before}#{}…", &hash[..HASH_DIGITS])
        }
        _ => order_id.to_owned(),
    }
}
