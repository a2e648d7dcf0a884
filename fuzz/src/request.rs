//! Access logs and flow logs of every format, and files that describe JSON objects.

use model::{Content, Entry, Log, LogDecoder, Request};

use crate::memory::bounded;
use crate::order::offset;

/// Lines that are not UTF-8 become up to three times as long, with copies of their texts.
const MEMORY: usize = 12;
/// A TOML value of a few bytes is a node of a tree in memory.
const FILE_MEMORY: usize = 256;
/// What stands between a file and a log in an input.
const BETWEEN: u8 = 0x1E;

/// The formats by the first byte of an input; each beyond them has a file that describes it.
pub const LOGS: [&str; 11] = [
    "cloudfront",
    "cloudfront-json",
    "cloudfront-real-time",
    "cloudfront-real-time:timestamp,c-ip,sc-status,sc-bytes,cs-uri-stem,cs-user-agent,time-taken",
    "w3c",
    "alb",
    "combined",
    "akamai",
    "vpc-flow",
    "vpc-flow:srcaddr,dstaddr,dstport,protocol,start,action",
    "described",
];

/// An input: a log of the format of that number.
#[must_use]
pub fn input(log: usize, text: &[u8]) -> Vec<u8> {
    let number = u8::try_from(log).expect("few formats");
    [&[b'a' + number], text].concat()
}

/// Checks a log of the format that the first byte says.
///
/// # Panics
/// - if an entry is not of a line of the log, or they come in another order;
/// - if a line is refused in more than a line of text, or quotes it;
/// - if a request's texts are longer than its line allows;
/// - if a request, written in whatever format, is none any more, or another;
/// - if a file is refused without the number of one of its lines;
/// - if more memory is held than the length allows.
pub fn check(data: &[u8]) {
    let Some((first, text)) = data.split_first() else {
        return;
    };
    let name = LOGS[usize::from(first.wrapping_sub(b'a')) % LOGS.len()];
    if name != "described" {
        let log = Log::named(name).expect("a log's name");
        assert_eq!(log.to_string(), name);
        return decoded(&log, text);
    }
    let mut parts = text.splitn(2, |b| *b == BETWEEN);
    let Ok(file) = std::str::from_utf8(parts.next().unwrap_or_default()) else {
        return;
    };
    match bounded(file.len(), FILE_MEMORY, || Log::described(file)) {
        Err(error) => names_a_line(&error.to_string(), file),
        Ok(log) => {
            assert_eq!(Log::described(file).as_ref(), Ok(&log));
            decoded(&log, parts.next().unwrap_or_default());
        }
    }
}

/// An error of a file is one line that names one of the file's.
pub(crate) fn names_a_line(error: &str, file: &str) {
    let rest = error
        .strip_prefix("line ")
        .expect("an error that names a line");
    let (line, message) = rest.split_once(": ").expect("an error that names a line");
    let line: usize = line.parse().expect("a line's number");
    assert!((1..=file.split('\n').count()).contains(&line), "{error}");
    assert!(!message.is_empty() && !error.contains('\n'), "{error:?}");
}

fn decoded(log: &Log, text: &[u8]) {
    bounded(text.len(), MEMORY, || {
        LogDecoder::new(log).decode(text, drop);
    });
    if let Some(recognised) = Log::recognise(text) {
        LogDecoder::new(&recognised).decode(text, drop);
    }
    let breaks = text.iter().filter(|b| **b == b'\n').count() as u64;
    let (mut read, mut line, mut written) = (0, 1, 0);
    LogDecoder::new(log).decode(text, |entry| {
        assert!(line <= entry.line && entry.line <= breaks + 1);
        let start = offset(text, entry.bytes);
        // Of a line that is not UTF-8 each object's bytes are the whole line.
        assert!(start >= read || entry.line == line && start + entry.bytes.len() == read);
        read = start + entry.bytes.len();
        line = entry.line;
        if let Err(reject) = &entry.content {
            let told = reject.to_string();
            assert!(told.contains(": expected ") && !told.contains('\n') && told.len() < 200);
            assert!(!reject.reason().is_empty());
        }
        // Each takes some microseconds.
        if written < 50 {
            written += usize::from(reads_back(&entry));
        }
    });
}

/// The same request in each format that it can be written in.
fn reads_back(entry: &Entry<'_>) -> bool {
    let Ok(Content::Request(request)) = &entry.content else {
        return false;
    };
    let texts = [&request.client, &request.method, &request.path];
    let length: usize = texts.iter().map(|text| text.len()).sum();
    assert!(length <= 3 * entry.bytes.len());
    if request.time < 0 {
        return false;
    }
    for name in LOGS {
        let Some(log) = Log::named(name).ok() else {
            continue;
        };
        let Some(text) = log.write(std::slice::from_ref(request)) else {
            continue;
        };
        let mut count = 0;
        LogDecoder::new(&log).decode(&text, |again| match again.content {
            Ok(Content::Request(again)) => {
                count += 1;
                same(request, &again);
            }
            other => panic!("{request:?} as {name} is {other:?}"),
        });
        assert_eq!(count, 1, "{request:?} as {name}");
    }
    true
}

/// What every format tells, as exactly as the least exact one.
fn same(request: &Request<'_>, again: &Request<'_>) {
    assert_eq!(again.time / 1_000, request.time / 1_000, "{request:?}");
    assert_eq!(again.status, request.status, "{request:?}");
    assert_eq!(again.bytes, request.bytes, "{request:?}");
}
