//! Which column holds which field, where columns have no names: told by the values alone.

use std::collections::HashSet;

use model::{Decimal, NumberForm};

use super::column::{Cell, Column};
use super::guess::{Places, fits};
use super::names::Role;
use super::{dates, numbers};

/// More than most orders have of an article.
const USUAL_QUANTITY: i64 = 10_000;

/// Chooses a column for each field, those that are told best first.
pub(super) fn places(columns: &[Column]) -> Places {
    let mut chosen = Chosen {
        columns,
        places: Places::new(),
    };
    let is = |is: fn(&Cell) -> bool| move |column: &Column| column.mostly(is);
    chosen.first(Role::InvoiceDate, |column| {
        dates::dates(column, true).is_some()
    });
    chosen.first(Role::Currency, is(|cell| is_code(&cell.text, 3)));
    chosen.first(Role::CustomerID, is(|cell| cell.text.contains('@')));
    chosen.first(Role::Country, is(|cell| is_code(&cell.text, 2)));
    chosen.first(Role::UnitPrice, |column| {
        column.is_usual() && numbers::fits(column, false) && !numbers::fits(column, true)
    });
    // An order's number stands in several rows, and begins them as a rule.
    chosen.first(Role::InvoiceNo, |column| {
        fits(Role::InvoiceNo, column) && is_usual_of_orders(column)
    });
    chosen.first(Role::Quantity, is_quantity);
    chosen.longest(Role::Description);
    chosen.first(Role::StockCode, |column| {
        fits(Role::StockCode, column)
            && column.mostly(|cell| cell.text.contains(|c: char| c.is_ascii_digit()))
    });
    chosen.first(Role::Country, |column| fits(Role::Country, column));
    chosen.first(Role::CustomerID, |column| fits(Role::CustomerID, column));
    chosen.places
}

struct Chosen<'c> {
    columns: &'c [Column],
    places: Places,
}

impl Chosen<'_> {
    fn free(&self) -> impl Iterator<Item = (usize, &Column)> {
        let columns = self.columns.iter().enumerate();
        columns.filter(|(place, _)| !self.places.values().any(|taken| taken == place))
    }

    fn first(&mut self, role: Role, is: impl Fn(&Column) -> bool) {
        let place = self
            .free()
            .find(|(_, column)| is(column))
            .map(|(place, _)| place);
        if let Some(place) = place.filter(|_| !self.places.contains_key(&role)) {
            self.places.insert(role, place);
        }
    }

    /// The column with the longest texts of several words, which are not always the same.
    fn longest(&mut self, role: Role) {
        let length = |column: &Column| {
            let texts: HashSet<&str> = column.texts().collect();
            let all = column.texts().map(str::len).sum::<usize>() / column.cells.len().max(1);
            (texts.len() * 4 >= column.cells.len(), all)
        };
        let texts = self
            .free()
            .filter(|(_, column)| column.texts().any(|text| text.contains(' ')));
        let longest = texts.max_by_key(|(_, column)| length(column));
        if let Some(place) = longest.map(|(place, _)| place) {
            self.places.insert(role, place);
        }
    }
}

fn is_code(text: &str, length: usize) -> bool {
    text.len() == length && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

fn is_usual_of_orders(column: &Column) -> bool {
    column.mostly(|cell| cell.text.len() >= 3 && !cell.text.contains([' ', ',', '.']))
}

fn is_quantity(column: &Column) -> bool {
    let most = Decimal::from(USUAL_QUANTITY);
    let is_small = |cell: &Cell| {
        let number = numbers::number(cell, NumberForm::default());
        number.is_some_and(|number| number.is_integer() && number.abs() <= most)
    };
    column.is_usual() && column.mostly(is_small)
}

#[cfg(test)]
mod tests {
    use super::super::csv::Csv;
    use super::*;

    #[test]
    fn fields_are_told_by_their_values() {
        let text = "536365;85123A;WHITE HANGING HEART;6;01.12.2010 08:26;2,55;17850;United Kingdom\n\
            536365;71053;WHITE METAL LANTERN;6;01.12.2010 08:26;3,39;17850;United Kingdom\n";
        let csv = Csv::of(text.as_bytes()).expect("CSV");
        let places = places(&csv.columns);
        let expected = [
            (Role::InvoiceNo, 0),
            (Role::StockCode, 1),
            (Role::Description, 2),
            (Role::Quantity, 3),
            (Role::InvoiceDate, 4),
            (Role::UnitPrice, 5),
            (Role::CustomerID, 6),
            (Role::Country, 7),
        ];
        assert_eq!(places, Places::from(expected));
    }
}
