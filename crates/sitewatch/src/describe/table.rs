//! Tables of texts from the data, no wider than a terminal's line.

use crate::show;
use crate::text::{fit, shown, shown_end, wrapped};

/// Signs of a line.
pub(super) const WIDTH: usize = 100;
/// Signs of a text that is broken into lines, at the most.
const BROKEN: usize = 400;

/// A column: its name and its texts.
pub(super) struct Column {
    name: &'static str,
    /// It is made no narrower.
    least: usize,
    kind: Kind,
    pub(super) texts: Vec<String>,
}

/// What becomes of texts that are too long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// They are cut.
    Cut,
    /// They are cut, and stand flush right.
    Number,
    /// They are broken between words.
    Broken,
    /// Names, each in a line of its own; of paths, the end is shown.
    Names,
}

impl Column {
    /// A column that has no texts yet.
    pub(super) fn new(name: &'static str, least: usize, kind: Kind) -> Self {
        Self {
            name,
            least,
            kind,
            texts: Vec::new(),
        }
    }

    /// The lines of a text, harmless and as wide as may be.
    fn lines(&self, text: &str, width: usize) -> Vec<String> {
        match self.kind {
            Kind::Cut | Kind::Number => vec![shown(text, width)],
            Kind::Broken => {
                let lines = wrapped(&shown(text, BROKEN), width);
                lines.iter().flat_map(|line| broken(line, width)).collect()
            }
            Kind::Names => text
                .split('\n')
                .map(|name| match name.contains('/') {
                    true => shown_end(name, width),
                    false => shown(name, width),
                })
                .collect(),
        }
    }

    fn width(&self) -> usize {
        let lines = self.texts.iter().flat_map(|text| self.lines(text, WIDTH));
        let widths = lines.map(|line| line.chars().count());
        widths.chain([self.name.chars().count()]).max().unwrap_or(0)
    }
}

/// Pieces of a word that is longer than a line.
fn broken(line: &str, width: usize) -> Vec<String> {
    let signs: Vec<char> = line.chars().collect();
    signs
        .chunks(width.max(1))
        .map(|piece| piece.iter().collect())
        .collect()
}

/// The table, with its line breaks.
pub(super) fn table(columns: &[Column]) -> String {
    let mut widths: Vec<usize> = columns.iter().map(Column::width).collect();
    let least: Vec<usize> = columns.iter().map(|column| column.least).collect();
    // A border and a blank on either side, and two blanks between columns; one where the room
    // is scarce.
    let between = columns.len().saturating_sub(1);
    let is_scarce = least.iter().sum::<usize>() + 4 + 2 * between > WIDTH;
    let gap = if is_scarce { 1 } else { 2 };
    fit(&mut widths, &least, WIDTH.saturating_sub(4 + gap * between));

    let names: Vec<&str> = columns.iter().map(|column| column.name).collect();
    let numbers = columns
        .iter()
        .enumerate()
        .filter(|(_, column)| column.kind == Kind::Number);
    let numbers: Vec<usize> = numbers.map(|(place, _)| place).collect();
    let mut table = show::table(&names, &numbers);
    for place in 0..columns.len() {
        if let Some(column) = table.column_mut(place) {
            let is_last = place + 1 == columns.len();
            column.set_padding((u16::from(place == 0), u16::from(!is_scarce || is_last)));
        }
    }
    for row in 0..columns.first().map_or(0, |column| column.texts.len()) {
        let cells = columns.iter().zip(&widths);
        let cell = |(column, width): (&Column, &usize)| {
            let text = column.texts.get(row).map(String::as_str);
            column.lines(text.unwrap_or_default(), *width).join("\n")
        };
        table.add_row(cells.map(cell));
    }
    format!("{table}\n")
}
