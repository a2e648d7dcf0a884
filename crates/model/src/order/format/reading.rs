//! From a record of a shop's own form to its order lines.
//!
//! Time is linear in the record's length: whatever looks beyond its line without finding
//! what it looks for is paid for out of a budget, and an order's lines inherit short texts
//! only.

mod objects;
mod rows;

use super::fields::Slots;
use super::{Described, Shape};
use crate::order::line::OrderLine;
use crate::record::{Decoded, Position};
use crate::reject::Reject;

/// How many times a record's length may be looked at in vain.
const LOOKS: usize = 8;

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
    /// Where objects seem to begin next in lines without blanks before them, and in lines
    /// with those that were last looked for.
    starts: [objects::Start<'a>; 2],
    /// How many JSON objects were read.
    objects: u32,
    /// The order whose lines are being read.
    order: Option<objects::Order<'a>>,
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
            starts: Default::default(),
            objects: 0,
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
                Shape::Csv(columns) => self.next_row(columns),
                Shape::Json(paths) => self.next_object(paths),
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
            object: (self.objects > 0).then_some(self.objects),
            item: None,
        };
        self.go_to(end);
        (position, bytes)
    }
}
