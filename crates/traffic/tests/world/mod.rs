//! A table, a bucket, CloudWatch, a queue and patterns in memory, which fail when they are
//! told to; requests, and what they should come to, counted by other means.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Write as _;
use std::sync::Mutex;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use chrono::{DateTime, Utc};
use function::Deadline;
use function::delivery::{CallError, Outcome, Target};
use function::rejects;
use function::table::{End, Expected, Item, Keys, Table};
use serde_json::{Value as Json, json};
use tokio::sync::Notify;
use tokio::time::Instant;
use traffic::{
    BadPattern, Chunks, Counts, Event, Handler, Metric, Metrics, ObjectId, Objects, OpenError,
    Part, Pattern, PatternTable, PublishError, Rules, Scope, Value,
};

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    /// It goes through.
    None,
    /// It is refused for now, and says so.
    Throttled,
    /// It is not carried out and not answered.
    FailsBefore,
    /// It is carried out and its answer is lost.
    FailsAfter,
    /// It is refused, as without rights.
    Denied,
    /// It is refused for what it holds.
    Refused,
    /// It goes through, and takes so many milliseconds.
    Takes(u64),
    /// The process dies before the call.
    DiesBefore,
    /// The process dies after the call.
    DiesAfter,
}

pub(crate) const FAULTS: [Fault; 6] = [
    Fault::Throttled,
    Fault::FailsBefore,
    Fault::FailsAfter,
    Fault::Denied,
    Fault::DiesBefore,
    Fault::DiesAfter,
];

/// What may be summed up: a metric of a scope in a minute. Durations are how many there are.
pub(crate) type Sums = BTreeMap<(u32, Scope, Metric), u64>;

#[derive(Debug, Default)]
pub(crate) struct World {
    /// Faults to come, one for each call; then there are none.
    pub(crate) script: Mutex<VecDeque<Fault>>,
    pub(crate) calls: Mutex<Vec<&'static str>>,
    pub(crate) death: Notify,
    pub(crate) items: Mutex<BTreeMap<(String, String), Item>>,
    /// By key: the eTag and the content.
    pub(crate) objects: Mutex<BTreeMap<String, (String, Bytes)>>,
    pub(crate) published: Mutex<Vec<Part>>,
    pub(crate) rejected: Mutex<Vec<Json>>,
    pub(crate) patterns: Mutex<Vec<Pattern>>,
    /// How long the next bytes of an object take.
    pub(crate) chunk_takes: Duration,
}

impl World {
    async fn make<R>(
        &self,
        name: &'static str,
        act: impl FnOnce() -> R,
    ) -> Result<R, (bool, CallError)> {
        self.calls.lock().expect("calls").push(name);
        let fault = self.script.lock().expect("a script").pop_front();
        tokio::task::yield_now().await;
        let later = |sure| (sure, CallError::Retryable("injected".into()));
        match fault.unwrap_or(Fault::None) {
            Fault::None => Ok(act()),
            Fault::Throttled => Err(later(true)),
            Fault::FailsBefore => Err(later(false)),
            Fault::Denied => Err((true, CallError::Permanent("injected".into()))),
            Fault::Refused => Err((true, CallError::Refused("injected".into()))),
            Fault::Takes(milliseconds) => {
                tokio::time::sleep(Duration::from_millis(milliseconds)).await;
                Ok(act())
            }
            Fault::FailsAfter => {
                act();
                Err(later(false))
            }
            fault @ (Fault::DiesBefore | Fault::DiesAfter) => {
                if fault == Fault::DiesAfter {
                    act();
                }
                self.death.notify_one();
                std::future::pending().await
            }
        }
    }

    pub(crate) fn put(&self, key: &str, content: impl Into<Bytes>) {
        let etag = format!("e{}", key.len());
        let object = (etag, content.into());
        self.objects
            .lock()
            .expect("objects")
            .insert(key.to_owned(), object);
    }

