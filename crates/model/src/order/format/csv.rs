//! The CSV of a shop's own form: its delimiter and columns.

use crate::order::csv::field;
use crate::order::value::Value;
use crate::reject::{Reason, Reject};

/// More columns than any shop's export has.
pub(crate) const MOST_COLUMNS: usize = 512;

/// What a line of CSV is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Columns {
    pub(crate) delimiter: u8,
    /// The columns' names; empty where they go by their numbers.
    pub(crate) names: Vec<String>,
    /// How many columns there must be at the least.
    pub(crate) least: usize,
}

impl Columns {
    /// How many columns there may be at the most.
    pub(crate) fn most(&self) -> usize {
        if self.names.is_empty() {
            MOST_COLUMNS
        } else {
            self.names.len()
        }
    }

    /// Reads a line's values into their slots; false for a blank line or a header.
    ///
    /// # Errors
    /// `CsvQuote`, or `Columns` if there are more or fewer of them.
    pub(crate) fn read<'a>(
        &self,
        line: &'a str,
        slots: &mut Vec<Value<'a>>,
    ) -> Result<bool, Reject> {
        if line.trim().is_empty() {
            return Ok(false);
        }
        // A tab may be the delimiter of empty fields.
        let line = line.trim_matches([' ', '\r', '\n']);
        slots.clear();
        let mut rest = Some(line);
        while let Some(text) = rest {
            let (value, after) = field(text, self.delimiter)?;
            rest = after;
            if slots.len() == self.most() {
                return Err(Reject::line(Reason::Columns));
            }
            slots.push(value);
        }
        if slots.len() < self.least {
            return Err(Reject::line(Reason::Columns));
        }
        Ok(!self.is_header(slots))
    }

    /// Whether these are the columns' names: a file's first line, which a shipper sends
    /// like any other.
    fn is_header(&self, values: &[Value<'_>]) -> bool {
        let is = |(value, name): (&Value<'_>, &String)| matches!(value, Value::Text(text) if text.eq_ignore_ascii_case(name));
        !self.names.is_empty() && values.iter().zip(&self.names).all(is)
    }
}
