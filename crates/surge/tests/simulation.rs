//! Whatever happens to records and processes, each order counts once and the alarms
//! are those of the rule: random arrivals, shards, batches, redeliveries, copies of
//! the function, lost answers, deaths and splits against a recount of the records.

mod memory;

use std::collections::{BTreeMap, BTreeSet, HashSet};

use chrono::{DateTime, Utc};
use fastrand::Rng;
use function::env::Env;
use function::{Deadline, KinesisEvent, Record};
use memory::{Fault, Faults, Memory, Stream};
use model::{Alarm, AlarmKind, Dimension, Measure, Second};
use proptest::prelude::*;
use surge::{Arrivals, Granule, Handler, Rate, Rule, Site};

/// Where the simulated seconds begin: no multiple of a granule's length.
const START: i64 = 1_291_191_963;
/// The longest that a record waits for its delivery where no shard falls behind, and
/// a shard that does for its next one; less than a shard is idle.
const LAG: i64 = 45;

/// One line, as the simulation makes it.
#[derive(Debug, Clone, Copy)]
struct Sent {
    second: i64,
    shard: usize,
    invoice: u32,
    quantity: i64,
}

impl Sent {
    fn csv(&self) -> String {
        let Self {
            invoice, quantity, ..
        } = self;
        let [customer, country, article] = self.values();
        format!("{invoice},{article},HEART,{quantity},12/1/2010 8:26,2.55,{customer},{country}\n")
    }

    /// Its customer, country and article.
    fn values(&self) -> [String; 3] {
        let country = ["United Kingdom", "France", "Norway"][self.invoice as usize % 3];
        let article = i64::from(self.invoice) + self.quantity;
        [
            (17_850 + self.invoice % 4).to_string(),
            country.to_owned(),
            format!("85123{}", article % 5),
        ]
    }
}

fn rule(rng: &mut Rng) -> Rule {
    let evaluation = rng.u32(1..12);
    let datapoints = rng.u32(1..=evaluation);
    let recovery = evaluation - datapoints + 1 + rng.u32(0..15);
    let variables = [
        ("WINDOW_SECONDS", rng.u32(1..16).to_string()),
        ("ORDER_THRESHOLD", rng.u32(1..6).to_string()),
        ("EVALUATION_SECONDS", evaluation.to_string()),
        ("DATAPOINTS_TO_ALARM", datapoints.to_string()),
        ("RECOVERY_SECONDS", recovery.to_string()),
        ("REPEAT_SECONDS", rng.u32(0..30).to_string()),
        (
            "COUNT",
            rng.choice(["orders", "lines", "units"])
                .expect("one")
                .to_owned(),
        ),
    ];
    let lookup = |name: &str| {
        let found = variables.iter().find(|(n, _)| *n == name);
        found.map(|(_, value)| value.clone())
    };
    Rule::from_env(&Env::new(&lookup)).expect("a rule that makes sense")
}

/// How shards give way to others, which are numbered behind them.
#[derive(Debug, Clone, Copy)]
struct Reshard {
    /// How many shards there are before: the first of them, or the first two.
    shards: usize,
    parents: usize,
}

/// Lines over some minutes, busy and quiet by turns, in the order of their arrival.
/// After a while shards may give way to others.
fn lines(rng: &mut Rng) -> (Vec<Sent>, Reshard) {
    let shards = rng.usize(1..4);
    // A merge or a split.
    let (parents, children) = if shards > 1 && rng.bool() {
        (2, 1)
    } else {
        (1, 2)
    };
    let length = rng.i64(20..200);
    let split = START + rng.i64(0..length * 2);
    let mut lines = Vec::new();
    let mut busy = false;
    for second in START..START + length {
        if rng.u32(0..12) == 0 {
            busy = !busy;
        }
        let count = if busy {
            rng.u32(0..5)
        } else {
            u32::from(rng.u32(0..15) == 0)
        };
        for _ in 0..count {
            let shard = match rng.usize(0..shards) {
                parent if second >= split && parent < parents => shards + rng.usize(0..children),
                shard => shard,
            };
            lines.push(Sent {
                second,
                shard,
                invoice: 536_000 + (second - START) as u32 / 7 + rng.u32(0..3),
                quantity: if rng.u32(0..8) == 0 {
                    -1
                } else {
                    rng.i64(0..4)
                },
            });
        }
    }
    (lines, Reshard { shards, parents })
}

