//! The services that others have written.

use std::future::Future;
use std::path::Path;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use dynoxide::Database;
use ferrokinesis::store::{DurableStateOptions, StoreOptions};
use tokio::net::TcpListener;

use crate::services::StartError;

/// Open shards of all streams together.
const SHARDS: u32 = 200;
/// The largest PutRecords: 10 MiB of data, which base64 makes larger by a third.
const MOST_BYTES: usize = 16 * 1024 * 1024;
/// How often Kinesis's log of changes becomes a snapshot: each change holds all there
/// is, so a longer log is soon too much to read.
const SNAPSHOT_SECONDS: u64 = 1;

/// DynamoDB, kept in `file` or in memory, served on `listener` until `stop`.
///
/// # Errors
/// [`StartError::State`] if the file cannot be used.
pub fn dynamodb<S: Future<Output = ()> + Send + 'static>(
    listener: TcpListener,
    file: Option<&Path>,
    stop: S,
) -> Result<impl Future<Output = Result<(), String>> + use<S>, StartError> {
    let database = match file {
        Some(file) => Database::new(&file.to_string_lossy()),
        None => Database::memory(),
    };
    let database = database.map_err(|error| StartError::state("DynamoDB", file, error))?;
    Ok(dynoxide::server::serve_with_shutdown(
        listener, database, stop,
    ))
}

/// Kinesis, kept in `folder` or in memory. Its streams are there as soon as they are
/// made; arrival times are whole seconds, and it never says that a reader is behind.
/// In a folder, each write of records writes all that the streams hold.
///
/// # Errors
/// [`StartError::State`] if the folder cannot be used.
pub fn kinesis(folder: Option<&Path>) -> Result<Router, StartError> {
    let durable = folder.map(|folder| DurableStateOptions {
        state_dir: folder.to_owned(),
        snapshot_interval_secs: SNAPSHOT_SECONDS,
        max_retained_bytes: None,
    });
    let options = StoreOptions {
        create_stream_ms: 0,
        delete_stream_ms: 0,
        update_stream_ms: 0,
        shard_limit: SHARDS,
        durable,
        ..StoreOptions::default()
    };
    let (router, store) = ferrokinesis::create_app(options);
    match store.check_ready() {
        Ok(()) => Ok(router.layer(DefaultBodyLimit::max(MOST_BYTES))),
        Err(error) => Err(StartError::state("Kinesis", folder, error)),
    }
}
