//! One source from where it was left to where the time ends: read, send what is refused,
//! commit, publish, and again. `state` has the items, `ARCHITECTURE.md` what they guarantee.

use std::ops::ControlFlow;
use std::time::Duration;

use chrono::{DateTime, Utc};
use function::Deadline;
use function::delivery::{CallError, Fate, Pauses, Target};
use function::rejects::{self, RejectedLines};
use function::table::Table;
use function::telemetry::chain;
use model::SequenceNumber;

use crate::FUNCTION;
use crate::classify::Classifier;
use crate::input::{Input, Read};
use crate::metrics::Counts;
use crate::objects::OpenError;
use crate::part::{Part, parts};
use crate::publish::{Metrics, PublishError};
use crate::reading::{Reading, Refused, Taken};
use crate::series::{Metric, Scope, Value};
use crate::state::{Marker, State, Stored, name};

/// A lease ends when its holder is gone for good. That is after its deadline, by two seconds
/// at most, and clocks differ by less than the rest.
const CLOCKS: Duration = Duration::from_secs(10);

const PAUSES: Pauses = Pauses {
    first: Duration::from_millis(100),
    longest: Duration::from_secs(5),
};

/// Left for publishing what is counted.
const FOR_PUBLISHING: Duration = Duration::from_secs(10);
/// Left for noting what is published, and for giving a lease back.
const FOR_NOTING: Duration = Duration::from_secs(1);

/// The end of a lease that was given back.
const RELEASED: i64 = 0;

/// An invocation's time.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Turn {
    /// When it began.
    now: DateTime<Utc>,
    /// How long after that it ends.
    ends_in: Duration,
    /// When all must be done.
    pub(crate) deadline: Deadline,
    /// When publishing stops.
    publishing: Deadline,
    /// When counting stops.
    until: Deadline,
}

impl Turn {
    /// That of an invocation which begins now.
    pub(crate) fn new(now: DateTime<Utc>, deadline: Deadline) -> Self {
        let ends_in = deadline.instant() - tokio::time::Instant::now();
        let publishing = deadline.leaving(FOR_NOTING);
        Self {
            now,
            ends_in,
            deadline,
            publishing,
            until: publishing.leaving(FOR_PUBLISHING),
        }
    }
}

/// What became of a source.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// All of it is counted and published.
    Done,
    /// It is not there.
    Gone,
    /// It has to come again. Up to there it is counted and published.
    Again(Option<SequenceNumber>),
}

/// What sources are counted with.
#[derive(Debug)]
pub(crate) struct Counter<'a, T, M, Q> {
    pub(crate) table: &'a T,
    pub(crate) metrics: &'a M,
    pub(crate) queue: &'a Q,
    pub(crate) classifier: &'a mut Classifier,
    /// Of a hundred requests, so many are in the log.
    pub(crate) percent: u8,
    pub(crate) turn: Turn,
    pub(crate) counts: &'a mut Counts,
}

