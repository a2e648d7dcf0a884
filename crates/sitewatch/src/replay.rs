//! `sitewatch replay`: past orders or requests into a Kinesis stream, each line once (and
//! in order per invoice), as fast as the stream takes them or at a pace.

mod args;
mod backlog;
mod lines;
mod log_file;
mod pace;
mod progress;
mod requests;
mod ship;
mod source;
mod stream;

pub(crate) use args::Arguments;
pub(crate) use backlog::Parcel;
pub(crate) use stream::{KinesisStream, LIMITS};

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::Context as _;

use lines::Lines;
use pace::Pace;
use progress::Progress;
use requests::Requests;
use ship::Ship;
use source::Source;

use crate::sdk;

/// 5 MiB over a slow line.
const CALL_TIMEOUT: Duration = Duration::from_secs(30);

/// Sends what the arguments name.
///
/// # Errors
/// For an input that cannot be read or is of another kind, and for a stream that takes
/// no records; the error says where to go on.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    if arguments.requests {
        let log = arguments.log.log()?;
        let source = Requests::open(&arguments.paths, log, arguments.now)?;
        return send(source, arguments).await;
    }
    let format = arguments.orders.format()?;
    let numbers = !arguments.no_line_numbers && !format.is_described();
    let source = Source::open(&arguments.paths, format, numbers)?;
    send(source, arguments).await
}

async fn send<S: Lines>(source: S, arguments: &Arguments) -> anyhow::Result<()> {
    let pace = Pace::of(arguments);
    let name = arguments.stream();
    let config = sdk::config(CALL_TIMEOUT).await?;
    let stream = KinesisStream::new(aws_sdk_kinesis::Client::new(&config), name);
    let interrupts = Arc::new(AtomicU32::new(0));
    listen(Arc::clone(&interrupts));
    let progress = Progress::start(source.bytes());
    let ship = Ship::new(stream, pace, interrupts, arguments.from, arguments.burst);
    let sent = ship.run(source, &progress).await;
    progress.end();
    let sent = sent.with_context(|| format!("sending to the stream {name}"))?;
    sent.print(S::REJECTED);
    Ok(())
}

/// Counts Ctrl-C: the first stops reading, the second stops sending.
pub(crate) fn listen(interrupts: Arc<AtomicU32>) {
    tokio::spawn(async move {
        while tokio::signal::ctrl_c().await.is_ok() {
            interrupts.fetch_add(1, Ordering::Relaxed);
        }
    });
}
