//! One shard: read, gather, invoke, judge, and again, until its end.
//!
//! At most one batch of a shard is in flight, and nothing is read while batches wait
//! for a retry: a shard's records come in order, and memory holds a batch or two.
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/with-kinesis.html>

use std::collections::VecDeque;

use chrono::{DateTime, Utc};

use crate::action::{Action, InvocationId, Page};
use crate::batch::{Batch, Closed, Gathering};
use crate::discarded::Condition;
use crate::event::record_bytes;
use crate::failure::{self, Next};
use crate::outcome::{Outcome, Verdict};
use crate::position::{Position, Progress, ShardId};
use crate::reading::Reader;
use crate::settings::Rules;
use crate::step::Step;

/// A shard's state.
#[derive(Debug)]
pub(crate) struct Shard {
    id: ShardId,
    pub(crate) parents: Vec<ShardId>,
    reader: Reader,
    gathering: Gathering,
    /// Batches that are closed, in order.
    work: VecDeque<Batch>,
    in_flight: Option<InFlight>,
    /// Failures in a row.
    failures: u32,
    /// When the first batch of `work` may be delivered; past while there is none.
    due: DateTime<Utc>,
    /// Read and delivered to its end.
    pub(crate) done: bool,
}

#[derive(Debug)]
struct InFlight {
    id: InvocationId,
    batch: Batch,
    deadline: DateTime<Utc>,
    outcome: Option<Outcome>,
}

impl Shard {
    pub(crate) fn new(id: ShardId, parents: Vec<ShardId>, position: Position, done: bool) -> Self {
        Self {
            id,
            parents,
            reader: Reader::new(position),
            gathering: Gathering::default(),
            work: VecDeque::new(),
            in_flight: None,
            failures: 0,
            due: DateTime::<Utc>::MIN_UTC,
            done,
        }
    }

    /// Takes in what was read.
    pub(crate) fn read(&mut self, page: Page, rules: &Rules, now: DateTime<Utc>) {
        for record in self.reader.take(page, now) {
            let bytes = record_bytes(&rules.source, &self.id, &record);
            self.gathering.push(record, bytes, now);
        }
    }

    /// Takes note of an answer; `false` if it belongs to no invocation in flight.
    pub(crate) fn answered(&mut self, id: InvocationId, outcome: &Outcome) -> bool {
        let in_flight = self.in_flight.as_mut().filter(|f| f.id == id);
        let known = in_flight.map(|in_flight| in_flight.outcome = Some(outcome.clone()));
        known.is_some()
    }

    /// Does all that can be done now.
    pub(crate) fn step(&mut self, step: &mut Step<'_>) {
        self.settle(step);
        while self.in_flight.is_none() && self.due <= step.now {
            if self.work.is_empty() && !self.close(step) {
                break;
            }
            self.deliver(step);
        }
        if self.in_flight.is_some() || !self.work.is_empty() {
            return;
        }
        if self.reader.due().is_some_and(|time| time <= step.now) {
            let limit = step.rules.batch_size - self.gathering.len();
            step.actions.push(Action::Read {
                shard: self.id.clone(),
                from: self.reader.ask(limit),
                limit,
            });
        }
        if self.reader.ended() && self.gathering.is_empty() {
            self.done = true;
            step.checkpoint(&self.id, Progress::Ended);
        }
    }

    /// When to step again, if nothing else comes; `None` if only the driver's answer
    /// can change anything.
    pub(crate) fn wake_at(&self, rules: &Rules) -> Option<DateTime<Utc>> {
        if let Some(in_flight) = &self.in_flight {
            let answered = in_flight.outcome.is_some();
            return Some(if answered {
                self.due
            } else {
                in_flight.deadline
            });
        }
        if !self.work.is_empty() {
            return Some(self.due);
        }
        let ended = self.reader.ended();
        let closes = self.gathering.closes_at(rules, ended);
        let ends = (ended && !self.done).then_some(self.due);
        let times = [closes, self.reader.due(), ends];
        times.into_iter().flatten().min()
    }

    /// Judges the invocation in flight, if it is answered or out of time.
    fn settle(&mut self, step: &mut Step<'_>) {
        let over = |f: &mut InFlight| f.outcome.is_some() || f.deadline <= step.now;
        let Some(in_flight) = self.in_flight.take_if(over) else {
            return;
        };
        let mut batch = in_flight.batch;
        let outcome = in_flight.outcome.unwrap_or(Outcome::FunctionError);
        let verdict = outcome.verdict(step.rules.report, &batch.records);
        if verdict != Verdict::NotInvoked {
            batch.invoked = batch.invoked.saturating_add(1);
            batch.function_error = outcome == Outcome::FunctionError;
        }
        self.note_progress(&batch, verdict, step);
        match failure::next(step.rules, batch, verdict) {
            Next::Done => {}
            Next::Again(batches) => {
                self.failures = self.failures.saturating_add(1);
                self.due = step.now + failure::pause(self.failures, (step.random)());
                for batch in batches.into_iter().rev() {
                    self.work.push_front(batch);
                }
            }
            Next::Discard(batch) => {
                self.failures = 0;
                step.discard(&self.id, batch, Condition::RetryAttemptsExhausted);
            }
        }
    }

    /// Checkpoints behind the records that succeeded, if any did.
    fn note_progress(&mut self, batch: &Batch, verdict: Verdict, step: &mut Step<'_>) {
        let succeeded = match verdict {
            Verdict::Success => batch.records.len(),
            Verdict::FailedFrom(place) => place,
            Verdict::Failed | Verdict::NotInvoked => 0,
        };
        if let Some(last) = succeeded.checked_sub(1) {
            self.failures = 0;
            let last = batch.records[last].sequence_number.clone();
            step.checkpoint(&self.id, Progress::After(last));
        }
    }

    /// Closes the next batch, if it is time; whether it was.
    fn close(&mut self, step: &mut Step<'_>) -> bool {
        let ended = self.reader.ended();
        match self.gathering.close(step.rules, ended, step.now) {
            None => return false,
            Some(Closed::Batch(batch)) => self.work.push_back(batch),
            Some(Closed::TooLarge(batch)) => {
                step.discard(&self.id, batch, Condition::PayloadTooLarge);
            }
        }
        true
    }

    /// Invokes the function with the next batch, without what is too old.
    fn deliver(&mut self, step: &mut Step<'_>) {
        let Some(mut batch) = self.work.pop_front() else {
            return;
        };
        let aged = batch.aged(step.rules, step.now);
        if aged > 0 {
            let (old, rest) = batch.cut(aged);
            self.failures = 0;
            step.discard(&self.id, old, Condition::RecordAgeExceeded);
            batch = rest;
        }
        if batch.records.is_empty() {
            return;
        }
        self.in_flight = Some(InFlight {
            id: step.invoke(&self.id, &batch),
            batch,
            deadline: step.now + step.rules.timeout,
            outcome: None,
        });
    }
}