    /// What was published, summed up as CloudWatch does.
    pub(crate) fn sums(&self) -> Sums {
        let mut sums = Sums::new();
        for series in self
            .published
            .lock()
            .expect("parts")
            .iter()
            .flat_map(|p| &p.series)
        {
            for (metric, value) in &series.data {
                let sum = match value {
                    Value::Sum(sum) => *sum,
                    Value::Durations(durations) => durations.iter().map(|d| d.1).sum(),
                };
                assert!(sum > 0, "a zero is published");
                *sums
                    .entry((series.minute, series.scope.clone(), *metric))
                    .or_default() += sum;
            }
        }
        sums
    }
}

impl Table for &World {
    async fn read(&self, partition: &str, keys: Keys<'_>) -> Result<Vec<Item>, CallError> {
        assert!(keys.consistent);
        let read = || {
            let items = self.items.lock().expect("items");
            let first = (partition.to_owned(), keys.first.to_owned());
            let last = (partition.to_owned(), keys.last.to_owned());
            let mut range = items.range(first..=last).map(|(_, item)| item.clone());
            match keys.only {
                None => range.collect(),
                Some(End::First) => range.take(1).collect(),
                Some(End::Last) => range.next_back().into_iter().collect(),
            }
        };
        self.make("read", read).await.map_err(|(_, error)| error)
    }

    async fn write(&self, item: &Item, expected: Expected<'_>) -> Result<bool, CallError> {
        assert!(item.body.len() < 400 * 1024, "larger than an item may be");
        let write = || {
            let mut items = self.items.lock().expect("items");
            let key = (item.partition.clone(), item.key.clone());
            let present = items.get(&key).map(|i| i.revision.as_str());
            let holds = match expected {
                Expected::Anything => true,
                Expected::Nothing => present.is_none(),
                Expected::Revision(revision) => present == Some(revision),
            };
            if holds {
                items.insert(key, item.clone());
            }
            holds
        };
        self.make("write", write).await.map_err(|(_, error)| error)
    }
}

pub(crate) struct Body<'a> {
    world: &'a World,
    rest: Bytes,
}

impl<'a> Objects for &'a World {
    type Body = Body<'a>;

    async fn open(&self, object: &ObjectId) -> Result<Body<'a>, OpenError> {
        let find = || {
            let objects = self.objects.lock().expect("objects");
            let found = objects.get(&object.key);
            found
                .filter(|(etag, _)| *etag == object.etag)
                .map(|(_, content)| content.clone())
        };
        let found = self.make("open", find).await.map_err(|(_, error)| error)?;
        let world = *self;
        found
            .map(|rest| Body { world, rest })
            .ok_or(OpenError::Gone)
    }
}

impl Chunks for Body<'_> {
    async fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        if !self.world.chunk_takes.is_zero() {
            tokio::time::sleep(self.world.chunk_takes).await;
        }
        let next =
            || (!self.rest.is_empty()).then(|| self.rest.split_to(self.rest.len().min(64 * 1024)));
        self.world
            .make("next", next)
            .await
            .map_err(|(_, error)| error)
    }
}

impl Metrics for &World {
    async fn put(&self, part: &Part) -> Result<(), PublishError> {
        assert!(part.len() <= 1_000 && !part.is_empty());
        let put = || self.published.lock().expect("parts").push(part.clone());
        self.make("put", put).await.map_err(|(sure, error)| {
            if sure {
                PublishError::NotTaken(error)
            } else {
                PublishError::Uncertain(error)
            }
        })
    }
}

impl Target<rejects::Part<'_>> for &World {
    async fn call(&self, parts: &[&rejects::Part<'_>]) -> Result<Vec<Outcome>, CallError> {
        let send = || {
            let mut queue = self.rejected.lock().expect("queue");
            for part in parts {
                let body = part.body().expect("JSON");
                assert!(body.len() <= 256 * 1024);
                queue.push(serde_json::from_str(&body).expect("JSON"));
            }
            vec![Outcome::Done; parts.len()]
        };
        self.make("send", send).await.map_err(|(_, error)| error)
    }
}

impl PatternTable for &World {
    async fn load(&self) -> Result<(Vec<Pattern>, Vec<BadPattern>), CallError> {
        let load = || (self.patterns.lock().expect("patterns").clone(), Vec::new());
        self.make("load", load).await.map_err(|(_, error)| error)
    }
}

/// 2015-05-20T12:00:00Z.
pub(crate) const START: i64 = 1_432_123_200;

