//! Where a field is: a column or a path, as a slot.

use super::super::csv::{Columns, MOST_COLUMNS};
use super::super::json::Paths;
use crate::table::{FormatError, Item, listed};

/// The slot and name of a column.
pub(super) fn column(
    columns: &mut Columns,
    item: &Item<'_>,
) -> Result<(usize, String), FormatError> {
    let count = columns.names.len();
    if let Some(number) = item.whole() {
        let most = if count == 0 { MOST_COLUMNS } else { count };
        let slot = usize::try_from(number)
            .ok()
            .filter(|number| (1..=most).contains(number));
        let slot =
            slot.ok_or_else(|| item.expected(format_args!("a column from 1 to {most}")))? - 1;
        columns.least = columns.least.max(slot + 1);
        let named = columns.names.get(slot).filter(|name| !name.is_empty());
        return Ok((
            slot,
            named.map_or_else(|| format!("column {number}"), Clone::clone),
        ));
    }
    let Some(name) = item.text().map(str::trim) else {
        return Err(item.expected("a column's name or number"));
    };
    let mut places = columns
        .names
        .iter()
        .enumerate()
        .filter(|(_, known)| *known == name);
    match (places.next(), places.next()) {
        (Some((slot, _)), None) => Ok((slot, name.to_owned())),
        (Some(_), Some(_)) => {
            Err(item.expected("a column's number, since two columns have that name"))
        }
        _ if count == 0 => {
            Err(item.expected("a column's number, or columns = [ … ] with their names"))
        }
        _ => {
            // A name may hold a line break; an error is one line.
            let known = columns.names.iter().map(|name| name.escape_debug());
            let known: Vec<String> = known.map(|name| name.to_string()).collect();
            let known: Vec<&str> = known.iter().map(String::as_str).collect();
            Err(item.expected(format_args!("one of columns: {}", listed(&known))))
        }
    }
}

/// The slot of a path, and its name.
pub(super) fn path(
    paths: &mut Paths,
    item: &Item<'_>,
    in_order: bool,
) -> Result<(usize, String), FormatError> {
    let Some(pointer) = item.text() else {
        return Err(item.expected("a JSON Pointer (RFC 6901), such as /customer/id"));
    };
    let (tree, slots, before) = match &mut paths.lines {
        Some(lines) if !in_order => {
            let before = format!("{}/*", lines.pointer);
            (&mut lines.inner, &mut lines.inner_slots, before)
        }
        _ => (&mut paths.outer, &mut paths.outer_slots, String::new()),
    };
    let slot = tree.slot(pointer, *slots);
    let slot = slot.ok_or_else(|| {
        item.expected("a JSON Pointer (RFC 6901) of up to 16 steps, such as /customer/id")
    })?;
    *slots = (*slots).max(slot + 1);
    Ok((slot, before + pointer))
}
