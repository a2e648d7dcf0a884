//! What the database tests share: a handler with a secret that can be rotated, and
//! alarms to store.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use function::delivery::CallError;
use function::{Deadline, KinesisEvent, Record};
use history::{Authorities, Counts, Handler, Place, Secrets, Store};
use serde_json::{Value, json};
use testkit::MariaDb;

pub(crate) const PASSWORD: &str = "Open-Sesame-1";
/// 2018-12-17T22:12:03Z.
pub(crate) const EPOCH: i64 = 1_545_084_723;

/// A secret that a test can look at and rotate.
#[derive(Clone)]
pub(crate) struct Vault(Arc<(Mutex<String>, AtomicUsize)>);

impl Vault {
    pub(crate) fn new(secret: &Value) -> Self {
        Self(Arc::new((
            Mutex::new(secret.to_string()),
            AtomicUsize::new(0),
        )))
    }

    /// The secret of a user with a database of the same name.
    pub(crate) fn of(host: &str, port: u16, user: &str, password: &str) -> Self {
        Self::new(&json!({
            "engine": "mariadb", "host": host, "port": port, "dbname": user,
            "username": user, "password": password,
        }))
    }

    pub(crate) fn rotate(&self, other: &Self) {
        let secret = other.0.0.lock().expect("a secret").clone();
        *self.0.0.lock().expect("a secret") = secret;
    }

    pub(crate) fn reads(&self) -> usize {
        self.0.1.load(Ordering::Relaxed)
    }
}

impl Secrets for Vault {
    async fn read(&self, _: Deadline) -> Result<String, CallError> {
        self.0.1.fetch_add(1, Ordering::Relaxed);
        Ok(self.0.0.lock().expect("a secret").clone())
    }
}

/// A cold start with that secret and those authorities.
pub(crate) fn cold_start(vault: &Vault, authorities: Option<Authorities>) -> Handler<Store<Vault>> {
    let place = Place {
        host: None,
        port: None,
        database: "logs".to_owned(),
    };
    Handler::new(Store::new(vault.clone(), place, authorities))
}

pub(crate) fn authorities(server: &MariaDb) -> Authorities {
    let pem = std::fs::read(server.ca_file()).expect("a CA file");
    Authorities::parse(&pem).expect("a certificate")
}

/// A database of its own on a server, and a cold start that reaches it.
pub(crate) fn database(server: &MariaDb) -> (String, Vault, Handler<Store<Vault>>) {
    let name = server.create_database(PASSWORD);
    let vault = Vault::of("127.0.0.1", server.port(), &name, PASSWORD);
    let handler = cold_start(&vault, Some(authorities(server)));
    (name, vault, handler)
}

pub(crate) fn soon() -> Deadline {
    Deadline::after(Duration::from_secs(30))
}

/// An alarm record that is told `second` seconds after the epoch.
pub(crate) fn alarm(kind: &str, second: i64, other: &Value) -> String {
    let at = |second: i64| model::Second::new(EPOCH + second).to_string();
    let mut alarm = json!({
        "alarm_id": "website-0", "kind": kind, "site": "website", "order_count": 74,
        "trigger_count": 60, "peak_count": 74, "cancellation_count": 2, "threshold": 15,
        "window_seconds": 15, "count": "orders", "started_at": at(-59), "at": at(second),
    });
    for (name, value) in other.as_object().into_iter().flatten() {
        alarm[name] = value.clone();
    }
    alarm.to_string()
}

/// Records with these payloads, numbered from `first` on.
pub(crate) fn records<P: AsRef<[u8]>>(first: u64, payloads: &[P]) -> Vec<Record> {
    let event: KinesisEvent =
        serde_json::from_slice(&testkit::event(first, payloads)).expect("an event");
    event.records
}

/// Processes a batch that must succeed.
pub(crate) async fn keep(handler: &Handler<Store<Vault>>, records: &[Record]) -> Counts {
    let mut counts = Counts::default();
    let kept = Box::pin(handler.keep(records, soon(), &mut counts)).await;
    kept.unwrap_or_else(|error| panic!("{}", function::telemetry::chain(&error)));
    counts
}

/// Processes a batch that must fail as a whole: why it did.
pub(crate) async fn fails(handler: &Handler<Store<Vault>>, records: &[Record]) -> String {
    let failed = Box::pin(handler.keep(records, soon(), &mut Counts::default())).await;
    let error = function::telemetry::chain(&failed.expect_err("must fail"));
    for secret in [PASSWORD, "127.0.0.1", "localhost", "test_", "website"] {
        assert!(!error.contains(secret), "an error holds {secret}: {error}");
    }
    let (response, counts) = Box::pin(handler.process(records, soon())).await;
    assert_eq!(response.batch_item_failures.len(), records.len());
    assert_eq!(counts.records_failed, records.len() as u64);
    error
}

/// The one text that a query finds.
pub(crate) fn one(server: &MariaDb, database: &str, query: &str) -> String {
    let mut rows = server.sql(database, query);
    assert_eq!(rows.len(), 1, "{query}: {rows:?}");
    rows.remove(0).join("|")
}
