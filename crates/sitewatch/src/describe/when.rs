//! How the date of orders is read, and what nobody can tell of it.

use super::column::Column;
use super::dates::dates;
use super::draft::Entry;
use super::fields::Finder;
use crate::text::{QUOTED, shown};

impl Finder<'_> {
    /// What is to be done about dates without a time of day.
    fn no_time(&self) -> String {
        let is_time = |column: &&&Column| column.mostly(|cell| is_time_of_day(&cell.text));
        let guess = "The dates tell no time of day: alarms by the second need one.";
        match self.free().iter().find(is_time) {
            Some(column) => {
                let name = shown(&column.name, QUOTED);
                format!("{guess} {name} has one: export both as one field.")
            }
            None => guess.to_owned(),
        }
    }

    pub(super) fn date(&self, column: &Column, entry: &mut Entry) {
        let comma = self.numbers.form.decimal == ',';
        let dashes = column.texts().next().is_some_and(|text| text.contains('-'));
        let Some(dates) = dates(column, comma || dashes || self.semicolons) else {
            return;
        };
        if dates.form != "iso" {
            entry.options.push(format!("format = {:?}", dates.form));
        }
        if let Some(other) = dates.or.filter(|_| !comma) {
            entry.guesses.push(format!(
                "No date in the sample tells whether day or month comes first. The other way round it is\nformat = {other:?}"
            ));
        }
        if !dates.has_time {
            entry.guesses.push(self.no_time());
        }
        if dates.is_local {
            entry.notes.push(
                "No offset stands in these dates. If they are local times, add where, and they are stored in UTC:\n\
                 zone = \"Europe/Berlin\""
                    .to_owned(),
            );
        }
    }
}

/// Whether a text is a time such as `8:26` or `08:26:30`.
fn is_time_of_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split(':').collect();
    let is_part =
        |part: &&str| matches!(part.len(), 1..=2) && part.bytes().all(|b| b.is_ascii_digit());
    matches!(parts.len(), 2..=3) && parts.iter().all(is_part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_known() {
        for (text, is) in [
            ("8:26", true),
            ("08:26:30", true),
            ("8", false),
            ("1:2:3:4", false),
            ("a:b", false),
            ("123:4", false),
        ] {
            assert_eq!(is_time_of_day(text), is, "{text}");
        }
    }
}
