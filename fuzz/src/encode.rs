//! An order line written again, in each form that a producer may choose.

use md5::{Digest, Md5};
use model::{Customer, OrderLine};
use serde_json::json;

const MAGIC: [u8; 4] = [0xF3, 0x89, 0x9A, 0xC2];

/// As a shop's own code writes it. The quantity is a number, so nothing takes it for
/// the Kinesis Agent's.
pub(crate) fn json(line: &OrderLine<'_>) -> Vec<u8> {
    let customer = match line.customer {
        Customer::Registered(number) => Some(number),
        Customer::Text(_) | Customer::Guest => None,
    };
    let object = json!({
        "InvoiceNo": line.invoice_no,
        "StockCode": line.stock_code,
        "Description": line.description,
        "Quantity": line.quantity,
        "InvoiceDate": line.order_date.to_string(),
        "UnitPrice": line.unit_price.to_string(),
        "CustomerID": customer,
        "Country": line.country,
        "LineNo": line.line_no,
    });
    object.to_string().into_bytes()
}

/// As RFC 4180 has it, every field quoted.
pub(crate) fn csv(line: &OrderLine<'_>) -> Vec<u8> {
    let customer = match line.customer {
        Customer::Registered(number) => number.to_string(),
        Customer::Text(_) | Customer::Guest => String::new(),
    };
    let line_no = line.line_no.map(|n| n.to_string()).unwrap_or_default();
    let fields = [
        &line.invoice_no,
        &line.stock_code,
        &line.description,
        line.quantity.to_string().as_str(),
        &line.order_date.to_string(),
        &line.unit_price.to_string(),
        &customer,
        &line.country,
        &line_no,
    ]
    .map(|field| format!("\"{}\"", field.replace('"', "\"\"")));
    fields.join(",").into_bytes()
}

/// What the Kinesis Producer Library would make of a message: its checksum is right,
/// whatever the message is.
pub(crate) fn sealed(message: &[u8]) -> Vec<u8> {
    [&MAGIC, message, Md5::digest(message).as_slice()].concat()
}

/// Whether a record is one of the Kinesis Producer Library's, by its first bytes.
pub(crate) fn is_sealed(record: &[u8]) -> bool {
    record.starts_with(&MAGIC)
}

/// Records in one aggregate.
pub(crate) fn aggregate(records: &[Vec<u8>]) -> Vec<u8> {
    let mut message = Vec::new();
    for data in records {
        let mut record = vec![0x1A];
        varint(data.len(), &mut record);
        record.extend(data);
        message.push(0x1A);
        varint(record.len(), &mut message);
        message.extend(record);
    }
    sealed(&message)
}

fn varint(mut number: usize, into: &mut Vec<u8>) {
    while number >= 0x80 {
        into.push((number & 0x7F) as u8 | 0x80);
        number >>= 7;
    }
    into.push(number as u8);
}
