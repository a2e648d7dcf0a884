//! JSON objects as a file describes them.

use model::{Content, Log, LogDecoder, LogReject, Request};

const NGINX: &str = r#"
format = "json"

[request]
time = { at = "/time", format = "%d/%b/%Y:%H:%M:%S %z" }
client = ["/forwarded/for", "/remote_addr"]
host = "/host"
request = "/request"
status = "/status"
bytes = "/sent"
duration = { at = "/request_time", unit = "s" }
referer = "/referer"
user_agent = "/agent"
cache = "/upstream/cache"
"#;

fn read(description: &str, line: &str) -> Result<Request<'static>, LogReject> {
    let log = Log::described(description).expect("a description");
    let mut found = Vec::new();
    LogDecoder::new(&log).decode(line.as_bytes(), |entry| {
        found.push(entry.content.map(|content| match content {
            Content::Request(request) => request.into_owned(),
            Content::Flow(flow) => panic!("a flow: {flow:?}"),
        }));
    });
    assert_eq!(found.len(), 1);
    found.remove(0)
}

#[test]
fn an_object_is_read_as_it_is_described() {
    let line = r#"{"time":"10/Oct/2000:13:55:36 -0700","remote_addr":"192.0.2.1","forwarded":{"for":"-"},"host":"shop.example",
        "request":"POST /a?b=\"c\" HTTP/1.1","status":201,"sent":"12","request_time":0.0125,"agent":"a \"b\"",
        "upstream":{"cache":"HIT","other":[1,{}]},"more":null}"#.replace('\n', " ");
    let expected = Request {
        time: 971_211_336_000,
        client: "192.0.2.1".into(),
        host: Some("shop.example".into()),
        method: "POST".into(),
        path: "/a".into(),
        query: Some("b=\"c\"".into()),
        status: Some(201),
        bytes: 12,
        duration: Some(12_500),
        referer: None,
        user_agent: Some("a \"b\"".into()),
        edge: None,
        cache: Some("HIT".into()),
    };
    assert_eq!(read(NGINX, &line), Ok(expected));
}

#[test]
fn times_and_durations_are_in_the_units_that_are_said() {
    let file = |time: &str, unit: &str| {
        format!(
            "format = \"json\"\n[request]\ntime = {time}\npath = \"/p\"\nstatus = \"/s\"\nduration = {{ at = \"/d\", unit = \"{unit}\" }}"
        )
    };
    for (time, value, at) in [
        ("\"/t\"", "\"2000-10-10T20:55:36.5Z\"", 971_211_336_500),
        ("\"/t\"", "\"2000-10-10T22:55:36+02:00\"", 971_211_336_000),
        (
            "{ at = \"/t\", zone = \"Europe/Berlin\" }",
            "\"2000-10-10 22:55:36\"",
            971_211_336_000,
        ),
        (
            "{ at = \"/t\", format = \"seconds\" }",
            "971211336.25",
            971_211_336_250,
        ),
        (
            "{ at = \"/t\", format = \"milliseconds\" }",
            "\"971211336251\"",
            971_211_336_251,
        ),
        (
            "{ at = \"/t\", format = \"milliseconds\" }",
            "9.71211336251e11",
            971_211_336_251,
        ),
    ] {
        for (unit, microseconds) in [("s", 1_500_000), ("ms", 1_500), ("us", 1), ("ns", 0)] {
            let line = format!("{{\"t\":{value},\"p\":\"/\",\"s\":\"-\",\"d\":1.5}}");
            let request = read(&file(time, unit), &line).expect("a request");
            assert_eq!((request.time, request.status), (at, None), "{time} {value}");
            assert_eq!(request.duration, Some(microseconds), "{unit}");
        }
    }
    let late = r#"{"t":253402300800000,"p":"/","s":200}"#;
    let refused = read(
        &file("{ at = \"/t\", format = \"milliseconds\" }", "s"),
        late,
    );
    assert_eq!(refused.expect_err("a time too late").reason(), "not_a_time");
}

#[test]
fn a_mistake_is_told_with_its_line_and_what_was_expected() {
    let head = "format = \"json\"\n[request]\n";
    let good = "time = \"/t\"\nstatus = \"/s\"\n";
    for (file, error) in [
        (
            String::new(),
            "line 1: format is not said: expected \"json\"",
        ),
        (
            "format = \"csv\"".into(),
            "line 1: format is \"csv\": expected \"json\"",
        ),
        ("format = \"json\"".into(), "line 1: there is no [request]"),
        (
            "format = \"json\"\nrequest = 1".into(),
            "line 2: request is 1: expected a table",
        ),
        (
            "format = \"json\"\nlines = 1".into(),
            "line 2: a request format has no \"lines\"",
        ),
        (
            format!("{head}{good}Path = \"/p\""),
            "line 5: [request] has no \"Path\"",
        ),
        (
            format!("{head}status = \"/s\"\npath = \"/p\""),
            "line 2: time is not said",
        ),
        (
            format!("{head}{good}"),
            "line 2: expected where the path is",
        ),
        (
            format!("{head}{good}path = \"/p\"\nrequest = \"/r\""),
            "line 2: expected where the path is",
        ),
        (
            format!("{head}{good}path = \"p\""),
            "line 5: path is \"p\": expected a JSON Pointer",
        ),
        (
            format!("{head}{good}path = []"),
            "line 5: path is an array: expected where it is",
        ),
        (
            format!("{head}{good}path = {{ to = \"/p\" }}"),
            "line 5: path has no \"to\"",
        ),
        (
            format!("{head}{good}path = {{}}"),
            "line 5: path: expected at",
        ),
        (
            format!("{head}{good}path = \"/p\"\nduration = \"/d\""),
            "line 6: expected duration = { at",
        ),
        (
            format!("{head}{good}path = \"/p\"\nduration = {{ at = \"/d\", unit = \"min\" }}"),
            "line 6: duration.unit is \"min\": expected s, ms, us or ns",
        ),
        (
            format!(
                "{head}{good}path = \"/p\"\nuser_agent = {{ at = \"/u\", encoding = \"plus\" }}"
            ),
            "line 6: user_agent.encoding is \"plus\": expected \"percent\"",
        ),
        (
            format!(
                "{head}status = \"/s\"\npath = \"/p\"\ntime = {{ at = \"/t\", format = \"%H\" }}"
            ),
            "line 5: time.format is \"%H\": expected \"iso\"",
        ),
        ("format = ".into(), "line 1: no TOML"),
    ] {
        let found = Log::described(&file).expect_err(&file).to_string();
        assert!(found.starts_with(error), "{file}: {found}");
    }
    let many: Vec<String> = (0..40).map(|n| format!("\"/p{n}\"")).collect();
    let many = format!("{head}{good}path = [{}]", many.join(","));
    let found = Log::described(&many)
        .expect_err("too many paths")
        .to_string();
    assert!(
        found.starts_with("line 5: expected at most 32 paths"),
        "{found}"
    );
}
