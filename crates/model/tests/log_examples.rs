//! Lines as AWS, Apache and Microsoft document them, each with what it tells.

use std::borrow::Cow;
use std::net::IpAddr;

use model::{Action, Content, Flow, Log, LogDecoder, Request};

fn decoded(log: &Log, text: &str) -> Vec<Content<'static>> {
    let mut contents = Vec::new();
    LogDecoder::new(log).decode(text.as_bytes(), |entry| {
        let content = entry
            .content
            .unwrap_or_else(|reject| panic!("line {}: {reject}", entry.line));
        contents.push(content.into_owned());
    });
    contents
}

fn requests(log: &str, text: &str) -> Vec<Request<'static>> {
    let contents = decoded(&Log::named(log).expect("a log's name"), text).into_iter();
    let requests = contents.map(|content| match content {
        Content::Request(request) => request,
        Content::Flow(flow) => panic!("a flow: {flow:?}"),
    });
    requests.collect()
}

fn flows(log: &str, text: &str) -> Vec<Flow> {
    let contents = decoded(&Log::named(log).expect("a log's name"), text).into_iter();
    let flows = contents.map(|content| match content {
        Content::Flow(flow) => flow,
        Content::Request(request) => panic!("a request: {request:?}"),
    });
    flows.collect()
}

fn milliseconds(iso: &str) -> i64 {
    let at = chrono::DateTime::parse_from_rfc3339(iso).expect("a time");
    at.timestamp_millis()
}

fn some(text: &str) -> Option<Cow<'_, str>> {
    Some(text.into())
}

const CLOUDFRONT: &str = "\
#Version: 1.0
#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query cs(Cookie) x-edge-result-type x-edge-request-id x-host-header cs-protocol cs-bytes time-taken x-forwarded-for ssl-protocol ssl-cipher x-edge-response-result-type cs-protocol-version fle-status fle-encrypted-fields c-port time-to-first-byte x-edge-detailed-result-type sc-content-type sc-content-len sc-range-start sc-range-end
2019-12-04\t21:02:31\tLAX1\t392\t192.0.2.100\tGET\td111111abcdef8.cloudfront.net\t/index.html\t200\t-\tMozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20Chrome/78.0.3904.108%20Safari/537.36\t-\t-\tHit\tSOX4xwn4XV6Q4rgb7XiVGOHms_BGlTAC4KyHmureZmBNrjGdRLiNIQ==\td111111abcdef8.cloudfront.net\thttps\t23\t0.001\t-\tTLSv1.2\tECDHE-RSA-AES128-GCM-SHA256\tHit\tHTTP/2.0\t-\t-\t11040\t0.001\tHit\ttext/html\t78\t-\t-
2019-12-13\t22:36:27\tSEA19-C1\t900\t192.0.2.200\tGET\td111111abcdef8.cloudfront.net\t/favicon.ico\t502\thttp://www.example.com/\tMozilla/5.0%20(Windows%20NT%2010.0;%20Win64;%20x64)%20AppleWebKit/537.36%20(KHTML,%20like%20Gecko)%20Chrome/78.0.3904.108%20Safari/537.36\t-\t-\tError\t1pkpNfBQ39sYMnjjUQjmH2w1wdJnbHYTbag21o_3OfcQgPzdL2RSSQ==\twww.example.com\thttp\t675\t0.102\t-\t-\t-\tError\tHTTP/1.1\t-\t-\t25260\t0.102\tOriginDnsError\ttext/html\t507\t-\t-
";

#[test]
fn cloudfront_standard() {
    let found = requests("cloudfront", CLOUDFRONT);
    assert_eq!(found.len(), 2);
    let expected = Request {
        time: milliseconds("2019-12-04T21:02:31Z"),
        client: "192.0.2.100".into(),
        host: some("d111111abcdef8.cloudfront.net"),
        method: "GET".into(),
        path: "/index.html".into(),
        query: None,
        status: Some(200),
        bytes: 392,
        duration: Some(1_000),
        referer: None,
        user_agent: some(
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
             Chrome/78.0.3904.108 Safari/537.36",
        ),
        edge: some("LAX1"),
        cache: some("Hit"),
    };
    assert_eq!(found[0], expected);
    // What the visitor asked for, not the distribution's own name.
    assert_eq!(found[1].host, some("www.example.com"));
    assert_eq!(found[1].status, Some(502));
    assert_eq!(found[1].referer, some("http://www.example.com/"));
}

