//! MySQL with its unique keys, and the secret that tells its password.

use std::collections::BTreeMap;

use function::Deadline;
use function::delivery::{CallError, Pauses, retry};
use history::{Batch, Inserted, Login, Place, SecretError, Secrets};
use model::Alarm;
use tokio::sync::Mutex;

use crate::call::Extent;
use crate::faults::{Fault, Service};
use crate::services::Client;
use crate::world::{World, lock};

/// The tables, each under its unique key, and the password of the day.
#[derive(Debug, Default)]
pub struct Database {
    /// `logs_history` under `alarm_id`, `kind` and the second.
    pub alarms: BTreeMap<(String, String, i64), Alarm>,
    /// `logs_rejects` under stream, shard and sequence number.
    pub rejects: BTreeMap<(String, String, String), Vec<u8>>,
    /// How often the password was changed.
    pub password: u32,
}

/// Why a batch was not stored.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The secret cannot be read.
    #[error("the secret cannot be read")]
    Secret(#[source] CallError),
    /// The secret is of no use.
    #[error(transparent)]
    Malformed(#[from] SecretError),
    /// The database did not do it.
    #[error("the database did not take it")]
    Database(#[source] CallError),
    /// The password is another one by now.
    #[error("the login was refused")]
    Refused,
}

/// A process's way to the database: the login that it keeps.
#[derive(Debug)]
pub struct Session {
    client: Client,
    login: Mutex<Option<Login>>,
}

impl Session {
    /// A way that nobody has gone yet.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self {
            client,
            login: Mutex::default(),
        }
    }

    async fn once(
        &self,
        login: &mut Option<Login>,
        batch: &Batch<'_>,
        deadline: Deadline,
    ) -> Result<Inserted, Error> {
        let kept = match login.take() {
            Some(kept) => kept,
            None => {
                let secret = self.client.read(deadline).await.map_err(Error::Secret)?;
                let place = Place {
                    host: Some("db".to_owned()),
                    port: None,
                    database: "logs".to_owned(),
                };
                Login::parse(&secret, &place)?
            }
        };
        let stored = self
            .store(batch, &kept.password)
            .await
            .map_err(Error::Database)?;
        *login = stored.is_some().then_some(kept);
        stored.ok_or(Error::Refused)
    }

    /// One transaction, unless the password is wrong.
    async fn store(
        &self,
        batch: &Batch<'_>,
        password: &str,
    ) -> Result<Option<Inserted>, CallError> {
        let password = password.to_owned();
        let rows: Vec<Alarm> = batch.rows.iter().map(|row| row.alarm.clone()).collect();
        let rejects = batch.rejected.iter().map(|rejected| {
            let record = rejected.record;
            let number = record.sequence_number.to_string();
            (
                (record.stream.clone(), record.shard.clone(), number),
                record.data.clone(),
            )
        });
        let rejects: Vec<_> = rejects.collect();
        let what = || format!("store {} alarms and {} rejects", rows.len(), rejects.len());
        let store = {
            let (rows, rejects) = (rows.clone(), rejects.clone());
            move |world: &World, _: Extent| {
                let mut database = lock(&world.database);
                if password != format!("p{}", database.password) {
                    return None;
                }
                let mut inserted = Inserted::default();
                for row in rows {
                    let key = (
                        row.alarm_id.clone(),
                        row.kind.to_string(),
                        row.at.since_1970(),
                    );
                    database.alarms.entry(key).or_insert_with(|| {
                        inserted.alarms += 1;
                        row
                    });
                }
                for (key, data) in rejects {
                    database.rejects.entry(key).or_insert(data);
                }
                Some(inserted)
            }
        };
        let to = (Service::Database, 1);
        self.client
            .world
            .call(&self.client.process, to, what, store)
            .await
    }
}

impl Secrets for Client {
    async fn read(&self, deadline: Deadline) -> Result<String, CallError> {
        let pauses = Pauses {
            first: std::time::Duration::from_millis(100),
            longest: std::time::Duration::from_secs(2),
        };
        let read = |world: &World, _: Extent| {
            let password = lock(&world.database).password;
            format!(r#"{{"username":"u","password":"p{password}"}}"#)
        };
        let call = || {
            let to = (Service::Secret, 1);
            self.world
                .call(&self.process, to, || "read it".to_owned(), read)
        };
        retry(pauses, deadline, call).await
    }
}

impl history::Database for Session {
    type Error = Error;

    async fn write(
        &self,
        batch: &Batch<'_>,
        deadline: Deadline,
        _: &mut history::Counts,
    ) -> Result<Inserted, Error> {
        let world = &self.client.world;
        if world.strikes(
            Fault::Rotated,
            Service::Secret,
            world.plan.weather.processes / 2,
        ) {
            lock(&world.database).password += 1;
        }
        let mut login = self.login.lock().await;
        let mut tries = 3;
        loop {
            let once = self.once(&mut login, batch, deadline);
            let stored = tokio::time::timeout_at(deadline.instant(), once).await;
            let timeout = || CallError::Retryable("no time left".into());
            let stored = stored.unwrap_or_else(|_| Err(Error::Database(timeout())));
            tries -= 1;
            match stored {
                Err(Error::Refused | Error::Database(CallError::Retryable(_)))
                    if tries > 0 && deadline.allows(std::time::Duration::ZERO) => {}
                stored => return stored,
            }
        }
    }
}
