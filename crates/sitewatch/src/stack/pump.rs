//! The driver of one event source mapping: it carries out what the mapping says, over
//! a stream and a function.

use std::collections::VecDeque;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use futures_util::StreamExt as _;
use futures_util::future::{FutureExt as _, LocalBoxFuture};
use futures_util::stream::FuturesUnordered;
use mapping::{
    Action, Checkpoints, Condition, Discarded, Invocation, InvocationId, Mapping, Page, Settings,
    ShardId, ShardInfo, Source, Start,
};

use embedded::{ACCOUNT, REGION};

use super::checkpoints::Keep;
use super::functions::{Answer, Function, Functions};
use super::stream::{Iterators, Read, Stream};
use crate::show::counted;

/// When a record arrived.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Arrival {
    /// As the stream says.
    Told,
    /// When it is read: for a clock that is not the stream's, and that stands still
    /// between sending and reading.
    Read,
}

/// What happened that is worth showing.
#[derive(Debug)]
pub(crate) enum Event {
    /// The function has answered.
    Answered {
        /// The shard or bucket that it was about.
        source: String,
        /// What it was given: `2 records`.
        items: String,
        /// What it said.
        answer: Answer,
    },
    /// A batch was given up.
    Discarded {
        /// How many records it had.
        records: usize,
        /// Why.
        condition: Condition,
        /// Where it is kept, if it is.
        kept: Option<String>,
    },
    /// Something has failed, in words.
    Trouble(String),
}

enum Done {
    Listed(Result<Vec<ShardInfo>, aws_sdk_kinesis::Error>),
    Read(ShardId, Result<Read, aws_sdk_kinesis::Error>),
    Answered(InvocationId, ShardId, usize, Answer),
}

/// A mapping, its stream and its function.
pub(crate) struct Pump {
    function: Function,
    mapping: Mapping,
    stream: Stream,
    functions: Arc<Functions>,
    arrival: Arrival,
    keep: Keep,
    /// Given up and not kept yet, and the newest checkpoints, which wait for it.
    unkept: VecDeque<Discarded>,
    unsaved: Option<Checkpoints>,
    iterators: Iterators,
    running: FuturesUnordered<LocalBoxFuture<'static, Done>>,
    events: Vec<Event>,
}

impl Pump {
    /// A mapping that goes on where `keep` says that the one before ended.
    pub(crate) fn new(
        function: Function,
        client: aws_sdk_kinesis::Client,
        functions: Arc<Functions>,
        arrival: Arrival,
        keep: Keep,
    ) -> anyhow::Result<Self> {
        let checkpoints = keep.checkpoints(function)?;
        Ok(Self {
            function,
            mapping: mapping(function, checkpoints)?,
            stream: Stream::new(client, function.stream()),
            functions,
            arrival,
            keep,
            unkept: VecDeque::new(),
            unsaved: None,
            iterators: Iterators::new(),
            running: FuturesUnordered::new(),
            events: Vec::new(),
        })
    }

    /// Whose mapping it is.
    pub(crate) fn function(&self) -> Function {
        self.function
    }

    /// Does all there is to do at `now`, to its end; what happened.
    pub(crate) async fn drain(&mut self, now: DateTime<Utc>) -> Vec<Event> {
        self.begin(now, true);
        while let Some(done) = self.running.next().await {
            self.take(done, now);
            self.begin(now, true);
        }
        std::mem::take(&mut self.events)
    }

    /// Begins what is due at `now`, and then waits for the next thing to end or to be
    /// due; what happened.
    pub(crate) async fn turn(&mut self, now: DateTime<Utc>) -> Vec<Event> {
        self.begin(now, true);
        let wait = (self.mapping.wake_at() - now).to_std().unwrap_or_default();
        if self.running.is_empty() {
            tokio::time::sleep(wait).await;
        } else if let Ok(Some(done)) = tokio::time::timeout(wait, self.running.next()).await {
            self.take(done, Utc::now());
        }
        std::mem::take(&mut self.events)
    }

    /// Waits for what is under way and begins nothing more; what happened.
    pub(crate) async fn end(&mut self) -> Vec<Event> {
        while let Some(done) = self.running.next().await {
            self.take(done, Utc::now());
        }
        self.begin(Utc::now(), false);
        std::mem::take(&mut self.events)
    }

