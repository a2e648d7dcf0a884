//! Counts equal the recount, and the alarm stream tells each surge as the rule has it.

use std::collections::{BTreeMap, BTreeSet};

use chrono::TimeDelta;
use function::SequenceNumber;
use model::{Alarm, AlarmKind, Second};
use surge::{Arrivals, Granule, IDLE_SECONDS};

use crate::behind::{self, Arrived};
use crate::check::Stats;
use crate::producer::Put;
use crate::recount::{self, Expected, Rate};
use crate::world::{BEGIN, World, lock};

/// What clocks and calls may take from an idle shard's minute.
const SLACK: i64 = 15;

pub(super) fn check(world: &World, puts: &[Put], broken: &mut Vec<String>, stats: &mut Stats) {
    let rule = &world.plan.rule;
    let end = puts
        .iter()
        .map(|p| p.arrived_at.timestamp())
        .max()
        .unwrap_or(BEGIN);
    let (from, to) = (BEGIN - 30, end + 60);
    let rates = recount::rates(puts, rule, from, to);
    counts(world, &rates, from, to, broken);
    if puts.is_empty() {
        return;
    }
    let expected = recount::alarms(&rates, rule, from);
    stats.surges += expected
        .iter()
        .filter(|e| e.kind == AlarmKind::Alarm)
        .count() as u64;
    order(world, broken);
    if is_strict(world, puts) {
        stats.strict += 1;
        told(world, puts, &expected, to, broken);
    }
}

/// What the table holds is what arrived.
fn counts(world: &World, rates: &[Rate], from: i64, to: i64, broken: &mut Vec<String>) {
    let rule = &world.plan.rule;
    let mut arrivals = Arrivals::default();
    for item in lock(&world.counts)
        .sorted
        .items
        .values()
        .filter(|i| i.partition.contains('#'))
    {
        let start = Second::new(item.key.parse().expect("a second"));
        let last = SequenceNumber::parse(&item.revision).expect("digits");
        let granule = Granule::from_bytes(start, last, &item.body, rule.count());
        let granule = granule.expect("a granule");
        granule.each(|second, bucket| arrivals.add(second, bucket));
    }
    let counted = arrivals.rates(Second::new(from), Second::new(to), rule.window());
    for (counted, rate) in counted.iter().zip(rates) {
        let counted_rate = Rate {
            count: counted.count,
            cancellations: counted.cancellations,
        };
        if counted_rate != *rate {
            broken.push(format!(
                "{}: counted {counted_rate:?}, but {rate:?} arrived",
                counted.second
            ));
            return;
        }
    }
}

/// Whether no shard brought records that were older than a minute after it had
/// brought none for a minute: what the README's alarms hold for.
fn is_strict(world: &World, puts: &[Put]) -> bool {
    let most = TimeDelta::seconds(IDLE_SECONDS - SLACK);
    let number = |text: &str| text.parse::<u64>().expect("a small number");
    let mut written: BTreeMap<&str, chrono::DateTime<chrono::Utc>> = BTreeMap::new();
    for counted in &lock(&world.counts).counted {
        let shard = counted.shard.strip_prefix("orders/").unwrap_or_default();
        let after = counted.from.as_deref().map_or(0, number);
        let new = |put: &&Put| {
            let second = Second::of(put.arrived_at);
            let sequence = number(put.number.as_str());
            put.shard.as_str() == shard
                && surge::start_of(second) == counted.start
                && sequence > after
                && sequence <= number(&counted.to)
        };
        let oldest = puts.iter().filter(new).map(|put| put.arrived_at).min();
        let idle = written
            .get(shard)
            .is_none_or(|last| counted.at - *last >= most);
        if idle && oldest.is_some_and(|oldest| counted.at - oldest >= most) {
            return false;
        }
        let last = written
            .entry(&counted.shard["orders/".len()..])
            .or_insert(counted.written_at);
        *last = (*last).max(counted.written_at);
    }
    true
}

/// The alarm stream's records, each copy, in the order of their numbers.
pub(super) fn stream(world: &World) -> Vec<Alarm> {
    let stream = lock(&world.alarms);
    let mut records: Vec<_> = stream.records().map(|(_, record)| record.clone()).collect();
    records.sort_by(|a, b| a.sequence_number.cmp(&b.sequence_number));
    records
        .iter()
        .filter_map(|r| serde_json::from_slice(&r.data).ok())
        .collect()
}

/// Each surge begins with its ALARM and ends with its OK.
fn order(world: &World, broken: &mut Vec<String>) {
    let (mut begun, mut over) = (BTreeSet::new(), BTreeSet::new());
    for alarm in stream(world) {
        let id = alarm.alarm_id.clone();
        let (is_first, is_over) = (alarm.kind == AlarmKind::Alarm, alarm.kind == AlarmKind::Ok);
        if is_first {
            begun.insert(id);
        } else if !begun.contains(&id) {
            broken.push(format!(
                "{} of {id} is in the alarm stream before its ALARM",
                alarm.kind
            ));
        } else if is_over {
            over.insert(id);
        }
    }
    for id in begun.difference(&over) {
        broken.push(format!("{id} is never told to be over"));
    }
}

/// What is told is what the recount expects, field by field; an ALARM may be raised on
/// less than all records together give.
fn told(world: &World, puts: &[Put], expected: &[Expected], to: i64, broken: &mut Vec<String>) {
    let mut seen = BTreeSet::new();
    let new = |a: &Alarm| seen.insert((a.alarm_id.clone(), a.kind, a.at));
    let told: Vec<Alarm> = stream(world).into_iter().filter(new).collect();
    let told: Vec<&Alarm> = told.iter().filter(|a| a.at.since_1970() <= to).collect();
    let text = |told: &Alarm| {
        format!(
            "{} of {} at {}",
            told.kind,
            told.alarm_id,
            told.at.since_1970()
        )
    };
    let rule = &world.plan.rule;
    let arrived = Arrived::of(puts, rule);
    let behind = arrived.behind(rule, expected);
    for ((told, expected), behind) in told.iter().zip(expected).zip(&behind) {
        if !is_as_expected(told, expected) {
            broken.push(format!(
                "surge tells {} ({told:?}), but the recount {expected:?}",
                text(told)
            ));
            return;
        }
        let at = told.at.since_1970();
        let named = match told.kind {
            AlarmKind::Alarm => {
                let seen = arrived.within(at - i64::from(rule.window()) + 1, at, 0);
                behind::names_no_more(told, rule, &seen)
            }
            AlarmKind::Reminder | AlarmKind::Ok => behind::names(told, rule, behind),
        };
        if !named {
            broken.push(format!(
                "surge names {:?} in {}, but the recount {behind:?}",
                told.contributors,
                text(told)
            ));
            return;
        }
    }
    if told.len() < expected.len() {
        broken.push(format!("surge does not tell {:?}", expected[told.len()]));
    }
    if told.len() > expected.len() {
        broken.push(format!(
            "surge tells {}, which is no surge",
            text(told[expected.len()])
        ));
    }
}

fn is_as_expected(told: &Alarm, expected: &Expected) -> bool {
    let (at, started_at) = (told.at.since_1970(), told.started_at.since_1970());
    let named = told.alarm_id == expected.id && told.kind == expected.kind;
    let same = named && told.trigger_count == expected.triggers;
    if told.kind == AlarmKind::Alarm {
        return same && at >= expected.at && started_at >= expected.started_at;
    }
    same && at == expected.at
        && started_at == expected.started_at
        && told.rate == expected.count
        && told.peak == expected.peak
        && told.cancellation_count == expected.cancellations
}