/// The lines as each shard's records, some of several lines.
fn records(lines: &[Sent], rng: &mut Rng) -> Vec<Vec<Record>> {
    let shards = lines.iter().map(|l| l.shard + 1).max().unwrap_or(0);
    let mut payloads: Vec<Vec<(i64, String)>> = vec![Vec::new(); shards];
    for line in lines {
        let shard = &mut payloads[line.shard];
        match shard.last_mut() {
            Some((second, payload)) if *second == line.second && rng.bool() => {
                payload.push_str(&line.csv());
            }
            _ => shard.push((line.second, line.csv())),
        }
    }
    let of_shard = |(shard, payloads): (usize, Vec<(i64, String)>)| {
        let bodies: Vec<&str> = payloads.iter().map(|(_, body)| body.as_str()).collect();
        let event = testkit::event(7, &bodies);
        let event: KinesisEvent = serde_json::from_slice(&event).expect("an event");
        let mut records = event.records;
        for (record, (second, _)) in records.iter_mut().zip(&payloads) {
            record.shard = shard_id(shard);
            record.arrived_at = moment(*second);
        }
        records
    };
    payloads.into_iter().enumerate().map(of_shard).collect()
}

fn shard_id(shard: usize) -> String {
    format!("shardId-{shard:012}")
}

fn moment(second: i64) -> DateTime<Utc> {
    DateTime::from_timestamp(second, 0).expect("in the calendar")
}

fn faults(rng: &mut Rng) -> Faults {
    let rate = *rng.choice([0, 1, 5]).as_ref().expect("one");
    let one = |rng: &mut Rng| {
        if rng.u32(0..20) >= rate {
            return Fault::None;
        }
        *rng.choice(&[
            Fault::FailsBefore,
            Fault::FailsAfter,
            Fault::Denied,
            Fault::DiesBefore,
            Fault::DiesAfter,
        ])
        .expect("one")
    };
    Faults::of(
        (0..200)
            .map(|_| (one(rng), rng.u32(0..4)))
            .collect::<Vec<_>>(),
    )
}

struct World {
    rule: Rule,
    table: Memory,
    stream: Stream,
}

impl World {
    fn handler(&self) -> Handler<&Memory, &Stream> {
        Handler::new(self.rule.clone(), &self.table, &self.stream)
    }

    /// When a record of this shard was last counted.
    fn active(&self, shard: usize) -> i64 {
        let granules = granules(&self.table, self.rule.count());
        let id = format!("orders/{}", shard_id(shard));
        let of_shard = granules.iter().filter(|(s, _)| *s == id);
        let written = of_shard.map(|(_, granule)| granule.written_at().timestamp());
        written.max().unwrap_or(0)
    }

    /// Runs a process until it ends or dies.
    async fn live<R>(&self, process: impl Future<Output = R>) -> Option<R> {
        tokio::select! {
            result = process => Some(result),
            () = self.table.faults.death.notified() => None,
            () = self.stream.faults.death.notified() => None,
        }
    }

    /// Delivers a batch, perhaps by two processes at once and while the clock
    /// strikes; how many of its records need not come again.
    async fn deliver<'a>(
        &'a self,
        one: &mut Handler<&'a Memory, &'a Stream>,
        records: &[Record],
        now: i64,
        rng: &mut Rng,
    ) -> usize {
        let two = self.handler();
        let deadline = Deadline::after(std::time::Duration::from_secs(20));
        let part = rng.usize(0..=records.len());
        let (twice, strikes) = (rng.u32(0..4) == 0, rng.u32(0..4) == 0);
        let process = async {
            let copy = async {
                if twice {
                    two.batch(&records[..part], moment(now), deadline).await;
                }
            };
            let clock = async {
                if strikes {
                    let _ = two.scheduled(moment(now), deadline).await;
                }
            };
            tokio::join!(one.batch(records, moment(now), deadline), copy, clock).0
        };
        let Some((response, _)) = self.live(process).await else {
            *one = self.handler();
            return 0;
        };
        let failed: HashSet<_> = response
            .batch_item_failures
            .into_iter()
            .map(|f| f.item_identifier.expect("an identifier"))
            .collect();
        let is_failed = |r: &Record| failed.contains(r.sequence_number.as_str());
        records.iter().position(is_failed).unwrap_or(records.len())
    }
}