impl<T, M, Q> Counter<'_, T, M, Q>
where
    T: Table,
    M: Metrics,
    Q: for<'b> Target<rejects::Part<'b>>,
{
    /// Counts a source, whose items are in `partition`.
    ///
    /// # Errors
    /// If a call failed until the deadline, or cannot succeed: the source has to come again.
    pub(crate) async fn count(
        &mut self,
        partition: String,
        input: &impl Input,
    ) -> Result<Outcome, CallError> {
        let state = State::new(self.table, partition, self.turn.now, self.turn.deadline);
        let mut stored = state.marker().await?;
        if let Some(found) = stored.take() {
            match self.finish(&state, found).await? {
                Some(finished) => stored = Some(finished),
                None => return Ok(Outcome::Again(None)),
            }
        }
        loop {
            match self.go(&state, stored.as_ref(), input).await? {
                ControlFlow::Continue(committed) => stored = Some(committed),
                ControlFlow::Break(outcome) => return Ok(outcome),
            }
        }
    }

    /// Counts on from `before` as far as one commit may go, and publishes it; the marker as
    /// it is then, or what became of the source.
    async fn go(
        &mut self,
        state: &State<'_, T>,
        before: Option<&Stored>,
        input: &impl Input,
    ) -> Result<ControlFlow<Outcome, Stored>, CallError> {
        let done = before.and_then(|stored| stored.marker.done.clone());
        let whole = before.is_some_and(|stored| stored.marker.whole);
        if whole || input.is_done(done.as_ref()) {
            return Ok(ControlFlow::Break(Outcome::Done));
        }
        if !self.turn.until.allows(Duration::ZERO) {
            return Ok(ControlFlow::Break(Outcome::Again(done)));
        }
        let mut reading = Reading::new(self.classifier, Taken::at(self.turn.now));
        let reads = input.read(done.as_ref(), &mut reading, self.turn.until);
        let read = match reads.await {
            Ok(read) => read,
            Err(OpenError::Gone) => return Ok(ControlFlow::Break(Outcome::Gone)),
            Err(OpenError::Failed(error)) => return Err(error),
        };
        if !read.whole && read.done == done {
            // No progress: a call failed, or there was too little time.
            let again = Ok(ControlFlow::Break(Outcome::Again(done)));
            return read.failure.map_or(again, Err);
        }
        let counted = counted(*self.counts, &reading, read.unrouted);
        let parts = parts(reading.series(), self.percent);
        let committed = self.settle(state, before, &read, parts, counted).await?;
        let again = ControlFlow::Break(Outcome::Again(done));
        Ok(committed.map_or(again, ControlFlow::Continue))
    }

    /// Sends what was refused, writes away what was counted, and publishes it; the marker as
    /// it is then. `None` if another copy was faster: then `counted` is not what was counted.
    async fn settle(
        &mut self,
        state: &State<'_, T>,
        before: Option<&Stored>,
        read: &Read<'_>,
        parts: Vec<Part>,
        counted: Counts,
    ) -> Result<Option<Stored>, CallError> {
        let lost = self.reject(&read.refused).await?;
        let Some(committed) = self.commit(state, before, read, &parts).await? else {
            return Ok(None);
        };
        *self.counts = counted;
        self.counts.rejects_lost += lost;
        let left = parts.into_iter().enumerate().collect();
        self.publish(state, &committed, left).await?;
        Ok(Some(committed))
    }

    /// Publishes what an earlier invocation has left; the marker as it is then. `None` if
    /// another copy is at it.
    async fn finish(
        &mut self,
        state: &State<'_, T>,
        stored: Stored,
    ) -> Result<Option<Stored>, CallError> {
        if stored.marker.parts == 0 {
            return Ok(Some(stored));
        }
        let left = state.left(&stored.marker.attempt).await?;
        if left.is_empty() {
            return Ok(Some(stored));
        }
        if stored.marker.lease_until > self.turn.now.timestamp_millis() {
            return Ok(None);
        }
        if !self.turn.publishing.allows(Duration::ZERO) {
            return Err(no_time_left());
        }
        let marker = Marker {
            lease_until: self.lease(),
            ..stored.marker.clone()
        };
        let Some(taken) = state.put_marker(marker, Some(&stored)).await? else {
            return Ok(None);
        };
        if stored.marker.lease_until != RELEASED {
            // Its holder died: perhaps between publishing the first of these and noting it.
            self.uncertain("another copy died while it published");
        }
        self.publish(state, &taken, left).await?;
        Ok(Some(taken))
    }

    /// Writes what was counted away, so that it counts; `None` if another copy was faster.
    async fn commit(
        &self,
        state: &State<'_, T>,
        before: Option<&Stored>,
        read: &Read<'_>,
        parts: &[Part],
    ) -> Result<Option<Stored>, CallError> {
        let attempt = name();
        state.put_parts(&attempt, parts).await?;
        let marker = Marker {
            done: read.done.clone(),
            whole: read.whole,
            attempt,
            parts: parts.len(),
            lease_until: self.lease(),
        };
        state.put_marker(marker, before).await
    }

    /// Publishes parts in their order, and notes each. If that does not end in time, the
    /// next copy may go on at once.
    async fn publish(
        &mut self,
        state: &State<'_, T>,
        stored: &Stored,
        left: Vec<(usize, Part)>,
    ) -> Result<(), CallError> {
        let attempt = stored.marker.attempt.as_str();
        for (number, mut part) in left {
            self.drop_too_old(&mut part);
            if !part.is_empty()
                && let Err(error) = self.put(&part).await
            {
                self.release(state, stored).await;
                return Err(error);
            }
            if let Err(error) = state.set_published(attempt, number).await {
                self.uncertain("what was published could not be noted");
                self.release(state, stored).await;
                return Err(error);
            }
            self.counts.publications += 1;
        }
        Ok(())
    }

    /// Publishes a part, once as far as can be known.
    async fn put(&mut self, part: &Part) -> Result<(), CallError> {
        let until = self.turn.publishing;
        let mut attempt = 0;
        loop {
            // Even one that is cut off at once may have reached CloudWatch.
            if !until.allows(Duration::ZERO) {
                return Err(no_time_left());
            }
            let call = self.metrics.put(part);
            let error = match tokio::time::timeout_at(until.instant(), call).await {
                Ok(Ok(())) => return Ok(()),
                Ok(Err(PublishError::NotTaken(error))) => error,
                Ok(Err(PublishError::Uncertain(error))) => {
                    self.uncertain("a publication was not answered");
                    error
                }
                Err(elapsed) => {
                    self.uncertain("a publication was cut off by the deadline");
                    CallError::Retryable(Box::new(elapsed))
                }
            };
            let pause = PAUSES.before(attempt, fastrand::f64());
            if !matches!(error, CallError::Retryable(_)) || !until.allows(pause) {
                return Err(error);
            }
            tokio::time::sleep(pause).await;
            attempt += 1;
        }
    }

    /// A publication that may be made twice: told at once, because who dies tells no more.
    fn uncertain(&mut self, why: &str) {
        self.counts.publications_uncertain += 1;
        tracing::warn!(why, "metric data may be published twice");
    }

    /// Takes out what CloudWatch would refuse by now, and with it all the rest.
    fn drop_too_old(&mut self, part: &mut Part) {
        let taken = Taken::at(self.turn.now);
        part.series.retain(|series| {
            let stays = taken.holds(series.minute);
            if !stays && series.scope == Scope::Site {
                for (metric, value) in &series.data {
                    if let (Metric::Requests | Metric::BotRequests, Value::Sum(sum)) =
                        (metric, value)
                    {
                        self.counts.requests_too_old += sum;
                    }
                }
            }
            stays
        });
    }

    /// Sends what was refused to the queue; how many of it the queue will never take. Those are
    /// lost: their source would come again for ever, and their lines are counted.
    async fn reject(&self, refused: &[Refused<'_>]) -> Result<u64, CallError> {
        let mut lost = 0;
        for refused in refused {
            let rejected = RejectedLines {
                origin: refused.origin,
                reason: refused.refusal.reason,
                message: &refused.refusal.message,
                bytes: &refused.bytes,
                others: &refused.others,
            };
            let until = self.turn.publishing;
            let delivery = rejects::send_lines(self.queue, FUNCTION, &rejected, until).await;
            match delivery.fates.as_slice() {
                [Fate::Delivered] => {}
                [Fate::Refused] => {
                    lost += 1;
                    let error = delivery.error.as_ref().map(|error| chain(error));
                    let reason = refused.refusal.reason;
                    tracing::warn!(
                        error,
                        reason,
                        "the queue will never take a reject: it is lost"
                    );
                }
                _ => return Err(delivery.error.unwrap_or_else(no_time_left)),
            }
        }
        Ok(lost)
    }

    /// Until when a lease of this invocation lasts, in milliseconds since 1970.
    fn lease(&self) -> i64 {
        let left = self.turn.ends_in + CLOCKS;
        let left = i64::try_from(left.as_millis()).unwrap_or(i64::MAX);
        self.turn.now.timestamp_millis().saturating_add(left)
    }

    /// The next copy need not wait for this one's end.
    async fn release(&self, state: &State<'_, T>, stored: &Stored) {
        let marker = Marker {
            lease_until: RELEASED,
            ..stored.marker.clone()
        };
        if let Err(error) = state.put_marker(marker, Some(stored)).await {
            tracing::warn!(error = chain(&error), "a lease could not be released");
        }
    }
}

/// The counts with what a reading came to, for when it is written away.
fn counted(counts: Counts, reading: &Reading<'_>, unrouted: u64) -> Counts {
    Counts {
        lines_counted: counts.lines_counted + reading.counted,
        lines_rejected: counts.lines_rejected + reading.rejected,
        requests_too_old: counts.requests_too_old + reading.too_old,
        requests_too_new: counts.requests_too_new + reading.too_new,
        events_without_route: counts.events_without_route + unrouted,
        ..counts
    }
}

fn no_time_left() -> CallError {
    CallError::Retryable("no time left".into())
}
