//! The handler against a ledger, a topic and a queue in memory that fail on purpose,
//! under virtual time: each alarm record is told, and once, in whatever way it comes.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use function::delivery::{CallError, Outcome, Target};
use function::rejects::Part;
use function::{Deadline, KinesisEvent, Record};
use model::{Alarm, AlarmKind, Measure, Second, Signal};
use notify::{Claim, Handler, Ledger, Message};
use proptest::prelude::*;
use tokio::time::Instant;

const TIMEOUT: Duration = Duration::from_secs(30);

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    None,
    FailsBefore,
    /// It is carried out and its answer is lost.
    FailsAfter,
    Denied,
    /// It is never answered; whether it is carried out.
    Hangs(bool),
}

/// Faults to come, one for each call; then there are none.
#[derive(Debug, Default)]
struct Faults(Mutex<Vec<Fault>>);

impl Faults {
    fn of(faults: impl IntoIterator<Item = Fault>) -> Self {
        let mut faults: Vec<Fault> = faults.into_iter().collect();
        faults.reverse();
        Self(Mutex::new(faults))
    }

    async fn call<R>(&self, act: impl FnOnce() -> R) -> Result<R, CallError> {
        let fault = self.0.lock().expect("faults").pop();
        // Calls take time, so that invocations overlap.
        tokio::time::sleep(Duration::from_millis(5)).await;
        match fault.unwrap_or(Fault::None) {
            Fault::None => Ok(act()),
            Fault::FailsBefore => Err(CallError::Retryable("injected".into())),
            Fault::FailsAfter => {
                act();
                Err(CallError::Retryable("injected".into()))
            }
            Fault::Denied => Err(CallError::Permanent("injected".into())),
            Fault::Hangs(carried_out) => {
                if carried_out {
                    act();
                }
                std::future::pending().await
            }
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Entry {
    InProgress(String, DateTime<Utc>),
    Completed,
}

/// The world outside a function.
#[derive(Debug, Default)]
struct World {
    ledger: Mutex<BTreeMap<String, Entry>>,
    told: Mutex<Vec<String>>,
    rejects: Mutex<Vec<String>>,
    ledger_faults: Faults,
    topic_faults: Faults,
    queue_faults: Faults,
}

impl Ledger for &World {
    async fn claim(
        &self,
        id: &str,
        owner: &str,
        now: DateTime<Utc>,
        until: DateTime<Utc>,
    ) -> Result<Claim, CallError> {
        let claim = || {
            let mut ledger = self.ledger.lock().expect("a ledger");
            match ledger.get(id) {
                Some(Entry::Completed) => return Claim::Done,
                Some(Entry::InProgress(other, expiry)) if other != owner && *expiry >= now => {
                    return Claim::Theirs;
                }
                _ => {}
            }
            ledger.insert(id.to_owned(), Entry::InProgress(owner.to_owned(), until));
            Claim::Ours
        };
        self.ledger_faults.call(claim).await
    }

    async fn complete(&self, id: &str, _: DateTime<Utc>) -> Result<(), CallError> {
        let complete = || {
            let mut ledger = self.ledger.lock().expect("a ledger");
            ledger.insert(id.to_owned(), Entry::Completed);
        };
        self.ledger_faults.call(complete).await
    }

    async fn release(&self, id: &str, owner: &str) -> Result<(), CallError> {
        let release = || {
            let mut ledger = self.ledger.lock().expect("a ledger");
            let ours = |e: &Entry| matches!(e, Entry::InProgress(o, _) if o == owner);
            if ledger.get(id).is_some_and(ours) {
                ledger.remove(id);
            }
        };
        self.ledger_faults.call(release).await
    }
}

impl Target<Message> for &World {
    async fn call(&self, messages: &[&Message]) -> Result<Vec<Outcome>, CallError> {
        let publish = || {
            let subjects = messages.iter().map(|m| m.subject.clone());
            self.told.lock().expect("messages").extend(subjects);
            vec![Outcome::Done; messages.len()]
        };
        self.topic_faults.call(publish).await
    }
}

impl Target<Part<'_>> for &World {
    async fn call(&self, parts: &[&Part<'_>]) -> Result<Vec<Outcome>, CallError> {
        let send = || {
            let bodies = parts.iter().map(|part| part.body().expect("JSON"));
            self.rejects.lock().expect("rejects").extend(bodies);
            vec![Outcome::Done; parts.len()]
        };
        self.queue_faults.call(send).await
    }
}

impl World {
    /// One invocation, cut off at Lambda's own timeout: which records come again.
    async fn invoke(&self, records: &[Record], owner: &str, at: DateTime<Utc>) -> Vec<bool> {
        let handler = Handler::new(self, self, self);
        let work = handler.batch(records, owner, at, Deadline::after(TIMEOUT));
        let ended = tokio::time::timeout(TIMEOUT, work).await;
        ended.expect("an answer in time").0
    }

    fn told(&self) -> Vec<String> {
        self.told.lock().expect("messages").clone()
    }
}

/// The subject names the alarm in these tests: its site is its number.
fn alarm(site: &str, kind: AlarmKind) -> Vec<u8> {
    let alarm = Alarm {
        alarm_id: format!("{site}-0"),
        kind,
        site: site.to_owned(),
        rate: 20,
        trigger_count: 60,
        peak: 20,
        cancellation_count: 0,
        threshold: 15,
        window_seconds: 15,
        measure: Measure::Orders,
        started_at: Second::new(1_545_084_664),
        at: Second::new(1_545_084_724),
        signal: Signal::Surge,
        contributors: Vec::new(),
    };
    serde_json::to_vec(&alarm).expect("JSON")
}

fn records(payloads: &[Vec<u8>]) -> Vec<Record> {
    let event = testkit::event(1, payloads);
    let event: KinesisEvent = serde_json::from_slice(&event).expect("an event");
    event.records
}

fn moment() -> DateTime<Utc> {
    DateTime::from_timestamp(1_545_084_730, 0).expect("in the calendar")
}

#[tokio::test(start_paused = true)]
async fn a_batch_that_comes_again_is_told_once_and_in_its_order() {
    let world = World::default();
    let batch = records(&[
        alarm("a", AlarmKind::Alarm),
        alarm("a", AlarmKind::Ok),
        alarm("b", AlarmKind::Alarm),
        alarm("a", AlarmKind::Alarm),
    ]);
    for owner in ["one", "two", "three"] {
        assert_eq!(world.invoke(&batch, owner, moment()).await, [false; 4]);
    }
    let told = [
        "a order rate ALARM",
        "a order rate OK",
        "b order rate ALARM",
    ];
    assert_eq!(world.told(), told);
}

#[tokio::test(start_paused = true)]
async fn a_copy_in_the_batch_is_not_told_again_if_the_ledger_could_not_be_completed() {
    let world = World {
        // Claimed; told; not noted.
        ledger_faults: Faults::of([Fault::None, Fault::Denied]),
        ..World::default()
    };
    let batch = records(&[alarm("a", AlarmKind::Alarm), alarm("a", AlarmKind::Alarm)]);
    assert_eq!(world.invoke(&batch, "one", moment()).await, [false; 2]);
    assert_eq!(world.told(), ["a order rate ALARM"]);
}

#[tokio::test(start_paused = true)]
async fn two_invocations_at_once_tell_once_and_both_succeed() {
    let world = World::default();
    let batch = records(&[alarm("a", AlarmKind::Alarm)]);
    let (one, two) = tokio::join!(
        world.invoke(&batch, "one", moment()),
        world.invoke(&batch, "two", moment()),
    );
    assert_eq!((one, two), (vec![false], vec![false]));
    assert_eq!(world.told().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn after_a_crash_between_publishing_and_noting_it_is_told_again_when_the_claim_expires() {
    let world = World::default();
    let batch = records(&[alarm("a", AlarmKind::Alarm)]);
    let start = Instant::now();
    // It dies with the message sent.
    let crash = Faults::of([Fault::None, Fault::Hangs(false)]);
    let dying = World {
        ledger_faults: crash,
        ..World::default()
    };
    let handler = Handler::new(&dying, &dying, &dying);
    let work = handler.batch(&batch, "dead", moment(), Deadline::after(TIMEOUT));
    let cut = tokio::time::timeout(Duration::from_secs(1), work).await;
    assert!(cut.is_err() && dying.told().len() == 1);
    *world.ledger.lock().expect("a ledger") = dying.ledger.into_inner().expect("a ledger");

    let now = |start: Instant| moment() + TimeDelta::from_std(start.elapsed()).expect("short");
    let again = world.invoke(&batch, "one", now(start)).await;
    assert_eq!(
        again,
        [true],
        "the claim holds for as long as it may be at work"
    );
    assert!(world.told().is_empty());
    assert_eq!(world.invoke(&batch, "two", now(start)).await, [false]);
    assert_eq!(world.told().len(), 1);
    assert!(
        start.elapsed() < Duration::from_secs(40),
        "{:?}",
        start.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_is_down_gives_the_claim_back_and_stops_what_follows() {
    let world = World {
        topic_faults: Faults::of([Fault::Denied]),
        ..World::default()
    };
    let batch = records(&[
        alarm("a", AlarmKind::Alarm),
        b"?".to_vec(),
        alarm("a", AlarmKind::Ok),
    ]);
    let start = Instant::now();
    assert_eq!(world.invoke(&batch, "one", moment()).await, [true; 3]);
    assert!(world.ledger.lock().expect("a ledger").is_empty());
    assert_eq!(world.invoke(&batch, "two", moment()).await, [false; 3]);
    assert_eq!(world.told(), ["a order rate ALARM", "a order rate OK"]);
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn a_topic_that_throttles_is_asked_again_until_shortly_before_the_deadline() {
    let some = World {
        topic_faults: Faults::of([Fault::FailsBefore; 5]),
        ..World::default()
    };
    let batch = records(&[alarm("a", AlarmKind::Alarm)]);
    assert_eq!(some.invoke(&batch, "one", moment()).await, [false]);
    assert_eq!(some.told().len(), 1);
    let down = World {
        topic_faults: Faults::of([Fault::FailsBefore; 10_000]),
        ..World::default()
    };
    assert_eq!(down.invoke(&batch, "one", moment()).await, [true]);
    assert!(down.ledger.lock().expect("a ledger").is_empty());
}

#[tokio::test(start_paused = true)]
async fn what_is_no_alarm_is_kept_and_blocks_nothing() {
    let world = World::default();
    let batch = records(&[
        b"\xff\xfe".to_vec(),
        alarm("a", AlarmKind::Alarm),
        b"{\"kind\":\"ALARM\"}".to_vec(),
    ]);
    assert_eq!(world.invoke(&batch, "one", moment()).await, [false; 3]);
    assert_eq!(world.told(), ["a order rate ALARM"]);
    let rejects = world.rejects.into_inner().expect("rejects");
    assert_eq!(rejects.len(), 2);
    for (reject, data) in rejects.iter().zip(["//4=", "eyJraW5kIjoiQUxBUk0ifQ=="]) {
        let reject: serde_json::Value = serde_json::from_str(reject).expect("JSON");
        assert_eq!(reject["function"], "notify");
        assert_eq!(reject["reason"], "not_an_alarm");
        assert_eq!(reject["data"], data);
    }
}

#[tokio::test(start_paused = true)]
async fn a_reject_that_the_queue_does_not_take_comes_again() {
    let world = World {
        queue_faults: Faults::of([Fault::Denied]),
        ..World::default()
    };
    let batch = records(&[b"?".to_vec(), alarm("a", AlarmKind::Alarm)]);
    assert_eq!(world.invoke(&batch, "one", moment()).await, [true, false]);
    assert_eq!(world.invoke(&batch, "two", moment()).await, [false, false]);
    assert_eq!(world.told().len(), 1);
}

fn faults(rng: &mut Rng, rate: u32) -> (Faults, u32) {
    let mut lost = 0;
    let one = |rng: &mut Rng| {
        if rng.u32(0..20) >= rate {
            return Fault::None;
        }
        let faults = [
            Fault::FailsBefore,
            Fault::FailsAfter,
            Fault::Denied,
            Fault::Hangs(true),
            Fault::Hangs(false),
        ];
        *rng.choice(&faults).expect("one")
    };
    let faults: Vec<Fault> = (0..40).map(|_| one(rng)).collect();
    for fault in &faults {
        lost += u32::from(!matches!(fault, Fault::None | Fault::FailsBefore));
    }
    (Faults::of(faults), lost)
}

/// Delivers a shard as an event source mapping does, with copies of invocations and
/// deaths, until all of it is told. How many invocations died.
async fn run(world: &World, all: &[Record], rng: &mut Rng) -> u32 {
    let (start, mut done, mut dead) = (Instant::now(), 0, 0);
    let mut owners = 0..;
    while done < all.len() {
        let batch = &all[done..rng.usize(done + 1..=all.len())];
        let now = moment() + TimeDelta::from_std(start.elapsed()).expect("short");
        let mut owner = || {
            owners
                .next()
                .map(|n: u32| n.to_string())
                .unwrap_or_default()
        };
        let (one, two, copy) = (owner(), owner(), rng.u32(0..4) == 0);
        let work = async {
            let copy = async {
                if copy {
                    world.invoke(batch, &two, now).await;
                }
            };
            tokio::join!(world.invoke(batch, &one, now), copy).0
        };
        let life = if rng.u32(0..5) == 0 {
            Duration::from_millis(rng.u64(0..60))
        } else {
            TIMEOUT * 2
        };
        match tokio::time::timeout(life, work).await {
            Ok(failed) => done += failed.iter().position(|f| *f).unwrap_or(batch.len()),
            Err(_) => dead += 1,
        }
    }
    dead
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]
    #[test]
    fn every_alarm_is_told_and_twice_only_if_nothing_can_rule_it_out(seed in any::<u64>()) {
        let mut rng = Rng::with_seed(seed);
        fastrand::seed(seed);
        let rate = *rng.choice(&[0, 1, 4]).expect("one");
        let (ledger_faults, lost_notes) = faults(&mut rng, rate);
        let (topic_faults, lost_answers) = faults(&mut rng, rate);
        let world = World { ledger_faults, topic_faults, ..World::default() };
        let mut begun = std::collections::BTreeSet::new();
        let payloads: Vec<Vec<u8>> = (0..rng.usize(1..10))
            .map(|_| {
                let site = rng.u32(0..4).to_string();
                if rng.u32(0..6) == 0 {
                    b"?".to_vec()
                } else if begun.insert(site.clone()) {
                    alarm(&site, AlarmKind::Alarm)
                } else {
                    alarm(&site, AlarmKind::Ok)
                }
            })
            .collect();
        let all = records(&payloads);
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        let dead = runtime.block_on(run(&world, &all, &mut rng));

        let expected: std::collections::BTreeSet<String> = all
            .iter()
            .filter_map(|r| Alarm::parse(&r.data).ok())
            .map(|alarm| format!("{} order rate {}", alarm.site, alarm.kind))
            .collect();
        let told = world.told();
        for subject in &expected {
            prop_assert!(told.contains(subject), "{subject} is not told");
        }
        for site in begun {
            let first = |kind| told.iter().position(|t| *t == format!("{site} order rate {kind}"));
            let (alarm, over) = (first(AlarmKind::Alarm), first(AlarmKind::Ok));
            prop_assert!(over.is_none() || alarm < over, "{told:?}");
        }
        let twice = told.len() - expected.len();
        let excuses = lost_notes + lost_answers + 2 * dead;
        prop_assert!(twice as u32 <= excuses, "{told:?}, {excuses} lost answers and deaths");
        let unnoted = world.ledger.lock().expect("a ledger");
        prop_assert!(rate > 0 || dead > 0 || unnoted.values().all(|e| *e == Entry::Completed));
        let bad = all.iter().any(|r| r.data == b"?");
        prop_assert_eq!(bad, !world.rejects.lock().expect("rejects").is_empty());
    }
}
