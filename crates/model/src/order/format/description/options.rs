//! What is said of a field beside its place.

use super::super::fields::Constant;
use super::NEVER_CONSTANT;
use crate::reject::Field;
use crate::table::{FormatError, Item, Table};

/// A constant is a text of every row.
const LONGEST_CONSTANT: usize = 200;

/// What `value` or `default` say.
pub(super) fn constant(
    field: Field,
    item: &Item<'_>,
    table: &Table<'_>,
) -> Result<Option<Constant>, FormatError> {
    let (at, value, default) = (table.get("at"), table.get("value"), table.get("default"));
    let constant = match (at, value, default) {
        (None, Some(value), None) => value,
        (Some(_), None, Some(default)) => default,
        (Some(_), None, None) => return Ok(None),
        (Some(_), Some(value), _) => {
            return Err(value
                .error("value stands alone: expected default, for what has nothing at its place"));
        }
        (None, _, Some(default)) => {
            return Err(default.error("default goes with at: expected value, for a constant"));
        }
        (None, None, None) => {
            return Err(item.error(format_args!(
                "{}: expected at, where it is, or value, a constant",
                item.key
            )));
        }
    };
    if NEVER_CONSTANT.contains(&field) {
        return Err(constant.error(format_args!(
            "{} is no constant: expected where it is",
            item.key
        )));
    }
    let text = constant.scalar().map(|text| text.trim().to_owned());
    let text = text.filter(|text| (1..=LONGEST_CONSTANT).contains(&text.len()));
    let text = text.filter(|_| constant.boolean().is_none());
    let text = text.ok_or_else(|| constant.expected("a number, or a text of at most 200 bytes"))?;
    Ok(Some(Constant {
        is_number: constant.text().is_none(),
        text,
    }))
}

pub(super) fn scalars(item: &Item<'_>) -> Result<Vec<String>, FormatError> {
    let values = item.elements();
    let texts = values.iter().map(|value| {
        let text = value.scalar().map(|text| text.trim().to_owned());
        let text = text.filter(|text| !text.is_empty());
        text.ok_or_else(|| value.expected("texts or numbers"))
    });
    let texts: Vec<String> = texts.collect::<Result<_, _>>()?;
    if texts.is_empty() {
        return Err(item.expected("one value at least"));
    }
    Ok(texts)
}

pub(super) fn scale(table: &Table<'_>) -> Result<u32, FormatError> {
    let Some(item) = table.get("scale") else {
        return Ok(0);
    };
    let scale = item.whole().and_then(|scale| u32::try_from(scale).ok());
    let scale = scale.filter(|scale| *scale <= 9);
    scale.ok_or_else(|| item.expected("how many of a price's last digits are decimals, 0 to 9"))
}
