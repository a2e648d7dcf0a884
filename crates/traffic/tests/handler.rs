//! The handler against services in memory: what is counted, and what becomes of the rest.

#[allow(dead_code, reason = "some of it is other tests'")]
mod world;

use std::io::Write as _;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use flate2::Compression;
use flate2::write::GzEncoder;
use model::{Log, Routes};
use serde_json::{Value as Json, json};
use traffic::{Counts, Event, Metric, Rules, Scope};
use world::{
    Clock, Fault, HEADER, START, World, deliver, function, hits, invoke, line, messages, object,
    pattern, records, recount, rules, world,
};

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).expect("a vector");
    encoder.finish().expect("a vector")
}

/// The site's sum of a metric over all minutes, people and bots.
fn total(world: &World, metric: Metric) -> u64 {
    let sums = world.sums();
    let all = sums
        .iter()
        .filter(|((_, scope, m), _)| *scope != Scope::Site && *m == metric);
    all.map(|(_, sum)| sum).sum()
}

fn reasons(world: &World) -> Vec<Json> {
    let rejected = world.rejected.lock().expect("queue");
    rejected
        .iter()
        .map(|message| message["reason"].clone())
        .collect()
}

#[tokio::test(start_paused = true)]
async fn objects_in_any_order_delivered_three_times_are_counted_once() {
    let clock = Clock::start();
    let world = world();
    let all = hits(7, 2_000);
    let mut random = fastrand::Rng::with_seed(7);
    let mut keys = Vec::new();
    for (n, hits) in all.chunks(100).enumerate() {
        let key = format!("cdn/{n:04}.gz");
        world.put(&key, gzip(object(hits).as_bytes()));
        keys.extend([key.clone(), key.clone(), key]);
    }
    random.shuffle(&mut keys);
    for keys in keys.chunks(7) {
        let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
        deliver(&world, &rules(), &messages(&world, &keys), clock).await;
    }
    assert_eq!(world.sums(), recount(&all));
}

#[tokio::test(start_paused = true)]
async fn plain_packed_or_in_several_members_an_object_is_the_same() {
    let hits = hits(3, 500);
    let plain = object(&hits);
    let (first, second) = plain.split_at(plain.len() / 2 + 1);
    let members = [gzip(first.as_bytes()), gzip(b""), gzip(second.as_bytes())].concat();
    for content in [plain.clone().into_bytes(), gzip(plain.as_bytes()), members] {
        let world = world();
        world.put("a", content);
        deliver(&world, &rules(), &messages(&world, &["a"]), Clock::start()).await;
        assert_eq!(world.sums(), recount(&hits));
        assert!(reasons(&world).is_empty());
    }
}

#[tokio::test(start_paused = true)]
async fn an_object_for_which_an_invocation_is_too_short_is_counted_over_several() {
    let hits = hits(4, 20_000);
    let world = World {
        chunk_takes: Duration::from_secs(7),
        ..world()
    };
    world.put("a", object(&hits));
    let (clock, event) = (Clock::start(), messages(&world, &["a"]));
    let function = function(&world, rules());
    let mut counts = Counts::default();
    // Others came first in each, and left it so many seconds.
    for (seconds, whole) in [(60, false), (100, false), (30, false), (600, true)] {
        let failed = invoke(&function, &world, &event, (clock, seconds), &mut counts).await;
        assert_eq!(failed.map(|failed| failed.is_empty()), Some(whole));
    }
    // Each went on where the last one that came further had been.
    assert_eq!(counts.lines_counted, 20_000);
    assert_eq!(world.sums(), recount(&hits));
}

