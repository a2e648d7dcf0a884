//! From the bytes of one Kinesis record to its order lines.
//!
//! A record holds one or more lines, itself or in the user records of a KPL
//! aggregate. Each line stands alone: one that is refused takes no other with it.

use crate::kpl::Aggregate;
use crate::order::csv;
use crate::order::format::Reading;
use crate::order::json;
use crate::order::line::{Fields, OrderLine};
use crate::reject::{Found, Reason, Reject};

/// A byte order mark, as spreadsheets put at the beginning of a CSV file.
pub(crate) const BOM: &[u8] = "\u{feff}".as_bytes();

/// One line of a record and what it is.
#[derive(Debug)]
pub struct Decoded<'a> {
    /// Where in the record it stands.
    pub position: Position,
    /// Its bytes as they were sent, without the line break at the end. For a
    /// damaged aggregate: the whole record.
    pub bytes: &'a [u8],
    /// The order line, or why it is none.
    pub line: Result<OrderLine<'a>, Reject>,
}

/// Where in a record a line stands. Both counts begin at 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Position {
    /// The user record, in a KPL-aggregated record.
    pub user_record: Option<u32>,
    /// The line in the record or user record; blank lines and headers count.
    pub line: u32,
    /// The JSON object in the record or user record, where a shop's own form has them: a text
    /// line may hold several.
    pub object: Option<u32>,
    /// The line of a whole order, which begins in that text line; `None` if the whole of
    /// it is meant, and where lines do not come in orders.
    pub item: Option<u32>,
}

/// Takes a record's data apart, whose lines have one of the Online Retail forms. Blank
/// lines and CSV header lines are passed over.
///
/// Time is linear in the record's length and nothing is copied but texts with
/// escapes or doubled quotes.
#[must_use]
pub fn decode(record: &[u8]) -> Lines<'_> {
    Lines::of(record, None)
}

/// The lines of a record; see [`decode`].
#[derive(Debug)]
pub struct Lines<'a> {
    aggregate: Option<Aggregate<'a>>,
    user_record: Option<u32>,
    line: u32,
    /// What is still to be read of the record or user record.
    rest: &'a [u8],
    /// A record that is refused as a whole.
    damaged: Option<&'a [u8]>,
    /// What reads lines of a shop's own form.
    described: Option<Box<Reading<'a>>>,
}

impl<'a> Iterator for Lines<'a> {
    type Item = Decoded<'a>;

    fn next(&mut self) -> Option<Decoded<'a>> {
        if let Some(bytes) = self.damaged.take() {
            let position = Position {
                user_record: None,
                line: 1,
                object: None,
                item: None,
            };
            let line = Err(Reject::line(Reason::DamagedAggregate));
            return Some(Decoded {
                position,
                bytes,
                line,
            });
        }
        loop {
            if let Some(decoded) = self.next_described() {
                return Some(decoded);
            }
            while self.rest.is_empty() {
                self.rest = self.aggregate.as_mut()?.next()?;
                self.user_record = self.user_record.map(|n| n.saturating_add(1));
                self.line = 0;
            }
            match &mut self.described {
                Some(reading) => reading.begin(std::mem::take(&mut self.rest)),
                None => {
                    if let Some(decoded) = self.next_line() {
                        return Some(decoded);
                    }
                }
            }
        }
    }
}

impl<'a> Lines<'a> {
    /// The lines of a record, read by `described` if they have a shop's own form.
    pub(crate) fn of(record: &'a [u8], described: Option<Box<Reading<'a>>>) -> Self {
        let mut lines = Self {
            aggregate: None,
            user_record: None,
            line: 0,
            rest: record,
            damaged: None,
            described,
        };
        match Aggregate::parse(record) {
            None => {}
            Some(Ok(aggregate)) => {
                lines.aggregate = Some(aggregate);
                lines.user_record = Some(0);
                lines.rest = &[];
            }
            Some(Err(_)) => {
                lines.rest = &[];
                lines.damaged = Some(record);
            }
        }
        lines
    }

    /// The next line of a shop's own form in what is being read.
    #[inline]
    fn next_described(&mut self) -> Option<Decoded<'a>> {
        let mut decoded = self.described.as_mut()?.next()?;
        decoded.position.user_record = self.user_record;
        Some(decoded)
    }

    /// Reads on by one line; `None` if it holds nothing to store.
    fn next_line(&mut self) -> Option<Decoded<'a>> {
        let start = self.rest;
        let first = memchr::memchr(b'\n', start).unwrap_or(start.len());
        self.line = self.line.saturating_add(1);
        let position = Position {
            user_record: self.user_record,
            line: self.line,
            object: None,
            item: None,
        };
        let mut end = first;
        let mut line = read(&start[..first]);
        if let Some(Err(Reject {
            reason: Reason::CsvQuote,
            found: Some(Found::OpenQuote),
            ..
        })) = line
            && let Some(longer) = csv::line_end(start)
            && let whole @ (None | Some(Ok(_))) = read(&start[..longer])
        {
            // A quoted field with line breaks in it.
            let breaks = memchr::memchr_iter(b'\n', &start[..longer]).count();
            self.line = self
                .line
                .saturating_add(u32::try_from(breaks).unwrap_or(u32::MAX));
            end = longer;
            line = whole;
        }
        self.rest = start.get(end + 1..).unwrap_or_default();
        Some(Decoded {
            position,
            bytes: &start[..end],
            line: line?,
        })
    }
}

/// One line's bytes as an order line, or `None` where there is nothing in them.
fn read(bytes: &[u8]) -> Option<Result<OrderLine<'_>, Reject>> {
    let fields = match fields(bytes)? {
        Ok(fields) => fields,
        Err(reject) => return Some(Err(reject)),
    };
    let line = fields.into_line();
    // Refused here, so that whoever counts lines counts those that are stored.
    if line.as_ref().is_ok_and(|line| !line.fits_a_row()) {
        return Some(Err(Reject::line(Reason::TooLarge)));
    }
    Some(line)
}

/// What stands in a line of the Online Retail form: each field's name and text, where there
/// is one.
pub(crate) fn online_retail(line: &[u8]) -> Vec<(String, String)> {
    let Some(Ok(mut fields)) = fields(line) else {
        return Vec::new();
    };
    let all = fields.all_mut().into_iter();
    let written =
        all.filter_map(|(field, value)| Some((format!("{field:?}"), value.as_written()?)));
    written.collect()
}

/// One line's values, or `None` where there are none.
#[inline]
fn fields(bytes: &[u8]) -> Option<Result<Fields<'_>, Reject>> {
    let bytes = bytes.strip_prefix(BOM).unwrap_or(bytes);
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Some(Err(Reject::line(Reason::NotUtf8)));
    };
    let text = text.trim();
    if text.is_empty() {
        return None;
    }
    let fields = if text.starts_with('{') {
        json::parse(text)
    } else {
        csv::parse(text)
    };
    let is_header = fields.as_ref().is_ok_and(Fields::is_header);
    (!is_header).then_some(fields)
}
