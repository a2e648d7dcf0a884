//! The functions, as a mapping invokes them: built in, or elsewhere.

use std::time::Duration;

use chrono::{DateTime, Utc};
use function::env::Env;
use function::rejects::SqsQueue;
use function::{Deadline, KinesisEvent, failures};
use mapping::Outcome;
use notify::{DynamoLedger, SnsTopic};
use orders::DynamoTable;
use serde::Serialize;
use surge::AlarmStream;

#[cfg(feature = "requests")]
use super::REQUESTS;
use super::history::{Database, History};
use super::remote::Remote;
use super::resources::{Resources, sdk};
#[cfg(feature = "requests")]
use super::traffic::Traffic;
use super::{ALARMS, ORDERS};
use crate::show::counted;

/// One of the functions.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Orders,
    Surge,
    Notify,
    History,
    #[cfg(feature = "requests")]
    Traffic,
}

impl Function {
    pub(crate) const ALL: &[Self] = &[
        Self::Orders,
        Self::Surge,
        Self::Notify,
        Self::History,
        #[cfg(feature = "requests")]
        Self::Traffic,
    ];

    /// Its name, which is its binary's.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Orders => orders::FUNCTION,
            Self::Surge => surge::FUNCTION,
            Self::Notify => notify::FUNCTION,
            Self::History => history::FUNCTION,
            #[cfg(feature = "requests")]
            Self::Traffic => ::traffic::FUNCTION,
        }
    }

    /// The stream that it reads.
    pub(crate) fn stream(self) -> &'static str {
        match self {
            Self::Orders | Self::Surge => ORDERS,
            Self::Notify | Self::History => ALARMS,
            #[cfg(feature = "requests")]
            Self::Traffic => REQUESTS,
        }
    }

    /// As long as it may take on AWS.
    pub(crate) fn timeout(self) -> Duration {
        match self {
            // A shard that counts nothing for a minute is taken for idle.
            Self::Surge => Duration::from_secs(50),
            #[cfg(feature = "requests")]
            Self::Traffic => Duration::from_secs(120),
            _ => Duration::from_secs(60),
        }
    }

    /// The most records of a batch.
    pub(crate) fn batch_size(self) -> i64 {
        match self {
            // It writes the same for many as for one.
            #[cfg(feature = "requests")]
            Self::Traffic => 10_000,
            _ => 500,
        }
    }
}

/// What an invocation came to.
#[derive(Debug, Clone)]
pub(crate) struct Answer {
    /// As the mapping takes it.
    pub(crate) outcome: Outcome,
    /// How many lines, messages or rows are where they belong because of it.
    pub(crate) done: u64,
    /// Whether nothing has to be done again.
    pub(crate) is_clean: bool,
    /// Whether somebody should look: an alarm.
    pub(crate) is_news: bool,
    /// In words.
    pub(crate) note: String,
}

/// All functions. `history` can be built in where the others are not.
pub(crate) struct Functions {
    pub(crate) built_in: BuiltIn,
    pub(crate) remote: Option<Remote>,
}

/// The real handlers, in this process.
pub(crate) struct BuiltIn {
    orders: orders::Handler<DynamoTable, SqsQueue>,
    surge: surge::Handler<surge::DynamoTable, AlarmStream>,
    notify: notify::Handler<DynamoLedger, SnsTopic, SqsQueue>,
    history: History,
    /// Not part of the demo.
    #[cfg(feature = "requests")]
    traffic: Option<Traffic>,
}

impl Functions {
    /// Invokes a function with a Kinesis event.
    pub(crate) async fn invoke(
        &self,
        function: Function,
        event: String,
        now: DateTime<Utc>,
    ) -> Answer {
        let call = async {
            match &self.remote {
                Some(remote) if remote.has(function) => remote.invoke(function, event).await,
                _ => Box::pin(self.built_in.invoke(function, &event, now)).await,
            }
        };
        in_time(function, call).await
    }

    /// Invokes `surge` as the schedule does.
    pub(crate) async fn tick(&self, now: DateTime<Utc>) -> Answer {
        let call = async {
            match &self.remote {
                Some(remote) if remote.has(Function::Surge) => remote.tick(now).await,
                _ => Box::pin(self.built_in.tick(now)).await,
            }
        };
        in_time(Function::Surge, call).await
    }
}

/// Lambda ends what takes longer than the function's timeout; so nothing of a shard is
/// at work twice.
async fn in_time(function: Function, call: impl Future<Output = Answer>) -> Answer {
    let answer = tokio::time::timeout(function.timeout(), call).await;
    let late = |_| Answer::error("no answer within the function's timeout".to_owned());
    answer.unwrap_or_else(late)
}