#[tokio::test(start_paused = true)]
async fn an_object_in_many_goes_is_read_by_the_fields_that_were_named_before_each() {
    let mut hits = hits(4, 6_000);
    for hit in &mut hits {
        (hit.milliseconds, hit.bytes) = (0, 5);
    }
    // The same fields in another order, and of half of the requests in the first.
    let other = "#Fields: time date cs-method c-ip cs-uri-stem sc-status sc-bytes time-taken \
                 cs(User-Agent) x-host-header\n";
    let swapped = |hit: &world::Hit| {
        let text = line(hit);
        let mut fields: Vec<&str> = text.split('\t').collect();
        fields.swap(0, 1);
        fields.swap(2, 3);
        fields.join("\t")
    };
    let mut content = HEADER.to_owned();
    for (n, hits) in hits.chunks(2_000).enumerate() {
        content += [HEADER, other][n % 2];
        for hit in hits {
            content += &[line, swapped][n % 2](hit);
        }
    }
    for log in [rules().log, None] {
        let world = World {
            chunk_takes: Duration::from_secs(7),
            ..world()
        };
        world.put("a", content.clone());
        let (clock, event) = (Clock::start(), messages(&world, &["a"]));
        let function = function(&world, Rules { log, ..rules() });
        let (mut counts, mut goes) = (Counts::default(), 0);
        while invoke(
            &function,
            &world,
            &event,
            (clock, 20 + 8 * goes),
            &mut counts,
        )
        .await
            != Some(Vec::new())
        {
            goes += 1;
        }
        assert!(goes > 4, "{goes}");
        assert_eq!((counts.lines_counted, counts.lines_rejected), (6_000, 0));
        assert_eq!(world.sums(), recount(&hits));
    }
}

#[tokio::test(start_paused = true)]
async fn the_age_of_the_oldest_message_is_told_whatever_becomes_of_it() {
    let (clock, world) = (Clock::start(), world());
    world.put("a", object(&hits(1, 10)));
    let message = |id: &str, seconds: i64| {
        let sent = ((START - seconds) * 1_000).to_string();
        json!({"eventSource": "aws:sqs", "messageId": id, "body": "{}", "attributes": {"SentTimestamp": sent}})
    };
    let records = [message("x", 7_200), message("y", 60)];
    let event = json!({"Records": records}).to_string();
    let event: Event = serde_json::from_str(&event).expect("an event");
    let function = function(&world, rules());
    // At first not even the patterns can be read.
    world
        .script
        .lock()
        .expect("a script")
        .push_back(Fault::Denied);
    for _ in 0..2 {
        let mut counts = Counts::default();
        let failed = invoke(&function, &world, &event, (clock, 60), &mut counts).await;
        assert_eq!(failed.map(|failed| failed.len()), Some(2));
        assert_eq!(counts.oldest_message_seconds, 7_200);
    }
}

#[tokio::test(start_paused = true)]
async fn a_batch_cut_otherwise_when_it_comes_again_is_counted_once() {
    let (mut exact, mut failures) = (0, 0);
    for seed in 0..100 {
        let clock = Clock::start();
        let world = world();
        let mut random = fastrand::Rng::with_seed(seed);
        let all = hits(seed, 60);
        let fields: Vec<String> = all.iter().map(real_time).collect();
        let rules = Rules {
            log: Log::named(&format!("cloudfront-real-time:{REAL_TIME}")).ok(),
            ..rules()
        };
        let (mut from, mut counts) = (0, Counts::default());
        while from < fields.len() {
            let to = random.usize(from + 1..=fields.len());
            let event = records(1 + from, &fields[from..to]);
            if random.bool() {
                let script =
                    (0..8).map(|_| *random.choice(&[Fault::None, Fault::Denied]).expect("one"));
                let script: Vec<Fault> = script.collect();
                world.script.lock().expect("a script").extend(script);
            }
            let function = function(&world, rules.clone());
            let failed = invoke(&function, &world, &event, (clock, 60), &mut counts).await;
            // Kinesis comes again from the lowest of them on, and may come with more.
            let failed = failed.expect("nobody died");
            let lowest = failed.iter().filter_map(|n| n.parse::<usize>().ok()).min();
            from = lowest.map_or(to, |lowest| lowest - 1);
            // Or from before: a checkpoint was not kept.
            from -= random.usize(0..=from.min(2)) * usize::from(random.u8(0..4) == 0);
            world.script.lock().expect("a script").clear();
            tokio::time::sleep(Duration::from_secs(90)).await;
        }
        // What the last one committed and could not publish.
        let event = records(60, &fields[59..]);
        let last = deliver(&world, &rules, &event, clock).await;
        let uncertain = counts.publications_uncertain + last.publications_uncertain;
        let (sums, expected) = (world.sums(), recount(&all));
        for (name, sum) in &expected {
            let most = sum * (1 + uncertain);
            assert!((*sum..=most).contains(&sums[name]), "seed {seed}: {name:?}");
        }
        assert_eq!(counts.lines_counted + last.lines_counted, 60, "seed {seed}");
        exact += u64::from(uncertain == 0);
        failures += counts.records_failed;
    }
    assert!(exact > 20 && failures > 100, "{exact} {failures}");
}

