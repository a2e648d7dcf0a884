//! The world outside the functions: its time, its chance, and what is in it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use chrono::{DateTime, TimeDelta, Utc};
use fastrand::Rng;
use mapping::{Checkpoints, Discarded};
use tokio::sync::mpsc::UnboundedSender;
use tokio::time::Instant;

use crate::access::Logs;
use crate::driver::Fed;
use crate::faults::{Fault, Service};
use crate::functions::Function;
use crate::plan::Plan;
use crate::producer::Put;
use crate::services::{CountsTable, Database, Ledger, Queue, Rows, Topic};
use crate::stream::Stream;
use crate::tally::Tally;

/// When a simulated world begins: no multiple of ten seconds or of a minute.
pub const BEGIN: i64 = 1_291_191_963;

/// Everything that is not a function.
#[derive(Debug)]
pub struct World {
    /// What the seed decided.
    pub plan: Plan,
    start: Instant,
    rng: Mutex<Rng>,
    /// The faults that struck.
    pub tally: Mutex<Tally>,
    trace: Option<Mutex<Vec<String>>>,
    /// The orders stream.
    pub orders: Mutex<Stream>,
    /// What each record of it carries.
    pub puts: Mutex<Vec<Put>>,
    /// The alarm stream.
    pub alarms: Mutex<Stream>,
    /// The table of rows.
    pub rows: Mutex<Rows>,
    /// The rejects queue.
    pub queue: Mutex<Queue>,
    /// The table of counts.
    pub counts: Mutex<CountsTable>,
    /// What is told.
    pub ledger: Mutex<Ledger>,
    /// What people got.
    pub topic: Mutex<Topic>,
    /// MySQL and its secret.
    pub database: Mutex<Database>,
    /// What becomes of access logs.
    pub logs: Logs,
    /// How far each mapping is done with its stream.
    pub progress: Mutex<BTreeMap<Function, Checkpoints>>,
    /// What mappings gave up.
    pub discards: Mutex<Vec<(Function, Discarded)>>,
    /// Which invocations suffered what.
    pub hurt: Mutex<BTreeMap<u64, BTreeSet<Service>>>,
    /// What must never happen, as it happened.
    pub wrongs: Mutex<Vec<String>>,
    listeners: Mutex<Vec<(Service, UnboundedSender<Fed>)>>,
    invocations: AtomicU64,
    /// Invocations that have not ended.
    pub running: AtomicU64,
}

/// Locks what one thread alone uses.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().expect("no other thread has it")
}

impl World {
    /// A world as `plan` has it, with that chance.
    #[must_use]
    pub fn new(plan: Plan, mut rng: Rng, traced: bool) -> Self {
        let orders = Stream::new(rng.u32(1..4));
        let alarms = Stream::new(rng.u32(1..3));
        let logs = Logs::new(plan.access.as_ref());
        Self {
            plan,
            start: Instant::now(),
            rng: Mutex::new(rng),
            tally: Mutex::default(),
            trace: traced.then(Mutex::default),
            orders: Mutex::new(orders),
            puts: Mutex::default(),
            alarms: Mutex::new(alarms),
            rows: Mutex::default(),
            queue: Mutex::default(),
            counts: Mutex::default(),
            ledger: Mutex::default(),
            topic: Mutex::default(),
            database: Mutex::default(),
            logs,
            progress: Mutex::default(),
            discards: Mutex::default(),
            hurt: Mutex::default(),
            wrongs: Mutex::default(),
            listeners: Mutex::default(),
            invocations: AtomicU64::new(0),
            running: AtomicU64::new(0),
        }
    }

    /// A stream.
    ///
    /// # Panics
    /// If the service is none.
    #[must_use]
    pub fn stream(&self, service: Service) -> &Mutex<Stream> {
        match service {
            Service::Orders => &self.orders,
            Service::Alarms => &self.alarms,
            Service::Requests => &self.logs.stream,
            other => panic!("{other} is no stream"),
        }
    }

    /// How long it has lasted.
    #[must_use]
    pub fn elapsed(&self) -> Duration {
        self.start.elapsed()
    }

    /// The right time.
    #[must_use]
    pub fn now(&self) -> DateTime<Utc> {
        let begin = DateTime::from_timestamp(BEGIN, 0).expect("in the calendar");
        begin + TimeDelta::from_std(self.elapsed()).expect("short")
    }

    /// The moment at which it is this time.
    #[must_use]
    pub fn instant(&self, time: DateTime<Utc>) -> Instant {
        let left = (time - self.now()).to_std().unwrap_or_default();
        Instant::now() + left
    }

    /// Chance.
    pub fn chance<R>(&self, of: impl FnOnce(&mut Rng) -> R) -> R {
        of(&mut lock(&self.rng))
    }

    /// Whether a fault strikes that does so `per_mille` of a thousand times; it is
    /// counted.
    pub fn strikes(&self, fault: Fault, on: Service, per_mille: u32) -> bool {
        let weather = &self.plan.weather;
        let strikes = self.chance(|rng| weather.strikes(rng, self.elapsed(), per_mille));
        if strikes {
            self.note(fault, on);
        }
        strikes
    }

    /// Counts a fault.
    pub fn note(&self, fault: Fault, on: Service) {
        lock(&self.tally).note(fault, on);
    }

    /// Notes what happened, if anybody wants to know.
    pub fn tell(&self, what: impl FnOnce() -> String) {
        if let Some(trace) = &self.trace {
            let line = format!("{:>10.3}  {}", self.elapsed().as_secs_f64(), what());
            lock(trace).push(line);
        }
    }

    /// Notes what must never happen.
    pub fn wrong(&self, what: String) {
        self.tell(|| format!("WRONG: {what}"));
        lock(&self.wrongs).push(what);
    }

    /// What happened.
    #[must_use]
    pub fn trace(&self) -> Vec<String> {
        self.trace
            .as_ref()
            .map(|t| lock(t).clone())
            .unwrap_or_default()
    }

    /// A number for a new invocation.
    pub fn invocation(&self) -> u64 {
        self.invocations.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// How many invocations there were.
    #[must_use]
    pub fn invoked(&self) -> u64 {
        self.invocations.load(Ordering::Relaxed)
    }

    /// Notes that an invocation suffered something.
    pub fn hurts(&self, invocation: u64, from: Service) {
        lock(&self.hurt).entry(invocation).or_default().insert(from);
    }

    /// Tells a mapping of what arrives in its stream.
    pub fn listen(&self, stream: Service, fed: UnboundedSender<Fed>) {
        lock(&self.listeners).push((stream, fed));
    }

    /// Tells everybody who reads a stream that there is something new in it.
    pub fn arrived(&self, stream: Service) {
        let hears = |(of, fed): &(Service, UnboundedSender<Fed>)| {
            *of != stream || fed.send(Fed::Arrived).is_ok()
        };
        lock(&self.listeners).retain(hears);
    }
}
