//! From columns to a proposal: each field with how it is read.

use model::NumberForm;

use super::column::Column;
use super::draft::{Draft, Entry, Shape, Source};
use super::guess::{self, Places};
use super::names::Role;
use super::{cancelled, customer, numbers, price, unnamed};

/// What is found in a sample.
pub(super) struct Data {
    pub(super) shape: Shape,
    pub(super) columns: Vec<Column>,
}

/// The fields whose absence is told: the others may be left out.
pub(super) const TOLD: [Role; 6] = [
    Role::InvoiceNo,
    Role::StockCode,
    Role::Quantity,
    Role::InvoiceDate,
    Role::UnitPrice,
    Role::Country,
];
/// Fields that data must have some of to be data of orders.
const LEAST: usize = 2;
/// Proposes an order format; `None` if this is no data of orders.
pub(super) fn draft(data: Data) -> Option<Draft> {
    let finder = Finder::new(&data);
    let told = TOLD.iter().filter(|role| finder.places.contains_key(role));
    if told.count() < LEAST {
        return None;
    }
    let mut entries: Vec<Entry> = Role::ALL
        .into_iter()
        .filter_map(|role| finder.entry(role))
        .collect();
    entries.extend(cancelled::entry(&finder.free()));
    let (numbers, guesses) = (finder.numbers.form, finder.guesses());
    Some(Draft {
        shape: data.shape,
        numbers,
        entries,
        guesses,
    })
}

/// What finds fields in columns.
pub(super) struct Finder<'d> {
    pub(super) columns: &'d [Column],
    /// Whether the data has whole orders.
    pub(super) nested: bool,
    /// Whether columns have no names.
    unnamed: bool,
    pub(super) semicolons: bool,
    places: Places,
    pub(super) numbers: numbers::Numbers,
}

impl<'d> Finder<'d> {
    fn new(data: &'d Data) -> Self {
        let columns = &data.columns[..];
        let nested = matches!(data.shape, Shape::Json { lines: Some(_) });
        let unnamed = matches!(data.shape, Shape::Csv { names: None, .. });
        let semicolons = matches!(
            data.shape,
            Shape::Csv {
                delimiter: b';',
                ..
            }
        );
        let places = if unnamed {
            unnamed::places(columns)
        } else {
            guess::places(columns, nested)
        };
        let of = |role| places.get(&role).map(|place: &usize| &columns[*place]);
        let amounts: Vec<&Column> = [Role::UnitPrice, Role::Quantity]
            .into_iter()
            .filter_map(of)
            .collect();
        let numbers = numbers::form(&amounts, semicolons);
        Self {
            columns,
            nested,
            unnamed,
            semicolons,
            places,
            numbers,
        }
    }

    /// The column of a field.
    pub(super) fn column(&self, role: Role) -> Option<&'d Column> {
        self.places.get(&role).map(|place| &self.columns[*place])
    }

    /// The columns that hold no field.
    pub(super) fn free(&self) -> Vec<&'d Column> {
        let is_free = |place: &usize| !self.places.values().any(|taken| taken == place);
        let columns = self.columns.iter().enumerate();
        columns
            .filter(|(place, _)| is_free(place))
            .map(|(_, column)| column)
            .collect()
    }

    fn guesses(&self) -> Vec<String> {
        let mut guesses = Vec::new();
        if self.unnamed {
            guesses.push(
                "No names stand above the columns: which is which is guessed from the values."
                    .to_owned(),
            );
        }
        if self.numbers.is_guess {
            let NumberForm { decimal, thousands } = self.numbers.form;
            let read = match thousands {
                Some(sign) => format!("1{sign}234 is read as one thousand and more"),
                None => format!("1{decimal}234 is read as one and a fraction"),
            };
            guesses.push(format!(
                "Numbers: {read}. If that is wrong, change decimal and thousands."
            ));
        }
        guesses
    }

    fn entry(&self, role: Role) -> Option<Entry> {
        let Some(column) = self.column(role) else {
            return self.absent(role);
        };
        let mut entry = Entry::at(role, &column.toml, column.in_order);
        match role {
            Role::StockCode => self.article(column, &mut entry),
            Role::InvoiceDate => self.date(column, &mut entry),
            Role::UnitPrice => price::read(column, self.numbers.form, &mut entry),
            Role::CustomerID => customer::read(column, &mut entry),
            Role::Country if column.has_blanks() => {
                entry.options.push("default = \"unknown\"".to_owned())
            }
            _ => {}
        }
        Some(entry)
    }

    /// Where the article's number is blank, another one may stand.
    fn article(&self, column: &Column, entry: &mut Entry) {
        if !column.has_blanks() {
            return;
        }
        let other = guess::best(Role::StockCode, &self.free(), self.nested);
        if let (Source::At(at), Some(other)) =
            (&mut entry.source, other.or(self.column(Role::Description)))
        {
            at.push(other.toml.clone());
            entry.guesses.push(
                "Some rows have no article number: another field stands for it there.".to_owned(),
            );
        }
    }
}
