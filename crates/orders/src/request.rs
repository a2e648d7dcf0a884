//! The body of a BatchWriteItem call, written from the rows themselves.
//!
//! The SDK's items are maps of ten allocated names to as many allocated values, from
//! which it then writes this: as much work as all else that is done for a line.
//! Source: <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_BatchWriteItem.html>

use function::env::TableName;
use model::digits::{push_decimal, push_integer};

use crate::row::Row;

/// The body of a call that puts `rows` into `table`.
///
/// # Errors
/// None for any row: JSON holds every text.
pub fn batch_write_item(table: &TableName, rows: &[&Row<'_>]) -> serde_json::Result<Vec<u8>> {
    let mut json = Vec::with_capacity(rows.iter().map(|row| row.size()).sum());
    json.extend_from_slice(br#"{"RequestItems":{"#);
    serde_json::to_writer(&mut json, table.as_str())?;
    json.extend_from_slice(b":[");
    for (index, row) in rows.iter().enumerate() {
        json.extend_from_slice(if index == 0 { b"" } else { b"," });
        json.extend_from_slice(br#"{"PutRequest":{"Item":"#);
        item(&mut json, row)?;
        json.extend_from_slice(b"}}");
    }
    json.extend_from_slice(b"]}}");
    Ok(json)
}

/// Every attribute of a row by its name, its value under its type's letter.
/// <https://docs.aws.amazon.com/amazondynamodb/latest/APIReference/API_AttributeValue.html>
fn item(json: &mut Vec<u8>, row: &Row<'_>) -> serde_json::Result<()> {
    let line = &row.line;
    plain(json, r#"{"CustomerID":{"N":"#, |json| {
        push_integer(json, row.customer_id)
    });
    text(json, r#","OrderID":{"S":"#, &row.order_id)?;
    plain(json, r#","OrderDate":{"S":"#, |json| {
        line.order_date.push_to(json)
    });
    plain(json, r#","Quantity":{"N":"#, |json| {
        push_integer(json, line.quantity)
    });
    plain(json, r#","UnitPrice":{"N":"#, |json| {
        push_decimal(json, line.unit_price)
    });
    text(json, r#","Description":{"S":"#, &line.description)?;
    text(json, r#","Country":{"S":"#, &line.country)?;
    text(json, r#","InvoiceNo":{"S":"#, &line.invoice_no)?;
    text(json, r#","StockCode":{"S":"#, &line.stock_code)?;
    let arrived_at = row.arrived_at.as_bytes();
    plain(json, r#","ArrivalTime":{"S":"#, |json| {
        json.extend_from_slice(arrived_at)
    });
    json.push(b'}');
    Ok(())
}

/// An attribute that is a number or a date: nothing in it needs an escape.
fn plain(json: &mut Vec<u8>, before: &str, push: impl FnOnce(&mut Vec<u8>)) {
    json.extend_from_slice(before.as_bytes());
    json.push(b'"');
    push(json);
    json.extend_from_slice(b"\"}");
}

/// An attribute that is a text.
fn text(json: &mut Vec<u8>, before: &str, value: &str) -> serde_json::Result<()> {
    json.extend_from_slice(before.as_bytes());
    serde_json::to_writer(&mut *json, value)?;
    json.push(b'}');
    Ok(())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn body(csv: &[&'static str]) -> serde_json::Value {
        let row = |csv: &&'static str| {
            let line = model::decode(csv.as_bytes()).next().expect("a line").line;
            Row::new(
                line.expect("a good line"),
                "2010-12-01T08:26:00.070Z".into(),
            )
        };
        let rows: Vec<_> = csv.iter().map(row).collect();
        let table = TableName::parse("WebsiteOrders").expect("a name");
        let body = batch_write_item(&table, &rows.iter().collect::<Vec<_>>()).expect("JSON");
        serde_json::from_slice(&body).expect("JSON")
    }

    #[test]
    fn a_row_has_the_attributes_that_readers_know() {
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
        let csv = r#"536365,85123A,"6"" £ HOLDER\",-6,12/1/2010 8:26,2.550,17850,United Kingdom,4"#;
        let requests = json!({"WebsiteOrders": [{"PutRequest": {"Item": item}}]});
        assert_eq!(body(&[csv]), json!({"RequestItems": requests}));
    }

    #[test]
    fn a_call_holds_all_its_rows_in_their_order() {
        let lines = [
            "1,A,,1,12/1/2010 8:26,1,1,UK,7",
            "1,B,,1,12/1/2010 8:26,1,1,UK,8",
        ];
        let body = body(&lines);
        let requests = body["RequestItems"]["WebsiteOrders"]
            .as_array()
            .expect("a list");
        let ids = requests
            .iter()
            .map(|put| &put["PutRequest"]["Item"]["OrderID"]["S"]);
        assert_eq!(ids.collect::<Vec<_>>(), ["1-A#7", "1-B#8"]);
    }
}
