//! URL patterns: a path's name in the metrics. Matching is linear in the path whatever the
//! patterns are. Where they are kept is `pattern_table`'s.

use std::fmt;

use regex::bytes::{RegexBuilder, RegexSet, RegexSetBuilder};

use crate::hosts::OTHER;

/// What one pattern may take when it is compiled. A pattern of `.{1000}` fits.
const SIZE: usize = 1024 * 1024;
/// What all of them may take. Each fits alone; 200 of the largest do not.
const SIZE_OF_ALL: usize = 64 * 1024 * 1024;
/// What matching may remember of its own states, so that a path is gone through once.
const CACHE: usize = 8 * 1024 * 1024;
/// As CloudWatch has it for a dimension's value.
const LONGEST_ID: usize = 256;

/// A pattern as it is configured.
#[derive(Debug, Clone, PartialEq)]
pub struct Pattern {
    /// Its name: the dimension's value.
    pub id: String,
    /// A regular expression that is looked for anywhere in the path.
    pub regex: String,
    /// The lowest is looked for first.
    pub rank: f64,
}

/// A pattern that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadPattern {
    /// Its name.
    pub id: String,
    /// Why, on one line.
    pub problem: String,
}

impl fmt::Display for BadPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "pattern {}: {}", self.id, self.problem)
    }
}

/// The patterns, ready to be looked for.
#[derive(Debug, Clone, Default)]
pub struct Patterns {
    ids: Vec<String>,
    set: RegexSet,
}

impl Patterns {
    /// The first `most` of the patterns by rank, those of one rank by their names. What
    /// cannot be used is left out and told of; the others work.
    #[must_use]
    pub fn new(mut patterns: Vec<Pattern>, most: usize) -> (Self, Vec<BadPattern>) {
        let order = |a: &Pattern, b: &Pattern| a.rank.total_cmp(&b.rank).then(a.id.cmp(&b.id));
        patterns.sort_by(order);
        let mut bad = Vec::new();
        patterns.retain(|pattern| match problem(pattern) {
            None => true,
            Some(problem) => {
                let id = pattern.id.clone();
                bad.push(BadPattern { id, problem });
                false
            }
        });
        patterns.truncate(most);
        loop {
            let set = RegexSetBuilder::new(patterns.iter().map(|p| &p.regex))
                .unicode(false)
                .size_limit(SIZE_OF_ALL)
                .dfa_size_limit(CACHE)
                .build();
            match (set, patterns.pop()) {
                (Ok(set), last) => {
                    patterns.extend(last);
                    let ids = patterns.into_iter().map(|p| p.id).collect();
                    return (Self { ids, set }, bad);
                }
                (Err(_), Some(Pattern { id, .. })) => {
                    let problem = "with those before it, it takes too much memory".to_owned();
                    bad.push(BadPattern { id, problem });
                }
                (Err(_), None) => return (Self::default(), bad),
            }
        }
    }

    /// The number of the first pattern that is found in the path; that of all others if
    /// none is.
    pub(crate) fn number(&self, path: &str) -> u16 {
        let found = self.set.matches(path.as_bytes());
        found.iter().next().unwrap_or(self.ids.len()) as u16
    }

    /// The first pattern that is found in the path.
    #[must_use]
    pub fn find(&self, path: &str) -> Option<&str> {
        self.ids
            .get(usize::from(self.number(path)))
            .map(String::as_str)
    }

    /// The name of a number.
    pub(crate) fn name(&self, number: u16) -> &str {
        self.ids
            .get(usize::from(number))
            .map_or(OTHER, String::as_str)
    }
}

/// Why a pattern cannot be used.
fn problem(pattern: &Pattern) -> Option<String> {
    let legal = |b: u8| (b' '..=b'~').contains(&b);
    let is_id = !pattern.id.trim().is_empty()
        && pattern.id.len() <= LONGEST_ID
        && pattern.id.bytes().all(legal)
        && !pattern.id.starts_with(':');
    if !is_id || pattern.id == OTHER {
        return Some(format!(
            "Id: expected 1 to {LONGEST_ID} characters of ASCII, not a colon first and not `{OTHER}`"
        ));
    }
    if !pattern.rank.is_finite() {
        return Some("Rank: expected a number".to_owned());
    }
    let compiled = RegexBuilder::new(&pattern.regex)
        .unicode(false)
        .size_limit(SIZE)
        .build();
    // The crate's message is a drawing of several lines, the last of which says what it is.
    let error = compiled.err()?.to_string();
    let last = error.lines().last().unwrap_or_default();
    let last = last.strip_prefix("error: ").unwrap_or(last);
    Some(format!("Regex: {last}"))
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn pattern(id: &str, regex: &str, rank: f64) -> Pattern {
        Pattern {
            id: id.to_owned(),
            regex: regex.to_owned(),
            rank,
        }
    }

    #[test]
    fn the_first_by_rank_and_then_by_name_that_is_anywhere_in_the_path_wins() {
        let (patterns, bad) = Patterns::new(
            vec![
                pattern("rest", "/", 99.0),
                pattern("b", "^/shop/", 1.0),
                pattern("a", r"\.png$", 1.0),
                pattern("early", "^/shop/cart", 0.5),
            ],
            20,
        );
        assert_eq!(bad, []);
        for (path, id) in [
            ("/shop/cart/1.png", Some("early")),
            ("/shop/1.png", Some("a")),
            ("/shop/1", Some("b")),
            ("/other", Some("rest")),
            ("*", None),
        ] {
            assert_eq!(patterns.find(path), id, "{path}");
        }
    }

    #[test]
    fn bad_patterns_are_told_of_and_the_others_work() {
        let (patterns, bad) = Patterns::new(
            vec![
                pattern("open", "(", 1.0),
                pattern("huge", "a{1000}{1000}", 2.0),
                pattern("", "x", 3.0),
                pattern("other", "x", 4.0),
                pattern("nan", "x", f64::NAN),
                pattern("good", r"^/\d+$", 6.0),
            ],
            20,
        );
        assert_eq!(patterns.find("/17"), Some("good"));
        let bad: Vec<String> = bad.iter().map(BadPattern::to_string).collect();
        assert_eq!(bad[0], "pattern open: Regex: unclosed group");
        assert!(bad[1].starts_with("pattern huge: Regex: "), "{}", bad[1]);
        assert_eq!(bad.len(), 5, "{bad:?}");
        assert!(bad.iter().all(|problem| !problem.contains('\n')));
    }

    #[test]
    fn more_patterns_than_may_be_are_other() {
        let all = (0..30).map(|n| pattern(&format!("p{n:02}"), &format!("^/{n}$"), f64::from(n)));
        let (patterns, _) = Patterns::new(all.collect(), 20);
        assert_eq!(patterns.find("/19"), Some("p19"));
        assert_eq!(patterns.find("/20"), None);
        assert_eq!(patterns.name(20), OTHER);
    }

    #[test]
    fn a_pattern_that_would_backtrack_forever_is_linear() {
        let (patterns, bad) = Patterns::new(vec![pattern("evil", "^(a+)+$", 1.0)], 20);
        assert_eq!(bad, []);
        let path = "a".repeat(1024 * 1024) + "!";
        let start = Instant::now();
        assert_eq!(patterns.find(&path), None);
        assert!(start.elapsed() < Duration::from_secs(5));
    }
}