#[test]
fn cloudfront_of_years_ago_has_fewer_fields_and_encodes_user_agents_twice() {
    let text = "#Version: 1.0\n#Fields: date time x-edge-location sc-bytes c-ip cs-method cs(Host) cs-uri-stem sc-status cs(Referer) cs(User-Agent) cs-uri-query\n\
        2014-05-23\t01:13:11\tFRA2\t182\t192.0.2.10\tGET\td111111abcdef8.cloudfront.net\t/view/my/file.html\t000\twww.displaymyfiles.com\tMozilla/4.0%2520(compatible;%2520MSIE%25205.0b1;%2520Mac_PowerPC)\ta=b&c=d\r\n";
    let found = &requests("cloudfront", text)[0];
    assert_eq!(
        found.user_agent,
        some("Mozilla/4.0 (compatible; MSIE 5.0b1; Mac_PowerPC)")
    );
    assert_eq!(found.status, None, "the viewer went away");
    assert_eq!(found.query, some("a=b&c=d"));
    assert_eq!(found.host, some("d111111abcdef8.cloudfront.net"));
    assert_eq!((found.duration, found.cache.as_deref()), (None, None));
}

#[test]
fn cloudfront_as_json() {
    let text = r#"{"date":"2019-12-04","time":"21:02:31","x-edge-location":"LAX1","sc-bytes":"392","c-ip":"192.0.2.100","cs-method":"GET","cs(Host)":"d111111abcdef8.cloudfront.net","cs-uri-stem":"/index.html","sc-status":"200","cs(Referer)":"-","cs(User-Agent)":"curl%207","cs-uri-query":"-","x-edge-result-type":"Hit","x-host-header":"www.example.com","time-taken":"0.001"}"#;
    let found = &requests("cloudfront-json", text)[0];
    assert_eq!(found.time, milliseconds("2019-12-04T21:02:31Z"));
    assert_eq!(found.user_agent, some("curl 7"));
    assert_eq!((found.bytes, found.duration), (392, Some(1_000)));
    let stamped = text.replace(
        r#""date":"2019-12-04","time":"21:02:31""#,
        r#""timestamp(ms)":"1575493351042""#,
    );
    assert_eq!(
        requests("cloudfront-json", &stamped)[0].time,
        1_575_493_351_042
    );
}

#[test]
fn cloudfront_real_time() {
    let fields = "timestamp,c-ip,sc-status,sc-bytes,cs-method,cs-host,cs-uri-stem,x-edge-location,x-host-header,time-taken,cs-user-agent,cs-referer,cs-uri-query,x-edge-result-type";
    let line = "1604012345.678\t192.0.2.100\t200\t5120\tGET\td111111abcdef8.cloudfront.net\t/a/b?c=d\tDFW3-C1\twww.example.com\t0.042\tMozilla/5.0%20(X11)\t-\tc=d\tMiss\n";
    // A producer may put several lines into a record.
    let found = requests(&format!("cloudfront-real-time:{fields}"), &line.repeat(2));
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].time, 1_604_012_345_678);
    assert_eq!(
        (&*found[0].path, found[0].query.as_deref()),
        ("/a/b", Some("c=d"))
    );
    assert_eq!(found[0].duration, Some(42_000));
    assert_eq!(found[0].user_agent, some("Mozilla/5.0 (X11)"));
}

