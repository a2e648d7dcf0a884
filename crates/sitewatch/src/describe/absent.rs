//! What stands for a field that is not found.

use super::column::Column;
use super::draft::{Entry, Source};
use super::fields::{Finder, TOLD};
use super::guess;
use super::names::Role;
use crate::text::{QUOTED, shown};

impl Finder<'_> {
    /// What stands for a field that is not found.
    pub(super) fn absent(&self, role: Role) -> Option<Entry> {
        if !TOLD.contains(&role) {
            return None;
        }
        let near = guess::near_miss(role, self.columns, self.nested);
        if role == Role::StockCode
            && let Some(column) = self.column(Role::Description)
        {
            let mut entry = Entry::at(role, &column.toml, column.in_order);
            let guess = "No article number was found: the article's name stands for it.";
            entry.guesses.push(guess.to_owned());
            return Some(entry);
        }
        let (constant, guess) = match role {
            Role::Country => (
                "\"unknown\"",
                "No country was found: put yours in place of \"unknown\", or where it is.",
            ),
            Role::Quantity if near.is_none() => {
                ("1", "No quantity was found: each line counts as one.")
            }
            _ => {
                return Some(Entry::new(
                    role,
                    Source::Missing(missing(role, near)),
                    role.is_of_orders() && self.nested,
                ));
            }
        };
        let mut entry = Entry::new(role, Source::Constant(constant), false);
        entry.guesses.push(guess.to_owned());
        Some(entry)
    }
}

/// What is known about a field that is not found.
fn missing(role: Role, near: Option<&Column>) -> String {
    let Some(column) = near else {
        return "nothing in the data looks like it".to_owned();
    };
    let name = shown(&column.name, QUOTED);
    match guess::misfit(role, column) {
        Some(text) => {
            let (text, wanted) = (shown(text, QUOTED), guess::wanted(role));
            format!("{name} has \"{text}\", {wanted}")
        }
        None => format!("{name} is blank"),
    }
}