const REAL_TIME: &str = "timestamp,c-ip,sc-status,sc-bytes,cs-method,cs-uri-stem,time-taken,cs-user-agent,x-host-header";

fn real_time(hit: &world::Hit) -> String {
    let agent = if hit.is_bot {
        "Googlebot/2.1"
    } else {
        "Mozilla/5.0%20(X11)"
    };
    let world::Hit {
        second,
        path,
        bytes,
        host,
        milliseconds,
        ..
    } = hit;
    let status = hit.status.unwrap_or(0);
    let (seconds, rest) = (milliseconds / 1_000, milliseconds % 1_000);
    format!(
        "{second}.123\t192.0.2.1\t{status:03}\t{bytes}\tGET\t{path}\t{seconds}.{rest:03}\t{agent}\t{host}\n"
    )
}

#[tokio::test(start_paused = true)]
async fn a_million_bad_lines_are_one_message() {
    let world = world();
    let content = HEADER.to_owned() + &"no request\n".repeat(1_000_000);
    world.put("a", content);
    let counts = deliver(&world, &rules(), &messages(&world, &["a"]), Clock::start()).await;
    assert_eq!(counts.lines_rejected, 1_000_000);
    let rejected = world.rejected.lock().expect("queue");
    let [message] = &rejected[..] else {
        panic!("{} messages", rejected.len())
    };
    assert_eq!(message["bucket"], "logs");
    assert_eq!(message["key"], "a");
    assert_eq!(message["line"], 3);
    assert_eq!(message["data"], "bm8gcmVxdWVzdA==");
    let others = message["others"].as_object().expect("counts");
    let others: u64 = others.values().filter_map(Json::as_u64).sum();
    assert_eq!(others, 999_999);
}

#[tokio::test(start_paused = true)]
async fn a_log_that_nothing_recognises_is_one_message() {
    let world = world();
    world.put("a", "what is this\n".repeat(1_000));
    let rules = Rules {
        log: None,
        ..rules()
    };
    let counts = deliver(&world, &rules, &messages(&world, &["a"]), Clock::start()).await;
    assert_eq!((counts.lines_rejected, counts.objects_counted), (1_000, 1));
    assert_eq!(reasons(&world), [json!("unknown_log")]);
}

#[tokio::test(start_paused = true)]
async fn hostile_lines_are_data() {
    let good = hits(5, 3);
    let world = world();
    let mut content = object(&good[..1]).into_bytes();
    let path = |path: &[u8]| {
        let text = line(&good[1]);
        let (before, after) = text.split_once(good[1].path).expect("a path");
        [before.as_bytes(), path, after.as_bytes()].concat()
    };
    // A path of nearly a megabyte, one of control characters, one that is not UTF-8.
    content.extend(path(&[b"/", &vec![b'a'; 1024 * 1024 - 200][..]].concat()));
    content.extend(path(b"/\x01\x02\x7f\x00"));
    content.extend(path(b"/\xff\xfe"));
    // A line of more than a megabyte is none, and takes no other with it.
    content.extend(path(&vec![b'a'; 3 * 1024 * 1024]));
    content.extend(line(&good[2]).into_bytes());
    world.put("a", gzip(&content));
    let counts = deliver(&world, &rules(), &messages(&world, &["a"]), Clock::start()).await;
    assert_eq!((counts.lines_counted, counts.lines_rejected), (5, 1));
    assert_eq!(total(&world, Metric::Requests), 5);
    assert_eq!(reasons(&world), [json!("line_too_long")]);
    assert_eq!(world.rejected.lock().expect("queue")[0]["line"], 7);
}

#[tokio::test(start_paused = true)]
async fn of_a_damaged_gzip_the_whole_lines_are_counted() {
    let world = world();
    let hits = hits(5, 300);
    let packed = gzip(object(&hits).as_bytes());
    world.put("a", packed[..packed.len() - 4].to_vec());
    let counts = deliver(&world, &rules(), &messages(&world, &["a"]), Clock::start()).await;
    assert_eq!((counts.lines_counted, counts.lines_rejected), (300, 1));
    assert_eq!(reasons(&world), [json!("damaged_gzip")]);
}

