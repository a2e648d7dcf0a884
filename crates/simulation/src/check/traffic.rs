//! Each line of an access log is in one committed part or in the rejects, and each part is in
//! CloudWatch, once unless its publisher was kept from knowing or noting that.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::access::recount::Sums;
use crate::access::{Line, Tells};
use crate::check::Stats;
use crate::faults::Service;
use crate::services::{BUCKET, Commit, Publication};
use crate::world::{World, lock};

/// A line's place: that by which a source is counted, and the line.
type Place = (u64, u64);

/// An object or a shard.
#[derive(Debug, Default)]
struct Source {
    lines: BTreeMap<Place, Line>,
    /// Up to where it must be counted; nothing is asked of an object that is gone.
    end: Option<u64>,
    /// Whether that is for good.
    is_object: bool,
    /// What tells its rejects from others'.
    origin: (String, String),
}

/// What is published more often than it must be.
#[derive(Debug, Default)]
struct Published {
    times: usize,
    /// By publishers that knew and noted it.
    surely: usize,
}

pub(super) fn check(world: &World, broken: &mut Vec<String>, stats: &mut Stats) {
    if world.plan.access.is_none() {
        return;
    }
    let sources = sources(world);
    let commits = lock(&world.logs.marks).commits.clone();
    stats.logs += 1;
    stats.requests += sources.values().map(requests_of).sum::<u64>();
    for (partition, source) in &sources {
        let of: Vec<&Commit> = commits
            .iter()
            .filter(|c| c.partition == *partition)
            .collect();
        counted(partition, source, &of, broken);
    }
    for commit in commits
        .iter()
        .filter(|c| !sources.contains_key(&c.partition))
    {
        broken.push(format!("{} is counted and never was", commit.partition));
    }
    for partition in lock(&world.logs.marks).unpublished() {
        broken.push(format!("{partition} is not published"));
    }
    published(world, &commits, broken, stats);
    rejects(world, &sources, &commits, broken);
}

/// Why a source is not done with; nothing if it is, or is gone.
pub(crate) fn unfinished(world: &World, partition: &str) -> Option<String> {
    let bucket = lock(&world.logs.bucket);
    let object = bucket.objects.iter().find(|o| o.partition() == partition)?;
    if object.is_gone {
        return None;
    }
    let marks = lock(&world.logs.marks);
    if !marks
        .commits
        .iter()
        .any(|c| c.partition == partition && c.is_whole)
    {
        return Some("it is not counted to its end".to_owned());
    }
    let published = lock(&world.logs.published);
    let bytes: BTreeSet<&[u8]> = published.iter().map(|p| p.bytes.as_slice()).collect();
    let of = marks.commits.iter().filter(|c| c.partition == partition);
    let mut parts = of.flat_map(|commit| &commit.parts);
    let missing = parts.any(|part| !bytes.contains(part.to_bytes().expect("bytes").as_slice()));
    missing.then(|| "a part of it is not published".to_owned())
}

/// All sources, by their partitions.
fn sources(world: &World) -> BTreeMap<String, Source> {
    let mut sources: BTreeMap<String, Source> = BTreeMap::new();
    for object in &lock(&world.logs.bucket).objects {
        let numbered = (1..).zip(&object.lines);
        let partition = object.partition();
        let version = partition.rsplit('/').next().unwrap_or_default().to_owned();
        let source = Source {
            lines: numbered.map(|(n, line)| ((n, n), line.clone())).collect(),
            end: (!object.is_gone).then_some(object.lines.len() as u64),
            is_object: true,
            origin: (object.key.clone(), version),
        };
        sources.insert(partition, source);
    }
    for (shard, number, lines) in lock(&world.logs.records).iter() {
        let number: u64 = number.as_str().parse().expect("a small number");
        let source = sources
            .entry(format!("shard/requests/{shard}"))
            .or_default();
        source.origin = (shard.to_string(), String::new());
        source.end = Some(number);
        let numbered = (1..).zip(lines);
        let numbered = numbered.map(|(n, line)| ((number, n), line.clone()));
        source.lines.extend(numbered);
    }
    sources
}

fn requests_of(source: &Source) -> u64 {
    let is_request = |line: &&Line| matches!(line.tells, Tells::Request(_));
    source.lines.values().filter(is_request).count() as u64
}

/// The lines that a commit counts.
fn lines<'a>(source: &'a Source, commit: &Commit) -> impl Iterator<Item = (&'a Place, &'a Line)> {
    let range = (commit.from + 1, 0)..(commit.to + 1, 0);
    let is_any = range.start < range.end;
    let range = if is_any { range } else { (0, 0)..(0, 0) };
    source.lines.range(range)
}

/// Each commit holds what its lines come to, and all lines are in one.
fn counted(partition: &str, source: &Source, commits: &[&Commit], broken: &mut Vec<String>) {
    let mut done = 0;
    for commit in commits {
        if commit.from != done {
            broken.push(format!(
                "{partition} is counted from {}, not {done}",
                commit.from
            ));
        }
        done = commit.to;
        let requests = lines(source, commit).filter_map(|(_, line)| match &line.tells {
            Tells::Request(request) => Some(request),
            _ => None,
        });
        let exact = Sums::of_requests(requests);
        if let Some(difference) = Sums::of_parts(commit.parts.iter()).difference(&exact) {
            let (from, to) = (commit.from, commit.to);
            broken.push(format!("{partition} from {from} to {to}: {difference}"));
        }
    }
    let is_whole = commits
        .last()
        .is_some_and(|commit| commit.is_whole || !source.is_object);
    if source.end.is_some_and(|end| end != done || !is_whole) {
        broken.push(format!(
            "{partition} is counted up to {done}, not to {:?}",
            source.end
        ));
    }
}

