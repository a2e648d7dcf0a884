//! From a record of a shop's own form to its order lines.
//!
//! Time is linear in the record's length: whatever looks beyond its line without finding
//! what it looks for is paid for out of a budget, and an order's lines inherit short texts
//! only.

use super::Described;
use super::csv::Columns;
use super::fields::Slots;
use super::json::Paths;
use super::tree::{Elements, NoObject, value_end};
use crate::order::csv::{self, Unclosed};
use crate::order::line::OrderLine;
use crate::order::value::Value;
use crate::record::{BOM, Decoded, Position};
use crate::reject::{Found, Reason, Reject};

/// How many times a record's length may be looked at in vain.
const LOOKS: usize = 8;
/// The longest texts of an order, together, that its lines inherit, in bytes: each of
/// them is a row with all of it.
const INHERITED_BYTES: usize = 2_048;

/// A record or user record that is read.
#[derive(Debug)]
pub(crate) struct Reading<'a> {
    format: &'a Described,
    data: &'a [u8],
    /// Where the unread part begins.
    at: usize,
    /// The number of the text line there.
    line: u32,
    /// Where the text line ends that objects were last looked for in.
    line_end: usize,
    budget: usize,
    slots: Slots<'a>,
    /// The order whose lines are being read.
    order: Option<Order<'a>>,
}

/// A whole order.
#[derive(Debug)]
struct Order<'a> {
    position: Position,
    bytes: &'a [u8],
    lines: Elements<'a>,
}

impl<'a> Reading<'a> {
    /// Reads nothing yet.
    pub(crate) fn new(format: &'a Described) -> Self {
        Self {
            format,
            data: &[],
            at: 0,
            line: 1,
            line_end: 0,
            budget: 0,
            slots: Slots::default(),
            order: None,
        }
    }

    /// Begins with a record's or user record's data.
    pub(crate) fn begin(&mut self, data: &'a [u8]) {
        let format = self.format;
        let slots = std::mem::take(&mut self.slots);
        *self = Self {
            data,
            budget: data.len().saturating_mul(LOOKS),
            slots,
            ..Self::new(format)
        };
    }

