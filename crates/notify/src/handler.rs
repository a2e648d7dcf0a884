//! One invocation: tell each alarm record once, in their order, and keep what is
//! none.

use std::collections::BTreeSet;
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use function::delivery::{CallError, Fate, Pauses, Target, deliver, retry};
use function::env::TableName;
use function::rejects::{self, Part, Rejected};
use function::telemetry::chain;
use function::{BoxError, Deadline, Invocation, Record, failures, first_failed};
use lambda_runtime::LambdaEvent;
use model::{Alarm, OrderFormat, Position};
use tokio::time::Instant;
use tracing::Instrument as _;

use crate::FUNCTION;
use crate::event::{Answer, Event};
use crate::ledger::{Claim, Ledger};
use crate::message::Message;
use crate::metrics::Counts;
use crate::publish::LIMITS;

/// A claim outlives the invocation that made it by this much: what an invocation
/// keeps back for its answer, and a second for clocks that differ.
const CLAIM_MARGIN: TimeDelta = TimeDelta::seconds(3);

/// Left for the ledger when the topic did not take a message in time.
const FOR_LEDGER: Duration = Duration::from_secs(1);

const PAUSES: Pauses = Pauses {
    first: Duration::from_millis(100),
    longest: Duration::from_secs(2),
};

/// The function with its ledger, its topic and its rejects queue.
#[derive(Debug)]
pub struct Handler<L, T, Q> {
    ledger: L,
    topic: T,
    queue: Q,
    orders: Option<TableName>,
}

/// Whose work it is, since when, and until when.
#[derive(Debug, Clone, Copy)]
struct Turn<'a> {
    owner: &'a str,
    at: DateTime<Utc>,
    start: Instant,
    deadline: Deadline,
}

impl Turn<'_> {
    fn time(&self, instant: Instant) -> DateTime<Utc> {
        let since = instant.saturating_duration_since(self.start);
        self.at + TimeDelta::from_std(since).unwrap_or_default()
    }

    fn now(&self) -> DateTime<Utc> {
        self.time(Instant::now())
    }

    fn end(&self) -> DateTime<Utc> {
        self.time(self.deadline.instant()) + CLAIM_MARGIN
    }
}

