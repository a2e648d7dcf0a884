//! Many seeds, on several threads.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use crate::check::Stats;
use crate::faults::{Fault, Service};
use crate::run::run;
use crate::tally::Tally;
use crate::world::lock;

/// What came of many seeds.
#[derive(Debug, Default)]
pub struct Findings {
    /// The seeds that broke promises, and which.
    pub broken: BTreeMap<u64, Vec<String>>,
    /// The faults that struck.
    pub tally: Tally,
    /// How much happened.
    pub stats: Stats,
}

impl Findings {
    /// Faults that the simulation promises and never injected.
    #[must_use]
    pub fn silent(&self) -> Vec<(Fault, Service)> {
        let expected = Tally::expected().into_iter();
        let never = |(fault, service): &(Fault, Service)| self.tally.count(*fault, *service) == 0;
        expected.filter(never).collect()
    }

    /// How much happened, in a few lines.
    #[must_use]
    pub fn summary(&self) -> String {
        let Stats {
            runs,
            strict,
            own_form,
            records,
            lines,
            invocations,
            surges,
            messages,
            repeated,
            logs,
            requests,
            parts,
            parts_repeated,
            seconds,
        } = self.stats;
        format!(
            "{runs} runs of {} simulated hours, {own_form} of them with a shop of its own form; {records} records of \
             {lines} order lines, {invocations} invocations;\n\
             {surges} surges, {messages} messages, {repeated} of them a second time; every alarm as recounted in \
             {strict} runs;\n\
             {logs} runs with access logs of {requests} requests, {parts} parts, {parts_repeated} of them published a second \
             time;\n{} runs broke a promise.",
            seconds / 3_600,
            self.broken.len()
        )
    }
}

/// Runs seeds until all are done, or, unless `all` are wanted, one broke a promise.
/// `progress` is told how many are done and broke one.
pub fn many(
    seeds: Range<u64>,
    threads: usize,
    all: bool,
    progress: impl Fn(u64, u64) + Sync,
) -> Findings {
    let (next, stop) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let found = Mutex::new(Findings::default());
    let work = || {
        while !stop.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            let report = run(seed, false);
            let mut found = lock(&found);
            found.tally.add(&report.tally);
            found.stats.add(&report.stats);
            if !report.broken.is_empty() {
                stop.fetch_or(!all, Ordering::Relaxed);
                found.broken.insert(seed, report.broken);
            }
            progress(found.stats.runs, found.broken.len() as u64);
        }
    };
    std::thread::scope(|scope| {
        for _ in 0..threads.max(1) {
            scope.spawn(work);
        }
    });
    found.into_inner().expect("no thread has panicked")
}