impl BuiltIn {
    /// The functions with their variables: those that the resources give, and for the
    /// rule those that `lookup` finds.
    ///
    /// # Errors
    /// For a variable that is malformed and a database that cannot be used.
    pub(crate) async fn new(
        resources: &Resources,
        lookup: &dyn Fn(&str) -> Option<String>,
        database: Database,
    ) -> anyhow::Result<Self> {
        let environment = resources.environment();
        let lookup = |name: &str| {
            let given = environment.iter().find(|(known, _)| *known == name);
            given
                .map(|(_, value)| value.clone())
                .or_else(|| lookup(name))
        };
        let env = Env::new(&lookup);
        let sdk = sdk(&resources.url);
        let tables = aws_sdk_dynamodb::Client::new(&sdk);
        let queues = aws_sdk_sqs::Client::new(&sdk);
        let orders = orders::Config::from_env(&env)?;
        let surge = surge::Config::from_env(&env)?;
        let notify = notify::Config::from_env(&env)?;
        Ok(Self {
            orders: orders::Handler::new(
                DynamoTable::new(tables.clone(), orders.table),
                SqsQueue::new(queues.clone(), orders.rejects),
            )
            .with_format(orders.format),
            surge: surge::Handler::new(
                surge.rule,
                surge::DynamoTable::new(tables.clone(), surge.table),
                AlarmStream::new(aws_sdk_kinesis::Client::new(&sdk), surge.stream),
            )
            .with_format(surge.format),
            notify: notify::Handler::new(
                DynamoLedger::new(tables, notify.table),
                SnsTopic::new(aws_sdk_sns::Client::new(&sdk), notify.topic),
                SqsQueue::new(queues, notify.rejects),
            ),
            history: History::open(database).await?,
            #[cfg(feature = "requests")]
            traffic: None,
        })
    }

    /// The same functions, and `traffic`.
    #[cfg(feature = "requests")]
    pub(crate) fn with_traffic(self, traffic: Traffic) -> Self {
        let traffic = Some(traffic);
        Self { traffic, ..self }
    }

    async fn invoke(&self, function: Function, event: &str, now: DateTime<Utc>) -> Answer {
        #[cfg(feature = "requests")]
        if let (Function::Traffic, Some(traffic)) = (function, &self.traffic) {
            return traffic.invoke(event, now).await;
        }
        let records = match serde_json::from_str::<KinesisEvent>(event) {
            Ok(event) => event.records,
            Err(error) => return Answer::error(format!("no Kinesis event: {error}")),
        };
        let deadline = Deadline::after(function.timeout());
        match function {
            Function::Orders => {
                let (response, counts) = self.orders.process(&records, deadline).await;
                let stored = counted(counts.lines_stored, "line");
                let note = format!("{stored} stored, {} rejected", counts.lines_rejected);
                Answer::of(&response, counts.lines_stored, note, counts.records_failed)
            }
            Function::Surge => {
                let (response, counts) = self.surge.batch(&records, now, deadline).await;
                let note = surge_note(&counts);
                let answer =
                    Answer::of(&response, counts.lines_counted, note, counts.records_failed);
                answer.with_news(counts.alarms_published > 0)
            }
            Function::Notify => {
                let owner = format!("{:032x}", fastrand::u128(..));
                let batch = self.notify.batch(&records, &owner, now, deadline);
                let (failed, counts) = Box::pin(batch).await;
                let told = counted(counts.alarms_told, "message");
                let note = format!("{told} sent, {} known", counts.alarms_known);
                let response = failures(&records, &failed);
                let answer = Answer::of(&response, counts.alarms_told, note, counts.records_failed);
                answer.with_news(counts.alarms_told > 0)
            }
            Function::History => {
                let (response, counts) = self.history.process(&records, deadline).await;
                let stored = counted(counts.alarms_stored, "row");
                let note = format!("{stored} stored, {} known", counts.alarms_known);
                let done = counts.alarms_stored + counts.alarms_known;
                Answer::of(&response, done, note, counts.records_failed)
            }
            #[cfg(feature = "requests")]
            Function::Traffic => Answer::error("traffic is not part of this stack".to_owned()),
        }
    }

    async fn tick(&self, now: DateTime<Utc>) -> Answer {
        let deadline = Deadline::after(Function::Surge.timeout());
        let (result, counts) = self.surge.scheduled(now, deadline).await;
        match result {
            Ok(()) => Answer {
                outcome: Outcome::Returned(b"{}".to_vec()),
                done: 0,
                is_clean: true,
                is_news: counts.alarms_published > 0,
                note: surge_note(&counts),
            },
            Err(error) => Answer::error(function::telemetry::chain(&error)),
        }
    }
}

fn surge_note(counts: &surge::Counts) -> String {
    let rate = counts
        .order_rate
        .map_or(String::new(), |rate| format!(", rate {rate}"));
    let alarms = match counts.alarms_published {
        0 => String::new(),
        n => format!(", {} published", counted(n, "alarm record")),
    };
    format!(
        "{} counted{rate}{alarms}",
        counted(counts.lines_counted, "line")
    )
}

impl Answer {
    pub(crate) fn error(note: String) -> Self {
        Self {
            outcome: Outcome::FunctionError,
            done: 0,
            is_clean: false,
            is_news: false,
            note,
        }
    }

    pub(super) fn with_news(self, is_news: bool) -> Self {
        Self { is_news, ..self }
    }

    pub(super) fn of(response: &impl Serialize, done: u64, note: String, failed: u64) -> Self {
        let note = match failed {
            0 => note,
            n => format!("{note}, {} to come again", counted(n, "record")),
        };
        match serde_json::to_vec(response) {
            Ok(json) => Self {
                outcome: Outcome::Returned(json),
                is_clean: failed == 0,
                is_news: false,
                done,
                note,
            },
            Err(error) => Self::error(error.to_string()),
        }
    }
}