/// Delivers all records as an event source mapping would, with a scheduled event
/// each minute; then lets time pass until everything is settled.
async fn run(world: &World, shards: &[Vec<Record>], reshard: Reshard, rng: &mut Rng) {
    let end = shards
        .iter()
        .flatten()
        .map(|r| r.arrived_at.timestamp())
        .max();
    let end = end.unwrap_or(START);
    let mut done = vec![0; shards.len()];
    // Processes that stay warm until they die.
    let mut processes: Vec<_> = shards.iter().map(|_| world.handler()).collect();
    let slow = rng.bool().then(|| rng.usize(0..shards.len()));
    let mut now = START;
    let mut clock = START + rng.i64(0..60);
    // However many processes die, one lives to the end in time.
    while now < end + 10_000 && !is_finished(&world.table, end) {
        now += rng.i64(1..12);
        for (shard, records) in shards.iter().enumerate() {
            // A child is read when its parents have been read to their end.
            let mut parents = (0..reshard.parents).filter(|p| done[*p] < shards[*p].len());
            if shard >= reshard.shards && parents.next().is_some() {
                continue;
            }
            loop {
                let from = done[shard];
                let arrived = |at: i64| {
                    let there = |r: &Record| r.arrived_at.timestamp() <= at;
                    records.partition_point(there).max(from)
                };
                // A slow shard falls behind without end, but is never idle.
                let is_slow = slow == Some(shard) && now < end + 100;
                let (due, most) = match arrived(now - LAG) {
                    late if is_slow && now - world.active(shard) < LAG => {
                        (from, late.min(from + 1))
                    }
                    late if is_slow => (late.min(from + 1), late.min(from + 2)),
                    late => (late, arrived(now)),
                };
                let to = rng.usize(due..=most);
                if to == from {
                    break;
                }
                done[shard] = from
                    + world
                        .deliver(&mut processes[shard], &records[from..to], now, rng)
                        .await;
                // What was counted by a process that died keeps no shard from idling.
                let is_idle = is_slow && now - world.active(shard) >= LAG;
                if done[shard] >= due && !is_idle {
                    break;
                }
            }
        }
        while clock <= now {
            clock += 60;
            let handler = world.handler();
            let deadline = Deadline::after(std::time::Duration::from_secs(20));
            world.live(handler.scheduled(moment(now), deadline)).await;
        }
    }
    assert!(
        is_finished(&world.table, end),
        "not everything is settled and told"
    );
    for (shard, records) in shards.iter().enumerate() {
        assert_eq!(
            done[shard],
            records.len(),
            "shard {shard} is not read to its end"
        );
    }
}

/// Rates by the rule's words, from the lines as they were sent.
fn recount(lines: &[Sent], measure: Measure, window: i64, from: i64, to: i64) -> Vec<Rate> {
    let rate = |t: i64| {
        let inside: Vec<&Sent> = lines
            .iter()
            .filter(|l| (t - window + 1..=t).contains(&l.second))
            .collect();
        let orders: Vec<&&Sent> = inside.iter().filter(|l| l.quantity >= 0).collect();
        let count = match measure {
            Measure::Orders => orders
                .iter()
                .map(|l| l.invoice)
                .collect::<BTreeSet<_>>()
                .len() as u64,
            Measure::Lines => orders.len() as u64,
            Measure::Units => orders.iter().map(|l| l.quantity as u64).sum(),
        };
        Rate {
            second: Second::new(t),
            count,
            cancellations: (inside.len() - orders.len()) as u64,
        }
    };
    (from..=to).map(rate).collect()
}