/// CloudWatch has each committed part, and nothing else.
fn published(world: &World, commits: &[Commit], broken: &mut Vec<String>, stats: &mut Stats) {
    let mut committed: BTreeMap<Vec<u8>, usize> = BTreeMap::new();
    for part in commits.iter().flat_map(|commit| &commit.parts) {
        *committed
            .entry(part.to_bytes().expect("bytes"))
            .or_default() += 1;
    }
    let mut found: BTreeMap<&[u8], Published> = BTreeMap::new();
    let publications = lock(&world.logs.published);
    for publication in publications.iter() {
        let of = found.entry(&publication.bytes).or_default();
        of.times += 1;
        of.surely += usize::from(is_sure(world, publication, broken));
    }
    for (bytes, parts) in &committed {
        let found = found.remove(bytes.as_slice()).unwrap_or_default();
        if found.times < *parts {
            broken.push(format!(
                "of {parts} equal parts {} are published",
                found.times
            ));
        }
        if found.surely > *parts {
            broken.push(format!(
                "of {parts} equal parts {} are published for sure",
                found.surely
            ));
        }
    }
    for found in found.values() {
        broken.push(format!(
            "what is not committed is published {} times",
            found.times
        ));
    }
    let committed: usize = committed.values().sum();
    let repeated = publications.len().saturating_sub(committed) as u64;
    stats.parts += committed as u64;
    stats.parts_repeated += repeated;
    let counts = lock(&world.logs.counts);
    let uncertain: u64 = counts.iter().map(|c| c.publications_uncertain).sum();
    // The metrics of who dies are lost with it; its log is not.
    let died = publications
        .iter()
        .any(|p| is_hurt(world, p, &[Service::Process]));
    if repeated > 0 && uncertain == 0 && !died {
        broken.push(format!(
            "{repeated} parts are published again, and nobody says so"
        ));
    }
}

/// Whether a publisher knew that it published and has noted it, with nothing that kept it from
/// being the last to do so.
fn is_sure(world: &World, publication: &Publication, broken: &mut Vec<String>) -> bool {
    if is_hurt(world, publication, &[Service::Process]) {
        return false;
    }
    let is_noted = publication.answered && publication.noted;
    let excuses = [Service::Metrics, Service::Marks];
    if !is_noted && !is_hurt(world, publication, &excuses) {
        let by = publication.invocation;
        broken.push(format!(
            "invocation {by} does not note what it publishes, though nothing kept it from that"
        ));
    }
    is_noted
}

fn is_hurt(world: &World, publication: &Publication, by: &[Service]) -> bool {
    let hurt = lock(&world.hurt);
    let of = hurt.get(&publication.invocation);
    of.is_some_and(|of| by.iter().any(|service| of.contains(service)))
}

/// The first refused line of each commit is in the rejects, with the number of the others, and
/// no good line is.
fn rejects(
    world: &World,
    sources: &BTreeMap<String, Source>,
    commits: &[Commit],
    broken: &mut Vec<String>,
) {
    let mut rejects: BTreeMap<(String, String, Place), BTreeSet<u64>> = BTreeMap::new();
    let by_origin: BTreeMap<_, _> = sources.values().map(|s| (&s.origin, s)).collect();
    for message in lock(&world.queue)
        .iter()
        .filter(|m| m["function"] == "traffic")
    {
        let (origin, place) = origin(message);
        let line = by_origin
            .get(&origin)
            .and_then(|source| source.lines.get(&place));
        let data = STANDARD.decode(message["data"].as_str().unwrap_or_default());
        let is_right =
            |line: &Line| line.tells == Tells::Wrong && data.as_deref() == Ok(line.text.as_bytes());
        if !line.is_some_and(is_right) {
            broken.push(format!(
                "a reject is of no refused line: {message}, {line:?}"
            ));
        }
        let others = message["others"].as_object().into_iter().flatten();
        let others: u64 = others.filter_map(|(_, count)| count.as_u64()).sum();
        let (name, version) = origin;
        rejects
            .entry((name, version, place))
            .or_default()
            .insert(1 + others);
    }
    for commit in commits {
        let Some(source) = sources.get(&commit.partition) else {
            continue;
        };
        let refused = lines(source, commit).filter(|(_, line)| line.tells == Tells::Wrong);
        let refused: Vec<&Place> = refused.map(|(place, _)| place).collect();
        let Some(first) = refused.first() else {
            continue;
        };
        let (name, version) = source.origin.clone();
        let told = rejects.get(&(name, version, **first));
        if !told.is_some_and(|told| told.contains(&(refused.len() as u64))) {
            broken.push(format!(
                "{}: {} refused lines from {first:?} on are not in the rejects: {told:?}",
                commit.partition,
                refused.len()
            ));
        }
    }
}

/// What a reject is of.
fn origin(message: &Value) -> ((String, String), Place) {
    let text = |name: &str| message[name].as_str().unwrap_or_default().to_owned();
    let line = message["line"].as_u64().unwrap_or_default();
    if message["bucket"] == BUCKET {
        return ((text("key"), text("version")), (line, line));
    }
    let number = text("sequence_number").parse().unwrap_or_default();
    ((text("shard"), String::new()), (number, line))
}
