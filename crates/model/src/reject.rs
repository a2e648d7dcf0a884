//! Why a line can never be stored: the reason, the field and the class of value
//! that was found. Never the value itself, which may be personal data.

use std::fmt;

use serde::Serialize;

/// A line that will never fit, however often it is tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reject {
    /// What is wrong.
    pub reason: Reason,
    /// The field that is wrong, where it is one field.
    pub field: Option<Field>,
    /// The class of value that stood there, where it is one value.
    pub found: Option<Found>,
}

/// What is wrong with a line. The serialized form is part of the rejects queue's
/// message format.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Reason {
    /// The bytes are not UTF-8.
    NotUtf8,
    /// Neither a JSON object nor a CSV line: there is no comma in it.
    NotJsonOrCsv,
    /// It begins like a JSON object and is none.
    NotJson,
    /// A CSV line with a number of columns other than 8 or 9.
    Columns,
    /// A quoted CSV field is not closed, or goes on behind its closing quote.
    CsvQuote,
    /// The Kinesis Agent's `CSVTOJSON` cut a quoted field at its comma and so
    /// moved every later column.
    ShiftedByAgent,
    /// A required field is absent, null or empty.
    Missing,
    /// A text or number was expected.
    NotAText,
    /// A number was expected.
    NotANumber,
    /// A whole number was expected.
    NotWhole,
    /// A number too large, too small or too precise to be kept exactly.
    OutOfRange,
    /// Neither ISO 8601 nor `M/D/YYYY H:MM`, or a day that does not exist.
    NotADate,
    /// No currency's code.
    NotACurrency,
    /// A whole order without any line.
    NoLines,
    /// A whole order whose lines would be far more than itself.
    OrderTooLarge,
    /// A KPL-aggregated record whose checksum or structure is broken.
    DamagedAggregate,
    /// Larger than a DynamoDB item or its sort key may be.
    TooLarge,
    /// The table refused the row for what it holds.
    RefusedByTable,
    /// A record of the alarm stream that is no alarm.
    NotAnAlarm,
}

/// The fields of an order line, by the names they have in a payload.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[allow(
    missing_docs,
    reason = "the names of the Online Retail columns, and a currency"
)]
pub enum Field {
    InvoiceNo,
    StockCode,
    Description,
    Quantity,
    InvoiceDate,
    UnitPrice,
    CustomerID,
    Country,
    LineNo,
    Currency,
}

impl Field {
    /// All of them, in the order of the columns.
    pub const ALL: [Self; 10] = [
        Self::InvoiceNo,
        Self::StockCode,
        Self::Description,
        Self::Quantity,
        Self::InvoiceDate,
        Self::UnitPrice,
        Self::CustomerID,
        Self::Country,
        Self::LineNo,
        Self::Currency,
    ];
}

/// The class of value that stood where another was expected.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Found {
    /// No such field.
    Nothing,
    /// A JSON `null`.
    Null,
    /// An empty or blank text.
    Empty,
    /// A text.
    Text,
    /// A number.
    Number,
    /// A JSON `true` or `false`.
    Boolean,
    /// A JSON object or array.
    Nested,
    /// A text that begins with a quote which is not closed.
    OpenQuote,
}

impl Reject {
    /// A reject that concerns the line as a whole.
    #[must_use]
    pub const fn line(reason: Reason) -> Self {
        Self {
            reason,
            field: None,
            found: None,
        }
    }

    /// A reject that concerns one field.
    #[must_use]
    pub const fn field(reason: Reason, field: Field, found: Found) -> Self {
        Self {
            reason,
            field: Some(field),
            found: Some(found),
        }
    }
}

impl Reason {
    /// What was expected instead, in words for an operator.
    #[must_use]
    pub const fn expected(self) -> &'static str {
        match self {
            Self::NotUtf8 => "expected UTF-8 text",
            Self::NotJsonOrCsv => "expected a JSON object or a CSV line",
            Self::NotJson => "expected one complete JSON object on the line, each field once",
            Self::Columns => {
                "expected the 8 columns InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country \
                 and at most LineNo behind them"
            }
            Self::CsvQuote => "expected a closing quote, then a comma or the line's end (RFC 4180)",
            Self::ShiftedByAgent => {
                "a quoted field was cut at its comma, as the Kinesis Agent's CSVTOJSON does: \
                 let the agent send raw lines instead"
            }
            Self::Missing => "expected a value",
            Self::NotAText => "expected a text",
            Self::NotANumber => "expected a number",
            Self::NotWhole => "expected a whole number",
            Self::OutOfRange => "expected a number within the range that is kept exactly",
            Self::NotADate => "expected an ISO 8601 date or M/D/YYYY H:MM",
            Self::NotACurrency => "expected a currency's code of three letters (ISO 4217)",
            Self::NoLines => "expected an order with an array of at least one line",
            Self::OrderTooLarge => {
                "expected an order whose lines inherit at most 2 KB each, and come to at most 32 times its own length"
            }
            Self::DamagedAggregate => {
                "expected a KPL-aggregated record with a valid checksum and structure"
            }
            Self::TooLarge => {
                "expected a row of at most 400 KB with an OrderID of at most 1,024 bytes"
            }
            Self::RefusedByTable => "expected a row that the table accepts",
            Self::NotAnAlarm => {
                "expected one JSON object with alarm_id, kind, site, order_count, trigger_count, peak_count, \
                 threshold, window_seconds, count, started_at and at, as the surge function writes it"
            }
        }
    }
}

impl Found {
    pub(crate) const fn words(self) -> &'static str {
        match self {
            Self::Nothing => "no such field",
            Self::Null => "null",
            Self::Empty => "an empty value",
            Self::Text => "a text",
            Self::Number => "a number",
            Self::Boolean => "a boolean",
            Self::Nested => "an object or array",
            Self::OpenQuote => "a text with an unclosed quote",
        }
    }
}

impl fmt::Display for Reject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(field) = self.field {
            write!(f, "{field:?}: ")?;
        }
        f.write_str(self.reason.expected())?;
        if let Some(found) = self.found {
            write!(f, ", found {}", found.words())?;
        }
        Ok(())
    }
}

impl std::error::Error for Reject {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reject_names_field_expectation_and_class_of_value() {
        let reject = Reject::field(Reason::NotANumber, Field::Quantity, Found::Text);
        assert_eq!(
            reject.to_string(),
            "Quantity: expected a number, found a text"
        );
        assert_eq!(
            Reject::line(Reason::NotUtf8).to_string(),
            "expected UTF-8 text"
        );
    }
}
