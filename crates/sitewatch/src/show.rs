//! How things look in a terminal. Colours go through `anstream`, which leaves
//! them out for `NO_COLOR` and where no terminal reads.

use anstyle::{AnsiColor, Style};
use chrono::{DateTime, Utc};
use comfy_table::presets;
use comfy_table::{CellAlignment, ContentArrangement, Table};
use model::Second;

/// A heading.
pub(crate) const HEAD: Style = Style::new().bold();
/// What went well.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What was refused.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
/// What went wrong.
pub(crate) const BAD: Style = AnsiColor::Red.on_default().bold();

/// Nothing, and the eighths of a character's height.
pub(crate) const BARS: [char; 9] = ['·', '▁', '▂', '▃', '▄', '▅', '▆', '▇', '█'];

/// Tables are no wider than this: longer texts wrap.
const WIDTH: u16 = 120;

/// How many characters there are in a line; as many as a table has where no terminal tells.
pub(crate) fn width() -> u16 {
    let size = console::Term::stdout().size_checked();
    size.map_or(WIDTH, |(_, columns)| columns.max(40))
}

/// Prints a heading with space above it.
pub(crate) fn heading(text: &str) {
    anstream::println!("\n{HEAD}{text}{HEAD:#}");
}

/// An empty table with these columns; those in `numbers` are set flush right.
pub(crate) fn table(columns: &[&str], numbers: &[usize]) -> Table {
    let mut table = Table::new();
    table
        .load_style(presets::UTF8_BORDERS_ONLY)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(WIDTH.min(width()))
        .set_header(columns);
    for column in numbers {
        if let Some(column) = table.column_mut(*column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}

/// A count with its noun: `1 record`, `2,000 records`.
pub(crate) fn counted(count: u64, noun: &str) -> String {
    let number = number(count);
    format!("{number} {noun}{}", if count == 1 { "" } else { "s" })
}

/// A number with its thousands set apart.
pub(crate) fn number(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::with_capacity(digits.len() + digits.len() / 3);
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            shown.push(',');
        }
        shown.push(digit);
    }
    shown
}

/// A length of time: `59 s`, `2 min 5 s`, `3 h 20 min`.
pub(crate) fn duration(seconds: i64) -> String {
    let (hours, minutes, rest) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{rest} s"),
        (0, _) => format!("{minutes} min {rest} s"),
        _ => format!("{hours} h {minutes} min"),
    }
}

/// A second as people read it, without the UTC that it is in.
pub(crate) fn time(second: Second) -> String {
    at(second, "%Y-%m-%d %H:%M:%S")
}

/// A second by a pattern of chrono's.
pub(crate) fn at(second: Second, pattern: &str) -> String {
    DateTime::<Utc>::from_timestamp(second.since_1970(), 0)
        .map_or_else(|| second.to_string(), |at| at.format(pattern).to_string())
}