    /// Carries out what the mapping says; without `work`, only what it wants kept.
    fn begin(&mut self, now: DateTime<Utc>, work: bool) {
        self.save();
        let mut random = fastrand::f64;
        for action in self.mapping.next(now, &mut random) {
            match action {
                Action::Discard(discarded) => {
                    self.unkept.push_back(discarded);
                    self.save();
                }
                Action::Checkpoint(checkpoints) => {
                    self.unsaved = Some(checkpoints);
                    self.save();
                }
                Action::List if work => self.list(),
                Action::Read { shard, from, limit } if work => {
                    let (stream, iterator) = (self.stream.clone(), self.iterators.remove(&shard));
                    let read = async move {
                        let read = stream.read(&shard, &from, iterator, limit).await;
                        Done::Read(shard, read)
                    };
                    self.running.push(read.boxed_local());
                }
                Action::Invoke(invocation) if work => self.invoke(invocation, now),
                Action::List | Action::Read { .. } | Action::Invoke(_) => {}
            }
        }
    }

    /// Keeps what was given up, and only then the checkpoints behind it: what cannot be
    /// kept now is tried again.
    fn save(&mut self) {
        while let Some(discarded) = self.unkept.front() {
            match self.keep.discard(self.function, discarded) {
                Ok(kept) => {
                    self.events.push(Event::Discarded {
                        records: discarded.records.len(),
                        condition: discarded.condition,
                        kept,
                    });
                    self.unkept.pop_front();
                }
                Err(error) => return self.unsavable("what was given up", &error),
            }
        }
        if let Some(checkpoints) = &self.unsaved {
            match self.keep.checkpoint(self.function, checkpoints) {
                Ok(()) => self.unsaved = None,
                Err(error) => self.unsavable("a checkpoint", &error),
            }
        }
    }

    fn list(&self) {
        let stream = self.stream.clone();
        let list = async move { Done::Listed(stream.shards().await) };
        self.running.push(list.boxed_local());
    }

    fn invoke(&self, invocation: Invocation, now: DateTime<Utc>) {
        let (functions, function) = (Arc::clone(&self.functions), self.function);
        let call = async move {
            let answer = functions.invoke(function, invocation.event, now).await;
            let records = invocation.records.len();
            Done::Answered(invocation.id, invocation.shard, records, answer)
        };
        self.running.push(call.boxed_local());
    }

    fn take(&mut self, done: Done, now: DateTime<Utc>) {
        match done {
            Done::Listed(Ok(shards)) => self.mapping.shards(&shards, now),
            Done::Listed(Err(error)) => self.trouble("the shards cannot be listed", &error),
            Done::Read(shard, Ok((mut page, iterator))) => {
                if self.arrival == Arrival::Read {
                    for record in &mut page.records {
                        record.arrived_at = now;
                    }
                }
                self.iterators
                    .extend(iterator.map(|iterator| (shard.clone(), iterator)));
                self.mapping.records(&shard, page, now);
            }
            Done::Read(shard, Err(error)) => {
                self.mapping.records(&shard, Page::default(), now);
                self.trouble(&format!("{shard} cannot be read"), &error);
            }
            Done::Answered(id, shard, records, answer) => {
                self.mapping.answered(id, &answer.outcome);
                self.events.push(Event::Answered {
                    source: shard.as_str().to_owned(),
                    items: counted(records as u64, "record"),
                    answer,
                });
            }
        }
    }

    fn unsavable(&mut self, what: &str, error: &anyhow::Error) {
        let trouble = format!("{what} cannot be kept: {error:#}");
        self.events.push(Event::Trouble(trouble));
    }

    fn trouble(&mut self, what: &str, error: &aws_sdk_kinesis::Error) {
        let error = function::telemetry::chain(error);
        self.events.push(Event::Trouble(format!("{what}: {error}")));
    }
}

/// The mapping of a function, as the deployed one is.
fn mapping(function: Function, checkpoints: Checkpoints) -> anyhow::Result<Mapping> {
    let (name, stream) = (function.name(), function.stream());
    let source = Source {
        stream_arn: format!("arn:aws:kinesis:{REGION}:{ACCOUNT}:stream/{stream}"),
        function_arn: format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"),
        role_arn: format!("arn:aws:iam::{ACCOUNT}:role/{name}"),
    };
    let settings = Settings {
        batch_size: function.batch_size(),
        report_batch_item_failures: true,
        bisect_batch_on_function_error: true,
        maximum_retry_attempts: 10,
        function_timeout_seconds: function.timeout().as_secs().cast_signed(),
        ..Settings::new(source, Start::TrimHorizon)
    };
    Ok(Mapping::new(settings, checkpoints)?)
}
