//! The JSON of a shop's own form, object by object, and an order's lines.

use super::Reading;
use crate::order::format::Shape;
use crate::order::format::json::Paths;
use crate::order::value::Value;
use crate::record::{BOM, Decoded, Position};
use crate::reject::{Reason, Reject};
use crate::tree::{Elements, NoObject, value_end};

/// The longest texts of an order, together, that its lines inherit, in bytes: each line is
/// a row that repeats them.
const INHERITED_BYTES: usize = 2_048;
/// What a line takes in memory, beside its texts, in bytes.
const LINE_BYTES: usize = 256;
/// What an order's lines take together is at most so many times as long as the order. A
/// record of the shortest lines would else become rows that no function has the memory for.
const TIMES: usize = 32;

/// Where the next line is that has these blanks before a brace, as far as it is known.
#[derive(Debug, Default)]
pub(super) struct Start<'a> {
    blanks: &'a [u8],
    /// The line's break; 0 before it was looked for.
    at: usize,
}

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
        if object.is_err() {
            (end, object) = self.longer_or_shorter(paths, end, object);
        }
        self.objects = self.objects.saturating_add(1);
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
    /// several objects, one over several lines, or none, as the `line` is none.
    fn longer_or_shorter(
        &mut self,
        paths: &Paths,
        line_end: usize,
        line: Result<(), Reject>,
    ) -> (usize, Result<(), Reject>) {
        let start = self.at;
        if self.data[start] != b'{' {
            let next = self.next_start(line_end);
            return (next, line);
        }
        if let Ok(length) = value_end(&self.data[start..line_end]) {
            return (start + length, self.object(paths, start + length));
        }
        let next = self.next_start(line_end);
        if let Ok(length) = value_end(&self.data[start..next]) {
            return (start + length, self.object(paths, start + length));
        }
        // What looks like the next object may still be a part of this one.
        let most = self.data.len().min(start + self.budget);
        if next < most {
            let (Ok(looked_at) | Err(looked_at)) = value_end(&self.data[start..most]);
            if self.object(paths, start + looked_at).is_ok() {
                return (start + looked_at, Ok(()));
            }
            self.budget = self.budget.saturating_sub(looked_at);
        }
        (next, line)
    }

    /// Where the next object seems to begin behind a line: in a line with the same blanks
    /// before its brace as this one. The lines of a broken object belong together.
    fn next_start(&mut self, line_end: usize) -> usize {
        let before = &self.data[..self.at];
        let blank = |byte: &&u8| matches!(byte, b' ' | b'\t');
        let blanks = before.iter().rev().take_while(blank).count();
        let (before, blanks) = before.split_at(before.len() - blanks);
        let is_first = before.last().is_none_or(|byte| *byte == b'\n');
        let rest = &self.data[line_end..];
        let mut blanks = if is_first { blanks } else { b"" };
        // Few objects have other blanks than the one before: looking for all kinds of them
        // is paid for.
        let is_new = !blanks.is_empty() && self.starts[1].blanks != blanks;
        if is_new && self.budget == 0 {
            blanks = b"";
        }
        let start = &mut self.starts[usize::from(!blanks.is_empty())];
        if start.blanks != blanks || start.at < line_end {
            let next = memchr::memmem::find(rest, &[b"\n", blanks, b"{"].concat());
            let ahead = next.unwrap_or(rest.trim_ascii_end().len());
            let at = line_end + ahead;
            *start = Start { blanks, at };
            if is_new {
                self.budget = self.budget.saturating_sub(ahead);
            }
        }
        start.at
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
        let refused = if Elements::of(array).next().is_none() {
            Some(Reason::NoLines)
        } else if self.is_too_large(array, end - self.at) {
            Some(Reason::OrderTooLarge)
        } else {
            None
        };
        if let Some(reason) = refused {
            return Some(self.decoded(end, Err(Reject::line(reason))));
        }
        self.format.fields.mark_order(&mut self.slots);
        let (position, bytes) = self.place(end);
        self.order = Some(Order {
            position,
            bytes,
            lines: Elements::of(array),
        });
        None
    }

    /// Whether the lines of an order of that length would be too much.
    fn is_too_large(&self, array: &str, length: usize) -> bool {
        let inherited = self.slots.inherited();
        let most = length.saturating_mul(TIMES) / (inherited + LINE_BYTES);
        // Only an object is a line, and braces are counted quickly.
        let most_lines = memchr::memchr_iter(b'{', array.as_bytes()).count();
        inherited > INHERITED_BYTES
            || (most_lines > most && Elements::of(array).nth(most).is_some())
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
