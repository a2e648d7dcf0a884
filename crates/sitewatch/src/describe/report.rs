//! What is shown in the terminal.

use std::fmt::Write as _;

use model::{FieldWords, OrderFormat};

use super::found::Found;
use super::names::Role;
use super::table::{Column, Kind, WIDTH, table};
use crate::show::{self, BAD, GOOD, HEAD, WARN};
use crate::text::{shown, wrapped};

/// What the file is.
pub(super) fn headline(file: &str, format: &OrderFormat, found: &Found, is_whole: bool) -> String {
    let mut text = format!(
        "{HEAD}{}{HEAD:#}: {}\nRead: {}{}",
        shown(file, WIDTH),
        shown(&format.shape(), 2 * WIDTH),
        if is_whole { "" } else { "the first " },
        show::counted(found.lines, "line"),
    );
    if found.orders > 0 {
        let _ = write!(text, " of {}", show::counted(found.orders, "order"));
    }
    text.push('\n');
    text
}

/// Each field: where it is, how it is read, and an example. Those in `missing` are not found.
pub(super) fn fields(format: &OrderFormat, found: &Found, missing: &[(Role, &str)]) -> String {
    let mut columns = [
        Column::new("Field", 11, Kind::Cut),
        Column::new("In the data", 20, Kind::Names),
        Column::new("Read as", 24, Kind::Broken),
        Column::new("For example", 20, Kind::Cut),
    ];
    for words in format.fields() {
        let is_missing = missing
            .iter()
            .any(|(role, _)| role.to_string() == words.field);
        let example = found.examples.get(&words.field).cloned();
        if example.is_none() && !format.is_described() {
            // A LineNo that no line has.
            continue;
        }
        let row = if is_missing {
            [
                words.field,
                "not found".to_owned(),
                String::new(),
                String::new(),
            ]
        } else {
            let (place, reading) = (place(&words), reading(&words));
            [words.field, place, reading, example.unwrap_or_default()]
        };
        for (column, text) in columns.iter_mut().zip(row) {
            column.texts.push(text);
        }
    }
    format!("\n{HEAD}The fields{HEAD:#}\n{}", table(&columns))
}

/// A field's places, each in a line of its own.
fn place(words: &FieldWords) -> String {
    if words.name.is_empty() {
        return "–".to_owned();
    }
    words.name.replace('\n', "\\n").replace(" or ", "\n")
}

fn reading(words: &FieldWords) -> String {
    match &words.constant {
        None => words.reading.clone(),
        Some(constant) if words.name.is_empty() => format!("always {constant}"),
        Some(constant) => format!("{}, else {constant}", words.reading),
    }
}

/// How many lines are stored, and what is special about them.
pub(super) fn counts(found: &Found) -> String {
    let refused = found.refused();
    let style = if refused == 0 { GOOD } else { WARN };
    let mut text = format!(
        "\n{} stored, {style}{} refused{style:#}; {} cancelled, {} of guests",
        show::counted(found.stored, "line"),
        show::number(refused),
        show::number(found.cancelled),
        show::number(found.guests),
    );
    text.push('\n');
    if found.copies > 0 {
        let copies = show::counted(found.copies, "line");
        let _ = writeln!(text, "{copies} the same as another: stored once");
    }
    text
}

/// What is refused, by reason.
pub(super) fn rejects(found: &Found) -> String {
    if found.rejects.is_empty() {
        return String::new();
    }
    let mut columns = [
        Column::new("Lines", 5, Kind::Number),
        Column::new("First in line", 13, Kind::Cut),
        Column::new("Why", 60, Kind::Broken),
    ];
    for rejects in found.rejects.values() {
        let row = [
            show::number(rejects.lines),
            rejects.first.clone(),
            rejects.message.clone(),
        ];
        for (column, text) in columns.iter_mut().zip(row) {
            column.texts.push(text);
        }
    }
    format!("\n{HEAD}Refused{HEAD:#}\n{}", table(&columns))
}

/// What is only likely.
pub(super) fn likely(guesses: &[(Option<Role>, &str)]) -> String {
    if guesses.is_empty() {
        return String::new();
    }
    let mut text = format!("\n{HEAD}Guessed: please check{HEAD:#}\n");
    for (role, guess) in guesses {
        let role = role.map(|role| format!("{role}: ")).unwrap_or_default();
        let words = format!("{role}{}", guess.replace('\n', ": "));
        let lines = wrapped(&words, WIDTH - 4).join("\n    ");
        let _ = writeln!(text, "  {WARN}!{WARN:#} {lines}");
    }
    text
}

/// What is not found.
pub(super) fn missing(missing: &[(Role, &str)], out: &str) -> String {
    let mut text = format!("\n{BAD}Not found{BAD:#}\n");
    for (role, why) in missing {
        let _ = writeln!(text, "  {BAD}✗{BAD:#} {role}: {why}");
    }
    let out = shown(out, WIDTH);
    let _ = writeln!(
        text,
        "\n{out} is written, with a comment where each of them belongs."
    );
    text
}

/// What to do now.
pub(super) fn next_step(file: &str, orders: Option<&str>) -> String {
    let orders = orders.map(|path| format!(" --orders {}", shown(path, 2 * WIDTH)));
    format!(
        "Next: sitewatch backtest {}{}\n",
        shown(file, 2 * WIDTH),
        orders.unwrap_or_default()
    )
}
