//! Rejects, back onto the streams that they came from.
//!
//! A message is deleted once the stream has its record. All others are kept from being
//! received twice until the end, and then made visible again.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use anyhow::bail;
use chrono::Utc;
use function::Deadline;
use function::delivery::{CallError, Fate, deliver};
use function::telemetry::chain;
use model::OrderFormat;

use super::copies::{Held, Known, Whole};
use super::parts::Parts;
use super::progress::Progress;
use super::queue::{Message, Queue, Receipt};
use super::reject::{Reject, partition_key};
use super::summary::Rejects;
use super::{Arguments, Stop, overview};
use crate::replay::{KinesisStream, LIMITS, Parcel};
use crate::sdk;
use crate::show::BAD;

/// 5 MiB over a slow line, or a wait for messages.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);
/// A stream that is busy is asked again for so long.
const PATIENCE: Duration = Duration::from_secs(60);

pub(crate) async fn run(url: &str, arguments: &Arguments, stop: Stop) -> anyhow::Result<()> {
    let config = sdk::config(CALL_TIMEOUT).await?;
    let queue = Queue::new(&config, url);
    let progress = Progress::start(queue.length().await?, "messages");
    let start = Instant::now();
    let mut redrive = Redrive {
        queue,
        kinesis: aws_sdk_kinesis::Client::new(&config),
        arguments,
        format: arguments.orders.format()?,
        stop,
        progress,
        known: Known::default(),
        left: HashMap::new(),
        parts: Parts::default(),
        done: Rejects::default(),
        seen: Vec::new(),
    };
    let end = redrive.all().await;
    redrive.progress.end();
    let Redrive {
        queue,
        mut left,
        parts,
        mut done,
        seen,
        stop,
        ..
    } = redrive;
    if end.is_ok() && !stop.is_wanted() {
        // Else the parts that are missing may be among what was not received.
        done.incomplete = parts.incomplete();
    }
    left.extend(parts.into_messages().map(|held| (held.id, held.receipt)));
    let left: Vec<Receipt> = left.into_values().collect();
    queue.release(&left).await;
    if arguments.dry_run {
        overview::rejects(&seen, Utc::now());
        done.print_left();
        return end;
    }
    done.print(start.elapsed());
    done.print_left();
    if stop.is_wanted() {
        anstream::println!("Stopped: what is left is in the queue.");
    }
    end.and_then(|()| done.result())
}

struct Redrive<'a> {
    queue: Queue,
    kinesis: aws_sdk_kinesis::Client,
    arguments: &'a Arguments,
    format: OrderFormat,
    stop: Stop,
    progress: Progress,
    known: Known,
    /// Messages that stay, by their ids.
    left: HashMap<String, Receipt>,
    parts: Parts<Held>,
    done: Rejects,
    /// What a dry run has found.
    seen: Vec<Whole>,
}

impl Redrive<'_> {
    async fn all(&mut self) -> anyhow::Result<()> {
        while !self.stop.is_wanted() {
            let messages = self.queue.receive().await?;
            let mut is_news = false;
            let mut wholes = Vec::new();
            let mut copies = Vec::new();
            for message in messages {
                if let Some(receipt) = self.left.get_mut(&message.id) {
                    // It has become visible in a long run: its old receipt is of no use.
                    *receipt = message.receipt;
                    continue;
                }
                is_news = true;
                self.progress.step();
                self.sort(message, &mut wholes, &mut copies);
            }
            if !is_news {
                return Ok(());
            }
            if self.arguments.dry_run {
                let held = wholes
                    .iter()
                    .flat_map(|whole: &Whole| whole.messages.clone());
                let held: Vec<Held> = held.chain(copies).collect();
                self.leave(held);
                self.seen.append(&mut wholes);
            } else {
                if let Err(error) = self.send(wholes).await {
                    self.leave(copies);
                    return Err(error);
                }
                let copies: Vec<Receipt> = copies.into_iter().map(|held| held.receipt).collect();
                self.done.undeleted += self.queue.delete(&copies).await;
            }
        }
        Ok(())
    }

    /// Says what a message is: part of a reject that is to be sent, a copy, or one that
    /// stays.
    fn sort(&mut self, message: Message, wholes: &mut Vec<Whole>, copies: &mut Vec<Held>) {
        let Message { id, receipt, body } = message;
        let Some(reject) = Reject::read(&body) else {
            self.done.others += 1;
            self.left.insert(id, receipt);
            return;
        };
        let reasons = &self.arguments.reasons;
        if !reasons.is_empty() && !reasons.contains(&reject.reason) {
            self.done.unasked += 1;
            self.left.insert(id, receipt);
            return;
        }
        let held = Held::new(id, receipt, &reject);
        if self.known.has(&held) {
            self.done.copies += 1;
            copies.push(held);
            return;
        }
        if let Some(whole) = self.parts.add(reject, held) {
            self.known.add(&whole);
            wholes.push(whole);
        }
    }

    /// Puts rejects back, stream by stream, and deletes what the stream has taken.
    async fn send(&mut self, wholes: Vec<Whole>) -> anyhow::Result<()> {
        let mut streams: HashMap<String, Vec<Whole>> = HashMap::new();
        for whole in wholes {
            let stream = streams.entry(whole.place.stream.clone()).or_default();
            stream.push(whole);
        }
        let mut end = Ok(());
        for (stream, wholes) in streams {
            match end {
                Ok(()) => end = self.send_to(&stream, wholes).await,
                Err(_) => wholes
                    .into_iter()
                    .for_each(|whole| self.leave(whole.messages)),
            }
        }
        end
    }

    async fn send_to(&mut self, name: &str, wholes: Vec<Whole>) -> anyhow::Result<()> {
        let stream = KinesisStream::new(self.kinesis.clone(), name);
        let parcel = |whole: &Whole| Parcel {
            line: u64::from(whole.place.line),
            key: partition_key(&self.format, &whole.place, &whole.data),
            data: whole.data.clone(),
        };
        let parcels: Vec<Parcel> = wholes.iter().map(parcel).collect();
        let deadline = Deadline::after(PATIENCE);
        let delivery = deliver(&stream, &parcels, Parcel::size, LIMITS, deadline).await;
        let mut taken = Vec::new();
        for (whole, fate) in wholes.into_iter().zip(&delivery.fates) {
            if *fate == Fate::Delivered {
                self.done.sent += 1;
                taken.extend(whole.messages.into_iter().map(|held| held.receipt));
                continue;
            }
            if *fate == Fate::Refused {
                let place = &whole.place;
                self.progress.say(&format!(
                    "{BAD}failed:{BAD:#} line {} of record {} of {}: the stream {name} refuses it",
                    place.line, place.sequence_number, place.shard
                ));
            }
            self.done.failed += 1;
            self.known.forget(&whole);
            self.leave(whole.messages);
        }
        self.done.undeleted += self.queue.delete(&taken).await;
        if !delivery.fates.contains(&Fate::Pending) {
            return Ok(());
        }
        match delivery.error {
            Some(error @ CallError::Permanent(_)) => bail!("the stream {name}: {}", chain(&error)),
            error => {
                let why = error.map_or("records are throttled".to_owned(), |e| chain(&e));
                bail!(
                    "the stream {name} did not take all for {} s: {why}",
                    PATIENCE.as_secs()
                )
            }
        }
    }

    fn leave(&mut self, messages: Vec<Held>) {
        let messages = messages.into_iter();
        self.left
            .extend(messages.map(|held| (held.id, held.receipt)));
    }
}
