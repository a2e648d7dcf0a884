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
use crate::error::Error;
use crate::failure::Class;
use crate::insert::{Inserted, transaction};
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
}

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

    /// Brings a batch into the tables, trying until the deadline as long as another
    /// try may succeed.
    pub(crate) async fn write(
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
            source: last,
        })
    }

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
        let inserted = transaction(&mut connection, batch).await;
        let inserted = inserted.map_err(|failure| Error::of("storing the batch", failure))?;
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
        let authorities = self.authorities.as_ref();
        let login = match &warm.login {
            Some(login) => login,
            None => warm.login.insert(self.login(deadline).await?),
        };
        let mut connected = connect(options(login, authorities)?).await;
        if matches!(connected, Err(failure) if failure.class() == Class::Login) {
            let login = warm.login.insert(self.login(deadline).await?);
            connected = connect(options(login, authorities)?).await;
        }
        let mut connection =
            connected.map_err(|failure| Error::of("connecting to the database", failure))?;
        counts.connections_opened += 1;
        schema::migrate(&mut connection, deadline).await?;
        Ok(connection)
    }

    async fn login(&self, deadline: Deadline) -> Result<Login, Error> {
        let secret = self.secrets.read(deadline).await.map_err(Error::Secret)?;
        Ok(Login::parse(&secret, &self.place)?)
    }
}

/// The connection of the last invocation, if it still works.
async fn kept_alive(warm: &mut Warm) -> Option<Conn> {
    let mut connection = warm.connection.take()?;
    is_alive(&mut connection).await.then_some(connection)
}
