//! SQS, SNS and Secrets Manager: which operation of which service is asked for.

use std::net::SocketAddr;

use axum::http::uri::Authority;
use axum::response::{IntoResponse as _, Response};
use serde_json::Value;

use crate::protocol::{Answer, Failure, Form};
use crate::store::Database;
use crate::{secrets, sns, sqs};

/// The services, and all that they know.
#[derive(Debug, Clone)]
pub(crate) struct Messaging {
    database: Database,
    /// For queue URLs, where a client does not say by which name it comes.
    address: SocketAddr,
}

impl Messaging {
    pub(crate) fn new(database: Database, address: SocketAddr) -> Self {
        Self { database, address }
    }

    /// Answers a request in JSON.
    pub(crate) fn json(&self, target: &str, body: &[u8], host: Option<Authority>) -> Response {
        let Ok(request) = serde_json::from_slice::<Value>(body) else {
            return Failure::new("SerializationException", "the request is no JSON")
                .into_response();
        };
        let answer = self
            .database
            .transaction(|database| match target.split_once('.') {
                Some(("AmazonSQS", operation)) => {
                    let host = host.map_or_else(|| self.address.to_string(), |h| h.to_string());
                    sqs::answer(database, &host, operation, &request)
                }
                Some(("secretsmanager", operation)) => {
                    secrets::answer(database, operation, &request)
                }
                _ => Err(Failure::unknown(target)),
            });
        match answer {
            Ok(answer) => Answer(answer).into_response(),
            Err(failure) => failure.into_response(),
        }
    }

    /// Answers a form.
    pub(crate) fn form(&self, form: &Form) -> Response {
        let answer = self
            .database
            .transaction(|database| sns::answer(database, form));
        answer.unwrap_or_else(Failure::into_xml)
    }
}
