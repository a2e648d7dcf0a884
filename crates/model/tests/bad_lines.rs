//! Lines that are none of their format, each with the reason that must be told for it and the
//! part of the line that is at fault. What is told is one line, and quotes nothing.

use model::{Log, LogDecoder};

const FIELDS: &str =
    "#Fields: date time c-ip cs-method cs-uri-stem sc-status sc-bytes time-taken\n";

/// Format, line, reason and place.
const BAD: [(&str, &str, &str, &str); 62] = [
    (
        "cloudfront",
        "2019-12-04\t21:02:31\tLAX1",
        "no_fields",
        "line",
    ),
    ("w3c", "2019-12-04 21:02:31 /", "no_fields", "line"),
    (
        "w3c+",
        "2019-12-04 21:02:31 192.0.2.1 GET / 200 5",
        "columns",
        "line",
    ),
    (
        "w3c+",
        "2019-12-04 21:02:31 192.0.2.1 GET /a b 200 5 6",
        "columns",
        "line",
    ),
    (
        "w3c+",
        "2019-13-04 21:02:31 192.0.2.1 GET / 200 5 6",
        "not_a_time",
        "date",
    ),
    (
        "w3c+",
        "2019-12-04 21:62:31 192.0.2.1 GET / 200 5 6",
        "not_a_time",
        "time",
    ),
    (
        "w3c+",
        "2019-12-04 - 192.0.2.1 GET / 200 5 6",
        "not_a_time",
        "time",
    ),
    (
        "w3c+",
        "2019-12-04 21:02:31 192.0.2.1 GET / OK 5 6",
        "not_a_status",
        "sc-status",
    ),
    (
        "w3c+",
        "2019-12-04 21:02:31 192.0.2.1 GET / 20 5 6",
        "not_a_status",
        "sc-status",
    ),
    (
        "w3c+",
        "2019-12-04 21:02:31 192.0.2.1 GET / 200 -5 6",
        "not_a_number",
        "sc-bytes",
    ),
    (
        "w3c+",
        "2019-12-04 21:02:31 192.0.2.1 GET / 200 5 x",
        "not_a_number",
        "time-taken",
    ),
    (
        "w3c+",
        "2019-12-04 21:02:31 192.0.2.1 GET  200 5 6",
        "missing",
        "cs-uri-stem",
    ),
    (
        "w3c+",
        "2019-12-04 21:02:31 192.0.2.1 GET /  5 6",
        "missing",
        "sc-status",
    ),
    (
        "cloudfront-real-time",
        "1604012345.678\t192.0.2.1\t200",
        "columns",
        "line",
    ),
    (
        "cloudfront-real-time:timestamp,sc-status,cs-uri-stem",
        "today\t200\t/",
        "not_a_time",
        "timestamp",
    ),
    (
        "cloudfront-real-time:timestamp,sc-status,cs-uri-stem",
        "1604012345.678 200 /",
        "columns",
        "line",
    ),
    (
        "cloudfront-real-time:timestamp,sc-status,cs-uri-stem",
        "-\t200\t/",
        "missing",
        "date",
    ),
    (
        "cloudfront-json",
        "{\"date\":\"2019-12-04\"",
        "not_json",
        "line",
    ),
    (
        "cloudfront-json",
        "2019-12-04\t21:02:31",
        "not_json",
        "line",
    ),
    ("cloudfront-json", "{}", "missing", "cs-uri-stem"),
    (
        "cloudfront-json",
        "{\"cs-uri-stem\":\"/\",\"sc-status\":200}",
        "missing",
        "date",
    ),
    (
        "cloudfront-json",
        "{\"cs-uri-stem\":\"/\",\"cs-uri-stem\":\"/\"}",
        "not_json",
        "line",
    ),
    (
        "cloudfront-json",
        "{\"timestamp(ms)\":\"x\",\"cs-uri-stem\":\"/\",\"sc-status\":200}",
        "not_a_time",
        "timestamp(ms)",
    ),
    ("alb", "h", "missing", "time"),
    (
        "alb",
        "http 2018-07-02 app/a/5 192.0.2.1:2817 - 0 0 0 200 - 0 5 \"GET / HTTP/1.1\" \"-\"",
        "not_a_time",
        "time",
    ),
    (
        "alb",
        "http 2018-07-02T22:23:00Z app/a/5 192.0.2.1:2817 - 0 0",
        "missing",
        "response_processing_time",
    ),
    (
        "alb",
        "http 2018-07-02T22:23:00Z app/a/5 192.0.2.1:2817 - 0 x 0 200 - 0 5 \"GET / HTTP/1.1\" \"-\"",
        "not_a_number",
        "target_processing_time",
    ),
    (
        "alb",
        "http 2018-07-02T22:23:00Z app/a/5 192.0.2.1:2817 - 0 0 0 2000 - 0 5 \"GET / HTTP/1.1\" \"-\"",
        "not_a_status",
        "elb_status_code",
    ),
    (
        "alb",
        "http 2018-07-02T22:23:00Z app/a/5 192.0.2.1:2817 - 0 0 0 200 - 0 x \"GET / HTTP/1.1\" \"-\"",
        "not_a_number",
        "sent_bytes",
    ),
    (
        "alb",
        "http 2018-07-02T22:23:00Z app/a/5 192.0.2.1:2817 - 0 0 0 200 - 0 5 GET",
        "open_quote",
        "request",
    ),
    (
        "alb",
        "http 2018-07-02T22:23:00Z app/a/5 192.0.2.1:2817 - 0 0 0 200 - 0 5",
        "missing",
        "request",
    ),
    (
        "alb",
        "http 2018-07-02T22:23:00Z app/a/5 192.0.2.1:2817 - 0 0 0 200 - 0 5 \"GET / HTTP/1.1\" \"cur",
        "open_quote",
        "user_agent",
    ),
    ("combined", "192.0.2.1", "missing", "host"),
    (
        "combined",
        " - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 5",
        "missing",
        "host",
    ),
    (
        "combined",
        "192.0.2.1 - - \"GET / HTTP/1.0\" 200 5",
        "not_a_time",
        "time",
    ),
    (
        "combined",
        "192.0.2.1 - - [10/Okt/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 5",
        "not_a_time",
        "time",
    ),
    (
        "combined",
        "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700]",
        "not_a_time",
        "time",
    ),
    (
        "combined",
        "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] GET / 200 5",
        "open_quote",
        "request",
    ),
    (
        "combined",
        "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0",
        "open_quote",
        "request",
    ),
    (
        "combined",
        "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\\\" 200 5",
        "open_quote",
        "request",
    ),
    (
        "combined",
        "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\"",
        "missing",
        "status",
    ),
    (
        "combined",
        "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" ok 5",
        "not_a_status",
        "status",
    ),
    (
        "combined",
        "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 5k",
        "not_a_number",
        "bytes",
    ),
    (
        "combined",
        "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 5 \"http",
        "open_quote",
        "referer",
    ),
    (
        "combined",
        "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 5 \"-\"",
        "open_quote",
        "user agent",
    ),
    (
        "combined",
        "192.0.2.1 - - [10/Oct/2000:13:55:36 -0700] \"GET / HTTP/1.0\" 200 5 \"-\" \"curl",
        "open_quote",
        "user agent",
    ),
    ("akamai", "[1,2]", "not_json", "line"),
    (
        "akamai",
        "{\"start\":1,\"message\":{\"reqPath\":\"/\"}}",
        "missing",
        "status",
    ),
    (
        "akamai",
        "{\"start\":1,\"message\":{\"status\":\"200\"}}",
        "missing",
        "path",
    ),
    (
        "akamai",
        "{\"message\":{\"status\":\"200\",\"reqPath\":\"/\"}}",
        "missing",
        "time",
    ),
    (
        "akamai",
        "{\"start\":\"now\",\"message\":{\"status\":\"200\",\"reqPath\":\"/\"}}",
        "not_a_time",
        "time",
    ),
    (
        "akamai",
        "{\"start\":1,\"message\":{\"status\":true,\"reqPath\":\"/\"}}",
        "not_a_status",
        "status",
    ),
    (
        "akamai",
        "{\"start\":1,\"message\":{\"status\":200,\"reqPath\":\"/\",\"bytes\":\"1.5\"}}",
        "not_a_number",
        "bytes",
    ),
    (
        "akamai",
        "{\"start\":1,\"message\":{\"status\":200,\"reqPath\":\"/\"},\"netPerf\":{\"downloadTime\":-6}}",
        "not_a_number",
        "duration",
    ),
    (
        "akamai",
        "{\"start\":1,\"message\":{\"status\":200,\"reqPath\":\"\\ud800\"}}",
        "not_json",
        "line",
    ),
    (
        "vpc-flow",
        "2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 22 6 20 4249 1418530010 1418530070 ACCEPT",
        "columns",
        "line",
    ),
    (
        "vpc-flow",
        "2 123456789010 eni-1 10.0.0.1 10.0.0 1 22 6 20 4249 1418530010 1418530070 ACCEPT OK",
        "not_an_address",
        "dstaddr",
    ),
    (
        "vpc-flow",
        "2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 70000 6 20 4249 1418530010 1418530070 ACCEPT OK",
        "not_a_number",
        "dstport",
    ),
    (
        "vpc-flow",
        "2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 22 tcp 20 4249 1418530010 1418530070 ACCEPT OK",
        "not_a_number",
        "protocol",
    ),
    (
        "vpc-flow",
        "2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 22 6 20 4249 - 1418530070 ACCEPT OK",
        "not_a_time",
        "start",
    ),
    (
        "vpc-flow",
        "2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 22 6 20 4249 1418530010 1418530070 DENY OK",
        "not_an_action",
        "action",
    ),
    (
        "vpc-flow:srcaddr,start",
        "10.0.0.1  1418530010",
        "columns",
        "line",
    ),
];

#[test]
fn each_bad_line_is_refused_for_the_reason_that_it_should_be() {
    let mut wrong = String::new();
    for (format, line, reason, place) in BAD {
        let (name, head) = match format.strip_suffix('+') {
            Some(name) => (name, FIELDS),
            None => (format, ""),
        };
        let log = Log::named(name).expect("a log's name");
        let mut found = Vec::new();
        // A good line behind it would be another entry; what is refused is the line alone.
        LogDecoder::new(&log).decode(format!("{head}{line}\n").as_bytes(), |entry| {
            assert_eq!(entry.line, head.lines().count() as u64 + 1);
            found.push(entry.content.map(|content| format!("{content:?}")));
        });
        match &found[..] {
            [Err(reject)] if (reject.reason(), reject.place()) == (reason, place) => {
                let told = reject.to_string();
                assert!(told.starts_with(&format!("{place}: expected ")) && !told.contains('\n'));
            }
            _ => wrong += &format!("{format} {line}: {found:?}, expected {reason} of {place}\n"),
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}
