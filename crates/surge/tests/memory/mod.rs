//! A table and an alarm stream in memory that behave like DynamoDB and Kinesis, fail
//! when they are told to, and know what they would have cost.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use function::delivery::{CallError, Outcome, Target};
use model::Alarm;
use surge::{End, Expected, Item, Keys, Table};
use tokio::sync::Notify;

/// What happens to a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It goes through.
    None,
    /// It fails before anything is done.
    FailsBefore,
    /// It is carried out and its answer is lost.
    FailsAfter,
    /// It is refused, as without rights.
    Denied,
    /// The process dies before the call.
    DiesBefore,
    /// The process dies after the call.
    DiesAfter,
}

/// Faults to come, one for each call, and how many turns of the others it takes;
/// then there are none.
#[derive(Debug, Default)]
pub struct Faults {
    script: Mutex<VecDeque<(Fault, u32)>>,
    /// How long a call takes, in virtual time.
    pub latency: Duration,
    /// Told when the process has to die.
    pub death: Notify,
}

impl Faults {
    /// These faults, one for each call.
    pub fn of(script: impl IntoIterator<Item = (Fault, u32)>) -> Self {
        Self {
            script: Mutex::new(script.into_iter().collect()),
            ..Self::default()
        }
    }

    /// Makes one call with the next fault.
    async fn call<R>(&self, act: impl FnOnce() -> R) -> Result<R, CallError> {
        let next = self.script.lock().expect("a script").pop_front();
        let (fault, turns) = next.unwrap_or((Fault::None, 1));
        // Others go on meanwhile.
        for _ in 0..turns {
            tokio::task::yield_now().await;
        }
        if !self.latency.is_zero() {
            tokio::time::sleep(self.latency).await;
        }
        let lost = || Err(CallError::Retryable("injected".into()));
        match fault {
            Fault::None => Ok(act()),
            Fault::FailsBefore => lost(),
            Fault::Denied => Err(CallError::Permanent("injected".into())),
            Fault::FailsAfter => {
                act();
                lost()
            }
            Fault::DiesBefore | Fault::DiesAfter => {
                if fault == Fault::DiesAfter {
                    act();
                }
                self.death.notify_one();
                std::future::pending().await
            }
        }
    }
}

/// A table in memory.
#[derive(Debug, Default)]
pub struct Memory {
    pub items: Mutex<BTreeMap<(String, String), Item>>,
    pub faults: Faults,
    /// Read units, in halves.
    pub half_reads: AtomicU64,
    /// Write units.
    pub writes: AtomicU64,
    /// Calls.
    pub calls: AtomicU64,
    /// Conditional and other writes that were carried out.
    pub written: AtomicU64,
}

fn size(item: &Item) -> u64 {
    // Names and the expiry time are another 40 bytes.
    let texts = item.partition.len() + item.key.len() + item.revision.len();
    (texts + item.body.len() + 40) as u64
}

impl Table for &Memory {
    async fn read(&self, partition: &str, keys: Keys<'_>) -> Result<Vec<Item>, CallError> {
        let read = || {
            let items = self.items.lock().expect("items");
            let first = (partition.to_owned(), keys.first.to_owned());
            let last = (partition.to_owned(), keys.last.to_owned());
            let mut range = items.range(first..=last).map(|(_, item)| item.clone());
            let found: Vec<Item> = match keys.only {
                None => range.collect(),
                Some(End::First) => range.take(1).collect(),
                Some(End::Last) => range.next_back().into_iter().collect(),
            };
            let bytes: u64 = found.iter().map(size).sum();
            let units = bytes.div_ceil(4096).max(1) * if keys.consistent { 2 } else { 1 };
            self.half_reads.fetch_add(units, Ordering::Relaxed);
            self.calls.fetch_add(1, Ordering::Relaxed);
            found
        };
        self.faults.call(read).await
    }

    async fn write(&self, item: &Item, expected: Expected<'_>) -> Result<bool, CallError> {
        assert!(size(item) < 400 * 1024, "larger than an item may be");
        let write = || {
            let mut items = self.items.lock().expect("items");
            let key = (item.partition.clone(), item.key.clone());
            let present = items.get(&key).map(|i| i.revision.as_str());
            let holds = match expected {
                Expected::Anything => true,
                Expected::Nothing => present.is_none(),
                Expected::Revision(revision) => present == Some(revision),
            };
            let before = items.get(&key).map_or(0, size);
            let units = size(item).max(before).div_ceil(1024);
            self.writes.fetch_add(units, Ordering::Relaxed);
            self.calls.fetch_add(1, Ordering::Relaxed);
            if holds {
                self.written.fetch_add(1, Ordering::Relaxed);
                items.insert(key, item.clone());
            }
            holds
        };
        self.faults.call(write).await
    }
}

/// An alarm stream in memory.
#[derive(Debug, Default)]
pub struct Stream {
    pub alarms: Mutex<Vec<Alarm>>,
    pub faults: Faults,
}

impl Target<Alarm> for &Stream {
    async fn call(&self, alarms: &[&Alarm]) -> Result<Vec<Outcome>, CallError> {
        let put = || {
            let mut stream = self.alarms.lock().expect("alarms");
            stream.extend(alarms.iter().map(|alarm| (*alarm).clone()));
            vec![Outcome::Done; alarms.len()]
        };
        self.faults.call(put).await
    }
}
