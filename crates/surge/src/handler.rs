//! One invocation: count the batch, look at the site if this shard is busy, and
//! publish what there is to tell.

use std::time::Duration;

use aws_lambda_events::streams::KinesisEventResponse;
use chrono::{DateTime, Utc};
use function::delivery::{CallError, Fate, Target, deliver};
use function::table::Table;
use function::telemetry::chain;
use function::{BoxError, Deadline, Invocation, Record, failures, first_failed};
use lambda_runtime::LambdaEvent;
use model::{Alarm, OrderFormat, Second};
use tracing::Instrument as _;

use crate::FUNCTION;
use crate::count::Batch;
use crate::event::Event;
use crate::granule::{Granule, start_of};
use crate::look;
use crate::metrics::Counts;
use crate::publish::LIMITS;
use crate::registered::Registered;
use crate::rule::Rule;
use crate::site::Site;
use crate::state::State;
use crate::window::{Arrivals, Rate};

/// What a batch spends on looking at the site and on publishing, each. They can be
/// done by the next batch or the clock; counting cannot, and a shard that does not
/// count for long is taken for idle.
const ASIDE: Duration = Duration::from_secs(2);

/// The function with its rule, its table and the stream that alarms go to.
#[derive(Debug)]
pub struct Handler<T, S> {
    rule: Rule,
    table: T,
    stream: S,
    format: OrderFormat,
    registered: Registered,
}

impl<T: Table, S: Target<Alarm>> Handler<T, S> {
    /// A handler that keeps its counts in `table` and tells `stream`.
    pub fn new(rule: Rule, table: T, stream: S) -> Self {
        Self {
            rule,
            table,
            stream,
            format: OrderFormat::default(),
            registered: Registered::default(),
        }
    }

    /// The same handler for orders that look like this.
    #[must_use]
    pub fn with_format(self, format: OrderFormat) -> Self {
        Self { format, ..self }
    }

    /// Handles one invocation and tells of it in log and metrics.
    ///
    /// # Errors
    /// For a scheduled event, if the site could not be looked at or an alarm not be
    /// published: it comes again. A batch fails per record.
    pub async fn handle(
        &self,
        event: LambdaEvent<Event>,
    ) -> Result<KinesisEventResponse, BoxError> {
        let LambdaEvent { payload, context } = event;
        let records = match &payload {
            Event::Records(records) => records.as_slice(),
            Event::Scheduled => &[],
        };
        let invocation = Invocation::begin(&context, records);
        let (now, deadline) = (invocation.at(), invocation.deadline);
        let (answer, counts) = async {
            match &payload {
                Event::Records(records) => {
                    let (response, counts) = Box::pin(self.batch(records, now, deadline)).await;
                    (Ok(response), counts)
                }
                Event::Scheduled => {
                    let (result, counts) = Box::pin(self.scheduled(now, deadline)).await;
                    let answer = result.map(|()| KinesisEventResponse::default());
                    (answer.map_err(BoxError::from), counts)
                }
            }
        }
        .instrument(invocation.span.clone())
        .await;
        let failed = answer.as_ref().ok().and_then(first_failed);
        invocation.end(FUNCTION, counts, |ms| report(&counts, failed, ms));
        answer
    }

    /// Counts a batch of one shard. When this returns, every record is counted or in
    /// the answer. A look at the site that fails is no failure of the batch: the
    /// counts are there for the next look.
    pub async fn batch(
        &self,
        records: &[Record],
        now: DateTime<Utc>,
        deadline: Deadline,
    ) -> (KinesisEventResponse, Counts) {
        let mut counts = Counts {
            records: records.len() as u64,
            ..Counts::default()
        };
        let batch = Batch::decode(&self.format, records, &self.rule.gauge, &mut counts);
        let (Some(span), Some(first)) = (batch.span(), records.first()) else {
            return (KinesisEventResponse::default(), counts);
        };
        let shard = format!("{}/{}", first.stream, first.shard);
        let state = self.state(deadline);
        let before = (span.0 - i64::from(self.rule.window) + 1, span.1);
        let read = async {
            let granules = state.granules(&shard, before);
            let (known, site) = tokio::try_join!(granules, state.site(false))?;
            let renewed = self.registered.renew(&shard, &known, &state, now);
            let shards = renewed.await?.unwrap_or(site.site.shards);
            Ok((known, shards, !site.site.outbox.is_empty()))
        };
        let (known, shards, waiting) = match read.await {
            Ok(read) => read,
            Err(error) => {
                warn("the counts cannot be read", &error);
                counts.records_failed = counts.records;
                return (failures(records, &vec![true; records.len()]), counts);
            }
        };
        let counted = batch.count(&shard, known, &state, now).await;
        let mut failed = vec![false; records.len()];
        if let Some((from, error)) = &counted.failed {
            warn("records could not be counted", error);
            let is_failed = |r: &Record| start_of(Second::of(r.arrived_at)) >= *from;
            failed = records.iter().map(is_failed).collect();
        }
        counts.records_failed = failed.iter().filter(|failed| **failed).count() as u64;

        let looked = match self.busy(counted.granules.values(), span, shards) {
            Some(span) => self.look(span, shards, now, deadline, &mut counts).await,
            None => false,
        };
        if looked || waiting {
            let state = self.state(deadline.at_most(ASIDE));
            if let Err(error) = self.publish(&state, now, &mut counts).await {
                warn("alarms could not be published", &error);
            }
        }
        (failures(records, &failed), counts)
    }

