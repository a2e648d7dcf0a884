//! How a shop writes numbers in texts.

use model::{Decimal, NumberForm};

use super::column::{Cell, Column, Kind};

/// The forms that are tried; of two that fit alike, the first is taken.
const FORMS: [(char, Option<char>); 8] = [
    ('.', None),
    (',', None),
    (',', Some('.')),
    ('.', Some(',')),
    (',', Some(' ')),
    ('.', Some(' ')),
    ('.', Some('\'')),
    (',', Some('\'')),
];

/// A form, and what it could be just as well.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Numbers {
    pub(super) form: NumberForm,
    pub(super) is_guess: bool,
}

/// The number in a cell, written like this if it is a text.
pub(super) fn number(cell: &Cell, form: NumberForm) -> Option<Decimal> {
    match cell.kind {
        Kind::Text => form.read(&cell.text),
        Kind::Number => NumberForm::default().read(&cell.text),
        Kind::Boolean => None,
    }
}

/// Whether a column has numbers of one form; whole ones, if `whole`.
pub(super) fn fits(column: &Column, whole: bool) -> bool {
    let fits = |form: NumberForm| {
        column.mostly(|cell| number(cell, form).is_some_and(|number| !whole || number.is_integer()))
    };
    forms().any(fits)
}

/// The form that most numbers in these columns have. `semicolons` between columns make
/// decimal commas likely.
pub(super) fn form(columns: &[&Column], semicolons: bool) -> Numbers {
    let texts: Vec<&Cell> = columns
        .iter()
        .flat_map(|column| &column.cells)
        .filter(|cell| cell.kind == Kind::Text)
        .collect();
    let count = |form: NumberForm| {
        texts
            .iter()
            .filter(|cell| number(cell, form).is_some())
            .count()
    };
    let counted: Vec<(usize, NumberForm)> = forms().map(|form| (count(form), form)).collect();
    let most = counted.iter().map(|(count, _)| *count).max().unwrap_or(0);
    let mut best = counted
        .iter()
        .filter(|(count, _)| *count == most)
        .map(|(_, form)| *form);
    let form = best.next().unwrap_or_default();
    // 1,234 is hardly a price with three decimals, wherever it stands.
    let sign = form.decimal;
    let is_unclear = form.thousands.is_none() && are_thousands(&texts, sign);
    match best.find(|other| is_unclear && other.thousands == Some(sign)) {
        Some(form) if sign == ',' || semicolons => Numbers {
            form,
            is_guess: true,
        },
        other => Numbers {
            form,
            is_guess: other.is_some(),
        },
    }
}

/// Whether a sign stands in texts, and always before three digits.
fn are_thousands(texts: &[&Cell], sign: char) -> bool {
    let mut signed = texts
        .iter()
        .filter(|cell| cell.text.contains(sign))
        .peekable();
    signed.peek().is_some() && signed.all(|cell| in_thousands(&cell.text, sign))
}

/// Whether three digits stand behind a sign, and nothing else.
fn in_thousands(text: &str, sign: char) -> bool {
    text.rsplit_once(sign)
        .is_some_and(|(_, digits)| digits.len() == 3 && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn forms() -> impl Iterator<Item = NumberForm> {
    FORMS
        .into_iter()
        .map(|(decimal, thousands)| NumberForm { decimal, thousands })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn column(texts: &[&str]) -> Column {
        Column {
            toml: String::new(),
            name: String::new(),
            path: Vec::new(),
            in_order: false,
            cells: texts.iter().filter_map(|text| Cell::text(text)).collect(),
            rows: texts.len(),
        }
    }

    #[test]
    fn the_form_is_that_of_all_numbers() {
        for (texts, semicolons, decimal, thousands, is_guess) in [
            (&["2.55", "6"][..], false, '.', None, false),
            (&["2,55", "6"], true, ',', None, false),
            (&["1.234,50", "2,55"], true, ',', Some('.'), false),
            (&["1.000", "2,55"], true, ',', Some('.'), false),
            (&["1,234.50", "2.55"], false, '.', Some(','), false),
            (&["1 234,50"], true, ',', Some(' '), false),
            (&["1'234.50"], true, '.', Some('\''), false),
            (&["1.234", "999"], true, ',', Some('.'), true),
            (&["1.234", "999"], false, '.', None, true),
            (&["1,234", "999"], false, '.', Some(','), true),
            (&[], false, '.', None, false),
        ] {
            let form = NumberForm { decimal, thousands };
            let found = super::form(&[&column(texts)], semicolons);
            assert_eq!(found, Numbers { form, is_guess }, "{texts:?}");
        }
    }

    #[test]
    fn a_column_of_numbers_is_known_by_its_values() {
        assert!(fits(&column(&["6", "-1", "1.000"]), true));
        assert!(!fits(&column(&["2,55", "3,3"]), true));
        assert!(fits(&column(&["2,55", "3,3"]), false));
        assert!(!fits(&column(&["2,55 €"]), false));
        assert!(!fits(&column(&[]), false));
    }
}
