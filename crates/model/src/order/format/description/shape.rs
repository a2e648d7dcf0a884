//! The top of an order format: what records are made of, and how numbers are written.

use super::super::csv::{Columns, MOST_COLUMNS};
use super::super::json::{Lines, Paths};
use crate::number::NumberForm;
use crate::table::{FormatError, Table, listed};

pub(super) fn json(top: &Table<'_>) -> Result<Paths, FormatError> {
    for key in ["delimiter", "columns"] {
        if let Some(item) = top.get(key) {
            return Err(item.error(format_args!("{key} is for format = \"csv\"")));
        }
    }
    let mut paths = Paths::default();
    if let Some(item) = top.get("lines") {
        let expected =
            "a JSON Pointer (RFC 6901) to the array of an order's lines, such as /line_items";
        let pointer = item.text().ok_or_else(|| item.expected(expected))?;
        let slot = paths.outer.slot(pointer, 0);
        paths.outer_slots = 1;
        paths.lines = Some(Lines {
            slot: slot.ok_or_else(|| item.expected(expected))?,
            pointer: pointer.to_owned(),
            ..Lines::default()
        });
    }
    Ok(paths)
}

pub(super) fn csv(top: &Table<'_>) -> Result<Columns, FormatError> {
    if let Some(item) = top.get("lines") {
        return Err(
            item.error("lines is for format = \"json\": a line of CSV is a line of an order")
        );
    }
    let delimiter = match top.get("delimiter") {
        None => b',',
        Some(item) => {
            let sign = item
                .text()
                .and_then(|text| <[u8; 1]>::try_from(text.as_bytes()).ok());
            let is_sign = |b: &u8| {
                *b == b'\t' || (b.is_ascii_punctuation() && !matches!(b, b'"' | b'+' | b'-' | b'.'))
            };
            let sign = sign.map(|[sign]| sign).filter(is_sign);
            sign.ok_or_else(|| {
                item.expected("one sign that stands in no number, such as \";\" or \"\\t\"")
            })?
        }
    };
    let mut names = Vec::new();
    if let Some(item) = top.get("columns") {
        let expected = "an array of the columns' names, in their order";
        for name in item.elements().iter().filter(|_| item.is_array()) {
            let name = name
                .text()
                .ok_or_else(|| name.expected("a column's name"))?;
            names.push(name.trim().to_owned());
        }
        if names.is_empty() || names.len() > MOST_COLUMNS {
            return Err(item.expected(format_args!("{expected}, at most {MOST_COLUMNS}")));
        }
    }
    Ok(Columns {
        delimiter,
        least: names.len(),
        names,
    })
}

pub(super) fn numbers(top: &Table<'_>) -> Result<NumberForm, FormatError> {
    let mut form = NumberForm::default();
    let sign = |key: &str, known: &[&str]| -> Result<Option<char>, FormatError> {
        let Some(item) = top.get(key) else {
            return Ok(None);
        };
        let sign = item.text().filter(|text| known.contains(text));
        let quoted: Vec<String> = known.iter().map(|sign| format!("{sign:?}")).collect();
        let quoted: Vec<&str> = quoted.iter().map(String::as_str).collect();
        let sign = sign.ok_or_else(|| item.expected(listed(&quoted)))?;
        Ok(sign.chars().next())
    };
    form.decimal = sign("decimal", &[".", ","])?.unwrap_or(form.decimal);
    form.thousands = sign("thousands", &[".", ",", " ", "'", "_"])?;
    match top.get("thousands") {
        Some(item) if form.thousands == Some(form.decimal) => {
            Err(item.expected("another sign than that before the decimals"))
        }
        _ => Ok(form),
    }
}
