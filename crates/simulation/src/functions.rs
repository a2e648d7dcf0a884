//! The five functions, as a process runs them.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use chrono::TimeDelta;
use function::{Deadline, KinesisEvent, failures};
use traffic::Counts;

use crate::access::Access;
use crate::faults::Service;
use crate::process::Process;
use crate::services::{Client, Marks, Session};
use crate::world::{World, lock};

/// A function.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Function {
    /// `orders`.
    Orders,
    /// `surge`.
    Surge,
    /// `notify`.
    Notify,
    /// `history`.
    History,
    /// `traffic`, in worlds with access logs.
    Traffic,
}

impl Function {
    /// Those that every world has.
    pub const ALL: [Self; 4] = [Self::Orders, Self::Surge, Self::Notify, Self::History];

    /// The stream that it reads.
    #[must_use]
    pub fn stream(self) -> Service {
        match self {
            Self::Orders | Self::Surge => Service::Orders,
            Self::Notify | Self::History => Service::Alarms,
            Self::Traffic => Service::Requests,
        }
    }

    /// Its timeout.
    #[must_use]
    pub fn timeout(self) -> Duration {
        Duration::from_secs(match self {
            Self::Orders => 60,
            Self::Surge | Self::Notify | Self::History => 30,
            Self::Traffic => 120,
        })
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Orders => orders::FUNCTION,
            Self::Surge => surge::FUNCTION,
            Self::Notify => notify::FUNCTION,
            Self::History => history::FUNCTION,
            Self::Traffic => traffic::FUNCTION,
        }
    }
}

impl fmt::Display for Function {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What a process is invoked with.
#[derive(Debug, Clone)]
pub enum Event {
    /// The JSON of an event of Kinesis or SQS.
    Batch(Arc<str>),
    /// The clock, for `surge`.
    Clock,
}

/// A process's handler: what it keeps from one invocation to the next.
enum Handler {
    Orders(orders::Handler<Client, Client>),
    Surge(surge::Handler<Client, Client>),
    Notify(notify::Handler<Client, Client, Client>),
    History(history::Handler<Session>),
    Traffic(Box<traffic::Handler<Marks, Client, Client, Client, Client>>),
}

/// A process that waits for an invocation.
pub(crate) struct Worker {
    pub(crate) process: Arc<Process>,
    handler: Handler,
}

impl Worker {
    pub(crate) fn new(function: Function, world: &Arc<World>, process: Process) -> Self {
        let process = Arc::new(process);
        let client = Client {
            world: Arc::clone(world),
            process: Arc::clone(&process),
        };
        let handler = match function {
            Function::Orders => {
                let handler = orders::Handler::new(client.clone(), client);
                Handler::Orders(handler.with_format(world.plan.format.clone()))
            }
            Function::Surge => {
                let rule = world.plan.rule.clone();
                let handler = surge::Handler::new(rule, client.clone(), client);
                Handler::Surge(handler.with_format(world.plan.format.clone()))
            }
            Function::Notify => {
                Handler::Notify(notify::Handler::new(client.clone(), client.clone(), client))
            }
            Function::History => Handler::History(history::Handler::new(Session::new(client))),
            Function::Traffic => {
                let access = world.plan.access.as_ref();
                let rules = access.map(Access::rules).unwrap_or_default();
                let marks = Marks(client.clone());
                let (objects, metrics, queue) = (client.clone(), client.clone(), client.clone());
                let handler = traffic::Handler::new(rules, marks, objects, metrics, queue, client);
                Handler::Traffic(Box::new(handler))
            }
        };
        Self { process, handler }
    }

    /// Handles an event: the response's JSON.
    pub(crate) async fn handle(&self, event: Event, world: &World, timeout: Duration) -> Vec<u8> {
        let deadline = Deadline::after(timeout);
        let now = world.now() + TimeDelta::milliseconds(self.process.skew);
        let Event::Batch(json) = event else {
            if let Handler::Surge(surge) = &self.handler {
                let (result, _) = Box::pin(surge.scheduled(now, deadline)).await;
                world.tell(|| format!("{:<14} clock: {result:?}", self.process.to_string()));
            }
            return Vec::new();
        };
        if let Handler::Traffic(traffic) = &self.handler {
            let event = serde_json::from_str(&json).expect("an event as Lambda has it");
            let mut counts = Counts::default();
            let response = Box::pin(traffic.process(&event, now, deadline, &mut counts)).await;
            world.tell(|| format!("{:<14} {counts:?}", self.process.to_string()));
            lock(&world.logs.counts).push(counts);
            return serde_json::to_vec(&response).expect("a response is JSON");
        }
        let event: KinesisEvent = serde_json::from_str(&json).expect("an event as Lambda has it");
        let records = &event.records;
        let response = match &self.handler {
            Handler::Orders(orders) => Box::pin(orders.process(records, deadline)).await.0,
            Handler::Surge(surge) => Box::pin(surge.batch(records, now, deadline)).await.0,
            Handler::Notify(notify) => {
                let owner = self.process.invocation().to_string();
                let (failed, _) = Box::pin(notify.batch(records, &owner, now, deadline)).await;
                failures(records, &failed)
            }
            Handler::History(history) => Box::pin(history.process(records, deadline)).await.0,
            Handler::Traffic(_) => unreachable!("it has answered"),
        };
        serde_json::to_vec(&response).expect("a response is JSON")
    }
}