/// Who is behind the lines from `from` to `to`, by the words of the documentation. An order
/// does not count that came in the `before` seconds in front of them, too.
fn who(lines: &[Sent], measure: Measure, from: i64, to: i64, before: i64) -> Who {
    let within = |from: i64, to: i64| {
        let inside = move |l: &&Sent| (from..=to).contains(&l.second) && l.quantity >= 0;
        lines.iter().filter(inside)
    };
    let earlier: HashSet<u32> = within(from - before, from - 1).map(|l| l.invoice).collect();
    let mut who = Who::default();
    let mut seen = HashSet::new();
    for line in within(from, to) {
        for (place, value) in line.values().into_iter().enumerate() {
            let amount = match measure {
                Measure::Units => line.quantity as u64,
                Measure::Orders if place < 2 => {
                    let new = seen.insert((line.invoice, place));
                    u64::from(new && !earlier.contains(&line.invoice))
                }
                _ => 1,
            };
            *who.entry((place, value)).or_default() += amount;
        }
    }
    who
}

/// What each value of each dimension sent.
type Who = BTreeMap<(usize, String), u64>;

/// Who is behind each of the alarm records that should be told: an ALARM's window, and
/// since that window whatever a surge brings on.
fn behind(lines: &[Sent], rule: &Rule, exact: &[Alarm]) -> Vec<Who> {
    let window = i64::from(rule.window());
    let mut whole = Who::default();
    let mut counted = 0;
    let mut all = Vec::new();
    for alarm in exact {
        let at = alarm.at.since_1970();
        if alarm.kind == AlarmKind::Alarm {
            whole = who(lines, rule.count(), at - window + 1, at, 0);
        } else {
            for second in counted + 1..=at {
                for (value, amount) in who(lines, rule.count(), second, second, window - 1) {
                    *whole.entry(value).or_default() += amount;
                }
            }
        }
        counted = at;
        all.push(whole.clone());
    }
    all
}

/// What an alarm record says of who is behind it, against a recount.
fn assert_names(alarm: &Alarm, recount: &Who) {
    for (place, dimension) in Dimension::ALL.into_iter().enumerate() {
        let mut values: Vec<(&str, u64)> = recount
            .iter()
            .filter(|((of, _), amount)| *of == place && **amount > 0)
            .map(|((_, value), amount)| (value.as_str(), *amount))
            .collect();
        values.sort_by(|a, b| b.1.cmp(&a.1).then(a.0.cmp(b.0)));
        let told = alarm.contributors.iter().find(|c| c.dimension == dimension);
        let Some(told) = told else {
            assert!(values.is_empty(), "{dimension} of {alarm:?}");
            continue;
        };
        let top: Vec<(&str, u64)> = told
            .top
            .iter()
            .map(|c| (c.value.as_str(), c.count))
            .collect();
        assert_eq!(top, values[..values.len().min(5)], "{alarm:?}");
        assert_eq!(told.different, values.len() as u64, "{alarm:?}");
        assert_eq!(
            told.total,
            values.iter().map(|v| v.1).sum::<u64>(),
            "{alarm:?}"
        );
        assert_eq!(told.missed, 0, "{alarm:?}");
    }
}

/// The alarms, each once, in the order of their first coming.
fn distinct(alarms: &[Alarm]) -> Vec<Alarm> {
    let mut seen = HashSet::new();
    let new = |a: &&Alarm| seen.insert((a.alarm_id.clone(), a.kind, a.at));
    alarms.iter().filter(new).cloned().collect()
}

/// The granules in the table, each with its shard.
fn granules(table: &Memory, measure: Measure) -> Vec<(String, Granule)> {
    let items = table.items.lock().expect("items");
    let granule = |item: &surge::Item| {
        let (_, shard) = item.partition.split_once('#')?;
        let start = Second::new(item.key.parse().expect("a second"));
        let last = function::SequenceNumber::parse(&item.revision).expect("digits");
        let granule = Granule::from_bytes(start, last, &item.body, measure);
        Some((shard.to_owned(), granule.expect("a granule")))
    };
    items.values().filter_map(granule).collect()
}

