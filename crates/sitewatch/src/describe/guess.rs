//! Which column holds which field: told by names, and by whether the values fit.

use std::cmp::Reverse;
use std::collections::HashMap;

use super::column::{Cell, Column, Kind};
use super::names::Role;
use super::{dates, numbers, score};

/// A likely e-mail address is no longer. Source: RFC 5321, 4.5.3.1.
const CUSTOMER_SIGNS: usize = 254;

/// The columns of fields, by their places in the list.
pub(super) type Places = HashMap<Role, usize>;

/// Chooses a column for each field: the best name first, no column for two fields.
pub(super) fn places(columns: &[Column], nested: bool) -> Places {
    let mut candidates = Vec::new();
    for role in Role::ALL
        .into_iter()
        .filter(|role| *role != Role::Cancelled)
    {
        for (place, column) in columns.iter().enumerate() {
            let score = score::score(column, role, nested);
            if score > 0 {
                candidates.push((score, role, place));
            }
        }
    }
    candidates.sort_by_key(|(score, _, place)| (Reverse(*score), *place));
    let mut places = Places::new();
    for (_, role, place) in candidates {
        let is_taken = places.values().any(|taken| *taken == place);
        if !is_taken && !places.contains_key(&role) && fits(role, &columns[place]) {
            places.insert(role, place);
        }
    }
    places
}

/// The column that fits a field best, if its name says more than `id`.
pub(super) fn best<'c>(role: Role, columns: &[&'c Column], nested: bool) -> Option<&'c Column> {
    let bare_id = role.names().bare_id;
    let named = columns
        .iter()
        .map(|column| (score::score(column, role, nested), *column));
    let named = named.filter(|(score, column)| *score > bare_id && fits(role, column));
    named
        .max_by_key(|(score, _)| *score)
        .map(|(_, column)| column)
}

/// The column whose name fits a field best, among those whose values do not.
pub(super) fn near_miss(role: Role, columns: &[Column], nested: bool) -> Option<&Column> {
    let named = columns
        .iter()
        .map(|column| (score::score(column, role, nested), column));
    let named = named.filter(|(score, column)| *score > 0 && !fits(role, column));
    named
        .max_by_key(|(score, _)| *score)
        .map(|(_, column)| column)
}

/// The first text of a column that cannot be a field.
pub(super) fn misfit(role: Role, column: &Column) -> Option<&str> {
    let alone = |cell: &Cell| Column {
        cells: vec![cell.clone()],
        rows: 1,
        ..column.without_cells()
    };
    let wrong = column.cells.iter().find(|cell| !fits(role, &alone(cell)));
    wrong
        .or(column.cells.first())
        .map(|cell| cell.text.as_str())
}

/// How much columns look like lines of orders, and how many of article, quantity and price
/// are among them.
pub(super) fn likeness(columns: &[Column]) -> (i32, usize) {
    let best = |role: Role| {
        let scores = columns.iter().filter(|column| fits(role, column));
        scores
            .map(|column| score::score(column, role, false))
            .max()
            .unwrap_or(0)
    };
    let article = best(Role::StockCode).max(best(Role::Description));
    let scores = [article, best(Role::Quantity), best(Role::UnitPrice)];
    (
        scores.iter().sum(),
        scores.iter().filter(|score| **score > 0).count(),
    )
}

/// Whether what stands in a column can be a field.
pub(super) fn fits(role: Role, column: &Column) -> bool {
    let short = |cell: &Cell, most: usize| cell.kind != Kind::Boolean && cell.text.len() <= most;
    match role {
        Role::InvoiceNo => {
            column.is_usual() && column.mostly(|cell| short(cell, 64) && has_digit(&cell.text))
        }
        Role::StockCode => column.is_usual() && column.mostly(|cell| short(cell, 128)),
        Role::Description => column.mostly(|cell| cell.kind == Kind::Text),
        Role::Quantity => column.is_usual() && numbers::fits(column, true),
        Role::InvoiceDate => column.is_usual() && dates::dates(column, true).is_some(),
        Role::UnitPrice => column.is_usual() && numbers::fits(column, false),
        Role::CustomerID => column.mostly(|cell| short(cell, CUSTOMER_SIGNS)),
        Role::Country => column
            .mostly(|cell| cell.kind == Kind::Text && short(cell, 64) && !has_digit(&cell.text)),
        Role::LineNo => {
            !column.has_blanks() && column.mostly(|cell| cell.text.parse::<u64>().is_ok())
        }
        Role::Currency => column.mostly(|cell| model::Currency::parse(&cell.text).is_some()),
        Role::Cancelled => false,
    }
}

/// What a field's values must be, for people.
pub(super) fn wanted(role: Role) -> &'static str {
    match role {
        Role::InvoiceNo => "no order's number",
        Role::Quantity => "no whole number",
        Role::InvoiceDate => "no date of a form that is known",
        Role::UnitPrice => "no number",
        Role::Country => "no country",
        _ => "nothing of that kind",
    }
}

fn has_digit(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::super::csv::Csv;
    use super::*;

    fn found(text: &str) -> Vec<(Role, String)> {
        let csv = Csv::of(text.as_bytes()).expect("CSV");
        let places = places(&csv.columns, false);
        let name = |role: Role| Some((role, csv.columns[*places.get(&role)?].name.clone()));
        Role::ALL.into_iter().filter_map(name).collect()
    }

    #[test]
    fn a_field_is_where_name_and_values_fit() {
        let text = "Order;Order date;Price list;Price;Total price;Product;Product name;Email;Country\n\
            A-1;1.2.2026;retail;2,50;5,00;MUG;Mug, blue;a@example.com;DE\n";
        let found = found(text);
        let expected = [
            (Role::InvoiceNo, "Order"),
            (Role::StockCode, "Product"),
            (Role::Description, "Product name"),
            (Role::InvoiceDate, "Order date"),
            (Role::UnitPrice, "Price"),
            (Role::CustomerID, "Email"),
            (Role::Country, "Country"),
        ];
        let expected = expected.map(|(role, name)| (role, name.to_owned()));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_mere_id_stands_for_no_article() {
        let csv = Csv::of(b"Id;Variant SKU;Menge\n1;A;1\n").expect("CSV");
        let columns: Vec<&Column> = csv.columns.iter().collect();
        assert!(best(Role::StockCode, &columns[..1], false).is_none());
        let csv = Csv::of(b"Id;Product ID;Menge\n1;5;1\n").expect("CSV");
        let columns: Vec<&Column> = csv.columns.iter().collect();
        let other = best(Role::StockCode, &columns, false).expect("a column");
        assert_eq!(other.name, "Product ID");
    }

    #[test]
    fn a_name_whose_values_do_not_fit_is_told() {
        let csv = Csv::of(b"Menge;Preis\n1;2,55 EUR\n").expect("CSV");
        let miss = near_miss(Role::UnitPrice, &csv.columns, false).expect("a column");
        assert_eq!(miss.name, "Preis");
        assert!(near_miss(Role::Quantity, &csv.columns, false).is_none());
    }
}
