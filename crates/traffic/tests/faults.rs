//! Whatever fails, whoever dies and whoever else is at it: the sums in CloudWatch equal a
//! recount, exactly, unless a publication was noted as uncertain.

#[allow(dead_code, reason = "some of it is other tests'")]
mod world;

use std::sync::Mutex;
use std::time::Duration;

use function::Deadline;
use function::delivery::CallError;
use function::table::{Expected, Item, Keys, Table};
use traffic::{Counts, Event, Handler};
use world::{
    Clock, FAULTS, Fault, Hit, Sums, World, deliver, function, hits, invoke, messages, object,
    recount, rules, world,
};

/// Nothing is lost; what is doubled is what was published in calls that are noted.
fn check(world: &World, expected: &Sums, counts: &Counts, what: &str) {
    let sums = world.sums();
    if counts.publications_uncertain == 0 {
        assert!(
            sums == *expected,
            "{what}: {counts:?}\n{sums:?}\n{expected:?}"
        );
    }
    for (name, sum) in expected {
        let published = sums.get(name).copied().unwrap_or_default();
        let most = sum * (1 + counts.publications_uncertain);
        assert!(
            (*sum..=most).contains(&published),
            "{what}: {name:?} {counts:?}"
        );
    }
    assert_eq!(sums.len(), expected.len(), "{what}");
}

/// An object that is counted in two goes, since reading it takes longer than the first
/// invocation has, with a line that is refused.
fn slow_object() -> (World, Vec<Hit>) {
    let requests = hits(1, 3_000);
    let content = object(&requests) + "no request\n";
    assert!(content.len() > 3 * 64 * 1024);
    let world = World {
        chunk_takes: Duration::from_secs(15),
        ..world()
    };
    world.put("a.log", content);
    (world, requests)
}

async fn with_faults(script: &[Fault]) -> (World, Counts, Sums) {
    let clock = Clock::start();
    let (world, requests) = slow_object();
    world.script.lock().expect("a script").extend(script);
    let event = messages(&world, &["a.log"]);
    let counts = deliver(&world, &rules(), &event, clock).await;
    (world, counts, recount(&requests))
}