/// Virtual time as the clock on the wall.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Clock(Instant);

impl Clock {
    pub(crate) fn start() -> Self {
        Self(Instant::now())
    }

    pub(crate) fn now(self) -> DateTime<Utc> {
        let at = START * 1_000 + self.0.elapsed().as_millis() as i64;
        DateTime::from_timestamp_millis(at).expect("in the calendar")
    }
}

pub(crate) type Function<'a> = Handler<&'a World, &'a World, &'a World, &'a World, &'a World>;

pub(crate) fn function(world: &World, rules: Rules) -> Function<'_> {
    Handler::new(rules, world, world, world, world, world)
}

/// One invocation of so many seconds at most: what has to come again, or `None` if the process
/// died.
pub(crate) async fn invoke(
    function: &Function<'_>,
    world: &World,
    event: &Event,
    (clock, seconds): (Clock, u64),
    counts: &mut Counts,
) -> Option<Vec<String>> {
    let deadline = Deadline::after(Duration::from_secs(seconds));
    let work = Box::pin(function.process(event, clock.now(), deadline, counts));
    let response = tokio::select! {
        response = work => response,
        () = world.death.notified() => return None,
    };
    let failed = response.batch_item_failures.into_iter();
    Some(
        failed
            .filter_map(|failure| failure.item_identifier)
            .collect(),
    )
}

/// A message that tells of an object.
pub(crate) fn message(world: &World, key: &str) -> Json {
    let etag = world.objects.lock().expect("objects")[key].0.clone();
    let body = json!({"Records": [{
        "eventName": "ObjectCreated:Put",
        "s3": {"bucket": {"name": "logs"}, "object": {"key": key, "eTag": etag, "size": 1}},
    }]});
    json!({"eventSource": "aws:sqs", "messageId": key, "body": body.to_string()})
}

pub(crate) fn messages(world: &World, keys: &[&str]) -> Event {
    let records: Vec<Json> = keys.iter().map(|key| message(world, key)).collect();
    serde_json::from_str(&json!({"Records": records}).to_string()).expect("an event")
}

/// A batch of one shard with these records, numbered from `first` on.
pub(crate) fn records<P: AsRef<[u8]>>(first: usize, payloads: &[P]) -> Event {
    let record = |(number, payload): (usize, &P)| {
        json!({
            "eventSource": "aws:kinesis",
            "eventID": format!("shardId-000000000006:{number:056}"),
            "eventSourceARN": "arn:aws:kinesis:us-east-1:123456789012:stream/requests",
            "kinesis": {
                "sequenceNumber": format!("{number:056}"),
                "approximateArrivalTimestamp": START,
                "data": STANDARD.encode(payload),
            },
        })
    };
    let records: Vec<Json> = (first..).zip(payloads).map(record).collect();
    serde_json::from_str(&json!({"Records": records}).to_string()).expect("an event")
}

/// Delivers an event until nothing of it fails, through deaths and leases. The first time
/// there is less time: other messages came with it, say.
pub(crate) async fn deliver(world: &World, rules: &Rules, event: &Event, clock: Clock) -> Counts {
    let mut counts = Counts::default();
    let mut alive = function(world, rules.clone());
    for n in 0..20 {
        let seconds = if n == 0 { 50 } else { 120 };
        match invoke(&alive, world, event, (clock, seconds), &mut counts).await {
            None => alive = function(world, rules.clone()),
            Some(failed) if failed.is_empty() => return counts,
            Some(_) => {}
        }
        // The queue's visibility timeout, or a mapping's retries.
        tokio::time::sleep(Duration::from_secs(90)).await;
    }
    panic!("the event fails forever: {counts:?}");
}

/// A request, as the tests make them up.
#[derive(Debug, Clone)]
pub(crate) struct Hit {
    pub(crate) second: i64,
    pub(crate) path: &'static str,
    pub(crate) status: Option<u16>,
    pub(crate) bytes: u64,
    pub(crate) milliseconds: u64,
    pub(crate) is_bot: bool,
    pub(crate) host: &'static str,
}

pub(crate) const HEADER: &str = "#Version: 1.0\n#Fields: date time c-ip cs-method cs-uri-stem sc-status sc-bytes \
                          time-taken cs(User-Agent) x-host-header\n";

