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

/// Every one for orders of a shop's own form, by what is bad about it: the form, as
/// [`crate::described`] counts them, and the record.
pub const DESCRIBED: [(&str, usize, Input); 29] = [
    ("array-of-nothing", WHOLE, |n| repeat("[],", n)),
    ("blanks-of-all-kinds", LINES, blanks_of_all_kinds),
    ("braces", WHOLE, |n| repeat("{", n)),
    ("braces-in-lines", WHOLE, |n| repeat("{\n", n)),
    ("brackets", WHOLE, |n| repeat("[", n)),
    ("broken-orders", WHOLE, |n| repeat(BROKEN, n)),
    ("broken-then-good", WHOLE, |n| {
        [repeat("{\n", 20), repeat(PRETTY, n)].concat()
    }),
    ("closed-too-late", WHOLE, |n| {
        [
            repeat("{\n", n / 4),
            repeat("}\n", n / 4),
            repeat("{\"a\":\n", n / 2),
        ]
        .concat()
    }),
    ("columns", SEMICOLONS, |n| repeat(";", n)),
    ("deep-arrays-in-a-line", WHOLE, |n| order(&"[".repeat(n))),
    ("deep-on-the-path", LINES, |n| {
        repeat("{\"order\":{\"order\":[{\"no\":", n)
    }),
    ("digits", WHOLE, |n| {
        order(&format!("{{\"q\":{}}}", "9".repeat(n)))
    }),
    ("duplicate-fields", WHOLE, |n| {
        repeated("{\"customer\":{},", n, "")
            .replace(",{", ",")
            .into_bytes()
    }),
    ("empty-objects", LINES, |n| repeat("{},", n)),
    ("empty-objects-in-lines", WHOLE, |n| repeat("{}\n", n)),
    ("escapes-inherited", WHOLE, |n| {
        inheriting(n, &"\\u0049".repeat(70), &"\\u0049".repeat(70))
    }),
    ("inherited", WHOLE, |n| inheriting(n, &"I".repeat(140), "F")),
    ("inherited-too-much", WHOLE, |n| {
        inheriting(n, &"I".repeat(900), &"F".repeat(1_100))
    }),
    ("joined-over-lines", WHOLE, |n| repeat("{\n\"a\":1},", n)),
    ("lines-of-nothing", WHOLE, |n| {
        order(&repeated("0,", n, "0"))
    }),
    ("lines-of-objects", WHOLE, |n| {
        order(&repeated("{},", n, "{}"))
    }),
    ("many-elements", LINES, |n| {
        format!("{{\"items\":[{}]}}", repeated("0,", n, "0")).into_bytes()
    }),
    ("open-quotes", SEMICOLONS, |n| repeat("x;\"\n", n)),
    ("open-quotes-in-turn", SEMICOLONS, |n| {
        repeat("5\" x;\"abc\n\"\";\"\n", n)
    }),
    ("open-texts", WHOLE, |n| repeat("{\"a\n", n)),
    ("quotes-and-commas", WHOLE, |n| repeat("\",\"\n", n)),
    ("short-orders", WHOLE, |n| {
        repeated(
            "{\"id\":1,\"at\":\"2010-12-01\",\"customer\":{\"country\":\"F\"},\"lines\":[{\"s\":1}]}",
            n,
            "",
        )
        .into_bytes()
    }),
    ("shortest-lines", TABS, |n| {
        let lines = (0..n / 24).map(|n| format!("\t{n}\ta\t2010-12-01\t\t1\t\tc\n"));
        lines.collect::<String>().into_bytes()
    }),
    ("tabs", TABS, |n| repeat("\t", n)),
];

/// Every one for logs, by what is bad about it: the log's name, and the text.
pub const LOGS: [(&str, &str, Input); 16] = [
    ("backslashes", "combined", |n| common(&"\\".repeat(n))),
    ("blank-lines", "combined", |n| repeat("\n", n)),
    ("braces", "akamai", |n| repeat("{", n)),
    ("brackets", "combined", |n| repeat(" [", n)),
    ("columns", "w3c", |n| {
        [b"#Fields: date".to_vec(), repeat(" ", n)].concat()
    }),
    ("empty-objects", "akamai", |n| repeat("{}", n)),
    ("escapes", "combined", |n| common(&repeated("\\x41", n, ""))),
    ("fields-again", "w3c", |n| {
        repeat("#Fields: date time c-ip\n", n)
    }),
    ("long-path", "combined", |n| {
        common(&format!("GET /{} HTTP/1.1", "a".repeat(n)))
    }),
    ("nested-arrays", "akamai", |n| {
        json("message", &"[".repeat(n))
    }),
    ("nested-objects", "akamai", |n| repeat("{\"message\":", n)),
    ("not-utf-8", "combined", |n| repeat_bytes(&[0xFF], n)),
    ("not-utf-8-lines", "combined", |n| {
        repeat_bytes(b"\xFF\n", n)
    }),
    ("open-texts", "akamai", |n| repeat("{\"a", n)),
    (
        "percent-signs",
        "cloudfront-real-time:timestamp,c-ip,sc-status,sc-bytes,cs-uri-stem,cs-user-agent,time-taken",
        |n| format!("1\t-\t200\t5\t/\t{}\t-", repeated("%2520", n, "")).into_bytes(),
    ),
    ("quotes", "combined", |n| common(&"\"".repeat(n))),
];

/// A line of the common format with this request.
fn common(request: &str) -> Vec<u8> {
    format!("192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"{request}\" 200 5\n").into_bytes()
}

const SEMICOLONS: usize = 0;
const TABS: usize = 1;
const LINES: usize = 2;
const WHOLE: usize = 3;

/// Objects over two lines, each with blanks before it that no other has.
fn blanks_of_all_kinds(length: usize) -> Vec<u8> {
    let object = |n: usize| {
        let blanks = format!("{n:017b}").replace('0', " ").replace('1', "\t");
        format!("{blanks}{{\n\"a\":1}}\n")
    };
    (0..length / 27)
        .map(object)
        .collect::<String>()
        .into_bytes()
}

/// An order over several lines, and one that is cut off.
const PRETTY: &str = "{\n\"id\": 1,\n\"at\": \"2010-12-01\",\n\"customer\": {\"country\": \"F\"},\n\
    \"lines\": [\n{\"s\": 1}\n]\n}\n";
const BROKEN: &str = "{\n\"id\": 1,\n\"lines\": [\n{\"s\": 1},\n";

/// An order with these lines and nothing else.
fn order(lines: &str) -> Vec<u8> {
    format!("{{\"lines\":[{lines}]}}").into_bytes()
}

/// An order of the shortest lines that may inherit two such texts, or not.
fn inheriting(length: usize, invoice: &str, country: &str) -> Vec<u8> {
    let lines = repeated("{\"s\":1,\"n\":1},", length, "{\"s\":2}");
    format!(
        "{{\"id\":\"{invoice}\",\"at\":\"2010-12-01\",\"customer\":{{\"country\":\"{country}\"}},\"lines\":[{lines}]}}"
    )
    .into_bytes()
}

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
