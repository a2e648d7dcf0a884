//! Counting against a recount that looks at each request alone, for each metric anew.

use std::borrow::Cow;
use std::collections::BTreeMap;

use model::{Action, Flow, Request};
use proptest::prelude::*;
use traffic::{
    Bots, Classifier, Hosts, Metric, Pattern, Patterns, Ports, Scope, Series, Tally, Value, parts,
};

type Sums = BTreeMap<(u32, Scope, Metric), u64>;

fn classifier() -> Classifier {
    let pattern = |id: &str, regex: &str, rank| Pattern {
        id: id.to_owned(),
        regex: regex.to_owned(),
        rank,
    };
    let patterns = vec![
        pattern("shop", "^/shop", 1.0),
        pattern("images", "[.]png$", 2.0),
    ];
    let (patterns, bad) = Patterns::new(patterns, 20);
    assert!(bad.is_empty());
    let hosts = Hosts::parse("www.example.com,shop.example.com").expect("hosts");
    Classifier::new(hosts, Ports::default(), Bots::default(), patterns)
}

fn requests() -> impl Strategy<Value = Vec<(u32, Request<'static>)>> {
    let text = |texts: &'static [&'static str]| prop::sample::select(texts);
    let request = (
        0_u32..4,
        text(&["/shop", "/shop/a.png", "/a.png", "/", "no path"]),
        text(&[
            "www.example.com",
            "SHOP.example.com:443",
            "evil.example.net",
        ]),
        prop::option::of(prop_oneof![Just(200_u16), Just(404), 0_u16..1_000]),
        0_u64..10_000,
        prop::option::of(prop_oneof![0_u64..200, 0_u64..10_000_000, Just(u64::MAX)]),
        prop::option::of(text(&["Googlebot/2.1", "Mozilla/5.0 (X11)"])),
    );
    let request = request.prop_map(|(minute, path, host, status, bytes, duration, agent)| {
        let request = Request {
            path: Cow::Borrowed(path),
            host: Some(Cow::Borrowed(host)),
            status,
            bytes,
            duration,
            user_agent: agent.map(Cow::Borrowed),
            ..Request::default()
        };
        (minute, request)
    });
    prop::collection::vec(request, 0..200)
}

fn flows() -> impl Strategy<Value = Vec<(u32, Flow)>> {
    let action = prop::option::of(prop::sample::select(vec![Action::Accept, Action::Reject]));
    let flow = (
        0_u32..3,
        prop::option::of(0_u8..20),
        prop::option::of(0_u16..100),
        0_u64..50,
        action,
    );
    let flow = flow.prop_map(|(minute, protocol, destination_port, packets, action)| {
        let flow = Flow {
            protocol,
            destination_port,
            packets,
            bytes: packets * 40,
            action,
            ..Flow::default()
        };
        (minute, flow)
    });
    prop::collection::vec(flow, 0..100)
}

/// What series come to, durations as the number of them, and all durations in milliseconds.
fn summed<'a>(all: impl IntoIterator<Item = &'a Series>) -> (Sums, Vec<f64>) {
    let (mut sums, mut durations) = (Sums::new(), Vec::new());
    for series in all {
        for (metric, value) in &series.data {
            let sum = match value {
                Value::Sum(sum) => *sum,
                Value::Durations(values) => {
                    assert!(values.len() <= 150);
                    if matches!(series.scope, Scope::Page { .. } | Scope::Bots { .. }) {
                        let value = |d: &(u16, u64)| vec![traffic::milliseconds(d.0); d.1 as usize];
                        durations.extend(values.iter().flat_map(value));
                    }
                    values.iter().map(|d| d.1).sum()
                }
            };
            let key = (series.minute, series.scope.clone(), *metric);
            *sums.entry(key).or_default() += sum;
        }
    }
    durations.sort_by(f64::total_cmp);
    (sums, durations)
}