    /// The next line; `None` at the end of the data.
    pub(crate) fn next(&mut self) -> Option<Decoded<'a>> {
        loop {
            if let Some(decoded) = self.next_of_order() {
                return Some(decoded);
            }
            if self.at >= self.data.len() {
                return None;
            }
            let decoded = match &self.format.shape {
                super::Shape::Csv(columns) => self.next_row(columns),
                super::Shape::Json(paths) => self.next_object(paths),
            };
            if decoded.is_some() {
                return decoded;
            }
        }
    }

    /// The end of the text line that is read, in the data.
    fn line_end(&self) -> usize {
        let rest = &self.data[self.at..];
        self.at + memchr::memchr(b'\n', rest).unwrap_or(rest.len())
    }

    /// Goes on behind `end`, which is the end of a line or of an object.
    fn go_to(&mut self, end: usize) {
        let read = &self.data[self.at..end];
        let breaks = memchr::memchr_iter(b'\n', read).count();
        let breaks = u32::try_from(breaks).unwrap_or(u32::MAX);
        self.line = self.line.saturating_add(breaks);
        self.at = end;
    }

    /// What stands from here to `end`, and is read with that.
    fn decoded(&mut self, end: usize, line: Result<OrderLine<'a>, Reject>) -> Decoded<'a> {
        let (position, bytes) = self.place(end);
        Decoded {
            position,
            bytes,
            line,
        }
    }

    fn place(&mut self, end: usize) -> (Position, &'a [u8]) {
        let bytes = &self.data[self.at..end];
        let position = Position {
            user_record: None,
            line: self.line,
            item: None,
        };
        self.go_to(end);
        (position, bytes)
    }

    // ------------------------------------------------------------------ CSV

    /// The next line of CSV; `None` if it holds nothing to store.
    fn next_row(&mut self, columns: &'a Columns) -> Option<Decoded<'a>> {
        let mut end = self.line_end();
        let mut row = self.row(columns, end);
        if let Err(Reject {
            reason: Reason::CsvQuote,
            found: Some(Found::OpenQuote),
            ..
        }) = row
        {
            let within = &self.data[self.at..];
            let within = &within[..within.len().min(self.budget)];
            match csv::line_end_of(within, columns.delimiter, columns.most()) {
                // A quoted field with line breaks in it.
                Ok(longer) => match self.row(columns, self.at + longer) {
                    Ok(whole) => {
                        end = self.at + longer;
                        row = Ok(whole);
                    }
                    Err(_) => self.budget -= longer,
                },
                Err(Unclosed(looked_at)) => self.budget -= looked_at,
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

    // ----------------------------------------------------------------- JSON

    /// The next JSON object; `None` if there is none up to the line's end, or if it is an
    /// order, whose lines come next.
    fn next_object(&mut self, paths: &'a Paths) -> Option<Decoded<'a>> {
        self.skip_between();
        let start = self.at;
        if start >= self.data.len() {
            return None;
        }
        // Nearly always a line is one object. Of a line of several it is looked for once.
        let mut end = self.line_end;
        let mut object = Err(Reject::line(Reason::NotJson));
        if start >= self.line_end {
            end = self.line_end();
            self.line_end = end;
            object = self.object(paths, end);
        }
        if object == Err(Reject::line(Reason::NotJson)) {
            (end, object) = self.longer_or_shorter(paths, end);
        }
        match object {
            Err(reject) => Some(self.decoded(end, Err(reject))),
            Ok(()) if paths.lines.is_none() => {
                let line = self.format.fields.line(&mut self.slots);
                Some(self.decoded(end, line))
            }
            Ok(()) => self.begin_order(paths, end),
        }
    }

    /// The end of what begins here and is not one object up to the line's end: one of
    /// several objects, one over several lines, or none; and what is wrong with it.
    fn longer_or_shorter(&mut self, paths: &Paths, line_end: usize) -> (usize, Result<(), Reject>) {
        let not_json = Err(Reject::line(Reason::NotJson));
        let next_line = self.data.get(line_end + 1..).unwrap_or_default();
        if self.data[self.at] == b'{' {
            let most = line_end.max(self.data.len().min(self.at + self.budget));
            match value_end(&self.data[self.at..most]) {
                Ok(length) => {
                    let end = self.at + length;
                    let object = self.object(paths, end);
                    // Where the next line begins an object, this one alone is broken.
                    if object.is_ok() || end <= line_end || !next_line.starts_with(b"{") {
                        return (end, object);
                    }
                    self.budget = self.budget.saturating_sub(length);
                }
                Err(looked_at) => self.budget = self.budget.saturating_sub(looked_at),
            }
        }
        // Up to the next line that begins an object: the lines of a broken one belong together.
        let rest = &self.data[line_end..];
        let lines = memchr::memmem::find(rest, b"\n{").unwrap_or(rest.trim_ascii_end().len());
        (line_end + lines, not_json)
    }

    /// What stands between objects: blanks, line breaks, and the signs of an array of them.
    fn skip_between(&mut self) {
        let rest = &self.data[self.at..];
        let rest = rest.strip_prefix(BOM).unwrap_or(rest);
        let between = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'[' | b']' | b',');
        let skipped = rest.iter().take_while(|byte| between(byte)).count();
        self.go_to(self.data.len() - rest.len() + skipped);
    }

    /// Takes the values of the object from here to `end` into the slots.
    fn object(&mut self, paths: &Paths, end: usize) -> Result<(), Reject> {
        let bytes = &self.data[self.at..end];
        let text = std::str::from_utf8(bytes).map_err(|_| Reject::line(Reason::NotUtf8))?;
        let slots = if paths.lines.is_some() {
            &mut self.slots.order
        } else {
            &mut self.slots.line
        };
        clear(slots, paths.outer_slots);
        let taken = paths.outer.take(text, slots);
        taken.map_err(|NoObject| Reject::line(Reason::NotJson))
    }

    /// An order, from here to `end`, whose own values are in their slots.
    fn begin_order(&mut self, paths: &'a Paths, end: usize) -> Option<Decoded<'a>> {
        let lines = paths.lines.as_ref()?;
        let array = match &self.slots.order[lines.slot] {
            Value::Nested(json) if json.starts_with('[') => *json,
            _ => "",
        };
        let refused = if self.slots.inherited() > INHERITED_BYTES {
            Some(Reason::TooLarge)
        } else if Elements::of(array).next().is_none() {
            Some(Reason::NoLines)
        } else {
            None
        };
        if let Some(reason) = refused {
            return Some(self.decoded(end, Err(Reject::line(reason))));
        }
        let (position, bytes) = self.place(end);
        self.order = Some(Order {
            position,
            bytes,
            lines: Elements::of(array),
        });
        None
    }

    /// The next line of the order that is being read.
    fn next_of_order(&mut self) -> Option<Decoded<'a>> {
        let order = self.order.as_mut()?;
        let super::Shape::Json(Paths {
            lines: Some(lines), ..
        }) = &self.format.shape
        else {
            return None;
        };
        let Some(element) = order.lines.next() else {
            self.order = None;
            return None;
        };
        let item = order.position.item.unwrap_or(0).saturating_add(1);
        order.position.item = Some(item);
        let (position, bytes) = (order.position, order.bytes);
        clear(&mut self.slots.line, lines.inner_slots);
        let taken = lines.inner.take(element, &mut self.slots.line);
        let line = match taken {
            Ok(()) => self.format.fields.line(&mut self.slots),
            Err(NoObject) => Err(Reject::line(Reason::NotJson)),
        };
        Some(Decoded {
            position,
            bytes,
            line,
        })
    }
}

/// Makes so many slots empty.
fn clear(slots: &mut Vec<Value<'_>>, count: usize) {
    slots.clear();
    slots.resize(count, Value::Absent);
}
