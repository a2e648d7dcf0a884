//! A place in the data that may hold a field: a column of CSV, or a path in JSON objects.

/// What stands at a place in one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cell {
    pub(super) text: String,
    pub(super) kind: Kind,
}

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A JSON number.
    Number,
    /// JSON's `true` or `false`.
    Boolean,
}

/// A place.
#[derive(Debug, Clone)]
pub(super) struct Column {
    /// How an order format names it, as TOML.
    pub(super) toml: String,
    /// Its name for people.
    pub(super) name: String,
    /// The steps to it that have names; none if the data names nothing.
    pub(super) path: Vec<String>,
    /// Whether it is the order's, while the fields to look for may be its lines'.
    pub(super) in_order: bool,
    /// What stands there, where something does.
    pub(super) cells: Vec<Cell>,
    /// In how many rows it could.
    pub(super) rows: usize,
}

impl Cell {
    /// A text; `None` if it is blank.
    pub(super) fn text(text: &str) -> Option<Self> {
        let text = text.trim();
        let kind = Kind::Text;
        (!text.is_empty()).then(|| Self {
            text: text.to_owned(),
            kind,
        })
    }
}

impl Column {
    /// The place alone.
    pub(super) fn without_cells(&self) -> Self {
        Self {
            toml: self.toml.clone(),
            name: self.name.clone(),
            path: self.path.clone(),
            in_order: self.in_order,
            cells: Vec::new(),
            rows: 0,
        }
    }

    /// The texts that stand there.
    pub(super) fn texts(&self) -> impl Iterator<Item = &str> {
        self.cells.iter().map(|cell| cell.text.as_str())
    }

    /// Whether nothing stands there in some rows.
    pub(super) fn has_blanks(&self) -> bool {
        self.cells.len() < self.rows
    }

    /// Whether something stands there in most rows.
    pub(super) fn is_usual(&self) -> bool {
        !self.cells.is_empty() && self.cells.len() * 2 >= self.rows
    }

    /// Whether something stands there, nearly all of it such.
    pub(super) fn mostly(&self, is: impl Fn(&Cell) -> bool) -> bool {
        let count = self.cells.iter().filter(|cell| is(cell)).count();
        nearly(count, self.cells.len())
    }

    /// The different texts that stand there; `None` if there are more than `most`.
    pub(super) fn distinct(&self, most: usize) -> Option<Vec<&str>> {
        let mut known: Vec<&str> = Vec::new();
        for text in self.texts() {
            if !known.contains(&text) {
                known.push(text);
            }
            if known.len() > most {
                return None;
            }
        }
        Some(known)
    }
}

/// Whether so many are nearly all: one in twenty may be wrong, of a few a single one.
pub(super) fn nearly(count: usize, all: usize) -> bool {
    count > 0 && (count * 20 >= all * 19 || (count >= 2 && count + 1 >= all))
}

/// Text as TOML has it. Signs that a terminal or a reader could stumble over are escaped.
pub(super) fn toml_text(text: &str) -> String {
    let mut quoted = String::from('"');
    for sign in text.chars() {
        match sign {
            '"' | '\\' => quoted.extend(['\\', sign]),
            '\n' => quoted.push_str("\\n"),
            '\t' => quoted.push_str("\\t"),
            _ if crate::text::is_harmless(sign) => quoted.push(sign),
            _ => quoted.push_str(&format!("\\U{:08X}", u32::from(sign))),
        }
    }
    quoted.push('"');
    quoted
}
