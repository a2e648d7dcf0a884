//! The queue of notifications, its dead-letter queue, and the event source mapping that
//! empties it: at least once, in no order.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use mapping::Outcome;
use serde_json::{Value, json};
use tokio::time::sleep;

use crate::check::unfinished;
use crate::faults::{Fault, Service};
use crate::functions::{Event, Function};
use crate::processes::Processes;
use crate::world::{World, lock};

/// A message.
#[derive(Debug, Clone)]
pub struct Notification {
    /// Its id.
    pub id: String,
    /// What S3 says.
    pub body: String,
    /// The sources that it tells of, by their partition of the table.
    pub of: Vec<String>,
    /// From when on it can be received.
    visible_at: Duration,
    /// How often it was received.
    received: u32,
}

/// The queue and its dead-letter queue.
#[derive(Debug, Default)]
pub struct Notifications {
    waiting: Vec<Notification>,
    dead: Vec<Notification>,
    sent: u64,
}

impl Notifications {
    /// Takes a message, which can be received from `at` on.
    pub(super) fn send(&mut self, body: String, of: Vec<String>, at: Duration) {
        self.sent += 1;
        self.waiting.push(Notification {
            id: format!("m{}", self.sent),
            body,
            of,
            visible_at: at,
            received: 0,
        });
    }

    /// How many messages there are in both.
    #[must_use]
    pub fn len(&self) -> usize {
        self.waiting.len() + self.dead.len()
    }

    /// Whether there are none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Brings back what was given up, at the time `now`.
    fn redrive(&mut self, now: Duration) {
        let dead = self.dead.drain(..).map(|message| Notification {
            received: 0,
            visible_at: now,
            ..message
        });
        self.waiting.extend(dead);
    }
}

/// Receives messages, invokes `traffic` with them and deletes what it does not name, for good.
pub async fn poll(world: Arc<World>, processes: Arc<Processes>) {
    loop {
        let messages = receive(&world);
        if messages.is_empty() {
            let after = world.chance(|rng| rng.u64(500..5_000));
            sleep(Duration::from_millis(after)).await;
            continue;
        }
        let records: Vec<Value> = messages.iter().map(Notification::record).collect();
        let event = Event::Batch(json!({"Records": records}).to_string().into());
        let invoked = Arc::clone(&processes).invoke(Arc::clone(&world), Function::Traffic, event);
        if let Outcome::Returned(response) = invoked.await {
            settle(&world, &messages, &response);
        }
    }
}

/// Some messages that can be seen, which then cannot be for a while.
fn receive(world: &World) -> Vec<Notification> {
    let plan = world.plan.access.as_ref().expect("a world with logs");
    let now = world.elapsed();
    let mut queue = lock(&world.logs.queue);
    let mut received = Vec::new();
    while received.len() < plan.batch {
        let visible = |index: &usize| queue.waiting[*index].visible_at <= now;
        let visible: Vec<usize> = (0..queue.waiting.len()).filter(visible).collect();
        let Some(index) = world.chance(|rng| rng.choice(visible)) else {
            break;
        };
        if queue.waiting[index].received >= plan.receives {
            let dead = queue.waiting.swap_remove(index);
            world.note(Fault::DeadLetter, Service::Notifications);
            world.tell(|| format!("{} is given up", dead.id));
            queue.dead.push(dead);
            continue;
        }
        let message = &mut queue.waiting[index];
        message.received += 1;
        message.visible_at = now + plan.visibility;
        received.push(message.clone());
        if world.strikes(Fault::DeliveredAgain, Service::Notifications, 50) {
            message.visible_at = now + Duration::from_millis(1);
        }
    }
    received
}

/// Deletes the messages that a response does not name; some of them are not, all the same.
fn settle(world: &World, messages: &[Notification], response: &[u8]) {
    let response: Value = serde_json::from_slice(response).expect("a response is JSON");
    let failed = response["batchItemFailures"].as_array();
    let failed = failed.into_iter().flatten();
    let failed: BTreeSet<&str> = failed
        .filter_map(|f| f["itemIdentifier"].as_str())
        .collect();
    for message in messages.iter().filter(|m| !failed.contains(m.id.as_str())) {
        for source in &message.of {
            if let Some(why) = unfinished(world, source) {
                world.wrong(format!("{} of {source} is acknowledged: {why}", message.id));
            }
        }
        if !world.strikes(Fault::DeliveredAgain, Service::Notifications, 50) {
            lock(&world.logs.queue)
                .waiting
                .retain(|m| m.id != message.id);
        }
    }
}

/// Somebody who brings back what was given up, again and again, once faults have ended.
pub async fn redrive(world: Arc<World>) {
    sleep(world.plan.weather.until.saturating_sub(world.elapsed())).await;
    loop {
        lock(&world.logs.queue).redrive(world.elapsed());
        sleep(Duration::from_secs(300)).await;
    }
}
