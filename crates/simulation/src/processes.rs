//! The functions' processes: one handles an invocation at a time, stays warm for the
//! next, and may die or be frozen in the middle.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use mapping::Outcome;

use crate::faults::{Fault, Service};
use crate::functions::{Event, Function, Worker};
use crate::process::{Lot, Mortal, Process};
use crate::world::{World, lock};

/// All processes that wait for an invocation.
#[derive(Default)]
pub struct Processes {
    waiting: Mutex<BTreeMap<Function, Vec<Worker>>>,
    count: AtomicU64,
}

impl fmt::Debug for Processes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Processes").finish_non_exhaustive()
    }
}

impl Processes {
    /// Invokes a function, sometimes two processes of it at once.
    pub async fn invoke(
        self: Arc<Self>,
        world: Arc<World>,
        function: Function,
        event: Event,
    ) -> Outcome {
        let rate = world.plan.weather.processes;
        if world.strikes(Fault::NotInvoked, Service::Mapping, rate) {
            return Outcome::NotInvoked;
        }
        if world.strikes(Fault::Twice, Service::Process, rate) {
            let (processes, world) = (Arc::clone(&self), Arc::clone(&world));
            let (event, after) = (event.clone(), world.chance(|rng| rng.u64(0..200)));
            tokio::task::spawn_local(async move {
                tokio::time::sleep(Duration::from_millis(after)).await;
                processes.run(&world, function, event).await;
            });
        }
        let answer = self.run(&world, function, event).await;
        if answer.is_some() && world.strikes(Fault::AnswerLost, Service::Mapping, rate) {
            return Outcome::FunctionError;
        }
        answer.map_or(Outcome::FunctionError, Outcome::Returned)
    }

    /// Runs a process for an event; its answer, unless it dies.
    async fn run(&self, world: &Arc<World>, function: Function, event: Event) -> Option<Vec<u8>> {
        let worker = self.take(world, function);
        let (invocation, process) = (world.invocation(), Arc::clone(&worker.process));
        process.begin(invocation);
        world.running.fetch_add(1, Ordering::Relaxed);
        let (start, timeout) = (world.elapsed(), function.timeout());
        world.tell(|| {
            format!(
                "{:<14} begins, clock {:+} ms",
                process.to_string(),
                process.skew
            )
        });
        let lot = lot(world);
        let mut life = Mortal::new(worker.handle(event, world, timeout), lot);
        let answer = (&mut life).await;
        let thawed = life.thawed;
        drop(life);
        world.running.fetch_sub(1, Ordering::Relaxed);
        if answer.is_none() || thawed {
            let fault = if thawed { Fault::Frozen } else { Fault::Death };
            let fault = match lot.freeze {
                Some((_, length)) if thawed && length > Duration::from_secs(3_000) => {
                    Fault::FrozenForAnHour
                }
                _ => fault,
            };
            world.note(fault, Service::Process);
            world.hurts(invocation, Service::Process);
        }
        world.tell(|| {
            let text = answer
                .as_deref()
                .map_or("dies".into(), String::from_utf8_lossy);
            format!(
                "{:<14} ends{}: {text}",
                process.to_string(),
                if thawed { ", thawed" } else { "" }
            )
        });
        if answer.is_some() && !thawed && world.elapsed() - start > timeout {
            world.wrong(format!(
                "{process} answers after its timeout of {timeout:?}"
            ));
        }
        if answer.is_some() {
            lock(&self.waiting)
                .entry(function)
                .or_default()
                .push(worker);
        }
        answer
    }

    /// A warm process, or a cold one.
    fn take(&self, world: &Arc<World>, function: Function) -> Worker {
        let cold = world.strikes(
            Fault::Cold,
            Service::Process,
            world.plan.weather.processes * 3,
        );
        let warm = lock(&self.waiting).entry(function).or_default().pop();
        if let Some(warm) = warm.filter(|_| !cold) {
            return warm;
        }
        // A claim of notify's allows a second between clocks, an idle shard's minute
        // some of them.
        let most = if function == Function::Notify {
            450
        } else {
            2_000
        };
        let skewed = world.strikes(Fault::Skewed, Service::Process, 500);
        let skew = if skewed {
            world.chance(|rng| rng.i64(-most..=most))
        } else {
            0
        };
        let number = self.count.fetch_add(1, Ordering::Relaxed) + 1;
        Worker::new(function, world, Process::new(function.name(), number, skew))
    }
}

/// What chance has in store for an invocation.
fn lot(world: &World) -> Lot {
    let weather = &world.plan.weather;
    let (at, rate) = (world.elapsed(), weather.processes);
    world.chance(|rng| {
        let polls = *rng.choice(&[4, 12, 40]).expect("one");
        let mut lot = Lot::default();
        if weather.strikes(rng, at, rate) {
            lot.death = Some(rng.u32(1..=polls));
        }
        if weather.strikes(rng, at, rate) {
            let hour = weather.hours && rng.bool();
            let seconds = if hour { 3_600 } else { rng.u64(5..100) };
            lot.freeze = Some((rng.u32(1..=polls), Duration::from_secs(seconds)));
        }
        lot
    })
}
