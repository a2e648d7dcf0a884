//! The body of a BatchWriteItem call, written from the rows themselves. No client and
//! no retries belong here.
//!
//! The SDK's items are maps of ten allocated names to as many allocated values, which
//! took half of an invocation's time on a core (BENCHMARKS.md).
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>

use function::env::TableName;
use model::digits::{push_decimal, push_integer};
use model::{Cancellation, Customer, OrderLine};

use crate::row::Row;

/// The body of a call that puts `rows` into `table`.
#[must_use]
pub fn batch_write_item_body(table: &TableName, rows: &[&Row<'_>]) -> Vec<u8> {
    let mut json = Vec::with_capacity(rows.iter().map(|row| row.size()).sum());
    json.extend_from_slice(br#"{"RequestItems":{"#);
    quote(&mut json, table.as_str());
    json.extend_from_slice(b":[");
    for (index, row) in rows.iter().enumerate() {
        json.extend_from_slice(if index == 0 { b"" } else { b"," });
        json.extend_from_slice(br#"{"PutRequest":{"Item":"#);
        push_item(&mut json, row);
        json.extend_from_slice(b"}}");
    }
    json.extend_from_slice(b"]}}");
    json
}

/// Every attribute of a row by its name, its value under its type's letter.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html>
fn push_item(json: &mut Vec<u8>, row: &Row<'_>) {
    let line = &row.line;
    plain(json, r#"{"CustomerID":{"N":"#, |json| {
        push_integer(json, row.customer_id)
    });
    text(json, r#","OrderID":{"S":"#, &row.order_id);
    plain(json, r#","OrderDate":{"S":"#, |json| {
        line.order_date.push_to(json)
    });
    plain(json, r#","Quantity":{"N":"#, |json| {
        push_integer(json, line.quantity)
    });
    plain(json, r#","UnitPrice":{"N":"#, |json| {
        push_decimal(json, line.unit_price)
    });
    text(json, r#","Description":{"S":"#, &line.description);
    text(json, r#","Country":{"S":"#, &line.country);
    text(json, r#","InvoiceNo":{"S":"#, &line.invoice_no);
    text(json, r#","StockCode":{"S":"#, &line.stock_code);
    let arrived_at = row.arrived_at.as_str().as_bytes();
    plain(json, r#","ArrivalTime":{"S":"#, |json| {
        json.extend_from_slice(arrived_at)
    });
    push_described(json, line);
    json.push(b'}');
}

/// The attributes that only orders of a shop's own form have.
fn push_described(json: &mut Vec<u8>, line: &OrderLine<'_>) {
    if let Customer::Text(customer) = &line.customer {
        text(json, r#","CustomerRef":{"S":"#, customer);
    }
    if let Some(currency) = &line.currency {
        text(json, r#","Currency":{"S":"#, currency.as_str());
    }
    if line.cancellation == Cancellation::Marked {
        json.extend_from_slice(br#","Cancelled":{"BOOL":true}"#);
    }
}

/// An attribute that is a number or a time: nothing in it needs an escape.
fn plain(json: &mut Vec<u8>, before: &str, push: impl FnOnce(&mut Vec<u8>)) {
    json.extend_from_slice(before.as_bytes());
    json.push(b'"');
    push(json);
    json.extend_from_slice(b"\"}");
}

/// An attribute that is a text.
fn text(json: &mut Vec<u8>, before: &str, value: &str) {
    json.extend_from_slice(before.as_bytes());
    quote(json, value);
    json.push(b'}');
}

fn quote(json: &mut Vec<u8>, text: &str) {
    serde_json::to_writer(json, text).expect("JSON holds every text, and memory takes it");
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::*;

    fn rows<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Vec<Row<'a>> {
        let arrived_at = DateTime::from_timestamp_millis(1_291_191_960_070).expect("in range");
        let row = |bytes| {
            let line = model::decode(bytes).next().expect("a line").line;
            Row::new(line.expect("a good line"), arrived_at.into())
        };
        lines.into_iter().map(row).collect()
    }

    /// The call with these rows.
    fn body(rows: &[Row<'_>]) -> Value {
        let table = TableName::parse("WebsiteOrders").expect("a name");
        let body = batch_write_item_body(&table, &rows.iter().collect::<Vec<_>>());
        serde_json::from_slice(&body).expect("JSON")
    }

    fn call(items: impl IntoIterator<Item = Value>) -> Value {
        let put = |item| json!({"PutRequest": {"Item": item}});
        let puts: Vec<_> = items.into_iter().map(put).collect();
        json!({"RequestItems": {"WebsiteOrders": puts}})
    }

    #[test]
    fn a_row_has_the_attributes_that_readers_know() {
        let csv = r#"536365,85123A,"6"" £ HOLDER\",-6,12/1/2010 8:26,2.550,17850,United Kingdom,4"#;
        let item = json!({
            "CustomerID": {"N": "17850"},
            "OrderID": {"S": "536365-85123A#4"},
            "OrderDate": {"S": "2010-12-01T08:26:00"},
            "Quantity": {"N": "-6"},
            "UnitPrice": {"N": "2.55"},
            "Description": {"S": "6\" £ HOLDER\\"},
            "Country": {"S": "United Kingdom"},
            "InvoiceNo": {"S": "536365"},
            "StockCode": {"S": "85123A"},
            "ArrivalTime": {"S": "2010-12-01T08:26:00.070Z"},
        });
        assert_eq!(body(&rows([csv.as_bytes()])), call([item]));
    }

    proptest! {
        #[test]
        fn a_call_says_what_its_rows_say(
            lines in proptest::collection::vec(
                (".{1,20}", ".{0,40}", any::<i64>(), 0u32..1_000, any::<bool>()), 0..5)
        ) {
            let json = |(code, description, quantity, millisecond, guest): &_| json!({
                "InvoiceNo": format!("5{code}5"), "StockCode": format!("8{code}8"),
                "Description": description, "Quantity": quantity,
                "InvoiceDate": format!("2010-12-01T08:26:00.{millisecond:03}+01:00"),
                "UnitPrice": format!("0.{millisecond:03}"),
                "CustomerID": if *guest { "" } else { "17850" }, "Country": format!("U{code}K"),
            }).to_string();
            let lines: Vec<String> = lines.iter().map(json).collect();
            let rows = rows(lines.iter().map(String::as_bytes));
            let item = |row: &Row<'_>| json!({
                "CustomerID": {"N": row.customer_id.to_string()},
                "OrderID": {"S": row.order_id},
                "OrderDate": {"S": row.line.order_date.to_string()},
                "Quantity": {"N": row.line.quantity.to_string()},
                "UnitPrice": {"N": row.line.unit_price.to_string()},
                "Description": {"S": row.line.description},
                "Country": {"S": row.line.country},
                "InvoiceNo": {"S": row.line.invoice_no},
                "StockCode": {"S": row.line.stock_code},
                "ArrivalTime": {"S": "2010-12-01T08:26:00.070Z"},
            });
            prop_assert_eq!(body(&rows), call(rows.iter().map(item)));
        }
    }
}