#[tokio::test(start_paused = true)]
async fn what_cloudwatch_does_not_take_is_told_of() {
    let world = world();
    let mut hits = hits(6, 4);
    hits[0].second = START - 15 * 24 * 3_600;
    hits[1].second = START + 3 * 3_600;
    hits[2].second = START - 13 * 24 * 3_600;
    hits[3].second = START + 3_600;
    world.put("a", object(&hits));
    let counts = deliver(&world, &rules(), &messages(&world, &["a"]), Clock::start()).await;
    assert_eq!((counts.requests_too_old, counts.requests_too_new), (1, 1));
    assert_eq!(counts.lines_counted, 2);
    assert_eq!(world.sums(), recount(&hits[2..]));
}

#[tokio::test(start_paused = true)]
async fn an_object_that_is_gone_or_another_by_now_is_told_of_and_not_waited_for() {
    let clock = Clock::start();
    let world = world();
    world.put("a", object(&hits(1, 10)));
    let event = messages(&world, &["a"]);
    world
        .objects
        .lock()
        .expect("objects")
        .get_mut("a")
        .expect("it")
        .0 = "other".to_owned();
    let counts = deliver(&world, &rules(), &event, clock).await;
    assert_eq!((counts.objects_gone, counts.messages_failed), (1, 0));
    let counts = deliver(&world, &rules(), &messages(&world, &["a"]), clock).await;
    assert_eq!((counts.objects_counted, counts.lines_counted), (1, 10));
}

