//! The JSON of a shop's own form, object by object, and an order's lines.

use super::Reading;
use crate::order::format::Shape;
use crate::order::format::json::Paths;
use crate::order::format::tree::{Elements, NoObject, value_end};
use crate::order::value::Value;
use crate::record::{BOM, Decoded, Position};
use crate::reject::{Reason, Reject};

/// The longest texts of an order, together, that its lines inherit, in bytes: each of
/// them is a row with all of it.
const INHERITED_BYTES: usize = 2_048;
/// What all lines of an order inherit together is at most so many times as long as the
/// order: a record of the shortest lines would else become rows that no function has the
/// memory for. An order of up to as many lines passes always.
const INHERITED_TIMES: usize = 8;

/// A whole order.
#[derive(Debug)]
pub(super) struct Order<'a> {
    position: Position,
    bytes: &'a [u8],
    lines: Elements<'a>,
}

impl<'a> Reading<'a> {
    /// The next JSON object; `None` if there is none up to the line's end, or if it is an
    /// order, whose lines come next.
    pub(super) fn next_object(&mut self, paths: &'a Paths) -> Option<Decoded<'a>> {
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

    /// What stands between objects: blanks, line breaks, and the signs of an array of them;
    /// and byte order marks, where files were put together.
    fn skip_between(&mut self) {
        let between = |byte: &u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'[' | b']' | b',');
        let mut rest = &self.data[self.at..];
        loop {
            let skipped = rest.iter().take_while(|byte| between(byte)).count();
            rest = &rest[skipped..];
            match rest.strip_prefix(BOM) {
                Some(behind) => rest = behind,
                None => break,
            }
        }
        self.go_to(self.data.len() - rest.len());
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
        let inherited = self.slots.inherited();
        // Only an object is a line, so there are no more lines than these.
        let lines = memchr::memchr_iter(b'{', array.as_bytes()).count();
        let most = INHERITED_TIMES.saturating_mul(end - self.at);
        let refused = if inherited > INHERITED_BYTES || inherited.saturating_mul(lines) > most {
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
    pub(super) fn next_of_order(&mut self) -> Option<Decoded<'a>> {
        let order = self.order.as_mut()?;
        let Shape::Json(Paths {
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
