//! Batches that were given up, to their functions again.
//!
//! The batches of a shard are a function's *lane*: one at a time, in the order of their
//! records, up to the first one that fails. Keys tell the order only to the second, so
//! all objects are looked at before the first is sent.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use chrono::Utc;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};

use super::bucket::Bucket;
use super::failed::Failed;
use super::function::Functions;
use super::progress::Progress;
use super::summary::{Batches, tell_others};
use super::{Arguments, Stop, overview};
use crate::sdk;
use crate::show::{BAD, counted};

/// 6 MB over a slow line.
const CALL_TIMEOUT: Duration = Duration::from_secs(60);
/// Objects that are read at the same time.
const READS: usize = 8;
/// Shards that are served at the same time.
const LANES: usize = 4;

/// What there is in a bucket.
#[derive(Debug, Default)]
struct Found {
    batches: Vec<Failed>,
    /// Objects that are no invocation records of a batch.
    others: u64,
}

pub(crate) async fn run(arguments: &Arguments, stop: Stop) -> anyhow::Result<()> {
    let name = arguments.bucket.as_deref().unwrap_or_default();
    let config = sdk::config(CALL_TIMEOUT).await?;
    let bucket = Bucket::new(&config, name);
    let keys = bucket.keys(&arguments.prefix).await?;
    let found = look(&bucket, keys, arguments.function.as_deref(), &stop).await?;
    if arguments.dry_run {
        overview::batches(&found.batches, Utc::now());
        tell_others(found.others);
        return Ok(());
    }
    if found.batches.is_empty() {
        anstream::println!("Nothing to send again: no failed batch in {name}.");
        tell_others(found.others);
        return Ok(());
    }
    let start = Instant::now();
    let progress = Progress::start(found.batches.len() as u64, "sent");
    let redrive = Redrive {
        bucket,
        functions: Functions::new(&config),
        keep: arguments.keep,
        progress,
        stop,
    };
    let done = redrive.all(found.batches).await;
    redrive.progress.end();
    done.print(arguments.keep, start.elapsed());
    tell_others(found.others);
    done.result()
}

/// Reads what the objects are, but for their events.
async fn look(
    bucket: &Bucket,
    keys: Vec<String>,
    function: Option<&str>,
    stop: &Stop,
) -> anyhow::Result<Found> {
    let progress = Progress::start(keys.len() as u64, "read");
    let mut objects = stream::iter(keys)
        .map(|key| async move {
            let object = bucket.read(&key).await?;
            let read = |object: Vec<u8>| Failed::read(&key, &object).map(|(failed, _)| failed);
            anyhow::Ok(object.map(read))
        })
        .buffered(READS);
    let mut found = Found::default();
    while let Some(object) = objects.try_next().await? {
        match object {
            Some(Some(failed)) if function.is_none_or(|name| name == failed.function.name) => {
                found.batches.push(failed);
            }
            Some(None) => found.others += 1,
            Some(Some(_)) | None => {}
        }
        progress.step();
        if stop.is_wanted() {
            progress.end();
            anyhow::bail!("stopped before anything was sent");
        }
    }
    progress.end();
    Ok(found)
}

struct Redrive {
    bucket: Bucket,
    functions: Functions,
    keep: bool,
    progress: Progress,
    stop: Stop,
}

/// What became of one batch.
enum Fate {
    Sent,
    Gone,
    Failed(String),
}

impl Redrive {
    async fn all(&self, batches: Vec<Failed>) -> Batches {
        let lanes = stream::iter(lanes(batches)).map(|lane| self.lane(lane));
        let done = lanes.buffer_unordered(LANES);
        done.fold(Batches::default(), |all, lane| async move { all.and(lane) })
            .await
    }

    /// Sends a shard's batches in their order, up to one that fails.
    async fn lane(&self, batches: Vec<Failed>) -> Batches {
        let mut done = Batches::default();
        let mut left = batches.len() as u64;
        for failed in batches {
            if self.stop.is_wanted() {
                done.stopped = left;
                return done;
            }
            left -= 1;
            match self.one(&failed).await {
                Fate::Sent => done.sent += 1,
                Fate::Gone => done.gone += 1,
                Fate::Failed(why) => {
                    done.failed += 1;
                    done.behind = left;
                    self.tell(&failed, &why, left);
                    return done;
                }
            }
            self.progress.step();
        }
        done
    }

    async fn one(&self, failed: &Failed) -> Fate {
        let object = match self.bucket.read(&failed.key).await {
            Ok(Some(object)) => object,
            Ok(None) => return Fate::Gone,
            Err(error) => return Fate::Failed(format!("{error:#}")),
        };
        let Some((_, Some(event))) = Failed::read(&failed.key, &object) else {
            return Fate::Failed("the object holds no event (payload)".to_owned());
        };
        drop(object);
        let answer = self.functions.invoke(&failed.function, event, &self.stop);
        if let Err(why) = answer.await {
            return Fate::Failed(why);
        }
        if !self.keep
            && let Err(error) = self.bucket.delete(&failed.key).await
        {
            return Fate::Failed(format!("it went well, but: {error:#}"));
        }
        Fate::Sent
    }

    fn tell(&self, failed: &Failed, why: &str, behind: u64) {
        let behind = match behind {
            0 => String::new(),
            n => format!("; {} behind it not tried", counted(n, "object")),
        };
        self.progress.say(&format!(
            "{BAD}failed:{BAD:#} {} of {} ({}): {why}{behind}",
            failed.key, failed.shard, failed.function.name
        ));
    }
}

/// The batches by function, stream and shard, each in the order of its records.
fn lanes(batches: Vec<Failed>) -> Vec<Vec<Failed>> {
    let mut lanes: BTreeMap<_, Vec<Failed>> = BTreeMap::new();
    for batch in batches {
        let arn = batch.function.arn.clone();
        let lane = (arn, batch.stream.clone(), batch.shard.clone());
        lanes.entry(lane).or_default().push(batch);
    }
    let mut lanes: Vec<_> = lanes.into_values().collect();
    for lane in &mut lanes {
        // One batch twice, if Lambda has written it twice: the older object first.
        lane.sort_by(|a, b| (&a.first, &a.key).cmp(&(&b.first, &b.key)));
    }
    lanes
}
