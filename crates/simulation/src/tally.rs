//! How often what went wrong.

use std::collections::BTreeMap;

use crate::faults::{Fault, Service};

/// How often each fault struck where.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(pub BTreeMap<(Fault, Service), u64>);

impl Tally {
    /// Notes a fault.
    pub fn note(&mut self, fault: Fault, service: Service) {
        *self.0.entry((fault, service)).or_default() += 1;
    }

    /// Adds another run's faults.
    pub fn add(&mut self, other: &Self) {
        for (key, count) in &other.0 {
            *self.0.entry(*key).or_default() += count;
        }
    }

    /// How often a fault struck somewhere.
    #[must_use]
    pub fn count(&self, fault: Fault, service: Service) -> u64 {
        self.0.get(&(fault, service)).copied().unwrap_or(0)
    }

    /// Every fault that the simulation promises to inject.
    pub fn expected() -> Vec<(Fault, Service)> {
        let called = || Service::CALLED.into_iter().chain(Service::OF_TRAFFIC);
        let of_calls = called().flat_map(|s| Fault::OF_CALLS.map(|f| (f, s)));
        let parts = called().filter(|s| s.takes_parts());
        let outages = called().map(|s| (Fault::Outage, s));
        of_calls
            .chain(parts.map(|s| (Fault::InPart, s)))
            .chain(outages)
            .chain(Fault::OF_PROCESSES.map(|f| (f, Service::Process)))
            .chain(Fault::OF_MAPPINGS.map(|f| (f, Service::Mapping)))
            .chain([
                (Fault::Stale, Service::Counts),
                (Fault::Rotated, Service::Secret),
                (Fault::Split, Service::Orders),
                (Fault::Merged, Service::Orders),
                (Fault::Split, Service::Alarms),
                (Fault::Merged, Service::Alarms),
                (Fault::Disorder, Service::Orders),
                (Fault::Split, Service::Requests),
                (Fault::Merged, Service::Requests),
                (Fault::Stalled, Service::Objects),
                (Fault::Replaced, Service::Objects),
                (Fault::DeliveredAgain, Service::Notifications),
                (Fault::DeadLetter, Service::Notifications),
            ])
            .collect()
    }
}
