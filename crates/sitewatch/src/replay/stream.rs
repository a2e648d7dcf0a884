//! The stream that lines are sent to.

use std::time::Duration;

use aws_sdk_kinesis::Client;
use aws_sdk_kinesis::primitives::Blob;
use aws_sdk_kinesis::types::PutRecordsRequestEntry;
use function::aws::call_error;
use function::delivery::{CallError, Limits, Outcome, Pauses, Target};

use super::backlog::Parcel;

/// PutRecords: 500 records, 5 MiB in all, keys included.
/// Source: <https://docs.aws.amazon.com/kinesis/latest/APIReference/API_PutRecords.html>
pub(crate) const LIMITS: Limits = Limits {
    items_per_call: 500,
    bytes_per_call: 5 * 1024 * 1024,
    in_flight: 1,
    pauses: Pauses {
        first: Duration::from_millis(50),
        longest: Duration::from_secs(2),
    },
};

/// A Kinesis stream.
#[derive(Debug)]
pub(crate) struct KinesisStream {
    client: Client,
    name: String,
}

impl KinesisStream {
    pub(crate) fn new(client: Client, name: &str) -> Self {
        Self {
            client,
            name: name.to_owned(),
        }
    }
}

impl Target<Parcel> for KinesisStream {
    async fn call(&self, parcels: &[&Parcel]) -> Result<Vec<Outcome>, CallError> {
        let mut call = self.client.put_records().stream_name(&self.name);
        for parcel in parcels {
            let entry = PutRecordsRequestEntry::builder()
                .partition_key(&parcel.key)
                .data(Blob::new(parcel.data.as_slice()))
                .build()
                .map_err(|error| CallError::Refused(Box::new(error)))?;
            call = call.records(entry);
        }
        let answer = call.send().await.map_err(call_error)?;
        // One result for each record, in their order; an error code says that it failed.
        let outcome = |result: &aws_sdk_kinesis::types::PutRecordsResultEntry| {
            if result.error_code().is_none() && result.sequence_number().is_some() {
                Outcome::Done
            } else {
                Outcome::Again
            }
        };
        Ok(answer.records().iter().map(outcome).collect())
    }
}
