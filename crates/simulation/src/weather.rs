//! When faults strike.

use std::collections::BTreeMap;
use std::time::Duration;

use fastrand::Rng;

use crate::faults::{Fault, Service};

/// A service that is away.
#[derive(Debug, Clone, Copy)]
pub struct Outage {
    /// Which.
    pub service: Service,
    /// From when on.
    pub from: Duration,
    /// Until when.
    pub until: Duration,
    /// How its calls fail.
    pub fault: Fault,
}

/// When faults strike.
#[derive(Debug, Clone)]
pub struct Weather {
    /// How many of a thousand calls to a service fail.
    pub calls: BTreeMap<Service, u32>,
    /// Services that fail in one way alone.
    pub habits: BTreeMap<Service, Fault>,
    /// How many of a thousand invocations suffer each of what processes and mappings
    /// can.
    pub processes: u32,
    /// Services that are away.
    pub outages: Vec<Outage>,
    /// When the last fault may strike: from then on all is well.
    pub until: Duration,
    /// Whether processes may be frozen for an hour.
    pub hours: bool,
}

impl Weather {
    /// Whether one of those that strike `per_mille` of a thousand times does.
    pub fn strikes(&self, rng: &mut Rng, at: Duration, per_mille: u32) -> bool {
        at < self.until && rng.u32(0..1000) < per_mille
    }

    /// How a service that is away answers, if it is.
    #[must_use]
    pub fn away(&self, at: Duration, to: Service) -> Option<Fault> {
        let away = |o: &&Outage| o.service == to && (o.from..o.until).contains(&at);
        let outage = self.outages.iter().find(away)?;
        (at < self.until).then_some(outage.fault)
    }

    /// What happens to a call of several items or one.
    pub fn of_call(&self, rng: &mut Rng, at: Duration, to: Service, items: usize) -> Option<Fault> {
        let rate = self.calls.get(&to).copied().unwrap_or(0);
        if !self.strikes(rng, at, rate) {
            return None;
        }
        if items > 1 && to.takes_parts() && rng.u32(0..3) == 0 {
            return Some(Fault::InPart);
        }
        if let Some(habit) = self.habits.get(&to) {
            return Some(*habit);
        }
        rng.choice(Fault::OF_CALLS)
    }
}