#[tokio::test(start_paused = true)]
async fn s3s_test_does_nothing_and_what_is_no_notification_comes_again() {
    let world = world();
    let message =
        |id: &str, body: &str| json!({"eventSource": "aws:sqs", "messageId": id, "body": body});
    let records = [
        message("test", r#"{"Event":"s3:TestEvent"}"#),
        message("bad", "{}"),
    ];
    let event = json!({"Records": records}).to_string();
    let event: Event = serde_json::from_str(&event).expect("an event");
    let function = function(&world, rules());
    let mut counts = Counts::default();
    let failed = invoke(&function, &world, &event, (Clock::start(), 60), &mut counts).await;
    assert_eq!(failed, Some(vec!["bad".to_owned()]));
}

#[tokio::test(start_paused = true)]
async fn one_object_that_cannot_be_read_holds_up_no_other() {
    let world = world();
    let hits = hits(2, 10);
    world.put("denied", object(&hits));
    world.put("fine", object(&hits));
    // Patterns, the first one's marker, and its opening.
    let script = [Fault::None, Fault::None, Fault::Denied];
    world.script.lock().expect("a script").extend(script);
    let function = function(&world, rules());
    let event = messages(&world, &["denied", "fine"]);
    let mut counts = Counts::default();
    let failed = invoke(&function, &world, &event, (Clock::start(), 60), &mut counts).await;
    assert_eq!(failed, Some(vec!["denied".to_owned()]));
    assert_eq!(world.sums(), recount(&hits));
}

/// The names under which people's requests were counted.
fn names(world: &World) -> Vec<String> {
    let sums = world.sums();
    let name = |scope: &Scope| match scope {
        Scope::Page { pattern, .. } => Some(pattern.clone()),
        _ => None,
    };
    let mut names: Vec<String> = sums
        .keys()
        .filter_map(|(_, scope, _)| name(scope))
        .collect();
    names.sort();
    names.dedup();
    names
}

#[tokio::test(start_paused = true)]
async fn patterns_are_read_again_every_ten_minutes_and_those_of_before_stay_if_they_cannot_be() {
    let clock = Clock::start();
    let world = world();
    let mut shop = hits(1, 1).remove(0);
    (shop.path, shop.is_bot) = ("/shop/1", false);
    let function = function(&world, rules());
    let mut counts = Counts::default();
    let mut count = async |key: &str| {
        world.put(key, object(std::slice::from_ref(&shop)));
        world.published.lock().expect("parts").clear();
        let event = messages(&world, &[key]);
        let failed = invoke(&function, &world, &event, (clock, 60), &mut counts).await;
        assert_eq!(failed, Some(Vec::new()));
        (names(&world), counts.patterns_bad)
    };
    let shop_name = vec!["shop".to_owned()];
    assert_eq!(count("a").await, (shop_name.clone(), 0));
    let patterns = vec![pattern("bad", "(", 0.0), pattern("new", "^/shop", 1.0)];
    *world.patterns.lock().expect("patterns") = patterns;
    tokio::time::sleep(Duration::from_secs(9 * 60)).await;
    assert_eq!(count("bb").await, (shop_name.clone(), 0));
    tokio::time::sleep(Duration::from_secs(60)).await;
    world
        .script
        .lock()
        .expect("a script")
        .push_back(Fault::Denied);
    assert_eq!(count("ccc").await, (shop_name.clone(), 0));
    // Not tried by each invocation.
    tokio::time::sleep(Duration::from_secs(59)).await;
    assert_eq!(count("dddd").await, (shop_name, 0));
    tokio::time::sleep(Duration::from_secs(1)).await;
    assert_eq!(count("eeeee").await, (vec!["new".to_owned()], 1));
}

#[tokio::test(start_paused = true)]
async fn without_patterns_to_begin_with_nothing_is_counted() {
    let world = world();
    world.put("a", object(&hits(1, 10)));
    world
        .script
        .lock()
        .expect("a script")
        .push_back(Fault::Denied);
    let function = function(&world, rules());
    let mut counts = Counts::default();
    let event = messages(&world, &["a"]);
    let failed = invoke(&function, &world, &event, (Clock::start(), 60), &mut counts).await;
    assert_eq!(failed, Some(vec!["a".to_owned()]));
    assert!(world.sums().is_empty());
}

const ROUTES: &str = "[[route]]\ngroup = \"/web/*\"\nlog = \"combined\"\n\n[[route]]\ngroup = \"/vpc\"\nlog = \"vpc-flow\"\n";

fn envelope(group: &str, messages: &[&str]) -> Vec<u8> {
    let event = |message: &&str| json!({"id": "1", "timestamp": START * 1_000, "message": message});
    let events: Vec<Json> = messages.iter().map(event).collect();
    let envelope = json!({
        "messageType": "DATA_MESSAGE", "owner": "123456789012", "logGroup": group, "logStream": "s",
        "subscriptionFilters": ["f"], "logEvents": events,
    });
    gzip(envelope.to_string().as_bytes())
}

#[tokio::test(start_paused = true)]
async fn log_groups_are_counted_by_their_routes_and_unknown_ones_told_of() {
    let world = world();
    let web = r#"192.0.2.1 - - [20/May/2015:11:59:00 +0000] "GET /shop/1 HTTP/1.1" 404 17 "-" "Mozilla/5.0""#;
    let flow = |action| {
        format!(
            "2 123456789012 eni-1 192.0.2.1 192.0.2.2 40000 22 6 5 300 {} {} {action} OK",
            START - 60,
            START
        )
    };
    let payloads = [
        envelope("/web/shop", &[web, web, "no request"]),
        envelope("/vpc", &[&flow("REJECT"), &flow("ACCEPT"), &flow("REJECT")]),
        envelope("/other", &["a", "b"]),
        envelope("/another", &["c"]),
        envelope("/other", &["d"]),
    ];
    let rules = Rules {
        log: None,
        routes: Some(Routes::parse(ROUTES).expect("routes")),
        ..rules()
    };
    let event = records(1, &payloads);
    let counts = deliver(&world, &rules, &event, Clock::start()).await;
    assert_eq!(counts.events_without_route, 4);
    assert_eq!((counts.lines_counted, counts.lines_rejected), (5, 1));
    assert_eq!(total(&world, Metric::Response404), 2);
    let rejected = world.sums();
    let packets = |action: &str| {
        let scope = Scope::Flows {
            action: action.to_owned(),
            protocol: "tcp".to_owned(),
            port: "22".to_owned(),
        };
        let minute = u32::try_from(START / 60 - 1).expect("a minute");
        rejected[&(minute, scope, Metric::FlowPackets)]
    };
    assert_eq!((packets("reject"), packets("accept")), (10, 5));
    let reasons = reasons(&world);
    assert_eq!(reasons[1..], ["unknown_log_group", "unknown_log_group"]);
    let messages = world.rejected.lock().expect("queue");
    assert_eq!(messages[0]["line"], 3);
    let named = |n: usize, name| messages[n]["message"].to_string().contains(name);
    assert!(named(1, "/another") && named(2, "/other"));
    assert_eq!(messages[1]["others"], json!({}));
    assert_eq!(messages[2]["others"], json!({"unknown_log_group": 1}));
}

#[tokio::test(start_paused = true)]
async fn of_very_many_unknown_log_groups_some_are_named_and_the_others_counted() {
    let world = world();
    let rules = Rules {
        log: None,
        routes: Some(Routes::parse(ROUTES).expect("routes")),
        ..rules()
    };
    let payloads: Vec<Vec<u8>> = (0..50)
        .map(|n| envelope(&format!("/g{n}"), &["a"]))
        .collect();
    let event = records(1, &payloads);
    let counts = deliver(&world, &rules, &event, Clock::start()).await;
    assert_eq!(counts.events_without_route, 50);
    let messages = world.rejected.lock().expect("queue");
    assert_eq!(messages.len(), 21);
    let others = |message: &Json| message["others"]["unknown_log_group"].as_u64();
    assert_eq!(messages.iter().filter_map(others).collect::<Vec<_>>(), [29]);
}

#[tokio::test(start_paused = true)]
async fn an_unknown_log_group_with_an_endless_name_is_told_of_in_a_short_message() {
    let world = world();
    let rules = Rules {
        log: None,
        routes: Some(Routes::parse(ROUTES).expect("routes")),
        ..rules()
    };
    let event = records(1, &[envelope(&"/g".repeat(500_000), &["a"])]);
    let counts = deliver(&world, &rules, &event, Clock::start()).await;
    assert_eq!(counts.events_without_route, 1);
    let messages = world.rejected.lock().expect("queue");
    let message = messages[0]["message"].to_string();
    assert!(
        message.contains("/g/g") && message.len() < 2_000,
        "{message:.100}"
    );
}

fn combined(path: &str, status: u16) -> String {
    format!(
        "192.0.2.1 - - [20/May/2015:11:59:00 +0000] \"GET {path} HTTP/1.1\" {status} 17 \"-\" \"Mozilla/5.0\""
    )
}

#[tokio::test(start_paused = true)]
async fn user_records_of_an_aggregate_are_counted_each_once() {
    let world = world();
    let (shop, missing) = (combined("/shop/1", 200), combined("/x", 404));
    let two_lines = format!("{missing}\n{missing}\n");
    let user_records = [shop.as_str(), &two_lines, "no request", &shop];
    let payloads = [
        testkit::aggregate(&user_records),
        testkit::aggregate::<&str>(&[]),
        missing.into_bytes(),
    ];
    let rules = Rules {
        log: Some(Log::Combined),
        ..rules()
    };
    let (clock, event) = (Clock::start(), records(1, &payloads));
    let mut counts = Counts::default();
    for _ in 0..2 {
        let one = deliver(&world, &rules, &event, clock).await;
        counts.lines_counted += one.lines_counted;
        counts.lines_rejected += one.lines_rejected;
    }
    assert_eq!((counts.lines_counted, counts.lines_rejected), (5, 1));
    assert_eq!(total(&world, Metric::Response404), 3);
    assert_eq!(names(&world), ["other", "shop"]);
    let messages = world.rejected.lock().expect("queue");
    assert_eq!(messages.len(), 1);
    let message = &messages[0];
    assert_eq!(
        (&message["user_record"], &message["line"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(message["data"], STANDARD.encode("no request"));
}

#[tokio::test(start_paused = true)]
async fn a_broken_aggregate_is_one_reject_of_the_whole_record() {
    let world = world();
    let line = combined("/shop/1", 200);
    let mut broken = testkit::aggregate(&[&line, &line]);
    *broken.last_mut().expect("a checksum") ^= 1;
    let payloads = [broken.clone(), line.into_bytes(), broken.clone()];
    let rules = Rules {
        log: None,
        ..rules()
    };
    let counts = deliver(&world, &rules, &records(1, &payloads), Clock::start()).await;
    assert_eq!((counts.lines_counted, counts.lines_rejected), (1, 2));
    let messages = world.rejected.lock().expect("queue");
    assert_eq!(messages.len(), 1);
    let message = &messages[0];
    assert_eq!(message["reason"], "damaged_aggregate");
    assert_eq!(message["others"], json!({"damaged_aggregate": 1}));
    assert_eq!(message["data"], STANDARD.encode(&broken));
    assert_eq!(message.get("user_record"), None);
}
