//! The `traffic` function, built in, and what each of its invocations has published: what
//! people look for in CloudWatch, told at once.

use std::cell::RefCell;
use std::collections::BTreeMap;

use ::traffic::{
    CloudWatch, Config, Counts, DynamoPatterns, Event, Metrics, Part, PublishError, S3,
};
use ::traffic::{Metric, Scope, Value};
use aws_lambda_events::streams::KinesisEventResponse;
use chrono::{DateTime, Utc};
use function::Deadline;
use function::env::{ConfigError, Env};
use function::rejects::SqsQueue;
use function::table::DynamoTable;

use super::functions::{Answer, Function};
use super::resources::sdk;
use crate::show::counted;

/// So many minutes are told one by one.
const MINUTES: usize = 3;

/// The function.
pub(crate) struct Traffic(
    ::traffic::Handler<DynamoTable, S3, Told, SqsQueue, Option<DynamoPatterns>>,
);

impl Traffic {
    /// The function with its variables, over the services at `url`.
    ///
    /// # Errors
    /// For a variable that is malformed.
    pub(crate) fn new(env: &Env<'_>, url: &str) -> Result<Self, ConfigError> {
        let config = Config::from_env(env)?;
        let sdk = sdk(url);
        let tables = aws_sdk_dynamodb::Client::new(&sdk);
        let patterns = config.patterns;
        Ok(Self(::traffic::Handler::new(
            config.rules,
            DynamoTable::new(tables.clone(), config.table),
            S3::new(aws_sdk_s3::Client::new(&sdk)),
            Told(CloudWatch::new(
                aws_sdk_cloudwatch::Client::new(&sdk),
                config.namespace,
            )),
            SqsQueue::new(aws_sdk_sqs::Client::new(&sdk), config.rejects),
            patterns.map(|table| DynamoPatterns::new(tables, table)),
        )))
    }

    /// Invokes it with messages of SQS or records of a shard.
    pub(crate) async fn invoke(&self, event: &str, now: DateTime<Utc>) -> Answer {
        let event = match serde_json::from_str::<Event>(event) {
            Ok(event) => event,
            Err(error) => return Answer::error(format!("no event of SQS or Kinesis: {error}")),
        };
        let deadline = Deadline::after(Function::Traffic.timeout());
        let mut counts = Counts::default();
        let work = async {
            let response = self.0.process(&event, now, deadline, &mut counts).await;
            (response, PUBLISHED.with(RefCell::take))
        };
        let (response, published) = Box::pin(PUBLISHED.scope(RefCell::default(), work)).await;
        answer(&response, &counts, &published)
    }
}

fn answer(response: &KinesisEventResponse, counts: &Counts, published: &Published) -> Answer {
    let mut note = counted(counts.lines_counted, "line") + " counted";
    note += &published.note();
    for (number, what) in [
        (counts.lines_rejected, "rejected"),
        (counts.requests_too_old, "too old for CloudWatch"),
        (counts.requests_too_new, "too new for CloudWatch"),
        (counts.events_without_route, "without a route"),
    ] {
        if number > 0 {
            note += &format!(", {} {what}", counted(number, "line"));
        }
    }
    if counts.objects_gone > 0 {
        note += &format!(", {} gone", counted(counts.objects_gone, "object"));
    }
    let failed = counts.records_failed + counts.messages_failed;
    let answer = Answer::of(response, counts.lines_counted, note, failed);
    answer.with_news(published.minutes.values().any(|(_, errors)| *errors > 0))
}

tokio::task_local! {
    /// What the invocation that is running has published.
    static PUBLISHED: RefCell<Published>;
}

/// Requests, and those of them that were answered with an error of the server's, by minute
/// since 1970.
#[derive(Debug, Default)]
struct Published {
    minutes: BTreeMap<u32, (u64, u64)>,
}

impl Published {
    fn add(&mut self, part: &Part) {
        for series in &part.series {
            // The whole site's are the sums of these.
            if !matches!(series.scope, Scope::Page { .. } | Scope::Bots { .. }) {
                continue;
            }
            let (requests, errors) = self.minutes.entry(series.minute).or_default();
            for (metric, value) in &series.data {
                match (metric, value) {
                    (Metric::Requests, Value::Sum(sum)) => *requests += sum,
                    (Metric::Response5xx, Value::Sum(sum)) => *errors += sum,
                    _ => {}
                }
            }
        }
    }

    /// The newest minutes, and what is before them.
    fn note(&self) -> String {
        let mut minutes = self.minutes.iter().rev();
        let mut note = String::new();
        for (minute, (requests, errors)) in minutes.by_ref().take(MINUTES) {
            let at = DateTime::from_timestamp(i64::from(*minute) * 60, 0).unwrap_or_default();
            let requests = counted(*requests, "request");
            note += &format!("; {} {requests}, {errors} 5XX", at.format("%H:%M"));
        }
        let (before, requests, errors) = minutes.fold((0, 0, 0), |sum, (_, minute)| {
            (sum.0 + 1, sum.1 + minute.0, sum.2 + minute.1)
        });
        if before > 0 {
            let (before, requests) = (counted(before, "minute"), counted(requests, "request"));
            note += &format!("; {before} before: {requests}, {errors} 5XX");
        }
        note
    }
}

/// CloudWatch, and a note of what it has taken.
struct Told(CloudWatch);

impl Metrics for Told {
    async fn put(&self, part: &Part) -> Result<(), PublishError> {
        self.0.put(part).await?;
        // Only an invocation is told of.
        let _ = PUBLISHED.try_with(|published| published.borrow_mut().add(part));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use ::traffic::Series;

    use super::*;

    fn part(minute: u32, requests: u64, errors: u64) -> Part {
        let data = vec![
            (Metric::Requests, Value::Sum(requests)),
            (Metric::Response5xx, Value::Sum(errors)),
        ];
        let series = |scope| Series {
            scope,
            minute,
            data: data.clone(),
        };
        let host = || "other".to_owned();
        let scopes = [Scope::Bots { host: host() }, Scope::Site];
        Part {
            percent: 100,
            series: scopes.into_iter().map(series).collect(),
        }
    }

    #[test]
    fn the_newest_minutes_are_told_one_by_one() {
        let mut published = Published::default();
        assert_eq!(published.note(), "");
        for minute in 0..5 {
            published.add(&part(minute, 1_000, u64::from(minute)));
        }
        published.add(&part(4, 1, 0));
        assert_eq!(
            published.note(),
            "; 00:04 1,001 requests, 4 5XX; 00:03 1,000 requests, 3 5XX; 00:02 1,000 requests, 2 5XX; \
             2 minutes before: 2,000 requests, 1 5XX"
        );
    }
}
