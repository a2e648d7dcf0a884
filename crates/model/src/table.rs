//! TOML tables with their places: what is asked of them is typed, and each error says in
//! which line, what stands there and what was expected. Nothing about orders or requests
//! belongs here.

use std::fmt;

use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::number::decimal;

/// What is wrong with a file that describes orders, requests or routes. One line that says
/// where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormatError {
    line: usize,
    message: String,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.line, self.message)
    }
}

impl std::error::Error for FormatError {}

/// A table, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Table<'t> {
    text: &'t str,
    table: &'t DeTable<'t>,
    /// What it is called in errors.
    name: &'t str,
    at: usize,
}

/// A value, and where it stands.
#[derive(Clone, Copy)]
pub(crate) struct Item<'t> {
    text: &'t str,
    value: &'t DeValue<'t>,
    /// Its key.
    pub(crate) key: &'t str,
    /// The field that it is said of.
    of: Option<&'t str>,
    at: usize,
}

/// Parses a file.
///
/// # Errors
/// If it is no TOML.
pub(crate) fn document(text: &str) -> Result<Spanned<DeTable<'_>>, FormatError> {
    DeTable::parse(text).map_err(|error| {
        let at = error.span().map_or(0, |span| span.start);
        error_at(text, at, format!("no TOML: {}", error.message()))
    })
}

fn error_at(text: &str, at: usize, message: String) -> FormatError {
    let before = text.as_bytes().get(..at).unwrap_or(text.as_bytes());
    let line = memchr::memchr_iter(b'\n', before).count() + 1;
    FormatError { line, message }
}

impl<'t> Table<'t> {
    /// The whole file, called so in errors.
    pub(crate) fn top(name: &'t str, text: &'t str, table: &'t Spanned<DeTable<'t>>) -> Self {
        Self {
            text,
            table: table.get_ref(),
            name,
            at: 0,
        }
    }

    /// An error that concerns the table.
    pub(crate) fn error(&self, message: impl fmt::Display) -> FormatError {
        error_at(self.text, self.at, message.to_string())
    }

    /// What stands under a key.
    pub(crate) fn get(&self, key: &str) -> Option<Item<'t>> {
        self.items().find(|item| item.key == key)
    }

    /// Everything in it.
    pub(crate) fn items(&self) -> impl Iterator<Item = Item<'t>> {
        let text = self.text;
        let of = (!self.name.contains(['[', ' '])).then_some(self.name);
        self.table.iter().map(move |(key, value)| Item {
            text,
            value: value.get_ref(),
            key: key.get_ref(),
            of,
            at: key.span().start,
        })
    }

    /// Refuses every key but these.
    ///
    /// # Errors
    /// The first other one in the file.
    pub(crate) fn only(&self, known: &[&str]) -> Result<(), FormatError> {
        let others = self.items().filter(|item| !known.contains(&item.key));
        match others.min_by_key(|item| item.at) {
            None => Ok(()),
            Some(item) => Err(item.error(format_args!(
                "{} has no {:?}: expected {}",
                self.name,
                item.key,
                listed(known)
            ))),
        }
    }
}

impl<'t> Item<'t> {
    /// An error that concerns it.
    pub(crate) fn error(&self, message: impl fmt::Display) -> FormatError {
        error_at(self.text, self.at, message.to_string())
    }

    /// An error that tells what was expected of it.
    pub(crate) fn expected(&self, what: impl fmt::Display) -> FormatError {
        let found = match self.value {
            DeValue::String(text) => format!("{text:?}"),
            DeValue::Integer(number) => number.as_str().to_owned(),
            DeValue::Float(number) => number.as_str().to_owned(),
            DeValue::Boolean(is) => is.to_string(),
            DeValue::Datetime(_) => "a date".to_owned(),
            DeValue::Array(_) => "an array".to_owned(),
            DeValue::Table(_) => "a table".to_owned(),
        };
        let of = self.of.map(|of| format!("{of}.")).unwrap_or_default();
        self.error(format_args!("{of}{} is {found}: expected {what}", self.key))
    }

    /// The table that it is, called so in errors.
    pub(crate) fn table(&self, name: &'t str) -> Option<Table<'t>> {
        let table = self.value.as_table()?;
        Some(Table {
            text: self.text,
            table,
            name,
            at: self.at,
        })
    }

    pub(crate) fn text(&self) -> Option<&'t str> {
        match self.value {
            DeValue::String(text) => Some(text),
            _ => None,
        }
    }

    pub(crate) fn boolean(&self) -> Option<bool> {
        self.value.as_bool()
    }

    pub(crate) fn whole(&self) -> Option<i64> {
        match self.value {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str().parse().ok(),
            _ => None,
        }
    }

    /// A text, number or truth value as a payload would have it.
    pub(crate) fn scalar(&self) -> Option<String> {
        match self.value {
            DeValue::String(text) => Some(text.to_string()),
            DeValue::Integer(_) => self.whole().map(|number| number.to_string()),
            DeValue::Float(number) => {
                let is_number = decimal(number.as_str()).is_ok();
                is_number.then(|| number.as_str().to_owned())
            }
            DeValue::Boolean(is) => Some(is.to_string()),
            DeValue::Datetime(_) | DeValue::Array(_) | DeValue::Table(_) => None,
        }
    }

    /// Its elements, each under its key; itself alone if it is no array.
    pub(crate) fn elements(&self) -> Vec<Self> {
        let DeValue::Array(array) = self.value else {
            return vec![*self];
        };
        let element = |value: &'t Spanned<DeValue<'t>>| Self {
            value: value.get_ref(),
            at: value.span().start,
            ..*self
        };
        array.iter().map(element).collect()
    }

    /// Whether it is an array.
    pub(crate) fn is_array(&self) -> bool {
        self.value.is_array()
    }
}

/// `a, b or c`.
pub(crate) fn listed(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} or {last}", most.join(", ")),
    }
}
