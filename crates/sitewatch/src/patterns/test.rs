//! Which pattern a URL has, and how long that takes.

use std::hint::black_box;
use std::time::{Duration, Instant};

use traffic::{BadPattern, Pattern, Patterns};

use crate::show::{self, BAD};

/// A path is looked up so often, or for so long, for one lookup is too short to be measured.
const LOOKUPS: u32 = 1_000;
const LONGEST: Duration = Duration::from_millis(20);

/// Prints a line for each URL.
pub(crate) fn run(urls: &[String], found: (Vec<Pattern>, Vec<BadPattern>), most: usize) {
    let (patterns, mut bad) = found;
    let count = patterns.len();
    let (patterns, more) = Patterns::new(patterns, most);
    bad.extend(more);
    for bad in &bad {
        anstream::println!("{BAD}{bad}{BAD:#}");
    }
    let mut table = show::table(&["URL", "pattern", "µs"], &[2]);
    for url in urls {
        let path = path(url);
        let (id, took) = look_up(&patterns, path);
        let took = format!("{:.2}", took.as_secs_f64() * 1e6);
        table.add_row([url.as_str(), id.unwrap_or("other"), &took]);
    }
    anstream::println!("{table}");
    if count > most {
        anstream::println!("Only the first {most} of {count} patterns count (--max-patterns).");
    }
}

/// The first pattern that is found in the path, and how long one lookup takes.
fn look_up<'a>(patterns: &'a Patterns, path: &str) -> (Option<&'a str>, Duration) {
    // What a first lookup prepares, all others find.
    let id = patterns.find(path);
    let start = Instant::now();
    let mut lookups = 0;
    while lookups < LOOKUPS && start.elapsed() < LONGEST {
        black_box(patterns.find(black_box(path)));
        lookups += 1;
    }
    (id, start.elapsed() / lookups.max(1))
}

/// A URL's path, as logs have it.
fn path(url: &str) -> &str {
    let path = match url.split_once("://") {
        None => url,
        Some((_, rest)) => rest.find(['/', '?', '#']).map_or("/", |at| &rest[at..]),
    };
    let end = path.find(['?', '#']).unwrap_or(path.len());
    match &path[..end] {
        "" => "/",
        path => path,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_is_what_logs_have_of_a_url() {
        for (url, expected) in [
            ("https://www.example.com/a/b?c=/d#e", "/a/b"),
            ("https://www.example.com", "/"),
            ("https://www.example.com?q", "/"),
            ("/a%20b?x", "/a%20b"),
            ("favicon.ico", "favicon.ico"),
        ] {
            assert_eq!(path(url), expected, "{url}");
        }
    }
}
