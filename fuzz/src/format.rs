//! Order format files: the text that says how a shop's orders look.

use model::OrderFormat;

use crate::memory::bounded;

/// A TOML value of a few bytes is a node of a tree in memory.
const MEMORY: usize = 256;
/// What a record takes, and the places of its values: the format says how many.
const RECORD_MEMORY: usize = 64;
/// What stands between a file and a record in an input.
const BETWEEN: u8 = 0x1E;

/// Checks the file that `data` begins with, and what it makes of the record behind 0x1E;
/// of the file itself if there is none.
///
/// # Panics
/// - if a file is refused without the number of one of its lines, or in more than a line;
/// - if a file that is taken is another one when it is read again;
/// - if more memory is held than the file's length allows, or than file and record do
///   when the record is decoded.
pub fn check(data: &[u8]) {
    let mut parts = data.splitn(2, |b| *b == BETWEEN);
    let file = parts.next().unwrap_or_default();
    let record = parts.next().unwrap_or(file);
    let Ok(text) = std::str::from_utf8(file) else {
        return;
    };
    match bounded(text.len(), MEMORY, || OrderFormat::parse(text)) {
        Err(error) => {
            let error = error.to_string();
            let (line, message) = error
                .strip_prefix("line ")
                .and_then(|rest| rest.split_once(": "))
                .expect("an error that names a line");
            let line: usize = line.parse().expect("a line's number");
            let lines = text.split('\n').count();
            assert!((1..=lines).contains(&line), "{error}: of {lines} lines");
            assert!(!message.is_empty() && !error.contains('\n'), "{error:?}");
        }
        Ok(format) => {
            assert!(format.is_described());
            assert_eq!(OrderFormat::parse(text).as_ref(), Ok(&format));
            let length = text.len() + record.len();
            bounded(length, RECORD_MEMORY, || {
                for decoded in format.decode(record) {
                    match decoded.line {
                        Ok(line) => assert!(format.write(&[line]).is_some()),
                        Err(reject) => assert!(!format.explain(&reject).to_string().is_empty()),
                    }
                }
            });
            assert!(format.decode(record).count() <= record.len());
            assert!(!format.shape().is_empty() && format.fields().len() >= 6);
            for decoded in format.decode(record).take(3) {
                assert!(format.values(&decoded).len() <= format.fields().len());
            }
        }
    }
}
