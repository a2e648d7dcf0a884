//! CloudWatch: metric data with the service's own limits, and their statistics.
//!
//! There are no alarms, no metric math and no streams. Nothing expires.
//!
//! Source: <https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/>

mod cbor;
mod data;
mod datum;
mod fields;
mod list;
mod put;
mod query;
mod statistics;
mod store;
mod wire;

use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::response::Response;
use serde_json::Value;

use crate::protocol::Failure;
use crate::store::{Database, now};
pub(crate) use store::prepare;
pub(crate) use wire::{SERVICE, VERSION, Wire};

/// The service.
#[derive(Debug, Clone)]
pub(crate) struct CloudWatch {
    database: Database,
}

impl CloudWatch {
    pub(crate) fn new(database: Database) -> Self {
        Self { database }
    }

    /// Answers a request in the way that it came. `operation` is what the address or a
    /// header says; a form says it itself.
    pub(crate) fn answer(
        &self,
        wire: Wire,
        operation: &str,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Response {
        let read = wire.read(operation, headers, body);
        let answer = read.and_then(|(operation, request)| {
            let answer = self.serve(&operation, &request)?;
            Ok((operation, answer))
        });
        match answer {
            Ok((operation, answer)) => wire.response(&operation, &answer),
            Err(failure) => wire.refusal(&failure),
        }
    }

    fn serve(&self, operation: &str, request: &Value) -> Result<Value, Failure> {
        // Milliseconds are no matter to a service of seconds.
        let now = now() / 1_000;
        self.database.transaction(|database| match operation {
            "PutMetricData" => put::put(database, request, now),
            "GetMetricStatistics" => statistics::get(database, request),
            "GetMetricData" => data::get(database, request),
            "ListMetrics" => list::list(database, request, now),
            _ => Err(Failure::unknown(&format!("CloudWatch {operation}"))),
        })
    }
}
