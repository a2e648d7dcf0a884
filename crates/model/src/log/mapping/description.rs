//! A file's text that describes JSON objects, checked once and as a whole.

use super::{Mapping, NAMES, PARTS, Part, Unit};
use crate::dates::DateForm;
use crate::log::json::MOST;
use crate::table::{FormatError, Item, Table, document, listed};
use crate::tree::Node;

/// Reads a file's text.
pub(super) fn parse(text: &str) -> Result<Mapping, FormatError> {
    let document = document(text)?;
    let top = Table::top("a request format", text, &document);
    top.only(&["format", "request"])?;
    let format = top.get("format");
    let format = format.ok_or_else(|| top.error("format is not said: expected \"json\""))?;
    if format.text() != Some("json") {
        return Err(format.expected("\"json\""));
    }
    let request = top.get("request").ok_or_else(|| {
        top.error("there is no [request], which says where a request's parts are")
    })?;
    Mapping::described(&request)
}

impl Mapping {
    /// What the table `[request]` says.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(crate) fn described(request: &Item<'_>) -> Result<Self, FormatError> {
        let table = request.table("[request]");
        let table = table.ok_or_else(|| request.expected("a table of a request's parts"))?;
        table.only(&NAMES)?;
        let mut mapping = Self {
            tree: Node::default(),
            places: Default::default(),
            dates: DateForm::default(),
            unit: Unit {
                places: 0,
                divisor: 1,
            },
            encoded: [false; PARTS],
        };
        let mut free = 0;
        for (part, name) in NAMES.into_iter().enumerate() {
            if let Some(item) = table.get(name) {
                mapping.part(part, &item, &mut free)?;
            }
        }
        let lacks = |part: Part| mapping.places[part as usize].is_empty();
        for part in [Part::Time, Part::Status] {
            if lacks(part) {
                let name = NAMES[part as usize];
                return Err(table.error(format_args!("{name} is not said: expected where it is")));
            }
        }
        if lacks(Part::Path) == lacks(Part::Request) {
            return Err(table.error(
                "expected where the path is, as path, or the whole request line, as request; one of them",
            ));
        }
        Ok(mapping)
    }

    fn part(&mut self, part: usize, item: &Item<'_>, free: &mut usize) -> Result<(), FormatError> {
        let is = |known: Part| part == known as usize;
        let table = item.table(item.key);
        let at = match &table {
            None => *item,
            Some(table) => {
                let known: &[&str] = if is(Part::Time) {
                    &["at", "format", "zone"]
                } else if is(Part::Duration) {
                    &["at", "unit"]
                } else if is(Part::UserAgent) || is(Part::Referer) {
                    &["at", "encoding"]
                } else {
                    &["at"]
                };
                table.only(known)?;
                let at = table.get("at");
                at.ok_or_else(|| {
                    item.error(format_args!("{}: expected at, where it is", item.key))
                })?
            }
        };
        self.places[part] = self.slots(&at, free)?;
        if is(Part::Duration) {
            self.unit = unit(item, table.as_ref())?;
        }
        let Some(table) = table else {
            return Ok(());
        };
        if is(Part::Time) {
            self.dates = DateForm::described(&table)?;
        }
        if let Some(encoding) = table.get("encoding") {
            if encoding.text() != Some("percent") {
                return Err(encoding.expected("\"percent\""));
            }
            self.encoded[part] = true;
        }
        Ok(())
    }

    /// The slots of one path or several.
    fn slots(&mut self, at: &Item<'_>, free: &mut usize) -> Result<Vec<usize>, FormatError> {
        let mut slots = Vec::new();
        for path in at.elements() {
            let slot = path.text().and_then(|text| self.tree.slot(text, *free));
            let slot = slot.ok_or_else(|| {
                path.expected("a JSON Pointer (RFC 6901) of up to 16 steps, such as /http/status")
            })?;
            if slot == MOST {
                return Err(path.error(format_args!("expected at most {MOST} paths")));
            }
            *free = (*free).max(slot + 1);
            slots.push(slot);
        }
        if slots.is_empty() {
            return Err(at.expected("where it is"));
        }
        Ok(slots)
    }
}

/// What a duration is counted in, which nothing in the data tells.
fn unit(item: &Item<'_>, table: Option<&Table<'_>>) -> Result<Unit, FormatError> {
    let units = ["s", "ms", "us", "ns"];
    let unit = table.and_then(|table| table.get("unit"));
    let Some(unit) = unit else {
        let expected = "expected duration = { at = …, unit = … } with the unit s, ms, us or ns";
        return Err(item.error(expected));
    };
    let (places, divisor) = match unit.text() {
        Some("s") => (6, 1),
        Some("ms") => (3, 1),
        Some("us") => (0, 1),
        Some("ns") => (0, 1_000),
        _ => return Err(unit.expected(listed(&units))),
    };
    Ok(Unit { places, divisor })
}