/// What the table holds, as rates.
fn counted(table: &Memory, measure: Measure, window: u32, from: i64, to: i64) -> Vec<Rate> {
    let mut arrivals = Arrivals::default();
    for (_, granule) in granules(table, measure) {
        granule.each(|second, bucket| arrivals.add(second, bucket));
    }
    arrivals.rates(Second::new(from), Second::new(to), window)
}

fn site(table: &Memory) -> serde_json::Value {
    let items = table.items.lock().expect("items");
    let item = items.get(&("website".to_owned(), "site".to_owned()));
    item.map_or_else(Default::default, |i| {
        serde_json::from_slice(&i.body).expect("JSON")
    })
}

fn settled(table: &Memory) -> Option<i64> {
    let settled: DateTime<Utc> = site(table)["settled"].as_str()?.parse().expect("a time");
    Some(settled.timestamp())
}

/// Whether everything that arrived until `end`, and what comes of it, is told.
fn is_finished(table: &Memory, end: i64) -> bool {
    let told = site(table)["outbox"].as_array().is_none_or(Vec::is_empty);
    told && settled(table) > Some(end + 300)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]
    #[test]
    fn every_order_counts_once_and_the_alarms_are_those_of_the_rule(seed in any::<u64>()) {
        let mut rng = Rng::with_seed(seed);
        let rule = rule(&mut rng);
        // Pauses differ by chance; a seed must replay them too.
        fastrand::seed(seed);
        let (lines, reshard) = lines(&mut rng);
        let shards = records(&lines, &mut rng);
        let world = World {
            rule: rule.clone(),
            table: Memory { faults: faults(&mut rng), ..Memory::default() },
            stream: Stream { faults: faults(&mut rng), ..Stream::default() },
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_time()
            .start_paused(true)
            .build()
            .expect("a runtime");
        if !shards.is_empty() {
            runtime.block_on(run(&world, &shards, reshard, &mut rng));
        }

        let (from, to) = (START - 20, START + 700);
        let window = i64::from(rule.window());
        let rates = recount(&lines, rule.count(), window, from, to);
        prop_assert_eq!(counted(&world.table, rule.count(), rule.window(), from, to), rates.clone());

        let mut exact = Site::default();
        let until = settled(&world.table).unwrap_or(from);
        let known: Vec<Rate> = rates.into_iter().filter(|r| r.second.since_1970() <= until).collect();
        exact.settle(&rule, &known, &Arrivals::default());
        let behind = behind(&lines, &rule, exact.outbox());
        let told = distinct(&world.stream.alarms.lock().expect("alarms"));
        let line = |a: &Alarm| format!("{:?} {} {} {}", a.kind, a.alarm_id, a.started_at, a.at);
        let text = |alarms: &[Alarm]| alarms.iter().map(line).collect::<Vec<_>>().join("\n");
        prop_assert_eq!(told.len(), exact.outbox().len(), "told\n{}\nbut it was\n{}", text(&told), text(exact.outbox()));
        for ((told, exact), who) in told.iter().zip(exact.outbox()).zip(&behind) {
            if exact.kind == AlarmKind::Alarm {
                // Raised on what had arrived: of a later second, perhaps, but the same surge.
                prop_assert_eq!((told.kind, &told.alarm_id), (exact.kind, &exact.alarm_id));
                prop_assert_eq!(told.trigger_count, exact.trigger_count);
                prop_assert!(told.at >= exact.at && told.started_at >= exact.started_at);
            } else {
                assert_names(told, who);
                let nobody = Alarm { contributors: Vec::new(), ..told.clone() };
                prop_assert_eq!(&nobody, exact);
            }
        }
        let items = world.table.items.lock().expect("items");
        let passing = |i: &&surge::Item| i.partition.contains('#') || i.key.contains('#');
        prop_assert!(items.values().filter(passing).all(|i| i.expires_at.is_some()));
    }
}