#[test]
fn load_balancer() {
    let text = r#"http 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.000 0.001 0.000 200 200 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337262-36d228ad5d99923122bbe354" "-" "-" 0 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.0.1:80" "200" "-" "-"
https 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 10.0.0.1:80 0.086 0.048 0.037 200 200 0 57 "GET https://www.example.com:443/ HTTP/1.1" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337281-1d84f3d73c47ec4e58577259" "www.example.com" "arn:aws:acm:us-east-2:123456789012:certificate/12345678-1234-1234-1234-123456789012" 1 2018-07-02T22:22:48.364000Z "authenticate,forward" "-" "-" "10.0.0.1:80" "200" "-" "-" TID_123456
h2 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 10.0.1.252:48160 10.0.0.66:9000 0.000 0.002 0.000 200 200 5 257 "GET https://10.0.2.105:773/ HTTP/2.0" "curl/7.46.0" ECDHE-RSA-AES128-GCM-SHA256 TLSv1.2 arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337327-72bd00b0343d75b906739c42" "-" "-" 1 2018-07-02T22:22:48.364000Z "redirect" "https://example.com:80/" "-" "10.0.0.66:9000" "200" "-" "-"
ws 2018-07-02T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 10.0.0.140:40914 10.0.1.192:8010 0.001 0.003 0.000 101 101 218 587 "GET http://10.0.0.30:80/ HTTP/1.1" "-" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337364-23a8c76965a2ef7629b185e3" "-" "-" 1 2018-07-02T22:22:48.364000Z "forward" "-" "-" "10.0.1.192:8010" "101" "-" "-"
http 2018-11-30T22:23:00.186641Z app/my-loadbalancer/50dc6c495c0c9188 192.168.131.39:2817 - 0.000 0.001 0.000 502 - 34 366 "GET http://www.example.com:80/ HTTP/1.1" "curl/7.46.0" - - arn:aws:elasticloadbalancing:us-east-2:123456789012:targetgroup/my-targets/73e2d6bc24d8a067 "Root=1-58337364-23a8c76965a2ef7629b185e3" "-" "-" 0 2018-11-30T22:22:48.364000Z "forward" "-" "LambdaInvalidResponse" "-" "-" "-" "-"
"#;
    let found = requests("alb", text);
    assert_eq!(found.len(), 5);
    let expected = Request {
        time: milliseconds("2018-07-02T22:23:00.186Z"),
        client: "192.168.131.39".into(),
        host: some("www.example.com"),
        method: "GET".into(),
        path: "/".into(),
        status: Some(200),
        bytes: 366,
        duration: Some(1_000),
        user_agent: some("curl/7.46.0"),
        ..Request::default()
    };
    assert_eq!(found[0], expected);
    assert_eq!(found[1].duration, Some(171_000));
    assert_eq!(found[2].host, some("10.0.2.105"));
    assert_eq!((found[3].status, &found[3].user_agent), (Some(101), &None));
    assert_eq!(found[4].status, Some(502));
}

#[test]
fn load_balancer_with_what_never_came_to_be() {
    let text = r#"http 2018-07-02T22:23:00.186641Z app/a/5 [2001:db8::1]:2817 - -1 -1 -1 400 - 0 272 "- http://10.0.0.5:80- -" "a \x22b\x22" - - - "-" "-" "-" - 2018-07-02T22:22:48.364000Z"#;
    let found = &requests("alb", text)[0];
    assert_eq!((&*found.client, found.duration), ("2001:db8::1", None));
    assert_eq!((&*found.method, &*found.path), ("", ""));
    assert_eq!(found.user_agent, some("a \"b\""));
}

#[test]
fn common_and_combined() {
    let text = r#"127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326
127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /apache_pb.gif HTTP/1.0" 200 2326 "http://www.example.com/start.html" "Mozilla/4.08 [en] (Win98; I ;Nav)"
"#;
    let found = requests("combined", text);
    let common = Request {
        time: milliseconds("2000-10-10T13:55:36-07:00"),
        client: "127.0.0.1".into(),
        method: "GET".into(),
        path: "/apache_pb.gif".into(),
        status: Some(200),
        bytes: 2326,
        ..Request::default()
    };
    let combined = Request {
        referer: some("http://www.example.com/start.html"),
        user_agent: some("Mozilla/4.08 [en] (Win98; I ;Nav)"),
        ..common.clone()
    };
    assert_eq!(found, [common, combined]);
}

