//! What marks an order as cancelled: a field that is named so, or a status.

use super::column::{Column, Kind, toml_text};
use super::dates;
use super::draft::Entry;
use super::names::{CANCELLED_STATUS, NO_AND_YES, Role, STATUS};
use super::score::{named, normal};

/// A column with more different texts is no status.
const MOST_STATUS: usize = 50;

/// The mark, if one is found.
pub(super) fn entry(columns: &[&Column]) -> Option<Entry> {
    best(columns, |column| {
        named(&column.path, Role::Cancelled.names(), false)
    })
    .and_then(flag)
    .or_else(|| best(columns, |column| named(&column.path, &STATUS, false)).and_then(status))
}

fn best<'c>(columns: &[&'c Column], score: impl Fn(&Column) -> i32) -> Option<&'c Column> {
    // An order's own before one of its lines.
    let scored = columns
        .iter()
        .map(|column| ((score(column), column.in_order), *column));
    scored
        .filter(|((score, _), _)| *score > 0)
        .max_by_key(|(rank, _)| *rank)
        .map(|(_, column)| column)
}

/// Something that only cancelled orders have, or a yes.
fn flag(column: &Column) -> Option<Entry> {
    let mut entry = Entry::at(Role::Cancelled, &column.toml, column.in_order);
    if let Some(yes) = column.distinct(NO_AND_YES.len()).as_deref().and_then(yes) {
        if column.cells.iter().any(|cell| cell.kind != Kind::Boolean) {
            entry.options.push(is(&yes));
        }
        return Some(entry);
    }
    let is_mark =
        column.has_blanks() || column.cells.is_empty() || dates::dates(column, true).is_some();
    is_mark.then_some(entry)
}

/// What means yes, where all texts mean yes or no.
fn yes(texts: &[&str]) -> Option<Vec<String>> {
    let mut yes = Vec::new();
    for text in texts {
        let small = text.to_lowercase();
        let pair = NO_AND_YES
            .iter()
            .find(|(no, yes)| *no == small || *yes == small);
        let word = like(text, pair?.1);
        if !yes.contains(&word) {
            yes.push(word);
        }
    }
    (!yes.is_empty()).then_some(yes)
}

/// A word in capitals as another text has them.
fn like(text: &str, word: &str) -> String {
    let mut signs = text.chars();
    let is_capital = |sign: Option<char>| sign.is_some_and(char::is_uppercase);
    match (is_capital(signs.next()), is_capital(signs.next())) {
        (true, true) => word.to_uppercase(),
        (true, false) => word[..1].to_uppercase() + &word[1..],
        _ => word.to_owned(),
    }
}

/// A column of states, one of which is that.
fn status(column: &Column) -> Option<Entry> {
    let texts = column.distinct(MOST_STATUS)?;
    let known = |text: &&str| CANCELLED_STATUS.contains(&normal(text).as_str());
    let cancelled: Vec<String> = texts.into_iter().filter(known).map(str::to_owned).collect();
    if cancelled.is_empty() {
        return None;
    }
    let mut entry = Entry::at(Role::Cancelled, &column.toml, column.in_order);
    entry.options.push(is(&cancelled));
    entry.notes.push(
        "Only what the sample has: add other states that mean that nothing is sold.".to_owned(),
    );
    Some(entry)
}

fn is(texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| toml_text(text)).collect();
    format!("is = [{}]", texts.join(", "))
}

#[cfg(test)]
mod tests {
    use super::super::csv::Csv;
    use super::super::json::Json;
    use super::*;

    fn options(columns: &[Column]) -> Option<Vec<String>> {
        entry(&columns.iter().collect::<Vec<_>>()).map(|entry| entry.options)
    }

    #[test]
    fn a_mark_is_a_date_a_yes_or_a_status() {
        let csv = |text: &str| options(&Csv::of(text.as_bytes()).expect("CSV").columns);
        assert_eq!(csv("qty;cancelled_at\n1;\n2;2026-01-01\n"), Some(vec![]));
        assert_eq!(
            csv("qty;Storniert\n1;Nein\n2;Nein\n"),
            Some(vec!["is = [\"Ja\"]".to_owned()])
        );
        let status = csv("qty;Status\n1;offen\n2;Storniert\n");
        assert_eq!(status, Some(vec!["is = [\"Storniert\"]".to_owned()]));
        assert_eq!(csv("qty;Status\n1;offen\n2;bezahlt\n"), None);
        assert_eq!(
            csv("qty;cancelled\n1;0\n2;3\n"),
            None,
            "how many were cancelled"
        );
        let json = Json::of(br#"{"qty":1,"cancelled":false}"#).expect("JSON");
        assert_eq!(options(&json.columns), Some(vec![]));
    }
}
