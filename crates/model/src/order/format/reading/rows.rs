//! The CSV of a shop's own form, row by row.

use super::Reading;
use crate::order::csv::{self, Unclosed};
use crate::order::format::csv::Columns;
use crate::order::line::OrderLine;
use crate::record::{BOM, Decoded};
use crate::reject::{Found, Reason, Reject};

impl<'a> Reading<'a> {
    /// The next line of CSV; `None` if it holds nothing to store.
    pub(super) fn next_row(&mut self, columns: &'a Columns) -> Option<Decoded<'a>> {
        let mut end = self.line_end();
        let mut row = self.row(columns, end);
        if let Err(Reject {
            reason: Reason::CsvQuote,
            found: Some(Found::OpenQuote),
            ..
        }) = row
        {
            let rest = &self.data[self.at..];
            let within = &rest[..rest.len().min(self.budget)];
            match csv::line_end_of(within, columns.delimiter, columns.most()) {
                // A quoted field with line breaks in it.
                Ok(longer) if longer < within.len() || within.len() == rest.len() => {
                    match self.row(columns, self.at + longer) {
                        // A field that is not as it must be: the columns are all there.
                        whole @ (Ok(_) | Err(Reject { field: Some(_), .. })) => {
                            end = self.at + longer;
                            row = whole;
                        }
                        Err(_) => self.budget -= longer,
                    }
                }
                // Where the budget ends no line does.
                Ok(looked_at) | Err(Unclosed(looked_at)) => self.budget -= looked_at,
            }
        }
        let decoded = match row.transpose() {
            Some(line) => Some(self.decoded(end, line)),
            None => {
                self.go_to(end);
                None
            }
        };
        self.skip_break();
        decoded
    }

    /// The line break behind what was read.
    fn skip_break(&mut self) {
        if self.data.get(self.at) == Some(&b'\n') {
            self.go_to(self.at + 1);
        }
    }

    fn row(&mut self, columns: &'a Columns, end: usize) -> Result<Option<OrderLine<'a>>, Reject> {
        let bytes = &self.data[self.at..end];
        let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
        let text = std::str::from_utf8(bytes).map_err(|_| Reject::line(Reason::NotUtf8))?;
        if !columns.read(text, &mut self.slots.line)? {
            return Ok(None);
        }
        self.format.fields.line(&mut self.slots).map(Some)
    }
}
