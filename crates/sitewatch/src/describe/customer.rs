//! How a column of customers is read: as numbers or as texts, and what means a guest.

use model::NumberForm;

use super::column::{Column, toml_text};
use super::draft::Entry;

/// Words that shops write for somebody without an account.
const GUESTS: [&str; 8] = [
    "guest",
    "gast",
    "anonymous",
    "invite",
    "invité",
    "invitado",
    "ospite",
    "n/a",
];

/// Completes the entry of the customer.
pub(super) fn read(column: &Column, entry: &mut Entry) {
    let mut guests: Vec<&str> = Vec::new();
    for text in column.texts() {
        if is_guest(text) && !guests.contains(&text) {
            guests.push(text);
        }
    }
    let mut others = column.texts().filter(|text| !guests.contains(text));
    if !others.all(is_number) {
        entry.options.push("text = true".to_owned());
    }
    if !guests.is_empty() {
        let guests: Vec<String> = guests.into_iter().map(toml_text).collect();
        entry
            .options
            .push(format!("guest = [{}]", guests.join(", ")));
    }
}

/// Whether a text is a customer's number as a row's key has it.
fn is_number(text: &str) -> bool {
    let number = NumberForm::default().read(text);
    number.is_some_and(|number| {
        let whole = number
            .is_integer()
            .then(|| i64::try_from(number).ok())
            .flatten();
        whole.is_some_and(|number| number >= 1)
    })
}

fn is_guest(text: &str) -> bool {
    text == "0" || GUESTS.contains(&text.to_lowercase().as_str())
}

#[cfg(test)]
mod tests {
    use super::super::column::Cell;
    use super::super::names::Role;
    use super::*;

    #[test]
    fn customers_are_numbers_where_all_are() {
        for (texts, options) in [
            (&["17850", "13047.0"][..], &[][..]),
            (&["17850", "0"], &["guest = [\"0\"]"]),
            (&["17850", "K-1"], &["text = true"]),
            (
                &["a@example.com", "Gast"],
                &["text = true", "guest = [\"Gast\"]"],
            ),
            (&["-1"], &["text = true"]),
            (&["99999999999999999999"], &["text = true"]),
        ] {
            let column = Column {
                toml: "1".to_owned(),
                name: String::new(),
                path: Vec::new(),
                in_order: false,
                cells: texts.iter().filter_map(|text| Cell::text(text)).collect(),
                rows: texts.len(),
            };
            let mut entry = Entry::at(Role::CustomerID, "1", false);
            read(&column, &mut entry);
            assert_eq!(entry.options, options, "{texts:?}");
        }
    }
}
