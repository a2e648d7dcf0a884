//! All services behind one address.

use std::fmt::Display;
use std::fs::File;
use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};

use tokio::net::TcpListener;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::cloudwatch::CloudWatch;
use crate::gateway::{Dynamodb, Gateway};
use crate::messaging::Messaging;
use crate::parts;
use crate::s3::S3;
use crate::store::Database;

/// Why the services cannot start.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// The address is taken, or not this machine's.
    #[error("nothing can listen on {address}")]
    Address {
        /// The address.
        address: SocketAddr,
        /// Why.
        source: io::Error,
    },
    /// What was kept cannot be used.
    #[error("{service} cannot use {}: {why}", place.display())]
    State {
        /// Whose it is.
        service: &'static str,
        /// Where it is kept.
        place: PathBuf,
        /// What is wrong with it.
        why: String,
    },
}

impl StartError {
    pub(crate) fn state(service: &'static str, place: Option<&Path>, why: impl Display) -> Self {
        Self::State {
            service,
            place: place.unwrap_or(Path::new("its memory")).to_owned(),
            why: why.to_string(),
        }
    }
}

/// The services, running.
#[derive(Debug)]
pub struct Services {
    address: SocketAddr,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
    /// Held so that nobody else uses the folder.
    _lock: Option<File>,
}

impl Services {
    /// Starts them on `address`, whose port may be 0 for any. They keep their state in
    /// the folder `data`, which is made, or in memory.
    ///
    /// # Errors
    /// [`StartError`]: none of them runs.
    pub async fn start(address: SocketAddr, data: Option<&Path>) -> Result<Self, StartError> {
        let listener = listen(address).await?;
        let address = listener
            .local_addr()
            .map_err(|source| StartError::Address { address, source })?;
        if let Some(data) = data {
            let made = std::fs::create_dir_all(data);
            made.map_err(|error| StartError::state("the local stack", Some(data), error))?;
        }
        let lock = data.map(lock).transpose()?;
        let file = |name: &str| data.map(|data| data.join(name));
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();

        let inner = listen((Ipv4Addr::LOCALHOST, 0).into()).await?;
        let dynamodb = inner
            .local_addr()
            .map_err(|source| StartError::Address { address, source })?;
        let table_file = file("dynamodb.sqlite");
        let serving = parts::dynamodb(inner, table_file.as_deref(), over(stopped.clone()))?;
        let kinesis = parts::kinesis(file("kinesis").as_deref())?;
        let database = Database::open(file("messaging.sqlite").as_deref())?;
        let gateway = Gateway {
            dynamodb: Dynamodb::at(dynamodb),
            kinesis,
            messaging: Messaging::new(database.clone(), address),
            s3: S3::open(database.clone(), file("objects").as_deref())?,
            cloudwatch: CloudWatch::new(database),
        };
        // Both end by being told to; a listener that breaks is seen by its clients.
        tasks.spawn(async move { drop(serving.await) });
        let serving = axum::serve(listener, gateway.into_router());
        let serving = serving.with_graceful_shutdown(over(stopped));
        tasks.spawn(async move { drop(serving.await) });
        Ok(Self {
            address,
            stop,
            tasks,
            _lock: lock,
        })
    }

    /// Where they are: what `AWS_ENDPOINT_URL` is to be.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Answers what is asked already, writes what is to be kept, and ends.
    pub async fn stop(mut self) {
        self.stop.send_replace(true);
        while self.tasks.join_next().await.is_some() {}
    }
}

/// Takes the folder for this process alone: each writes what it knows over what others
/// have written.
fn lock(data: &Path) -> Result<File, StartError> {
    let file = File::create(data.join("lock"));
    let locked = file.and_then(|file| {
        file.try_lock()?;
        Ok(file)
    });
    locked.map_err(|error| {
        let what = match error.kind() {
            io::ErrorKind::WouldBlock => "another one uses it".to_owned(),
            _ => error.to_string(),
        };
        StartError::state("the local stack", Some(data), what)
    })
}

async fn listen(address: SocketAddr) -> Result<TcpListener, StartError> {
    let listener = TcpListener::bind(address).await;
    listener.map_err(|source| StartError::Address { address, source })
}

async fn over(mut stopped: watch::Receiver<bool>) {
    // An error means that there is nobody left to say so.
    let _ = stopped.wait_for(|stopped| *stopped).await;
}
