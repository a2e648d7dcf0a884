//! The same orders as other shops write them, and the order formats that say so.

use serde_json::{Value, json};

use crate::data::Orders;

/// The order format of [`semicolon_csv`].
pub const SEMICOLON_CSV: &str = r#"
format = "csv"
delimiter = ";"
columns = ["Beleg", "Datum", "Land", "Kunde", "Artikel", "Bezeichnung", "Menge", "Preis"]
decimal = ","

[line]
InvoiceNo = "Beleg"
StockCode = "Artikel"
Description = "Bezeichnung"
Quantity = "Menge"
InvoiceDate = { at = "Datum", format = "%d.%m.%Y %H:%M", zone = "Europe/London" }
UnitPrice = "Preis"
CustomerID = "Kunde"
Country = "Land"
Cancelled = { prefix = "C" }
"#;

/// The order format of [`whole_orders`].
pub const WHOLE_ORDERS: &str = r#"
format = "json"
lines = "/lines"

[order]
InvoiceNo = "/number"
InvoiceDate = "/placed"
CustomerID = "/customer/id"
Country = "/customer/country"
Cancelled = { prefix = "C" }

[line]
StockCode = "/article/code"
Description = "/article/name"
Quantity = "/count"
UnitPrice = "/price"
"#;

/// The lines with other columns, semicolons, decimal commas and `DD.MM.YYYY HH:MM`, behind
/// their header.
#[must_use]
pub fn semicolon_csv(orders: &Orders) -> Vec<String> {
    let header = "Beleg;Datum;Land;Kunde;Artikel;Bezeichnung;Menge;Preis\r\n".to_owned();
    let line = |[
        invoice,
        stock,
        description,
        quantity,
        date,
        price,
        customer,
        country,
    ]: [String; 8]| {
        let [year, month, day, time] = date_parts(&date);
        let date = format!("{day:0>2}.{month:0>2}.{year} {time:0>5}");
        let price = price.replace('.', ",");
        let fields = [
            invoice,
            date,
            country,
            customer,
            stock,
            description,
            quantity,
            price,
        ];
        fields.map(|field| quoted(&field)).join(";") + "\r\n"
    };
    std::iter::once(header)
        .chain(rows(orders).map(line))
        .collect()
}

fn quoted(field: &str) -> String {
    if field.contains([';', '"']) {
        format!("\"{}\"", field.replace('"', "\"\""))
    } else {
        field.to_owned()
    }
}

/// The lines in the orders that they are of: what they share stands in the order. An
/// invoice that goes over two minutes is two orders.
#[must_use]
pub fn whole_orders(orders: &Orders) -> Vec<Value> {
    let mut made: Vec<Value> = Vec::new();
    let mut before = None;
    for [
        invoice,
        stock,
        description,
        quantity,
        date,
        price,
        customer,
        country,
    ] in rows(orders)
    {
        let shared = [invoice, date, customer, country];
        if before.as_ref() != Some(&shared) {
            let [invoice, date, customer, country] = &shared;
            let [year, month, day, time] = date_parts(date);
            let customer: Option<u64> = customer.parse().ok();
            made.push(json!({
                "number": invoice,
                "placed": format!("{year}-{month:0>2}-{day:0>2}T{time:0>5}"),
                "customer": {"id": customer, "country": country},
                "lines": [],
            }));
            before = Some(shared);
        }
        let quantity: i64 = quantity.parse().expect("a whole number");
        let line = json!({
            "article": {"code": stock, "name": description}, "count": quantity, "price": price,
        });
        let lines = made
            .last_mut()
            .and_then(|order| order["lines"].as_array_mut());
        lines.expect("an order with lines").push(line);
    }
    made
}

/// Each line's fields, by a CSV reader that shares nothing with the functions.
fn rows(orders: &Orders) -> impl Iterator<Item = [String; 8]> {
    let reader = csv::Reader::from_reader(orders.text().as_bytes());
    reader.into_records().map(|fields| {
        let fields = fields.expect("a CSV line");
        std::array::from_fn(|column| fields[column].to_owned())
    })
}

/// Year, month, day and time of `M/D/YYYY H:MM`.
fn date_parts(date: &str) -> [&str; 4] {
    let parts: Vec<&str> = date.split(['/', ' ']).collect();
    let [month, day, year, time] = parts[..] else {
        panic!("{date} is no date");
    };
    [year, month, day, time]
}
