//! An order format that is proposed: what is known of each field.

use model::NumberForm;

use super::names::Role;

/// A proposal.
#[derive(Debug, Clone)]
pub(super) struct Draft {
    pub(super) shape: Shape,
    pub(super) numbers: NumberForm,
    /// The fields that are found, or are missing and must not be.
    pub(super) entries: Vec<Entry>,
    /// What is only likely and concerns no single field.
    pub(super) guesses: Vec<String>,
}

/// What the data is made of.
#[derive(Debug, Clone)]
pub(super) enum Shape {
    Csv {
        delimiter: u8,
        /// The columns' names; `None` where they go by their numbers.
        names: Option<Vec<String>>,
    },
    Json {
        /// Where an order's lines are; `None` if each object is a line.
        lines: Option<String>,
    },
}

/// A field.
#[derive(Debug, Clone)]
pub(super) struct Entry {
    pub(super) role: Role,
    pub(super) source: Source,
    /// Whether it is the order's, where lines lie in orders.
    pub(super) in_order: bool,
    /// What else the format says of it: `scale = 2`.
    pub(super) options: Vec<String>,
    /// What a reader of the file should know.
    pub(super) notes: Vec<String>,
    /// What is only likely, and how it is changed.
    pub(super) guesses: Vec<String>,
}

/// Where a field comes from.
#[derive(Debug, Clone)]
pub(super) enum Source {
    /// The places, as TOML; the first that holds something counts.
    At(Vec<String>),
    /// The same for every line, as TOML.
    Constant(&'static str),
    /// Nowhere; what is known about that.
    Missing(String),
}

impl Draft {
    /// The fields that must be there and are not found, each with what is known about it.
    pub(super) fn missing(&self) -> Vec<(Role, &str)> {
        let entries = self.entries.iter();
        let missing = entries.filter_map(|entry| match &entry.source {
            Source::Missing(why) => Some((entry.role, why.as_str())),
            Source::At(_) | Source::Constant(_) => None,
        });
        missing.collect()
    }

    /// Each thing that is only likely, with its field if it concerns one.
    pub(super) fn likely(&self) -> Vec<(Option<Role>, &str)> {
        let own = self.guesses.iter().map(|guess| (None, guess.as_str()));
        let entries = self.entries.iter();
        let of_fields = entries.flat_map(|entry| {
            entry
                .guesses
                .iter()
                .map(|guess| (Some(entry.role), guess.as_str()))
        });
        own.chain(of_fields).collect()
    }
}

impl Entry {
    /// A field at a place.
    pub(super) fn at(role: Role, toml: &str, in_order: bool) -> Self {
        Self::new(role, Source::At(vec![toml.to_owned()]), in_order)
    }

    /// A field from somewhere.
    pub(super) fn new(role: Role, source: Source, in_order: bool) -> Self {
        Self {
            role,
            source,
            in_order,
            options: Vec::new(),
            notes: Vec::new(),
            guesses: Vec::new(),
        }
    }
}