fn scopes(request: &Request<'_>) -> Vec<Scope> {
    let host = match request.host.as_deref() {
        Some("www.example.com") => "www.example.com",
        Some("SHOP.example.com:443") => "shop.example.com",
        _ => "other",
    };
    let host = host.to_owned();
    if request.user_agent.as_deref() == Some("Googlebot/2.1") {
        return vec![Scope::Bots { host }];
    }
    let pattern = match request.path.as_ref() {
        "/shop" | "/shop/a.png" => "shop",
        "/a.png" => "images",
        _ => "other",
    };
    let pattern = pattern.to_owned();
    vec![Scope::Site, Scope::Page { host, pattern }]
}

fn naive(requests: &[(u32, Request<'_>)], flows: &[(u32, Flow)]) -> Sums {
    let mut sums = Sums::new();
    let mut add = |minute: u32, scope: &Scope, metric, sum| {
        if sum > 0 {
            *sums.entry((minute, scope.clone(), metric)).or_default() += sum;
        }
    };
    for (minute, request) in requests {
        for scope in scopes(request) {
            let is = |statuses: std::ops::Range<u16>| {
                u64::from(
                    request
                        .status
                        .is_some_and(|status| statuses.contains(&status)),
                )
            };
            add(*minute, &scope, Metric::Requests, 1);
            add(*minute, &scope, Metric::Response2xx, is(200..300));
            add(*minute, &scope, Metric::Response3xx, is(300..400));
            add(*minute, &scope, Metric::Response4xx, is(400..500));
            add(*minute, &scope, Metric::Response5xx, is(500..600));
            add(*minute, &scope, Metric::Response404, is(404..405));
            add(
                *minute,
                &scope,
                Metric::ResponseNone,
                u64::from(request.status.is_none()),
            );
            add(*minute, &scope, Metric::Bytes, request.bytes);
            add(
                *minute,
                &scope,
                Metric::Duration,
                u64::from(request.duration.is_some()),
            );
            if matches!(scope, Scope::Bots { .. }) {
                add(*minute, &Scope::Site, Metric::BotRequests, 1);
            }
        }
    }
    for (minute, flow) in flows {
        let scope = Scope::Flows {
            action: match flow.action {
                Some(Action::Accept) => "accept".to_owned(),
                Some(Action::Reject) => "reject".to_owned(),
                None => "other".to_owned(),
            },
            protocol: match flow.protocol {
                Some(6) => "tcp".to_owned(),
                Some(17) => "udp".to_owned(),
                Some(1) => "icmp".to_owned(),
                _ => "other".to_owned(),
            },
            port: match flow.destination_port {
                Some(port @ (22 | 25 | 53 | 80)) => port.to_string(),
                _ => "other".to_owned(),
            },
        };
        add(*minute, &scope, Metric::FlowPackets, flow.packets);
        add(*minute, &scope, Metric::FlowBytes, flow.bytes);
    }
    sums
}

proptest! {
    #[test]
    fn a_tally_is_what_a_recount_finds_however_the_requests_are_shared_out(
        requests in requests(),
        flows in flows(),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut classifier = classifier();
        let (mut one, mut other) = (Tally::default(), Tally::default());
        let middle = cut.index(requests.len() + 1);
        for (n, (minute, request)) in requests.iter().enumerate() {
            let tally = if n < middle { &mut one } else { &mut other };
            tally.request(&mut classifier, *minute, request);
        }
        for (minute, flow) in &flows {
            one.flow(&classifier, *minute, flow);
        }
        let all = [one.series(&classifier), other.series(&classifier)].concat();
        let (sums, durations) = summed(&all);
        prop_assert_eq!(&sums, &naive(&requests, &flows));
        let mut exact: Vec<f64> = requests
            .iter()
            .filter_map(|(_, request)| request.duration)
            .map(|microseconds| microseconds as f64 / 1_000.0)
            .collect();
        exact.sort_by(f64::total_cmp);
        prop_assert_eq!(durations.len(), exact.len());
        for (rounded, exact) in durations.iter().zip(exact) {
            prop_assert!((rounded - exact).abs() <= exact * 0.01, "{rounded} for {exact}");
        }
        let cut = parts(all, 100);
        let (cut, _) = summed(cut.iter().flat_map(|part| &part.series));
        prop_assert_eq!(cut, sums);
    }
}
