//! A row of the orders table.

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use model::OrderLine;

/// When a record arrived on the stream, as a row has it: ISO 8601 in UTC, to the
/// millisecond. Written once for all the lines of a record.
#[derive(Debug, Clone)]
pub struct ArrivalTime(Arc<str>);

impl From<DateTime<Utc>> for ArrivalTime {
    fn from(at: DateTime<Utc>) -> Self {
        Self(at.to_rfc3339_opts(SecondsFormat::Millis, true).into())
    }
}

impl ArrivalTime {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

/// One order line as a row.
#[derive(Debug)]
pub struct Row<'a> {
    pub(crate) customer_id: i64,
    pub(crate) order_id: String,
    pub(crate) line: OrderLine<'a>,
    pub(crate) arrived_at: ArrivalTime,
    size: usize,
}

impl<'a> Row<'a> {
    /// The row of a line that arrived on the stream at `arrived_at`.
    #[must_use]
    pub fn new(line: OrderLine<'a>, arrived_at: ArrivalTime) -> Self {
        Self {
            customer_id: line.customer_key(),
            order_id: line.order_id(),
            size: line.row_size(),
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
        self.size
    }
}

#[cfg(test)]
mod tests {
    use model::{Reason, Reject, decode};

    #[test]
    fn what_no_item_can_hold_is_refused() {
        let too_large = Some(Reject::line(Reason::TooLarge));
        let reject = |stock_code: usize, description: usize| {
            let (stock_code, description) = ("S".repeat(stock_code), "D".repeat(description));
            let csv = format!("1,{stock_code},{description},6,12/1/2010 8:26,1,17850,UK,4");
            decode(csv.as_bytes()).next().expect("a line").line.err()
        };
        assert_eq!(reject(1020, 10), None, "an OrderID of 1,024 bytes");
        assert_eq!(reject(1021, 10), too_large);
        assert_eq!(reject(1, 400_000), None);
        assert_eq!(reject(1, 409_600), too_large);
    }
}
