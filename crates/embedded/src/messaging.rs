//! SQS, SNS and Secrets Manager: which operation of which service is asked for.

use std::net::SocketAddr;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use axum::http::uri::Authority;
use axum::response::{IntoResponse as _, Response};
use rusqlite::Connection;
use serde_json::Value;

use crate::protocol::{Answer, Failure, Form};
use crate::services::StartError;
use crate::{secrets, sns, sqs, store};

/// The services and the database that holds all they know.
#[derive(Debug, Clone)]
pub(crate) struct Messaging {
    database: Arc<Mutex<Connection>>,
    /// For queue URLs, where a client does not say by which name it comes.
    address: SocketAddr,
}

impl Messaging {
    /// Opens what is kept in `file`, or begins anew in memory.
    pub(crate) fn open(address: SocketAddr, file: Option<&Path>) -> Result<Self, StartError> {
        let connection = match file {
            Some(file) => Connection::open(file),
            None => Connection::open_in_memory(),
        };
        let prepared = connection.and_then(|connection| {
            store::prepare(&connection)?;
            Ok(connection)
        });
        let connection = prepared.map_err(|error| StartError::state("messaging", file, error))?;
        Ok(Self {
            database: Arc::new(Mutex::new(connection)),
            address,
        })
    }

    /// Answers a request in JSON.
    pub(crate) fn json(&self, target: &str, body: &[u8], host: Option<Authority>) -> Response {
        let Ok(request) = serde_json::from_slice::<Value>(body) else {
            return Failure::new("SerializationException", "the request is no JSON")
                .into_response();
        };
        let answer = self.in_transaction(|database| match target.split_once('.') {
            Some(("AmazonSQS", operation)) => {
                let host = host.map_or_else(|| self.address.to_string(), |h| h.to_string());
                sqs::answer(database, &host, operation, &request)
            }
            Some(("secretsmanager", operation)) => secrets::answer(database, operation, &request),
            _ => Err(Failure::unknown(target)),
        });
        match answer {
            Ok(answer) => Answer(answer).into_response(),
            Err(failure) => failure.into_response(),
        }
    }

    /// Answers a form.
    pub(crate) fn form(&self, form: &Form) -> Response {
        let answer = self.in_transaction(|database| sns::answer(database, form));
        answer.unwrap_or_else(Failure::into_xml)
    }

    /// All of a request or nothing.
    fn in_transaction<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, Failure>,
    ) -> Result<T, Failure> {
        // A request that panicked has left its transaction, which is rolled back.
        let mut database = self.database.lock().unwrap_or_else(PoisonError::into_inner);
        let transaction = database.transaction()?;
        let answer = work(&transaction)?;
        transaction.commit()?;
        Ok(answer)
    }
}
