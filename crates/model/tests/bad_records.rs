//! Records that nobody should send, as files in `bad/`, each with what must be said of
//! it in `bad/expected.tsv`: which line is refused, for what reason, in which field,
//! and what class of value was found there. Lines that are not listed are good.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use model::{Position, decode};

fn folder() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/bad"))
}

/// A name as the rejects queue's messages spell it; empty where there is none.
fn name(value: impl serde::Serialize) -> String {
    let json = serde_json::to_value(value).expect("JSON");
    json.as_str().unwrap_or_default().to_owned()
}

/// `<line>`, behind `<user record>:` in an aggregate.
fn place(position: Position) -> String {
    let user_record = position.user_record.map(|n| format!("{n}:"));
    format!("{}{}", user_record.unwrap_or_default(), position.line)
}

fn refused(record: &[u8]) -> Vec<[String; 4]> {
    let lines = decode(record).filter_map(|decoded| {
        let reject = decoded.line.err()?;
        let field = name(reject.field);
        Some([
            place(decoded.position),
            name(reject.reason),
            field,
            name(reject.found),
        ])
    });
    lines.collect()
}

#[test]
fn each_bad_record_is_refused_for_the_reason_that_it_should_be() {
    let table = fs::read_to_string(folder().join("expected.tsv")).expect("the table");
    let mut expected: BTreeMap<&str, Vec<[String; 4]>> = BTreeMap::new();
    for row in table.lines().filter(|row| !row.starts_with('#')) {
        let (file, rest) = row.split_once('\t').expect("a file's name and more");
        let columns: Vec<String> = rest.split('\t').map(str::to_owned).collect();
        let columns = columns.try_into().expect("place, reason, field and found");
        expected.entry(file).or_default().push(columns);
    }
    let mut wrong = String::new();
    for (file, expected) in &expected {
        let record = fs::read(folder().join(file)).expect(file);
        let refused = refused(&record);
        if &refused != expected {
            wrong += &format!("{file}: {refused:?}, expected {expected:?}\n");
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
    let files = fs::read_dir(folder()).expect("the folder").count();
    assert_eq!(expected.len(), files - 1, "each file is in the table");
}