#[tokio::test(start_paused = true)]
async fn each_fault_at_each_call_changes_no_sum() {
    let (world, counts, expected) = with_faults(&[]).await;
    assert_eq!(world.sums(), expected);
    assert_eq!(counts.publications_uncertain, 0);
    assert!(counts.publications >= 2, "{counts:?}");
    let calls = world.calls.lock().expect("calls").len();
    for place in 0..calls {
        for fault in FAULTS {
            let mut script = vec![Fault::None; place];
            script.push(fault);
            let (world, counts, expected) = with_faults(&script).await;
            let call = world.calls.lock().expect("calls")[place];
            let what = format!("{fault:?} at call {place}, {call}");
            check(&world, &expected, &counts, &what);
            assert!(!world.rejected.lock().expect("queue").is_empty());
            // Only what happens while something is published is uncertain.
            let publishes = matches!(call, "put" | "write") && fault != Fault::Throttled;
            let publishes = publishes || matches!(fault, Fault::DiesBefore | Fault::DiesAfter);
            assert!(
                publishes || counts.publications_uncertain == 0,
                "{what}: {counts:?}"
            );
            let doubled = world.sums() != expected;
            let may_double = matches!((call, fault), ("put", Fault::FailsAfter | Fault::DiesAfter))
                || matches!((call, fault), ("write", Fault::Denied | Fault::DiesBefore));
            assert!(!doubled || may_double, "{what}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn faults_at_random_calls_change_no_sum() {
    let mut uncertain = 0;
    for seed in 0..300 {
        let mut random = fastrand::Rng::with_seed(seed);
        let mut fault = || match random.u8(0..12) {
            0 => random.choice(FAULTS).expect("a fault"),
            _ => Fault::None,
        };
        let script: Vec<Fault> = (0..60).map(|_| fault()).collect();
        let (world, counts, expected) = with_faults(&script).await;
        check(&world, &expected, &counts, &format!("seed {seed}"));
        uncertain += u64::from(counts.publications_uncertain > 0);
    }
    assert!((1..250).contains(&uncertain), "{uncertain}");
}

/// Delivers an event to a copy of the function, again and again, beside other copies.
async fn copy(world: &World, event: &Event, clock: Clock, seed: u64) -> Counts {
    let mut counts = Counts::default();
    let function = function(world, rules());
    let mut random = fastrand::Rng::with_seed(seed);
    loop {
        for _ in 0..random.u8(0..20) {
            tokio::task::yield_now().await;
        }
        let failed = invoke(&function, world, event, (clock, 60), &mut counts).await;
        if failed.is_some_and(|failed| failed.is_empty()) {
            return counts;
        }
        tokio::time::sleep(Duration::from_secs(90)).await;
    }
}

#[tokio::test(start_paused = true)]
async fn copies_at_the_same_time_count_once() {
    for seed in 0..100 {
        let clock = Clock::start();
        let world = world();
        let requests = hits(seed, 200);
        world.put("a.log", object(&requests));
        let event = messages(&world, &["a.log"]);
        let copies = [0, 1, 2].map(|n| copy(&world, &event, clock, 3 * seed + n));
        let [a, b, c] = copies;
        let counts: [Counts; 3] = tokio::join!(a, b, c).into();
        assert!(
            world.sums() == recount(&requests),
            "seed {seed}: {counts:?}"
        );
        assert!(
            counts
                .iter()
                .all(|counts| counts.publications_uncertain == 0)
        );
        let lines: u64 = counts.iter().map(|counts| counts.lines_counted).sum();
        assert_eq!(lines, 200);
    }
}

/// A slow object and the requests in it, in a world where `fault` strikes its first publication.
async fn slow_object_with(fault: Fault) -> (World, Vec<Hit>) {
    let (world, _, _) = with_faults(&[]).await;
    let calls = world.calls.lock().expect("calls").clone();
    let put = calls.iter().position(|call| *call == "put").expect("a put");
    let (world, requests) = slow_object();
    let mut script = vec![Fault::None; put];
    script.push(fault);
    world.script.lock().expect("a script").extend(script);
    (world, requests)
}

#[tokio::test(start_paused = true)]
async fn what_a_dead_copy_left_is_published_by_the_next_once_its_lease_is_over() {
    let (world, requests) = slow_object_with(Fault::DiesBefore).await;
    let clock = Clock::start();
    let event = messages(&world, &["a.log"]);
    let mut counts = Counts::default();
    let first = function(&world, rules());
    assert_eq!(
        invoke(&first, &world, &event, (clock, 50), &mut counts).await,
        None
    );
    // At once: the dead copy's lease is on.
    let next = function(&world, rules());
    let failed = invoke(&next, &world, &event, (clock, 60), &mut counts).await;
    assert_eq!(failed, Some(vec!["a.log".to_owned()]));
    assert_eq!(world.published.lock().expect("parts").len(), 0);
    tokio::time::sleep(Duration::from_secs(90)).await;
    let counts = deliver(&world, &rules(), &event, clock).await;
    assert_eq!(counts.publications_uncertain, 1);
    assert_eq!(world.sums(), recount(&requests));
}

#[tokio::test(start_paused = true)]
async fn what_could_not_be_published_in_time_comes_again_at_once_and_without_doubt() {
    let (world, requests) = slow_object_with(Fault::Denied).await;
    let clock = Clock::start();
    let event = messages(&world, &["a.log"]);
    let mut counts = Counts::default();
    let function = function(&world, rules());
    let failed = invoke(&function, &world, &event, (clock, 50), &mut counts).await;
    assert_eq!(failed, Some(vec!["a.log".to_owned()]));
    // The lease was given back.
    while invoke(&function, &world, &event, (clock, 120), &mut counts).await != Some(Vec::new()) {}
    assert_eq!(counts.publications_uncertain, 0);
    assert_eq!(world.sums(), recount(&requests));
}

/// The world's table, one of whose writes is carried out once more, later: as one that was
/// given up, and made again, and which arrives after all.
struct Late<'a> {
    world: &'a World,
    /// Which write.
    write: usize,
    /// So many writes behind it.
    behind: usize,
    writes: Mutex<Vec<(Item, Option<Option<String>>)>>,
}

impl Table for &Late<'_> {
    async fn read(&self, partition: &str, keys: Keys<'_>) -> Result<Vec<Item>, CallError> {
        self.world.read(partition, keys).await
    }

    async fn write(&self, item: &Item, expected: Expected<'_>) -> Result<bool, CallError> {
        let written = self.world.write(item, expected).await;
        let late = {
            let mut writes = self.writes.lock().expect("writes");
            let condition = match expected {
                Expected::Anything => None,
                Expected::Nothing => Some(None),
                Expected::Revision(revision) => Some(Some(revision.to_owned())),
            };
            writes.push((item.clone(), condition));
            (writes.len() == self.write + self.behind + 1).then(|| writes[self.write].clone())
        };
        if let Some((item, condition)) = late {
            let expected = match &condition {
                None => Expected::Anything,
                Some(None) => Expected::Nothing,
                Some(Some(revision)) => Expected::Revision(revision),
            };
            // Nobody waits for the answer any more.
            let _ = self.world.write(&item, expected).await;
        }
        written
    }
}

/// Counts a slow object, which is delivered again when all is over; how many writes that took.
async fn with_a_late_write(write: usize, behind: usize) -> usize {
    let clock = Clock::start();
    let (world, requests) = slow_object();
    let late = Late {
        world: &world,
        write,
        behind,
        writes: Mutex::default(),
    };
    let event = messages(&world, &["a.log"]);
    let function = Handler::new(rules(), &late, &world, &world, &world, &world);
    let mut counts = Counts::default();
    let mut failed = Vec::new();
    for seconds in [50, 120, 120] {
        let deadline = Deadline::after(Duration::from_secs(seconds));
        let answer = Box::pin(function.process(&event, clock.now(), deadline, &mut counts)).await;
        failed.push(!answer.batch_item_failures.is_empty());
        // Longer than a lease.
        tokio::time::sleep(Duration::from_secs(150)).await;
    }
    let what = format!("write {write}, {behind} behind it: {counts:?}");
    assert_eq!(failed, [true, false, false], "{what}");
    assert!(world.sums() == recount(&requests), "{what}");
    assert_eq!(counts.publications_uncertain, 0, "{what}");
    late.writes.into_inner().expect("writes").len()
}

#[tokio::test(start_paused = true)]
async fn a_write_that_arrives_late_undoes_no_later_one() {
    let writes = with_a_late_write(usize::MAX / 2, 0).await;
    // Two goes: parts, the marker that names them, and a note for each part.
    assert!(writes >= 6, "{writes}");
    for write in 0..writes {
        for behind in 0..writes - write {
            assert_eq!(with_a_late_write(write, behind).await, writes);
        }
    }
}

/// Where in an undisturbed run a call of this name comes, from 0.
async fn place(name: &str) -> usize {
    let world = world();
    world.put("a.log", object(&hits(1, 10)));
    let event = messages(&world, &["a.log"]);
    deliver(&world, &rules(), &event, Clock::start()).await;
    let calls = world.calls.lock().expect("calls");
    calls.iter().position(|call| *call == name).expect("a call")
}

/// Counts a small object by invocations of ten seconds, eight of which are for publishing, with
/// what happens to the calls of each, and then to its end. What the last of them called.
async fn late(scripts: &[&[Fault]]) -> Vec<&'static str> {
    let (world, requests) = (world(), hits(1, 10));
    world.put("a.log", object(&requests));
    let (clock, event) = (Clock::start(), messages(&world, &["a.log"]));
    let function = function(&world, rules());
    let mut counts = Counts::default();
    for script in scripts {
        *world.script.lock().expect("a script") = script.iter().copied().collect();
        world.calls.lock().expect("calls").clear();
        let failed = invoke(&function, &world, &event, (clock, 10), &mut counts).await;
        assert_eq!(failed, Some(vec!["a.log".to_owned()]));
    }
    let calls = world.calls.lock().expect("calls").clone();
    // At once: no lease is left.
    let failed = invoke(&function, &world, &event, (clock, 10), &mut counts).await;
    assert_eq!(failed, Some(Vec::new()));
    assert_eq!(counts.publications_uncertain, 0);
    assert_eq!(world.sums(), recount(&requests));
    calls
}