impl<L, T, Q> Handler<L, T, Q>
where
    L: Ledger,
    T: Target<Message>,
    Q: for<'a> Target<Part<'a>>,
{
    /// A handler that tells `topic`, remembers in `ledger` and rejects to `queue`.
    pub fn new(ledger: L, topic: T, queue: Q) -> Self {
        Self {
            ledger,
            topic,
            queue,
            orders: None,
        }
    }

    /// The same, whose messages say how to look into the table of orders.
    #[must_use]
    pub fn with_orders(self, orders: Option<TableName>) -> Self {
        Self { orders, ..self }
    }

    /// Handles one invocation and tells of it in log and metrics.
    ///
    /// # Errors
    /// For a test, if its message was not sent. A batch fails per record.
    pub async fn handle(&self, event: LambdaEvent<Event>) -> Result<Answer, BoxError> {
        let LambdaEvent { payload, context } = event;
        let records = match &payload {
            Event::Alarms(records) => records.as_slice(),
            Event::Test { .. } => &[],
        };
        let invocation = Invocation::begin(&context, records);
        let (at, deadline) = (invocation.at(), invocation.deadline);
        let owner = context.request_id.as_str();
        let (answer, counts, failed) = async {
            match &payload {
                Event::Alarms(records) => {
                    let batch = Box::pin(self.batch(records, owner, at, deadline));
                    let (failed, counts) = batch.await;
                    let response = failures(records, &failed);
                    let first = first_failed(&response).map(str::to_owned);
                    (Ok(Answer::Alarms(response)), counts, first)
                }
                Event::Test { site, order_count } => {
                    let message = Message::test(site, *order_count);
                    let told = Box::pin(self.test(&message, owner, at, deadline)).await;
                    let counts = Counts {
                        alarms_told: u64::from(told.is_ok()),
                        ..Counts::default()
                    };
                    let answer = told.map(|()| Answer::Test(message));
                    // With its causes: what is wrong is what the test is for.
                    let answer = answer.map_err(|error| BoxError::from(chain(&error)));
                    (answer, counts, None)
                }
            }
        }
        .instrument(invocation.span.clone())
        .await;
        invocation.end(FUNCTION, counts, |milliseconds| {
            tracing::info!(
                records = counts.records,
                records_failed = counts.records_failed,
                first_failed = failed,
                alarms_told = counts.alarms_told,
                alarms_known = counts.alarms_known,
                alarms_rejected = counts.alarms_rejected,
                milliseconds,
                "batch done"
            );
        });
        answer
    }

    /// Tells a batch's alarms, in their order; which of its records have to come
    /// again. Behind one that could not be told, all have: an alarm must not be
    /// told to be over before it is told.
    pub async fn batch(
        &self,
        records: &[Record],
        owner: &str,
        at: DateTime<Utc>,
        deadline: Deadline,
    ) -> (Vec<bool>, Counts) {
        let turn = Turn {
            owner,
            at,
            start: Instant::now(),
            deadline,
        };
        let mut alarms = Vec::new();
        let mut rejected = Vec::new();
        for (index, record) in records.iter().enumerate() {
            match Alarm::parse(&record.data) {
                Ok(alarm) => alarms.push((index, alarm)),
                Err(reject) => rejected.push(Rejected {
                    record: index,
                    position: Position {
                        user_record: None,
                        line: 1,
                        object: None,
                        item: None,
                    },
                    lines: 1,
                    bytes: &record.data,
                    reject,
                }),
            }
        }
        let mut counts = Counts {
            records: records.len() as u64,
            ..Counts::default()
        };
        let no_orders = OrderFormat::default();
        let (failed_from, delivery) = tokio::join!(
            self.tell_all(&alarms, turn, &mut counts),
            rejects::send(
                &self.queue,
                FUNCTION,
                &no_orders,
                records,
                &rejected,
                deadline
            ),
        );
        if let Some(error) = &delivery.error {
            tracing::warn!(error = chain(error), "a reject could not be sent");
        }
        let has_failed = |record| failed_from.is_some_and(|first| record >= first);
        let mut failed: Vec<bool> = (0..records.len()).map(has_failed).collect();
        for (rejected, fate) in rejected.iter().zip(&delivery.fates) {
            let sent = *fate == Fate::Delivered;
            failed[rejected.record] |= !sent;
            counts.alarms_rejected += u64::from(sent);
        }
        counts.records_failed = failed.iter().filter(|failed| **failed).count() as u64;
        (failed, counts)
    }

    /// Sends an operator's test, once per request however often Lambda tries it.
    async fn test(
        &self,
        message: &Message,
        owner: &str,
        at: DateTime<Utc>,
        deadline: Deadline,
    ) -> Result<(), CallError> {
        let turn = Turn {
            owner,
            at,
            start: Instant::now(),
            deadline,
        };
        let id = format!("test#{owner}");
        self.tell(&id, message, turn).await.map(|_| ())
    }

    /// The index of the first record that could not be told.
    async fn tell_all(
        &self,
        alarms: &[(usize, Alarm)],
        turn: Turn<'_>,
        counts: &mut Counts,
    ) -> Option<usize> {
        // A copy in the same batch finds this invocation's own claim if the ledger
        // could not be completed, so what it has told is remembered here, too.
        let mut done = BTreeSet::new();
        for (index, alarm) in alarms {
            let key = alarm.key();
            if done.contains(&key) {
                counts.alarms_known += 1;
                continue;
            }
            let message = Message::of(alarm, self.orders.as_ref());
            let told = self.tell(&key, &message, turn).await;
            match told {
                Ok(true) => {
                    counts.alarms_told += 1;
                    done.insert(key);
                    let (alarm_id, kind) = (&alarm.alarm_id, alarm.kind);
                    tracing::info!(alarm_id, %kind, at = %alarm.at, "alarm told");
                }
                Ok(false) => counts.alarms_known += 1,
                Err(error) => {
                    tracing::warn!(
                        alarm_id = alarm.alarm_id,
                        error = chain(&error),
                        "an alarm could not be told"
                    );
                    return Some(*index);
                }
            }
        }
        None
    }

    /// Tells one alarm record unless it is told; whether it did.
    ///
    /// A crash after publishing and before completing leads to a second message:
    /// rather twice than never.
    async fn tell(&self, id: &str, message: &Message, turn: Turn<'_>) -> Result<bool, CallError> {
        let claim = retry(PAUSES, turn.deadline, || async {
            let claim = self.ledger.claim(id, turn.owner, turn.now(), turn.end());
            match claim.await? {
                // Not reported as failed at once, which would use up its retries.
                Claim::Theirs => Err(CallError::Retryable(
                    "another invocation is telling it".into(),
                )),
                claim => Ok(claim),
            }
        });
        if claim.await? == Claim::Done {
            return Ok(false);
        }
        let early = turn.deadline.leaving(FOR_LEDGER);
        let one = std::slice::from_ref(message);
        let delivery = deliver(&self.topic, one, |_| 0, LIMITS, early).await;
        if delivery.fates != [Fate::Delivered] {
            let release = || self.ledger.release(id, turn.owner);
            if let Err(error) = retry(PAUSES, turn.deadline, release).await {
                tracing::warn!(error = chain(&error), "a claim has to expire by itself");
            }
            let none = || CallError::Retryable("there was no time to publish it".into());
            return Err(delivery.error.unwrap_or_else(none));
        }
        let complete = || self.ledger.complete(id, turn.now());
        if let Err(error) = retry(PAUSES, turn.deadline, complete).await {
            // It is told; if its record comes again after the claim, so is the message.
            tracing::warn!(error = chain(&error), "a told alarm could not be noted");
        }
        Ok(true)
    }
}
