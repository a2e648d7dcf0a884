//! One invocation: each object or the batch is counted as a source of its own, and answered
//! for itself.

use std::sync::Mutex;
use std::time::Duration;

use aws_lambda_events::streams::KinesisEventResponse;
use chrono::{DateTime, Utc};
use function::delivery::{CallError, Pauses, Target, retry};
use function::rejects::Part;
use function::table::Table;
use function::telemetry::chain;
use function::{BoxError, Deadline, Invocation, Record, failures};
use lambda_runtime::LambdaEvent;
use tracing::Instrument as _;

use crate::FUNCTION;
use crate::bots::Bots;
use crate::classify::Classifier;
use crate::config::Rules;
use crate::event::{Event, Message};
use crate::input::{ObjectInput, RecordsInput, is_behind};
use crate::metrics::Counts;
use crate::notification::{self, ObjectId};
use crate::objects::Objects;
use crate::pattern_table::PatternTable;
use crate::patterns::Patterns;
use crate::publish::Metrics;
use crate::source::{Counter, Outcome, Turn};

/// Patterns are read again after so long, so that a change needs no restart.
const PATTERNS_LAST: Duration = Duration::from_secs(10 * 60);
/// And after so long where they could not be read.
const PATTERNS_AGAIN: Duration = Duration::from_secs(60);
/// What a warm function spends on that at most: it has those of before.
const PATTERNS_TAKE: Duration = Duration::from_secs(2);

const PAUSES: Pauses = Pauses {
    first: Duration::from_millis(50),
    longest: Duration::from_secs(2),
};

/// The function with all that it reads and writes.
#[derive(Debug)]
pub struct Handler<T, O, M, Q, P> {
    rules: Rules,
    table: T,
    objects: O,
    metrics: M,
    queue: Q,
    patterns: P,
    bots: Bots,
    /// What one invocation leaves to the next. Only a cache: whoever finds none makes one.
    kept: Mutex<Option<Kept>>,
}

/// A classifier, and when its patterns are to be read again.
#[derive(Debug)]
struct Kept {
    classifier: Classifier,
    stale_at: DateTime<Utc>,
}