#[tokio::test(start_paused = true)]
async fn no_publication_begins_when_its_time_is_over() {
    let put = place("put").await;
    let with = |place, fault| [vec![Fault::None; place], vec![fault]].concat();
    // The marker is written so late that its part cannot be published; the lease is given back.
    let calls = late(&[&with(put - 1, Fault::Takes(8_500))]).await;
    assert_eq!(calls[put - 1..], ["write", "write"]);
    // What is left is read so late that no lease is taken.
    let (denied, slow) = (with(put, Fault::Denied), with(1, Fault::Takes(8_500)));
    assert_eq!(late(&[&denied, &slow]).await, ["read", "read"]);
}

#[tokio::test(start_paused = true)]
async fn a_reject_that_the_queue_never_takes_holds_nothing_up() {
    let (world, requests) = (world(), hits(1, 10));
    world.put("a.log", object(&requests) + "no request\n");
    let event = messages(&world, &["a.log"]);
    // Patterns, the marker, the object, its end.
    let mut script = vec![Fault::None; 5];
    script.push(Fault::Refused);
    world.script.lock().expect("a script").extend(script);
    let function = function(&world, rules());
    let mut counts = Counts::default();
    let failed = invoke(&function, &world, &event, (Clock::start(), 60), &mut counts).await;
    assert_eq!(world.calls.lock().expect("calls")[5], "send");
    assert_eq!(failed, Some(Vec::new()));
    assert_eq!((counts.rejects_lost, counts.lines_rejected), (1, 1));
    assert_eq!(world.sums(), recount(&requests));
}