    /// Looks at all shards; whether it did.
    async fn look(
        &self,
        span: (Second, Second),
        shards: u32,
        now: DateTime<Utc>,
        deadline: Deadline,
        counts: &mut Counts,
    ) -> bool {
        let state = self.state(deadline.at_most(ASIDE));
        let rate = look::ahead(&state, &self.rule, span, shards, now).await;
        if let Err(error) = &rate {
            warn("the site could not be looked at", error);
        }
        let rate = rate.unwrap_or_default();
        note(rate, counts);
        rate.is_some()
    }

    /// Settles what is known for good and publishes what is left to publish.
    pub async fn scheduled(
        &self,
        now: DateTime<Utc>,
        deadline: Deadline,
    ) -> (Result<(), CallError>, Counts) {
        let mut counts = Counts::default();
        let state = self.state(deadline);
        let settled = look::settle(&state, &self.rule, now).await;
        let settled = settled.map(|rate| note(rate, &mut counts));
        let published = self.publish(&state, now, &mut counts).await;
        (settled.and(published), counts)
    }

    fn state(&self, deadline: Deadline) -> State<'_, T> {
        State::new(&self.table, &self.rule.site, &self.rule.gauge, deadline)
    }

    /// The part of `span` in which this shard is busy. If a site of n shards is in
    /// breach, one of them has an n-th of the threshold in the same window: that one
    /// looks at all of them.
    fn busy<'g>(
        &self,
        granules: impl IntoIterator<Item = &'g Granule>,
        (from, to): (Second, Second),
        shards: u32,
    ) -> Option<(Second, Second)> {
        if shards == 0 {
            // Nobody has counted them yet.
            return Some((from, to));
        }
        let mut arrivals = Arrivals::default();
        let window = i64::from(self.rule.window);
        look::add(&mut arrivals, granules, (from - window + 1, to));
        let rates = arrivals.rates(from, to, self.rule.window);
        let busy =
            |rate: &&Rate| rate.count.saturating_mul(u64::from(shards)) >= self.rule.threshold;
        let first = rates.iter().find(busy)?.second;
        let last = rates.iter().rev().find(busy)?.second;
        Some((first, last))
    }

    /// Publishes the alarm records that wait for it, in their order, and takes out
    /// what is published.
    async fn publish(
        &self,
        state: &State<'_, T>,
        now: DateTime<Utc>,
        counts: &mut Counts,
    ) -> Result<(), CallError> {
        let outbox = state.site(true).await?.site.outbox;
        if outbox.is_empty() {
            return Ok(());
        }
        // One at a time: a single delivery would go on behind an alarm that it gives up,
        // and tell an OK before its ALARM.
        let (mut published, mut failure) = (0, None);
        for alarm in &outbox {
            let one = std::slice::from_ref(alarm);
            let delivery = deliver(&self.stream, one, |_| 0, LIMITS, state.deadline).await;
            if delivery.fates != [Fate::Delivered] {
                let late = || CallError::Retryable("no time left".into());
                failure = Some(delivery.error.unwrap_or_else(late));
                break;
            }
            published += 1;
        }
        counts.alarms_published += published as u64;
        counts.alarms_waiting = (outbox.len() - published) as u64;
        for alarm in &outbox[..published] {
            tracing::info!(
                alarm_id = alarm.alarm_id,
                kind = %alarm.kind,
                rate = alarm.rate,
                at = %alarm.at,
                "alarm published"
            );
        }
        let is_published = |alarm: &Alarm| outbox[..published].contains(alarm);
        look::update(state, now, |site: &mut Site| {
            site.outbox.retain(|alarm| !is_published(alarm));
        })
        .await?;
        failure.map_or(Ok(()), Err)
    }
}

fn note(rate: Option<Rate>, counts: &mut Counts) {
    counts.order_rate = rate.map(|rate| rate.count);
    counts.cancellation_rate = rate.map(|rate| rate.cancellations);
}

fn warn(what: &str, error: &CallError) {
    tracing::warn!(error = chain(error), "{what}");
}

/// One line of log.
fn report(counts: &Counts, first_failed: Option<&str>, milliseconds: u64) {
    tracing::info!(
        records = counts.records,
        records_failed = counts.records_failed,
        first_failed,
        lines_counted = counts.lines_counted,
        lines_cancelled = counts.lines_cancelled,
        lines_refused = counts.lines_refused,
        order_rate = counts.order_rate,
        cancellation_rate = counts.cancellation_rate,
        alarms_published = counts.alarms_published,
        alarms_waiting = counts.alarms_waiting,
        milliseconds,
        "batch done"
    );
}
