//! CloudWatch: what is put twice is counted twice.

use function::delivery::CallError;
use traffic::{Metrics, Part, PublishError};

use crate::call::{Extent, error};
use crate::faults::{Fault, Service};
use crate::services::Client;
use crate::world::{World, lock};

/// What a call of PutMetricData brought.
#[derive(Debug, Clone)]
pub struct Publication {
    /// Who published it.
    pub invocation: u64,
    /// The part, as the table keeps it.
    pub bytes: Vec<u8>,
    /// Whether the publisher learned that it is there.
    pub answered: bool,
    /// Whether the publisher noted that.
    pub noted: bool,
}

impl Metrics for Client {
    async fn put(&self, part: &Part) -> Result<(), PublishError> {
        if part.is_empty() || part.len() > 1_000 {
            let wrong = format!("{} data in a call of PutMetricData", part.len());
            self.world.wrong(wrong);
        }
        let publication = Publication {
            invocation: self.process.invocation(),
            bytes: part.to_bytes().expect("a part can be written"),
            answered: false,
            noted: false,
        };
        let publish = move |world: &World, _: Extent| {
            let mut published = lock(&world.logs.published);
            published.push(publication);
            published.len() - 1
        };
        let what = || format!("publish {} data", part.len());
        let to = (Service::Metrics, 1);
        match self.world.attempt(&self.process, to, what, publish).await {
            Ok(place) => {
                lock(&self.world.logs.published)[place].answered = true;
                Ok(())
            }
            Err(fault) => Err(failed(fault)),
        }
    }
}

/// What the client makes of a fault: who was turned away published nothing.
fn failed(fault: Fault) -> PublishError {
    let call_error: CallError = error(fault);
    match fault {
        Fault::Throttled | Fault::Denied => PublishError::NotTaken(call_error),
        _ => PublishError::Uncertain(call_error),
    }
}