/// A line of CloudFront's with these columns.
pub(crate) fn line(hit: &Hit) -> String {
    let at = DateTime::from_timestamp(hit.second, 0).expect("in the calendar");
    let agent = if hit.is_bot {
        "Googlebot/2.1"
    } else {
        "Mozilla/5.0%20(X11)"
    };
    let status = hit.status.unwrap_or(0);
    let mut line = at.format("%Y-%m-%d\t%H:%M:%S").to_string();
    let (path, bytes, host) = (hit.path, hit.bytes, hit.host);
    let (seconds, rest) = (hit.milliseconds / 1_000, hit.milliseconds % 1_000);
    writeln!(
        line,
        "\t192.0.2.1\tGET\t{path}\t{status:03}\t{bytes}\t{seconds}.{rest:03}\t{agent}\t{host}"
    )
    .expect("a text");
    line
}

pub(crate) fn hits(seed: u64, count: usize) -> Vec<Hit> {
    let mut random = fastrand::Rng::with_seed(seed);
    let mut pick = |from: std::ops::Range<usize>| random.usize(from);
    let hit = |_| Hit {
        second: START - 600 + pick(0..600) as i64,
        path: ["/", "/shop/1", "/shop/cart", "/img/a.png", "/%20"][pick(0..5)],
        status: [Some(200), Some(304), Some(404), Some(500), None, Some(206)][pick(0..6)],
        bytes: pick(0..3) as u64 * 1_000,
        milliseconds: pick(0..2_000) as u64,
        is_bot: pick(0..5) == 0,
        host: ["www.example.com", "evil.example.net"][pick(0..2)],
    };
    (0..count).map(hit).collect()
}

pub(crate) fn object(hits: &[Hit]) -> String {
    hits.iter()
        .fold(HEADER.to_owned(), |all, hit| all + &line(hit))
}

pub(crate) fn pattern(id: &str, regex: &str, rank: f64) -> Pattern {
    Pattern {
        id: id.to_owned(),
        regex: regex.to_owned(),
        rank,
    }
}

/// What requests come to where `www.example.com` is the only host, and `shop` the pattern of
/// what begins with `/shop`: each request is looked at alone.
pub(crate) fn recount(hits: &[Hit]) -> Sums {
    let mut sums = Sums::new();
    for hit in hits {
        let minute = u32::try_from(hit.second / 60).expect("a minute");
        let host = match hit.host {
            "www.example.com" => hit.host,
            _ => "other",
        };
        let host = host.to_owned();
        let pattern = if hit.path.starts_with("/shop") {
            "shop"
        } else {
            "other"
        };
        let pattern = pattern.to_owned();
        let scopes = if hit.is_bot {
            *sums
                .entry((minute, Scope::Site, Metric::BotRequests))
                .or_default() += 1;
            vec![Scope::Bots { host }]
        } else {
            vec![Scope::Page { host, pattern }, Scope::Site]
        };
        let class = match hit.status {
            None => Metric::ResponseNone,
            Some(200..300) => Metric::Response2xx,
            Some(300..400) => Metric::Response3xx,
            Some(400..500) => Metric::Response4xx,
            Some(_) => Metric::Response5xx,
        };
        for scope in scopes {
            let mut add = |metric, sum| {
                if sum > 0 {
                    *sums.entry((minute, scope.clone(), metric)).or_default() += sum;
                }
            };
            add(Metric::Requests, 1);
            add(class, 1);
            add(Metric::Response404, u64::from(hit.status == Some(404)));
            add(Metric::Bytes, hit.bytes);
            add(Metric::Duration, 1);
        }
    }
    sums
}

/// The rules that the recount goes by.
pub(crate) fn rules() -> Rules {
    Rules {
        log: Some(model::Log::named("cloudfront").expect("a log")),
        hosts: traffic::Hosts::parse("www.example.com").expect("a host"),
        ..Rules::default()
    }
}

/// A world with the recount's pattern.
pub(crate) fn world() -> World {
    World {
        patterns: Mutex::new(vec![pattern("shop", "^/shop", 1.0)]),
        ..World::default()
    }
}
