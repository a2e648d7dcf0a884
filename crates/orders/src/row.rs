//! A row of the orders table.

use std::collections::HashMap;

use aws_sdk_dynamodb::types::AttributeValue;
use chrono::{DateTime, SecondsFormat, Utc};
use model::OrderLine;

/// One order line as a row. Its item is only built when it is written: a full
/// batch of items takes several times the memory of its rows.
#[derive(Debug)]
pub struct Row<'a> {
    customer_id: i64,
    order_id: String,
    line: OrderLine<'a>,
    arrived_at: DateTime<Utc>,
}

impl<'a> Row<'a> {
    /// The row of a line that arrived on the stream at `arrived_at`.
    #[must_use]
    pub fn new(line: OrderLine<'a>, arrived_at: DateTime<Utc>) -> Self {
        Self {
            customer_id: line.customer_key(),
            order_id: line.order_id(),
            line,
            arrived_at,
        }
    }

    /// Partition and sort key: two rows with the same key are the same row.
    #[must_use]
    pub fn key(&self) -> (i64, &str) {
        (self.customer_id, &self.order_id)
    }

    /// The item's size in bytes, at the most.
    #[must_use]
    pub fn size(&self) -> usize {
        self.line.row_size()
    }

    /// The item: every attribute of the row.
    #[must_use]
    pub fn item(&self) -> HashMap<String, AttributeValue> {
        let line = &self.line;
        let text = |text: &str| AttributeValue::S(text.to_owned());
        let arrived_at = self.arrived_at.to_rfc3339_opts(SecondsFormat::Millis, true);
        [
            (
                "CustomerID",
                AttributeValue::N(self.customer_id.to_string()),
            ),
            ("OrderID", text(&self.order_id)),
            ("OrderDate", AttributeValue::S(line.order_date.to_string())),
            ("Quantity", AttributeValue::N(line.quantity.to_string())),
            ("UnitPrice", AttributeValue::N(line.unit_price.to_string())),
            ("Description", text(&line.description)),
            ("Country", text(&line.country)),
            ("InvoiceNo", text(&line.invoice_no)),
            ("StockCode", text(&line.stock_code)),
            ("ArrivalTime", AttributeValue::S(arrived_at)),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }
}

#[cfg(test)]
mod tests {
    use model::{Reason, Reject, decode};

    use super::*;

    fn row(csv: &str) -> Result<HashMap<String, AttributeValue>, Reject> {
        let line = decode(csv.as_bytes()).next().expect("a line").line?;
        let arrived_at = DateTime::from_timestamp_millis(1_291_191_960_070).expect("in range");
        Ok(Row::new(line, arrived_at).item())
    }

    #[test]
    fn a_row_has_the_attributes_that_readers_know() {
        let item = row("536365,85123A,HOLDER,6,12/1/2010 8:26,2.550,17850,United Kingdom,4");
        let s = |text: &str| AttributeValue::S(text.to_owned());
        let n = |text: &str| AttributeValue::N(text.to_owned());
        let expected = [
            ("CustomerID", n("17850")),
            ("OrderID", s("536365-85123A#4")),
            ("OrderDate", s("2010-12-01T08:26:00")),
            ("Quantity", n("6")),
            ("UnitPrice", n("2.55")),
            ("Description", s("HOLDER")),
            ("Country", s("United Kingdom")),
            ("InvoiceNo", s("536365")),
            ("StockCode", s("85123A")),
            ("ArrivalTime", s("2010-12-01T08:26:00.070Z")),
        ];
        assert_eq!(item, Ok(expected.map(|(k, v)| (k.to_owned(), v)).into()));
    }

    #[test]
    fn what_no_item_can_hold_is_refused() {
        let too_large = Err(Reject::line(Reason::TooLarge));
        let line = |stock_code: usize, description: usize| {
            let (stock_code, description) = ("S".repeat(stock_code), "D".repeat(description));
            row(&format!(
                "1,{stock_code},{description},6,12/1/2010 8:26,1,17850,UK,4"
            ))
        };
        assert!(line(1020, 10).is_ok(), "an OrderID of 1,024 bytes");
        assert_eq!(line(1021, 10), too_large);
        assert!(line(1, 400_000).is_ok());
        assert_eq!(line(1, 409_600), too_large);
    }
}
