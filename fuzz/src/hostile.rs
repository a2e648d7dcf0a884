//! The inputs that ask most of a decoder for their length, of any length.
//!
//! The benchmark `hostile` shows that each takes time in proportion to it; the tests
//! that it takes memory so.

use crate::encode;

/// An input of about that many bytes.
pub type Input = fn(usize) -> Vec<u8>;

/// Every one, by what is bad about it.
pub const INPUTS: [(&str, Input); 14] = [
    ("blank-lines", |n| repeat("\n", n)),
    ("columns", |n| repeat(",", n)),
    ("digits", |n| {
        json("Quantity", &"9".repeat(n.saturating_sub(20)))
    }),
    ("doubled-quotes", |n| repeat("\"\"", n)),
    ("duplicate-fields", |n| {
        json("a", &repeated("1,\"a\":", n, "1"))
    }),
    ("empty-user-records", |n| {
        encode::sealed(&repeat_bytes(&[0x1A, 0x02, 0x1A, 0x00], n))
    }),
    ("escapes", |n| {
        json(
            "Description",
            &format!("\"{}\"", repeated("\\u0022", n, "")),
        )
    }),
    ("nested-arrays", |n| json("a", &"[".repeat(n))),
    ("nested-objects", |n| repeat("{\"a\":", n)),
    ("open-quote-before-all", |n| {
        [b"1,\"".to_vec(), repeat("\"\"\n", n)].concat()
    }),
    ("open-quotes", |n| repeat("x,\"\n", n)),
    ("open-quotes-in-turn", |n| {
        repeat("5\" x,\"abc\n\"\",\"\n", n)
    }),
    ("question-marks", |n| repeat("?\n", n)),
    ("shortest-lines", shortest_lines),
];

/// Lines that become rows, each another one.
fn shortest_lines(length: usize) -> Vec<u8> {
    let lines = (0..length / 29).map(|n| format!("{n},1,,1,1/1/2010 1:00,1,,1\n"));
    lines.collect::<String>().into_bytes()
}

fn json(field: &str, value: &str) -> Vec<u8> {
    format!("{{\"{field}\":{value}}}").into_bytes()
}

fn repeated(text: &str, length: usize, end: &str) -> String {
    text.repeat(length / text.len()) + end
}

fn repeat(text: &str, length: usize) -> Vec<u8> {
    repeat_bytes(text.as_bytes(), length)
}

fn repeat_bytes(bytes: &[u8], length: usize) -> Vec<u8> {
    bytes.repeat(length / bytes.len())
}
