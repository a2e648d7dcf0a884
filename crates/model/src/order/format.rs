//! How a shop says how its orders look: an order format, from its file to decoding.
//!
//! ```text
//! text ─ description ─▶ fields (where each is, how it is read)   one file, at the cold start
//!                    └▶ csv (columns) or json (paths, a tree)
//! record ─ reading ─ slots ─ fields ─▶ order lines               each record
//! ```

mod csv;
mod description;
mod fields;
mod json;
mod reading;
mod words;
mod writing;

use std::fmt;

pub(crate) use reading::Reading;
pub use words::FieldWords;

use super::line::OrderLine;
use crate::record::Lines;
use crate::reject::{Field, Reason, Reject};
use crate::table::FormatError;
use crate::tree;
use csv::Columns;
use fields::Fields;
use json::Paths;

/// How a shop's orders look: the Online Retail forms, or as a file of the shop's says.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OrderFormat(Option<Box<Described>>);

/// What a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Described {
    shape: Shape,
    fields: Fields,
}

/// What a record is made of.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Shape {
    Csv(Columns),
    Json(Paths),
}

impl OrderFormat {
    /// Reads the text of an order format file, which is TOML. The README says what it
    /// holds.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn parse(text: &str) -> Result<Self, FormatError> {
        description::parse(text).map(|described| Self(Some(Box::new(described))))
    }

    /// Takes a record's data apart. Blank lines and CSV header lines are passed over.
    ///
    /// Time is linear in the record's length. Nothing is copied but texts with escapes or
    /// doubled quotes, and numbers with a decimal comma.
    #[must_use]
    pub fn decode<'a>(&'a self, record: &'a [u8]) -> Lines<'a> {
        let reading = self.0.as_ref().map(|format| Box::new(Reading::new(format)));
        Lines::of(record, reading)
    }

    /// The first good line of a record, or else why the first is none; `None` if there is
    /// nothing in it.
    #[must_use]
    pub fn first_good<'a>(&'a self, record: &'a [u8]) -> Option<Result<OrderLine<'a>, Reject>> {
        let mut first = None;
        for decoded in self.decode(record) {
            match decoded.line {
                Ok(line) => return Some(Ok(line)),
                Err(reject) => {
                    first.get_or_insert(reject);
                }
            }
        }
        first.map(Err)
    }

    /// A record of one order's lines, as a shop with this form would send it: what decodes to
    /// them again, as far as the form can say what they hold. `None` for the Online Retail
    /// forms.
    #[must_use]
    pub fn write(&self, lines: &[OrderLine<'_>]) -> Option<Vec<u8>> {
        let described = self.0.as_ref()?;
        Some(writing::record(described, lines))
    }

    /// Whether it is a shop's own, and not the Online Retail forms.
    #[must_use]
    pub fn is_described(&self) -> bool {
        self.0.is_some()
    }

    /// Whether records are JSON alone.
    #[must_use]
    pub fn is_json(&self) -> bool {
        matches!(
            self.0.as_deref(),
            Some(Described {
                shape: Shape::Json(_),
                ..
            })
        )
    }

    /// Where a block of a longer JSON text can be cut so that each object stays whole: behind
    /// the last one that ends in it. `None` if none does.
    #[must_use]
    pub fn last_object_end(block: &[u8]) -> Option<usize> {
        let (mut at, mut last) = (0, None);
        while let Some(next) = memchr::memchr(b'{', &block[at..]) {
            at += next;
            match tree::value_end(&block[at..]) {
                Ok(length) => {
                    at += length;
                    last = Some(at);
                }
                // A broken text: the objects go on in another line.
                Err(looked_at) if block.get(at + looked_at) == Some(&b'\n') => at += looked_at,
                Err(_) => break,
            }
        }
        last
    }

    /// The shop's own name of a field: a column, or a path. `None` where it has none, or
    /// the field's name is its own.
    #[must_use]
    pub fn name(&self, field: Field) -> Option<&str> {
        let name = self.0.as_ref()?.fields.source(field).name.as_str();
        (!name.is_empty()).then_some(name)
    }

    /// Why a line is refused, in the shop's own names.
    #[must_use]
    pub fn explain<'f>(&'f self, reject: &'f Reject) -> impl fmt::Display + 'f {
        Explained(self.0.as_deref(), reject)
    }
}

struct Explained<'f>(Option<&'f Described>, &'f Reject);

impl fmt::Display for Explained<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self(Some(described), reject) = self else {
            return self.1.fmt(f);
        };
        match (reject.reason, &described.shape) {
            (Reason::Columns, Shape::Csv(columns)) => columns.fmt(f),
            (Reason::CsvQuote, Shape::Csv(columns)) => {
                let delimiter = char::from(columns.delimiter);
                write!(
                    f,
                    "expected a closing quote, then {delimiter:?} or the line's end"
                )
            }
            (Reason::NotJson, _) => f.write_str("expected complete JSON objects, each field once"),
            (
                Reason::NoLines,
                Shape::Json(Paths {
                    lines: Some(lines), ..
                }),
            ) => write!(
                f,
                "{}: expected an array of at least one line",
                lines.pointer
            ),
            _ => fields::explain(&described.fields, reject, f),
        }
    }
}

/// How much of the columns' names stands in a message, in characters.
const LONGEST_NAMES: usize = 300;

/// What is expected of a line.
impl fmt::Display for Columns {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let delimiter = char::from(self.delimiter);
        if self.names.is_empty() {
            let least = self.least;
            return write!(
                f,
                "expected at least {least} columns with {delimiter:?} between them"
            );
        }
        let names = self.names.join(&delimiter.to_string());
        write!(f, "expected the {} columns ", self.names.len())?;
        // A message has its bounds.
        match names.char_indices().nth(LONGEST_NAMES) {
            None => f.write_str(&names),
            Some((end, _)) => write!(f, "{}…", &names[..end]),
        }
    }
}
