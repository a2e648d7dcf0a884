//! What an invocation's answer means for its batch.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/services-kinesis-batchfailurereporting.html>

use serde_json::Value;

use crate::event::Record;

/// How an invocation ended.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The function returned this payload.
    Returned(Vec<u8>),
    /// The function returned an error, panicked, died or ran out of time: the invoke
    /// API's `X-Amz-Function-Error`.
    FunctionError,
    /// The batch did not reach the function, which was throttled or could not be
    /// invoked: no retry is used up.
    NotInvoked,
}

impl Outcome {
    /// Takes a payload for what it is where an endpoint does not tell errors by
    /// `X-Amz-Function-Error`: Lambda's error document has `errorType` and
    /// `errorMessage`.
    #[must_use]
    pub fn of_payload(payload: Vec<u8>) -> Self {
        let document: Option<Value> = serde_json::from_slice(&payload).ok();
        let has = |key: &str| document.as_ref().is_some_and(|d| d[key].is_string());
        if has("errorType") && has("errorMessage") {
            Self::FunctionError
        } else {
            Self::Returned(payload)
        }
    }

    /// What it means for the batch of `records`.
    pub(crate) fn verdict(&self, report: bool, records: &[Record]) -> Verdict {
        match self {
            Self::Returned(payload) if report => reported(payload, records),
            // Without ReportBatchItemFailures, Lambda does not look at the response.
            Self::Returned(_) => Verdict::Success,
            Self::FunctionError => Verdict::Failed,
            Self::NotInvoked => Verdict::NotInvoked,
        }
    }
}

/// What becomes of a batch.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Verdict {
    Success,
    /// All before this record succeeded; it and those behind it are delivered again.
    FailedFrom(usize),
    Failed,
    NotInvoked,
}

/// Reads a partial batch response.
fn reported(payload: &[u8], records: &[Record]) -> Verdict {
    if payload.iter().all(u8::is_ascii_whitespace) {
        return Verdict::Success;
    }
    let items = match serde_json::from_slice::<Value>(payload) {
        Ok(Value::Null) => return Verdict::Success,
        Ok(Value::Object(mut response)) => response.remove("batchItemFailures"),
        Ok(_) | Err(_) => return Verdict::Failed,
    };
    let items = match items {
        None | Some(Value::Null) => return Verdict::Success,
        Some(Value::Array(items)) => items,
        Some(_) => return Verdict::Failed,
    };
    let mut lowest = None;
    for item in &items {
        let place = item["itemIdentifier"].as_str().and_then(|named| {
            let mut numbers = records.iter().map(|r| r.sequence_number.as_str());
            numbers.position(|number| number == named)
        });
        match place {
            // A batch is in the order of its numbers.
            Some(place) => lowest = Some(lowest.map_or(place, |l: usize| l.min(place))),
            None => return Verdict::Failed,
        }
    }
    lowest.map_or(Verdict::Success, Verdict::FailedFrom)
}