#[test]
fn iis_whose_fields_change_in_mid_file() {
    let text = "\
#Software: Microsoft Internet Information Services 10.0
#Version: 1.0
#Date: 2002-05-02 17:42:15
#Fields: date time c-ip cs-username s-ip s-port cs-method cs-uri-stem cs-uri-query sc-status cs(User-Agent)
2002-05-02 17:42:15 172.22.255.255 - 172.30.255.255 80 GET /images/picture.jpg - 200 Mozilla/4.0+(compatible;MSIE+5.5;+Windows+2000+Server)

#Fields: time date sc-bytes time-taken sc-status cs-uri-stem cs-host
17:43:00 2002-05-02 4096 1250 404 /none shop.example
";
    let found = requests("w3c", text);
    assert_eq!(found[0].time, milliseconds("2002-05-02T17:42:15Z"));
    assert_eq!(
        found[0].user_agent,
        some("Mozilla/4.0 (compatible;MSIE 5.5; Windows 2000 Server)")
    );
    assert_eq!((found[0].duration, found[0].bytes), (None, 0));
    assert_eq!(found[1].time, milliseconds("2002-05-02T17:43:00Z"));
    assert_eq!(found[1].duration, Some(1_250_000));
    assert_eq!(
        (found[1].bytes, found[1].host.as_deref()),
        (4096, Some("shop.example"))
    );
}

const AKAMAI: &str = r#"{"id":"1100","reqid":"39b297ac","type":"Raw","cp":"344739","start":"1583164435474","message":{"cliIP":"192.0.2.4","reqMethod":"GET","bytes":"768","reqHost":"www.domain.com","UA":"Mozilla%2F5.0%20(iPad)","reqPath":"/my/long/url","status":"200"},"reqHdr":{"referer":"https:%2F%2Fwww.domain.com%2Furl2"},"netPerf":{"downloadTime":"6"},"cache":{"cacheHit":"1"}}"#;

#[test]
fn akamai_as_edgesense_takes_it() {
    let expected = Request {
        time: 1_583_164_435_474,
        client: "192.0.2.4".into(),
        host: some("www.domain.com"),
        method: "GET".into(),
        path: "/my/long/url".into(),
        status: Some(200),
        bytes: 768,
        duration: Some(6_000),
        referer: some("https://www.domain.com/url2"),
        user_agent: some("Mozilla/5.0 (iPad)"),
        cache: some("1"),
        ..Request::default()
    };
    assert_eq!(requests("akamai", AKAMAI), std::slice::from_ref(&expected));
    for text in [
        format!("[{AKAMAI},{AKAMAI}]"),
        format!("[{AKAMAI} , {AKAMAI}]\r\n"),
        format!("[\n{AKAMAI},\n{AKAMAI}\n]\n"),
        format!("{AKAMAI}{AKAMAI}\n"),
    ] {
        assert_eq!(
            requests("akamai", &text),
            [expected.clone(), expected.clone()],
            "{text}"
        );
    }
    let few = r#"{"start":1583164435474,"message":{"reqPath":"/","status":404},"netPerf":{},"reqHdr":{}}"#;
    let few = &requests("akamai", few)[0];
    assert_eq!(
        (few.time, few.status, &few.user_agent),
        (1_583_164_435_474, Some(404), &None)
    );
}

#[test]
fn flows_of_the_default_format() {
    let text = "\
2 123456789010 eni-1235b8ca123456789 172.31.16.139 172.31.16.21 20641 22 6 20 4249 1418530010 1418530070 ACCEPT OK
2 123456789010 eni-1235b8ca123456789 172.31.9.69 172.31.9.12 49761 3389 6 20 4249 1418530010 1418530070 REJECT OK
2 123456789010 eni-1235b8ca123456789 - - - - - - - 1431280876 1431280934 - NODATA
2 123456789010 eni-11111111aaaaaaaaa - - - - - - - 1431280876 1431280934 - SKIPDATA
2 123456789010 eni-1235b8ca123456789 2001:db8:1234:a100:8d6e:3477:df66:f105 2001:db8:1234:a102:3304:8879:34cf:4071 34892 22 6 54 8855 1477913708 1477913820 ACCEPT OK
2 123456789010 eni-1235b8ca123456789 203.0.113.12 172.31.16.139 0 0 1 4 336 1432917027 1432917142 ACCEPT OK
";
    let found = flows("vpc-flow", text);
    assert_eq!(found.len(), 4);
    let address = |text: &str| Some(text.parse::<IpAddr>().expect("an address"));
    let expected = Flow {
        start: 1_418_530_010,
        end: 1_418_530_070,
        source: address("172.31.16.139"),
        destination: address("172.31.16.21"),
        destination_port: Some(22),
        protocol: Some(6),
        packets: 20,
        bytes: 4249,
        action: Some(Action::Accept),
    };
    assert_eq!(found[0], expected);
    assert_eq!(found[1].action, Some(Action::Reject));
    assert_eq!(
        found[2].source,
        address("2001:db8:1234:a100:8d6e:3477:df66:f105")
    );
    assert_eq!(
        (found[3].protocol, found[3].destination_port),
        (Some(1), Some(0))
    );
}

