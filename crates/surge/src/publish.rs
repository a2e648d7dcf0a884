//! The alarm stream in Kinesis.

use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use function::aws::call_error;
use function::delivery::{CallError, Limits, Outcome, Pauses, Target};
use function::env::StreamName;
use model::Alarm;

/// One record a call, one call after the other: PutRecords keeps no order.
pub(crate) const LIMITS: Limits = Limits {
    items_per_call: 1,
    bytes_per_call: 1024 * 1024,
    in_flight: 1,
    pauses: Pauses {
        first: Duration::from_millis(100),
        longest: Duration::from_secs(2),
    },
};

/// A stream of [`Alarm`]s as JSON; a site's alarms share its partition key.
#[derive(Debug, Clone)]
pub struct AlarmStream {
    client: Client,
    stream: StreamName,
}

impl AlarmStream {
    /// The stream of that name, reached by `client`.
    #[must_use]
    pub fn new(client: Client, stream: StreamName) -> Self {
        Self { client, stream }
    }
}

impl Target<Alarm> for AlarmStream {
    async fn call(&self, alarms: &[&Alarm]) -> Result<Vec<Outcome>, CallError> {
        let mut outcomes = Vec::with_capacity(alarms.len());
        for alarm in alarms {
            let json = serde_json::to_vec(alarm).map_err(|e| CallError::Permanent(Box::new(e)))?;
            let call = self
                .client
                .put_record()
                .stream_name(self.stream.as_str())
                .partition_key(&alarm.site)
                .data(Blob::new(json));
            call.send().await.map_err(call_error)?;
            outcomes.push(Outcome::Done);
        }
        Ok(outcomes)
    }
}
