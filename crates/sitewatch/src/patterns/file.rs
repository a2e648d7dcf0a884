//! Patterns from a CSV file, all of them good.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context as _, bail};
use csv::{ReaderBuilder, StringRecord};
use traffic::{BadPattern, Pattern, Patterns};

/// The columns, in any order.
const COLUMNS: [&str; 3] = ["Id", "Regex", "Rank"];
/// A rank is no larger, so that a table can keep it as it is.
const LARGEST_RANK: f64 = 1e9;

/// Reads a file.
///
/// # Errors
/// If it cannot be read, and for each pattern that cannot be used, with its line.
pub(crate) fn read(path: &Path) -> anyhow::Result<Vec<Pattern>> {
    let text = std::fs::read(path).with_context(|| path.display().to_string())?;
    parse(&text).map_err(|problems| {
        let lines: Vec<String> = problems
            .iter()
            .map(|problem| format!("{}: {problem}", path.display()))
            .collect();
        anyhow::anyhow!(lines.join("\n"))
    })
}

/// The patterns of a text, or what is wrong with which line.
fn parse(text: &[u8]) -> Result<Vec<Pattern>, Vec<String>> {
    let mut reader = ReaderBuilder::new()
        .trim(csv::Trim::Headers)
        .from_reader(text);
    let columns = columns(&mut reader).map_err(|error| vec![format!("line 1: {error:#}")])?;
    let (mut found, mut problems) = (Vec::new(), Vec::new());
    let mut lines: HashMap<String, u64> = HashMap::new();
    for record in reader.records() {
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let line = error.position().map_or(0, |at| line_at(text, at));
                problems.push(format!(
                    "line {line}: expected {} columns of UTF-8",
                    COLUMNS.len()
                ));
                continue;
            }
        };
        let line = record.position().map_or(0, |at| line_at(text, at));
        match pattern(&record, columns) {
            Ok(pattern) => match lines.insert(pattern.id.clone(), line) {
                None => found.push(pattern),
                Some(first) => {
                    let id = pattern.id;
                    problems.push(format!(
                        "line {line}: Id: {id} is that of line {first}, too"
                    ));
                }
            },
            Err(problem) => problems.push(format!("line {line}: {problem}")),
        }
    }
    // Each is good alone; all of them may be too much.
    let (_, bad) = Patterns::new(found.clone(), found.len());
    let of_all = |bad: BadPattern| format!("line {}: {}", lines[&bad.id], bad.problem);
    problems.extend(bad.into_iter().map(of_all));
    match (problems.is_empty(), found.is_empty()) {
        (false, _) => Err(problems),
        (true, true) => Err(vec!["expected patterns, found none".to_owned()]),
        (true, false) => Ok(found),
    }
}

/// The line of what begins at `at` or behind blank lines there, which the reader counts to it.
fn line_at(text: &[u8], at: &csv::Position) -> u64 {
    let begin = usize::try_from(at.byte()).unwrap_or(usize::MAX);
    let rest = text.get(begin..).unwrap_or_default();
    let blank = rest.iter().take_while(|byte| b"\r\n".contains(byte));
    at.line() + blank.filter(|byte| **byte == b'\n').count() as u64
}

/// Where each column is.
fn columns(reader: &mut csv::Reader<&[u8]>) -> anyhow::Result<[usize; 3]> {
    let names = reader.headers().context("expected the names of columns")?;
    let names: Vec<&str> = names
        .iter()
        .map(|name| name.trim_start_matches('\u{feff}'))
        .collect();
    let mut places = [0; 3];
    for (place, column) in places.iter_mut().zip(COLUMNS) {
        match names.iter().position(|name| *name == column) {
            Some(found) => *place = found,
            None => bail!(
                "expected the columns {}, found no {column}",
                COLUMNS.join(",")
            ),
        }
    }
    Ok(places)
}

/// One pattern, checked as the function does.
fn pattern(record: &StringRecord, columns: [usize; 3]) -> Result<Pattern, String> {
    let [id, regex, rank] = columns.map(|column| record.get(column).unwrap_or_default());
    let number: Option<f64> = rank.trim().parse().ok();
    let number = number.filter(|rank: &f64| rank.abs() <= LARGEST_RANK);
    let rank = number.ok_or("Rank: expected a number up to a billion")?;
    let pattern = Pattern {
        id: id.to_owned(),
        regex: regex.to_owned(),
        rank,
    };
    if pattern.regex.is_empty() {
        return Err("Regex: expected an expression, found nothing".to_owned());
    }
    let (_, bad) = Patterns::new(vec![pattern.clone()], 1);
    match bad.into_iter().next() {
        Some(bad) => Err(bad.problem),
        None => Ok(pattern),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_read_by_the_names_of_their_columns() {
        let found = parse(
            b"\xef\xbb\xbfRank,Id,Regex\r\n10,shop,\"^/shop/\\d{1,3}\"\r\n1.5,cart,^/cart\r\n",
        );
        let found = found.expect("patterns");
        assert_eq!(found.len(), 2);
        assert_eq!(
            (found[0].id.as_str(), found[0].regex.as_str()),
            ("shop", r"^/shop/\d{1,3}")
        );
        assert!((found[1].rank - 1.5).abs() < f64::EPSILON);
    }

    #[test]
    fn every_mistake_is_told_with_its_line() {
        let text = b"Id,Regex,Rank\ngood,^/a,1\nopen,(,2\n\nnan,x,nan\ngood,y,3\nother,x,4\nshort,x\nempty,,1\nbad,\xff,1\n";
        let problems = parse(text).expect_err("mistakes");
        let expected = [
            "line 3: Regex: unclosed group",
            "line 5: Rank: expected a number up to a billion",
            "line 6: Id: good is that of line 2, too",
            "line 7: Id: expected ",
            "line 8: expected 3 columns",
            "line 9: Regex: expected an expression",
            "line 10: expected 3 columns of UTF-8",
        ];
        assert_eq!(problems.len(), expected.len(), "{problems:?}");
        for (problem, expected) in problems.iter().zip(expected) {
            assert!(problem.starts_with(expected), "{problem}");
        }
        for (text, problem) in [
            (
                &b"Id,Regex\na,b\n"[..],
                "line 1: expected the columns Id,Regex,Rank, found no Rank",
            ),
            (b"", "line 1: expected the columns"),
            (b"Id,Regex,Rank\n", "expected patterns, found none"),
        ] {
            let problems = parse(text).expect_err("mistakes");
            assert!(problems[0].starts_with(problem), "{problems:?}");
        }
    }
}
