//! A call into the world, and what may go wrong with it.

use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use function::delivery::CallError;
use tokio::time::sleep;

use crate::faults::{Fault, Service};
use crate::process::Process;
use crate::world::World;

/// How much of a call is carried out.
#[derive(Debug)]
pub enum Extent {
    /// All of it.
    All,
    /// Of several items, those that this picks.
    Part(Rng),
}

impl Extent {
    /// Whether the next item is taken.
    pub fn takes(&mut self) -> bool {
        match self {
            Self::All => true,
            Self::Part(rng) => rng.bool(),
        }
    }
}

/// What a service's client makes of a fault.
#[must_use]
pub(crate) fn error(fault: Fault) -> CallError {
    match fault {
        Fault::Denied => CallError::Permanent("denied".into()),
        fault => CallError::Retryable(fault.to_string().into()),
    }
}

impl World {
    /// Makes a call with so many items, which `act` carries out, unless something
    /// goes wrong.
    ///
    /// # Errors
    /// As the service's client would tell them.
    pub async fn call<R: Send + 'static>(
        self: &Arc<Self>,
        by: &Process,
        (to, items): (Service, usize),
        what: impl FnOnce() -> String,
        act: impl FnOnce(&Self, Extent) -> R + Send + 'static,
    ) -> Result<R, CallError> {
        let attempt = self.attempt(by, (to, items), what, act).await;
        attempt.map_err(error)
    }

    /// As [`World::call`], for clients that tell faults apart.
    ///
    /// # Errors
    /// What went wrong.
    pub async fn attempt<R: Send + 'static>(
        self: &Arc<Self>,
        by: &Process,
        (to, items): (Service, usize),
        what: impl FnOnce() -> String,
        act: impl FnOnce(&Self, Extent) -> R + Send + 'static,
    ) -> Result<R, Fault> {
        let fault = self.fault(to, items);
        self.tell(|| {
            let fault = fault.map_or(String::new(), |f| format!("  ✗ {f}"));
            format!("{:<14} → {to}: {}{fault}", by.to_string(), what())
        });
        if fault.is_some() {
            self.hurts(by.invocation(), to);
        }
        let [there, back] = self.chance(|rng| [rng.u64(1..8), rng.u64(1..8)]);
        let (there, back) = (Duration::from_millis(there), Duration::from_millis(back));
        sleep(there).await;
        let Some(fault) = fault else {
            let answer = act(self, Extent::All);
            sleep(back).await;
            return Ok(answer);
        };
        match fault {
            Fault::InPart => {
                let rng = self.chance(Rng::fork);
                let answer = act(self, Extent::Part(rng));
                sleep(back).await;
                return Ok(answer);
            }
            Fault::Denied => return Err(fault),
            Fault::After | Fault::Unanswered => {
                act(self, Extent::All);
            }
            Fault::Late => {
                let after = self.chance(|rng| Duration::from_millis(rng.u64(0..25_000)));
                let world = Arc::clone(self);
                tokio::spawn(async move {
                    sleep(after).await;
                    act(&world, Extent::All);
                });
            }
            _ => {}
        }
        let silent = matches!(fault, Fault::Lost | Fault::Unanswered | Fault::Late);
        sleep(if silent { to.patience() } else { back }).await;
        Err(fault)
    }

    /// What goes wrong with a call; it is counted.
    fn fault(&self, to: Service, items: usize) -> Option<Fault> {
        let (at, weather) = (self.elapsed(), &self.plan.weather);
        if let Some(fault) = weather.away(at, to) {
            self.note(Fault::Outage, to);
            return Some(fault);
        }
        let fault = self.chance(|rng| weather.of_call(rng, at, to, items))?;
        self.note(fault, to);
        Some(fault)
    }
}
