//! The rejects queue.

use function::delivery::{CallError, Outcome, Target};
use function::rejects::Part;
use serde_json::Value;

use crate::call::Extent;
use crate::faults::Service;
use crate::services::Client;
use crate::world::{World, lock};

/// The messages in the queue.
pub type Queue = Vec<Value>;

impl Target<Part<'_>> for Client {
    async fn call(&self, parts: &[&Part<'_>]) -> Result<Vec<Outcome>, CallError> {
        let read = |part: &&Part<'_>| -> Value {
            let body = part.body().expect("texts and numbers are JSON");
            serde_json::from_str(&body).expect("JSON")
        };
        let messages: Vec<Value> = parts.iter().map(read).collect();
        let what = || format!("send {} rejects", parts.len());
        let send = move |world: &World, mut extent: Extent| {
            let mut queue = lock(&world.queue);
            let mut send = |message| {
                if !extent.takes() {
                    return Outcome::Again;
                }
                queue.push(message);
                Outcome::Done
            };
            messages.into_iter().map(&mut send).collect()
        };
        let to = (Service::Rejects, parts.len());
        self.world.call(&self.process, to, what, send).await
    }
}
