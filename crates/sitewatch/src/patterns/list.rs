//! The table's patterns, in the order in which they are looked for.

use traffic::{BadPattern, Patterns};

use super::table::Table;
use crate::show::{self, BAD, counted};

/// Prints them.
///
/// # Errors
/// If the table cannot be read.
pub(crate) async fn run(table: &Table) -> anyhow::Result<()> {
    let (mut patterns, mut bad) = table.load().await?;
    patterns.sort_by(|a, b| a.rank.total_cmp(&b.rank).then(a.id.cmp(&b.id)));
    let unreadable = bad.len();
    bad.extend(Patterns::new(patterns.clone(), patterns.len()).1);
    let mut shown = show::table(&["rank", "id", "regex", ""], &[0]);
    for pattern in &patterns {
        let problem = bad[unreadable..].iter().find(|bad| bad.id == pattern.id);
        let rank = pattern.rank.to_string();
        shown.add_row([&rank, &pattern.id, &pattern.regex, &marked(problem)]);
    }
    for bad in &bad[..unreadable] {
        shown.add_row(["", &bad.id, "", &marked(Some(bad))]);
    }
    anstream::println!("{shown}");
    let all = counted((patterns.len() + unreadable) as u64, "pattern");
    match bad.len() {
        0 => anstream::println!("{all}."),
        n => anstream::println!("{all}, {BAD}{n} of them cannot be used{BAD:#}."),
    }
    Ok(())
}

/// What is said of a pattern that cannot be used.
fn marked(bad: Option<&BadPattern>) -> String {
    bad.map_or(String::new(), |bad| format!("✗ {}", bad.problem))
}
