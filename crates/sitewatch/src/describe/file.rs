//! An order format's file: the text of a proposal.

use std::fmt::Write as _;

use model::NumberForm;

use super::column::toml_text;
use super::draft::{Draft, Entry, Shape, Source};
use crate::text::{shown, wrapped};

/// Signs of a line, as far as words can be broken.
const WIDTH: usize = 100;

/// The file's text. `name` is that of the data's file, `out` the text's own.
pub(super) fn text(draft: &Draft, name: &str, out: &str) -> String {
    let (name, out) = (shown(name, WIDTH), shown(out, WIDTH));
    let mut text = comment(&format!(
        "How the orders in {name} look: an order format, proposed by `sitewatch describe` from the beginning of that file.\n\
         Compare what it shows with your orders, change here what is wrong, and look again:\n\
         sitewatch describe {name} --orders {out}"
    ));
    for guess in &draft.guesses {
        text += &comment(guess);
    }
    text.push('\n');
    text += &head(draft);
    let nested = matches!(draft.shape, Shape::Json { lines: Some(_) });
    for (name, in_order) in [("order", true), ("line", false)] {
        let mut entries = draft
            .entries
            .iter()
            .filter(|entry| entry.in_order == in_order)
            .peekable();
        if in_order && (!nested || entries.peek().is_none()) {
            continue;
        }
        let _ = writeln!(text, "\n[{name}]");
        for entry in entries {
            text += &field(entry);
        }
    }
    text
}

/// The same with a place for what is missing: what is found can be read with it.
pub(super) fn stand_in(draft: &Draft) -> String {
    let mut whole = draft.clone();
    let place = match draft.shape {
        Shape::Csv { .. } => "1",
        Shape::Json { .. } => "\"/\"",
    };
    for entry in &mut whole.entries {
        if matches!(entry.source, Source::Missing(_)) {
            entry.source = Source::At(vec![place.to_owned()]);
        }
    }
    text(&whole, "", "")
}

fn head(draft: &Draft) -> String {
    let mut text = String::new();
    match &draft.shape {
        Shape::Csv { delimiter, names } => {
            text += "format = \"csv\"\n";
            if *delimiter != b',' {
                let _ = writeln!(
                    text,
                    "delimiter = {}",
                    toml_text(&char::from(*delimiter).to_string())
                );
            }
            if let Some(names) = names {
                text += "# The columns in the file's order. The line with these names is passed over.\n";
                text += &array("columns", names);
            }
        }
        Shape::Json { lines } => {
            text += "format = \"json\"\n";
            if let Some(lines) = lines {
                text += "# Each object is a whole order, with its lines here.\n";
                let _ = writeln!(text, "lines = {}", toml_text(lines));
            }
        }
    }
    let NumberForm { decimal, thousands } = draft.numbers;
    if decimal != NumberForm::default().decimal {
        let _ = writeln!(text, "decimal = {}", toml_text(&decimal.to_string()));
    }
    if let Some(thousands) = thousands {
        let _ = writeln!(text, "thousands = {}", toml_text(&thousands.to_string()));
    }
    text
}

/// An array, in one line if it is short.
fn array(key: &str, texts: &[String]) -> String {
    let texts: Vec<String> = texts.iter().map(|text| toml_text(text)).collect();
    let line = format!("{key} = [{}]\n", texts.join(", "));
    if line.chars().count() <= WIDTH {
        return line;
    }
    let lines: String = texts.iter().map(|text| format!("    {text},\n")).collect();
    format!("{key} = [\n{lines}]\n")
}

fn field(entry: &Entry) -> String {
    let mut text = String::new();
    for words in entry.notes.iter().chain(&entry.guesses) {
        text += &comment(words);
    }
    let role = entry.role;
    let value = match &entry.source {
        Source::Missing(why) => {
            let place = if matches!(
                role,
                super::names::Role::InvoiceNo | super::names::Role::InvoiceDate
            ) {
                "\"…\""
            } else {
                "{ value = … }"
            };
            let _ = writeln!(text, "# {role} = {place}   # not found: {why}");
            return text;
        }
        Source::Constant(constant) => format!("{{ value = {constant} }}"),
        Source::At(at) => {
            let at = match &at[..] {
                [one] => one.clone(),
                several => format!("[{}]", several.join(", ")),
            };
            let parts: Vec<String> = [format!("at = {at}")]
                .into_iter()
                .chain(entry.options.clone())
                .collect();
            if parts.len() == 1 && !at.starts_with('[') {
                at
            } else {
                format!("{{ {} }}", parts.join(", "))
            }
        }
    };
    let _ = writeln!(text, "{role} = {value}");
    text
}

/// Lines of a comment, broken between words.
fn comment(words: &str) -> String {
    let lines = wrapped(words, WIDTH - 2);
    lines
        .iter()
        .map(|line| {
            format!(
                "# {line}
"
            )
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::names::Role;
    use super::*;

    #[test]
    fn a_hostile_name_stays_within_its_text() {
        let names = vec![
            "a\"]\nx = 1".to_owned(),
            "\u{1b}[31m".to_owned(),
            "\\".to_owned(),
            String::new(),
        ];
        let mut at = Entry::at(Role::InvoiceNo, &toml_text(&names[0]), false);
        at.guesses.push("first\nsecond".to_owned());
        let mut entries = vec![at];
        for role in [
            Role::StockCode,
            Role::Quantity,
            Role::InvoiceDate,
            Role::UnitPrice,
            Role::Country,
        ] {
            entries.push(Entry::at(role, &toml_text(&names[1]), false));
        }
        let shape = Shape::Csv {
            delimiter: b'\t',
            names: Some(names),
        };
        let draft = Draft {
            shape,
            numbers: NumberForm::default(),
            entries,
            guesses: Vec::new(),
        };
        let text = text(&draft, "a\nb.csv", "o.toml");
        let format = model::OrderFormat::parse(&text).expect("a format");
        assert_eq!(format.name(model::Field::InvoiceNo), Some("a\"]\nx = 1"));
        assert!(!text.contains('\u{1b}') && text.lines().any(|line| line == "# second"));
    }

    #[test]
    fn what_is_missing_is_a_comment_that_says_so() {
        let entry = Entry::new(
            Role::Country,
            Source::Missing("nothing looks like it".to_owned()),
            false,
        );
        assert_eq!(
            field(&entry),
            "# Country = { value = … }   # not found: nothing looks like it\n"
        );
    }
}
