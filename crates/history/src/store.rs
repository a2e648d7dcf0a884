//! The database, with one connection that is kept as long as it works.

use std::fmt;
use std::time::Duration;

use function::Deadline;
use function::delivery::Pauses;
use mysql_async::Conn;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout_at};

use crate::batch::Batch;
use crate::config::{Authorities, Place};
use crate::connect::{connect, is_alive, options};
use crate::database::{Database, Inserted};
use crate::error::Error;
use crate::failure::{Class, Failure};
use crate::insert::transaction;
use crate::metrics::Counts;
use crate::schema;
use crate::secret::{Login, Secrets};

/// The pauses between tries. A cluster that was scaled to zero takes 15 to 30 s to
/// come back.
const PAUSES: Pauses = Pauses {
    first: Duration::from_millis(250),
    longest: Duration::from_secs(5),
};

/// The database that `secrets` tells how to reach.
pub struct Store<S> {
    secrets: S,
    place: Place,
    authorities: Option<Authorities>,
    warm: Mutex<Warm>,
}

/// What an invocation leaves to the next one.
#[derive(Default)]
struct Warm {
    login: Option<Login>,
    connection: Option<Conn>,
    /// What the try that runs is at, for the error if time runs out meanwhile.
    doing: &'static str,
}

const CONNECTING: &str = "connecting to the database";
const STORING: &str = "storing the batch";

impl<S> fmt::Debug for Store<S> {
    /// Neither the connection nor the place: both name the host.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

impl<S: Secrets> Store<S> {
    /// A database that is connected to when it is first needed.
    pub fn new(secrets: S, place: Place, authorities: Option<Authorities>) -> Self {
        Self {
            secrets,
            place,
            authorities,
            warm: Mutex::default(),
        }
    }
}

impl<S: Secrets> Database for Store<S> {
    type Error = Error;

    /// Tries until the deadline as long as another try may succeed.
    async fn write(
        &self,
        batch: &Batch<'_>,
        deadline: Deadline,
        counts: &mut Counts,
    ) -> Result<Inserted, Error> {
        let start = Instant::now();
        let mut last = None;
        let mut warm = self.warm.lock().await;
        for attempt in 0.. {
            let once = self.once(&mut warm, batch, deadline, counts);
            match timeout_at(deadline.instant(), Box::pin(once)).await {
                Ok(Err(error)) if error.is_retryable() => last = Some(Box::new(error)),
                Ok(Err(error)) => {
                    // Whoever repairs it may well do so in the secret.
                    warm.login = None;
                    return Err(error);
                }
                Ok(inserted) => return inserted,
                Err(_) => break,
            }
            let pause = PAUSES.before(attempt, fastrand::f64());
            if !deadline.allows(pause) {
                break;
            }
            tokio::time::sleep(pause).await;
        }
        warm.login = None;
        Err(Error::OutOfTime {
            tried: start.elapsed(),
            doing: warm.doing,
            source: last,
        })
    }
}

impl<S: Secrets> Store<S> {
    /// One try. The connection is out of reach meanwhile: one that failed, or was
    /// given up in the middle of something, is never used again.
    async fn once(
        &self,
        warm: &mut Warm,
        batch: &Batch<'_>,
        deadline: Deadline,
        counts: &mut Counts,
    ) -> Result<Inserted, Error> {
        let mut connection = match kept_alive(warm).await {
            Some(connection) => connection,
            None => self.open(warm, deadline, counts).await?,
        };
        warm.doing = STORING;
        let inserted = transaction(&mut connection, batch).await;
        let inserted = inserted.map_err(|failure| Error::of(STORING, failure))?;
        warm.connection = Some(connection);
        Ok(inserted)
    }

    /// Opens a connection and brings the tables up to date. A login that is refused
    /// may have been rotated: the secret is read again, once.
    async fn open(
        &self,
        warm: &mut Warm,
        deadline: Deadline,
        counts: &mut Counts,
    ) -> Result<Conn, Error> {
        let login = match warm.login.clone() {
            Some(login) => login,
            None => self.read_login(warm, deadline).await?,
        };
        let mut connected = self.connect(warm, &login).await?;
        if matches!(connected, Err(failure) if failure.class() == Class::Login) {
            let login = self.read_login(warm, deadline).await?;
            connected = self.connect(warm, &login).await?;
        }
        let mut connection = connected.map_err(|failure| Error::of(CONNECTING, failure))?;
        counts.connections_opened += 1;
        warm.doing = schema::MIGRATING;
        schema::migrate(&mut connection, deadline).await?;
        Ok(connection)
    }

    async fn read_login(&self, warm: &mut Warm, deadline: Deadline) -> Result<Login, Error> {
        warm.doing = "reading the secret";
        let secret = self.secrets.read(deadline).await.map_err(Error::Secret)?;
        let login = Login::parse(&secret, &self.place)?;
        warm.login = Some(login.clone());
        Ok(login)
    }

    /// One try to connect: what came of it, unless it must not be tried.
    async fn connect(
        &self,
        warm: &mut Warm,
        login: &Login,
    ) -> Result<Result<Conn, Failure>, Error> {
        warm.doing = CONNECTING;
        let options = options(login, self.authorities.as_ref())?;
        Ok(connect(options).await)
    }
}

/// The connection of the last invocation, if it still works.
async fn kept_alive(warm: &mut Warm) -> Option<Conn> {
    let mut connection = warm.connection.take()?;
    warm.doing = "asking whether the connection is alive";
    is_alive(&mut connection).await.then_some(connection)
}