impl<T, O, M, Q, P> Handler<T, O, M, Q, P>
where
    T: Table,
    O: Objects,
    M: Metrics,
    Q: for<'a> Target<Part<'a>>,
    P: PatternTable,
{
    /// A handler that keeps its state in `table`, reads `objects`, publishes to `metrics`
    /// and sends to `queue` what it cannot read.
    pub fn new(rules: Rules, table: T, objects: O, metrics: M, queue: Q, patterns: P) -> Self {
        Self {
            rules,
            table,
            objects,
            metrics,
            queue,
            patterns,
            bots: Bots::default(),
            kept: Mutex::new(None),
        }
    }

    /// Handles one invocation and tells of it in log and metrics.
    ///
    /// # Errors
    /// None: what fails, fails per message or record.
    pub async fn handle(
        &self,
        event: LambdaEvent<Event>,
    ) -> Result<KinesisEventResponse, BoxError> {
        let LambdaEvent { payload, context } = event;
        let records = match &payload {
            Event::Records(records) => records.as_slice(),
            Event::Messages(_) => &[],
        };
        let invocation = Invocation::begin(&context, records);
        let mut counts = Counts::default();
        let (now, deadline) = (invocation.at(), invocation.deadline);
        let work = Box::pin(self.process(&payload, now, deadline, &mut counts));
        let response = work.instrument(invocation.span.clone()).await;
        invocation.end(FUNCTION, counts, |ms| report(&counts, ms));
        Ok(response)
    }

    /// Processes one event at the time `now`. When this returns, all of it is counted and
    /// published, or is in the answer. What was done is noted in `counts` as it is done.
    pub async fn process(
        &self,
        event: &Event,
        now: DateTime<Utc>,
        deadline: Deadline,
        counts: &mut Counts,
    ) -> KinesisEventResponse {
        // Before anything takes time: a lease is counted from `now`.
        let turn = Turn::new(now, deadline);
        if let Event::Messages(messages) = event {
            let ages = messages.iter().filter_map(|message| message.age(now));
            counts.oldest_message_seconds = ages.max().unwrap_or_default();
        }
        let kept = self.classifier(now, deadline, counts).await;
        let mut kept = match kept {
            Ok(kept) => kept,
            Err(error) => {
                warn("the patterns could not be read", &error);
                return nothing_done(event, counts);
            }
        };
        let mut counter = Counter {
            table: &self.table,
            metrics: &self.metrics,
            queue: &self.queue,
            classifier: &mut kept.classifier,
            percent: self.rules.sampling_percent,
            turn,
            counts,
        };
        let response = match event {
            Event::Messages(messages) => self.messages(messages, &mut counter).await,
            Event::Records(records) => self.records(records, &mut counter).await,
        };
        // A poisoned lock costs a cold classifier.
        if let Ok(mut place) = self.kept.lock() {
            *place = Some(kept);
        }
        response
    }

    async fn messages(
        &self,
        messages: &[Message],
        counter: &mut Counter<'_, T, M, Q>,
    ) -> KinesisEventResponse {
        let mut response = KinesisEventResponse::default();
        counter.counts.messages += messages.len() as u64;
        for message in messages {
            let whole = match notification::objects(&message.body) {
                Ok(objects) => self.objects(&objects, counter).await,
                Err(error) => {
                    tracing::warn!(
                        message_id = message.message_id,
                        error = chain(&error),
                        "the message is no notification of S3"
                    );
                    false
                }
            };
            if !whole {
                counter.counts.messages_failed += 1;
                response.add_failure(&message.message_id);
            }
        }
        response
    }

    /// Counts a message's objects; whether all of them are done with.
    async fn objects(&self, objects: &[ObjectId], counter: &mut Counter<'_, T, M, Q>) -> bool {
        let mut whole = true;
        for object in objects {
            let (bucket, key, version) = (&object.bucket, &object.key, object.version());
            let input = ObjectInput {
                objects: &self.objects,
                object,
                log: self.rules.log.as_ref(),
            };
            let partition = format!("object/{bucket}/{key}/{version}");
            match Box::pin(counter.count(partition, &input)).await {
                Ok(Outcome::Done) => counter.counts.objects_counted += 1,
                Ok(Outcome::Gone) => {
                    counter.counts.objects_gone += 1;
                    tracing::warn!(
                        bucket,
                        key,
                        version,
                        "the object is gone, or another one is in its place: it is not counted"
                    );
                }
                Ok(Outcome::Again(_)) => whole = false,
                Err(error) => {
                    whole = false;
                    let error = chain(&error);
                    tracing::warn!(bucket, key, version, error, "the object has to come again");
                }
            }
        }
        whole
    }

    async fn records(
        &self,
        records: &[Record],
        counter: &mut Counter<'_, T, M, Q>,
    ) -> KinesisEventResponse {
        counter.counts.records += records.len() as u64;
        let Some(first) = records.first() else {
            return KinesisEventResponse::default();
        };
        let input = RecordsInput {
            records,
            log: self.rules.log.as_ref(),
            routes: self.rules.routes.as_ref(),
        };
        let partition = format!("shard/{}/{}", first.stream, first.shard);
        let outcome = Box::pin(counter.count(partition, &input)).await;
        let failed: Vec<bool> = match outcome {
            Ok(Outcome::Done | Outcome::Gone) => vec![false; records.len()],
            Ok(Outcome::Again(done)) => {
                let behind = |record| is_behind(record, done.as_ref());
                records.iter().map(behind).collect()
            }
            Err(error) => {
                warn("the batch has to come again", &error);
                vec![true; records.len()]
            }
        };
        counter.counts.records_failed += failed.iter().filter(|failed| **failed).count() as u64;
        failures(records, &failed)
    }

    /// What the last invocation has left, with patterns that are not too old.
    async fn classifier(
        &self,
        now: DateTime<Utc>,
        deadline: Deadline,
        counts: &mut Counts,
    ) -> Result<Kept, CallError> {
        let kept = self.kept.lock().ok().and_then(|mut kept| kept.take());
        let Some(mut kept) = kept else {
            let patterns = self.load(deadline, counts).await?;
            let (hosts, ports) = (self.rules.hosts.clone(), self.rules.ports.clone());
            return Ok(Kept {
                classifier: Classifier::new(hosts, ports, self.bots.clone(), patterns),
                stale_at: now + PATTERNS_LAST,
            });
        };
        if now >= kept.stale_at {
            match self.load(deadline.at_most(PATTERNS_TAKE), counts).await {
                Ok(patterns) => {
                    kept.classifier.set_patterns(patterns);
                    kept.stale_at = now + PATTERNS_LAST;
                }
                Err(error) => {
                    // Not at each invocation: the time is wanted for counting.
                    kept.stale_at = now + PATTERNS_AGAIN;
                    warn(
                        "the patterns of before stay: no others could be read",
                        &error,
                    );
                }
            }
        }
        Ok(kept)
    }

    async fn load(&self, deadline: Deadline, counts: &mut Counts) -> Result<Patterns, CallError> {
        let (patterns, mut bad) = retry(PAUSES, deadline, || self.patterns.load()).await?;
        let (patterns, more) = Patterns::new(patterns, self.rules.max_patterns);
        bad.extend(more);
        for bad in &bad {
            tracing::warn!(
                id = bad.id,
                problem = bad.problem,
                "a pattern cannot be used"
            );
        }
        counts.patterns_bad += bad.len() as u64;
        Ok(patterns)
    }
}

/// The answer of an invocation that could not begin.
fn nothing_done(event: &Event, counts: &mut Counts) -> KinesisEventResponse {
    match event {
        Event::Records(records) => {
            counts.records += records.len() as u64;
            counts.records_failed = counts.records;
            failures(records, &vec![true; records.len()])
        }
        Event::Messages(messages) => {
            counts.messages += messages.len() as u64;
            counts.messages_failed = counts.messages;
            let mut response = KinesisEventResponse::default();
            for message in messages {
                response.add_failure(&message.message_id);
            }
            response
        }
    }
}

fn warn(what: &str, error: &CallError) {
    tracing::warn!(error = chain(error), "{what}");
}

/// One line of log.
fn report(counts: &Counts, milliseconds: u64) {
    tracing::info!(
        messages = counts.messages,
        messages_failed = counts.messages_failed,
        oldest_message_seconds = counts.oldest_message_seconds,
        records = counts.records,
        records_failed = counts.records_failed,
        objects_counted = counts.objects_counted,
        objects_gone = counts.objects_gone,
        lines_counted = counts.lines_counted,
        lines_rejected = counts.lines_rejected,
        rejects_lost = counts.rejects_lost,
        requests_too_old = counts.requests_too_old,
        requests_too_new = counts.requests_too_new,
        publications = counts.publications,
        publications_uncertain = counts.publications_uncertain,
        milliseconds,
        "batch done"
    );
}
