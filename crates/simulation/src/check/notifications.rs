//! Each alarm record is told to people, again only where nothing could rule that out,
//! and is one row of the history.

use std::collections::{BTreeMap, BTreeSet};

use model::{Alarm, AlarmKind};

use crate::check::{Stats, alarms, given_up};
use crate::faults::Service;
use crate::functions::Function;
use crate::services::{Published, footer};
use crate::world::{World, lock};

pub(super) fn check(world: &World, broken: &mut Vec<String>, stats: &mut Stats) {
    let mut expected: BTreeMap<String, Alarm> = BTreeMap::new();
    for alarm in alarms::stream(world) {
        expected.entry(footer(&alarm.key())).or_insert(alarm);
    }
    let dropped = given_up(world, Function::Notify);
    messages(world, &expected, dropped.is_empty(), broken, stats);
    history(world, broken);
    strangers(world, broken);
}

fn messages(
    world: &World,
    expected: &BTreeMap<String, Alarm>,
    complete: bool,
    broken: &mut Vec<String>,
    stats: &mut Stats,
) {
    let mut told: BTreeMap<&str, Vec<&Published>> = BTreeMap::new();
    let topic = lock(&world.topic);
    for published in topic.iter() {
        told.entry(&published.footer).or_default().push(published);
    }
    stats.messages += topic.len() as u64;
    stats.repeated += (topic.len() - told.len()) as u64;
    for key in expected
        .keys()
        .filter(|key| complete && !told.contains_key(key.as_str()))
    {
        broken.push(format!("people are not told: {key}"));
    }
    for (key, copies) in &told {
        if !expected.contains_key(*key) {
            broken.push(format!("people are told of nothing: {key}"));
        }
        for published in copies.iter().filter(|published| !published.claimed) {
            let by = published.invocation;
            broken.push(format!("{by} tells people without a claim: {key}"));
        }
        let unnoted: Vec<&&Published> =
            copies.iter().filter(|p| !(p.answered && p.noted)).collect();
        for published in &unnoted {
            if !is_excused(world, published) {
                broken.push(format!(
                    "a message is not noted, though nothing kept {} from it: {key}",
                    published.invocation
                ));
            }
        }
        if copies.len() > unnoted.len() + 1 || (copies.len() > 1 && unnoted.is_empty()) {
            broken.push(format!(
                "{} messages, {} of which could not be noted: {key}",
                copies.len(),
                unnoted.len()
            ));
        }
    }
    if complete {
        order(&topic, broken);
    }
}

/// Whether the publisher died, was frozen, or did not hear from the topic or ledger.
fn is_excused(world: &World, published: &Published) -> bool {
    let hurt = lock(&world.hurt);
    let suffered = hurt.get(&published.invocation);
    suffered.is_some_and(|s| {
        [Service::Process, Service::Topic, Service::Ledger]
            .iter()
            .any(|service| s.contains(service))
    })
}

/// No surge is told to be over, or to go on, before it is told.
fn order(topic: &[Published], broken: &mut Vec<String>) {
    let mut begun = BTreeSet::new();
    for published in topic {
        let Some((id, rest)) = published.footer.split_once(", ") else {
            continue;
        };
        if rest.starts_with(&AlarmKind::Alarm.to_string()) {
            begun.insert(id);
        } else if !begun.contains(id) {
            broken.push(format!(
                "people are told \"{}\" before the ALARM",
                published.footer
            ));
        }
    }
}

/// The history is the alarm stream, each record once.
fn history(world: &World, broken: &mut Vec<String>) {
    let dropped = given_up(world, Function::History);
    let database = lock(&world.database);
    let mut stream = BTreeMap::new();
    for (shard, record) in lock(&world.alarms).records() {
        let name = (shard.id.to_string(), record.sequence_number.to_string());
        if let Ok(alarm) = serde_json::from_slice::<Alarm>(&record.data) {
            let key = (
                alarm.alarm_id.clone(),
                alarm.kind.to_string(),
                alarm.at.since_1970(),
            );
            let must = !dropped.contains(&name);
            let entry = stream.entry(key).or_insert((alarm, false));
            entry.1 |= must;
        }
    }
    for (key, (alarm, must)) in &stream {
        match database.alarms.get(key) {
            None if *must => broken.push(format!("the history lacks {key:?}")),
            Some(row) if row != alarm => {
                broken.push(format!("the history has {row:?} for {alarm:?}"))
            }
            _ => {}
        }
    }
    for key in database
        .alarms
        .keys()
        .filter(|key| !stream.contains_key(key))
    {
        broken.push(format!("the history has what never was: {key:?}"));
    }
}

/// What is no alarm is in both functions' rejects, and nothing else is.
fn strangers(world: &World, broken: &mut Vec<String>) {
    let skipped = [Function::Notify, Function::History].map(|f| given_up(world, f));
    let mut strange = BTreeSet::new();
    let queue = lock(&world.queue);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let rejects = queue.iter().filter(|m| m["function"] == "notify");
    let rejects: BTreeSet<_> = rejects
        .map(|m| (text(&m["shard"]), text(&m["sequence_number"])))
        .collect();
    let database = lock(&world.database);
    let kept = database
        .rejects
        .keys()
        .map(|(_, shard, number)| (shard.clone(), number.clone()));
    let kept: BTreeSet<_> = kept.collect();
    for (shard, record) in lock(&world.alarms).records() {
        let name = (shard.id.to_string(), record.sequence_number.to_string());
        if serde_json::from_slice::<Alarm>(&record.data).is_ok() {
            continue;
        }
        for (place, (skipped, rejects)) in skipped.iter().zip([&rejects, &kept]).enumerate() {
            if !skipped.contains(&name) && !rejects.contains(&name) {
                let function = ["notify", "history"][place];
                broken.push(format!(
                    "{function} does not keep what is no alarm: {name:?}"
                ));
            }
        }
        strange.insert(name);
    }
    for name in rejects.union(&kept).filter(|name| !strange.contains(*name)) {
        broken.push(format!("an alarm is in the rejects: {name:?}"));
    }
}