#[test]
fn flows_of_a_custom_format_named_by_a_variable_or_by_the_first_line() {
    let fields = "version vpc-id subnet-id instance-id interface-id account-id type srcaddr dstaddr srcport dstport pkt-srcaddr pkt-dstaddr protocol bytes packets start end action tcp-flags log-status";
    let line = "3 vpc-abcdefab012345678 subnet-aaaaaaaa012345678 i-01234567890123456 eni-1235b8ca123456789 123456789010 IPv4 52.213.180.42 10.0.0.62 43416 5001 52.213.180.42 10.0.0.62 6 568 8 1566848875 1566848933 ACCEPT 2 OK\n";
    let named = flows(&format!("vpc-flow:{}", fields.replace(' ', ",")), line);
    assert_eq!(named.len(), 1);
    assert_eq!((named[0].bytes, named[0].packets), (568, 8));
    assert_eq!(named[0].destination_port, Some(5001));
    assert_eq!(flows("vpc-flow", &format!("{fields}\n{line}")), named);
}

#[test]
fn a_format_is_recognised_where_that_is_certain() {
    let combined = r#"::1 - - [10/Oct/2000:13:55:36 -0700] "GET / HTTP/1.0" 200 -"#;
    let flow =
        "2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 22 6 20 4249 1418530010 1418530070 ACCEPT OK";
    for (beginning, name) in [
        (CLOUDFRONT, Some("cloudfront")),
        (
            "\u{feff}#Version: 1.0\r\n#Fields: date time cs-uri-stem\r\n",
            Some("w3c"),
        ),
        // Standard logging v2 lets its fields be chosen.
        (
            "#Fields: date time x-edge-result-type cs-uri-stem\n",
            Some("cloudfront"),
        ),
        (
            "#Fields: timestamp(ms) cs-uri-stem sc-status\n",
            Some("cloudfront"),
        ),
        (
            "#Fields: date time x-host-header cs-uri-stem\n",
            Some("cloudfront"),
        ),
        ("#Version: 1.0\n", None),
        (AKAMAI, Some("akamai")),
        ("[\n", None),
        (&format!("[\n{AKAMAI},\n"), Some("akamai")),
        (r#"{"time":1,"status":200,"path":"/"}"#, None),
        (combined, Some("combined")),
        (&format!("nonsense\n\n{combined}\n"), Some("combined")),
        (flow, Some("vpc-flow")),
        ("srcaddr dstaddr start end action\n", Some("vpc-flow")),
        ("the quick brown fox\n", None),
        ("1604012345.678\t192.0.2.100\t200\n", None),
        ("", None),
        ("\n\n", None),
    ] {
        let log = Log::recognise(beginning.as_bytes()).map(|log| log.to_string());
        assert_eq!(log.as_deref(), name, "{beginning}");
    }
    for name in [
        "cloudfront",
        "cloudfront-json",
        "w3c",
        "alb",
        "combined",
        "akamai",
    ] {
        let log = Log::named(name).expect("a log's name");
        let request = Request {
            time: 1_604_012_345_000,
            client: "192.0.2.1".into(),
            method: "GET".into(),
            path: "/".into(),
            status: Some(200),
            edge: some("FRA2"),
            ..Request::default()
        };
        let text = log.write(&[request]).expect("a log of requests");
        assert_eq!(Log::recognise(&text), Some(log));
    }
}
