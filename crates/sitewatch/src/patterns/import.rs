//! Patterns into the table: what changes, and that it has.

use std::collections::{HashMap, HashSet};

use anyhow::bail;
use function::delivery::Fate;
use function::telemetry::chain;
use traffic::{BadPattern, Pattern};

use super::table::{Table, Write};
use crate::show::{GOOD, WARN, counted};

/// What there is to do.
#[derive(Debug, Default, PartialEq)]
struct Plan {
    writes: Vec<Write>,
    /// Of each write: what was there.
    before: Vec<Before>,
    unchanged: u64,
    /// Patterns of the table that the file does not name, and that stay.
    others: u64,
}

#[derive(Debug, PartialEq)]
enum Before {
    Nothing,
    Pattern(Pattern),
    /// Something that could not be used.
    Bad,
}

/// Writes what is new or different.
///
/// # Errors
/// If the table cannot be used, or not all could be written.
pub(crate) async fn run(
    patterns: Vec<Pattern>,
    replace: bool,
    table: &Table,
) -> anyhow::Result<()> {
    let (present, bad) = table.load().await?;
    let plan = Plan::new(patterns, present, &bad, replace);
    let delivery = table.write(&plan.writes).await;
    let mut missing = Vec::new();
    for ((write, before), fate) in plan.writes.iter().zip(&plan.before).zip(&delivery.fates) {
        match fate {
            Fate::Delivered => show(write, before),
            Fate::Refused | Fate::Pending => missing.push(write.id()),
        }
    }
    if !missing.is_empty() {
        let why = delivery
            .error
            .as_ref()
            .map_or("the table is busy".to_owned(), |error| chain(error));
        bail!(
            "{} not written to the table {}, run it again: {}: {why}",
            counted(missing.len() as u64, "pattern"),
            table.name(),
            missing.join(", ")
        );
    }
    plan.tell();
    Ok(())
}

impl Plan {
    fn new(
        patterns: Vec<Pattern>,
        present: Vec<Pattern>,
        bad: &[BadPattern],
        replace: bool,
    ) -> Self {
        let mut present: HashMap<String, Pattern> =
            present.into_iter().map(|p| (p.id.clone(), p)).collect();
        let mut bad: HashSet<&str> = bad.iter().map(|bad| bad.id.as_str()).collect();
        let mut plan = Self::default();
        for pattern in patterns {
            let before = match (present.remove(&pattern.id), bad.remove(pattern.id.as_str())) {
                (Some(same), _) if same == pattern => {
                    plan.unchanged += 1;
                    continue;
                }
                (Some(other), _) => Before::Pattern(other),
                (None, true) => Before::Bad,
                (None, false) => Before::Nothing,
            };
            plan.push(Write::Put(pattern), before);
        }
        let mut others: Vec<_> = present
            .into_iter()
            .map(|(id, p)| (id, Before::Pattern(p)))
            .collect();
        others.extend(bad.into_iter().map(|id| (id.to_owned(), Before::Bad)));
        others.sort_by(|a, b| a.0.cmp(&b.0));
        if replace {
            for (id, before) in others {
                plan.push(Write::Delete(id), before);
            }
        } else {
            plan.others = others.len() as u64;
        }
        plan
    }

    fn push(&mut self, write: Write, before: Before) {
        self.writes.push(write);
        self.before.push(before);
    }

    fn tell(&self) {
        let of = |wanted: fn(&Write, &Before) -> bool| {
            let all = self.writes.iter().zip(&self.before);
            all.filter(|(write, before)| wanted(write, before)).count()
        };
        let added = of(|write, before| matches!((write, before), (Write::Put(_), Before::Nothing)));
        let taken = of(|write, _| matches!(write, Write::Delete(_)));
        let changed = self.writes.len() - added - taken;
        anstream::println!(
            "{GOOD}{added} added{GOOD:#}, {changed} changed, {taken} taken out, {} unchanged.",
            self.unchanged
        );
        if self.others > 0 {
            anstream::println!(
                "{WARN}{} of the table stay{WARN:#} that the file does not name; --replace takes them out.",
                counted(self.others, "pattern")
            );
        }
    }
}

fn show(write: &Write, before: &Before) {
    match (write, before) {
        (Write::Put(Pattern { id, regex, rank }), Before::Nothing) => {
            anstream::println!("+ {id}  {rank}  {regex}");
        }
        (Write::Put(Pattern { id, regex, rank }), Before::Pattern(before)) => {
            anstream::println!(
                "~ {id}  {rank}  {regex}  (was {}  {})",
                before.rank,
                before.regex
            );
        }
        (Write::Put(Pattern { id, regex, rank }), Before::Bad) => {
            anstream::println!("~ {id}  {rank}  {regex}  (was none)");
        }
        (Write::Delete(id), _) => anstream::println!("- {id}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pattern(id: &str, rank: f64) -> Pattern {
        Pattern {
            id: id.to_owned(),
            regex: format!("^/{id}"),
            rank,
        }
    }

    #[test]
    fn only_what_differs_is_written() {
        let file = || {
            vec![
                pattern("new", 1.0),
                pattern("same", 2.0),
                pattern("moved", 3.0),
                pattern("mended", 4.0),
            ]
        };
        let present = || {
            vec![
                pattern("same", 2.0),
                pattern("moved", 9.0),
                pattern("other", 5.0),
            ]
        };
        let bad = ["mended", "wrong"].map(|id| BadPattern {
            id: id.to_owned(),
            problem: "Rank: expected a number".to_owned(),
        });
        let plan = Plan::new(file(), present(), &bad, false);
        let ids: Vec<_> = plan.writes.iter().map(Write::id).collect();
        assert_eq!(ids, ["new", "moved", "mended"]);
        assert_eq!((plan.unchanged, plan.others), (1, 2));
        let plan = Plan::new(file(), present(), &bad, true);
        let taken = [
            Write::Delete("other".to_owned()),
            Write::Delete("wrong".to_owned()),
        ];
        assert_eq!(plan.writes[3..], taken);
        assert_eq!(plan.others, 0);
    }
}
