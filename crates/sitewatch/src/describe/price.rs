//! How a column of prices is read: as they are, or as minor units; and whether they may be a
//! whole line's.

use model::{Decimal, NumberForm};

use super::column::{Cell, Column, Kind};
use super::draft::Entry;
use super::numbers;
use super::score::words;
use crate::text::{QUOTED, shown};

/// Words for minor units.
const MINOR: [&str; 3] = ["cent", "cents", "minor"];
/// Words for what a whole line comes to.
const TOTAL: [&str; 8] = [
    "total", "totals", "gesamt", "summe", "sum", "subtotal", "totaal", "totale",
];

/// Completes the entry of the price, whose texts have this form.
pub(super) fn read(column: &Column, form: NumberForm, entry: &mut Entry) {
    let words: Vec<String> = column.path.iter().flat_map(|step| words(step)).collect();
    let says = |known: &[&str]| words.iter().any(|word| known.contains(&word.as_str()));
    let number = |cell: &Cell| numbers::number(cell, form);
    let are_whole = column.mostly(|cell| number(cell).is_some_and(|number| number.is_integer()));
    let hundred = Decimal::from(100);
    let are_large = column.cells.iter().all(|cell| {
        let number = number(cell).filter(|_| cell.kind == Kind::Number);
        number.is_some_and(|number| number.is_zero() || number.abs() >= hundred)
    });
    if are_whole && (says(&MINOR) || (are_large && says(&["amount"]))) {
        entry.options.push("scale = 2".to_owned());
        let guess =
            "Prices are taken for minor units, 1999 for 19.99: if they are none, take scale away.";
        entry.guesses.push(guess.to_owned());
    }
    let begins = |known: &str| words.iter().any(|word| word.starts_with(known));
    if TOTAL.iter().any(|known| begins(known)) {
        let name = shown(&column.name, QUOTED);
        let guess = format!("{name} may be the price of a whole line, not of one unit.");
        entry.guesses.push(guess);
    }
}

#[cfg(test)]
mod tests {
    use super::super::json::Json;
    use super::super::names::Role;
    use super::*;

    fn entry(object: &str) -> Entry {
        let json = Json::of(object.as_bytes()).expect("JSON");
        let mut entry = Entry::at(Role::UnitPrice, "1", false);
        read(&json.columns[0], NumberForm::default(), &mut entry);
        entry
    }

    #[test]
    fn minor_units_are_told_by_name_and_value() {
        for (object, is_minor) in [
            (r#"{"price_cents":50}"#, true),
            (r#"{"unit_amount":1999}"#, true),
            (r#"{"unit_amount":99}"#, false),
            (r#"{"unit_amount":"1999"}"#, false),
            (r#"{"amount":19.99}"#, false),
            (r#"{"price":1999}"#, false),
            (r#"{"percentage":1999}"#, false),
        ] {
            assert_eq!(entry(object).options == ["scale = 2"], is_minor, "{object}");
        }
    }

    #[test]
    fn a_total_is_doubted() {
        assert_eq!(entry(r#"{"total_price":5.0}"#).guesses.len(), 1);
        assert_eq!(entry(r#"{"Gesamtpreis":5.0}"#).guesses.len(), 1);
        assert_eq!(entry(r#"{"price":5.0}"#).guesses.len(), 0);
    }
}
