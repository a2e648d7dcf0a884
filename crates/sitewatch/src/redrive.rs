//! `sitewatch redrive`: what failed for good, once its cause is gone, again. Batches
//! that were given up are in a bucket and go to their function; rejects are in a queue
//! and go to their stream.

mod args;
mod batches;
mod bucket;
mod copies;
mod failed;
mod function;
mod overview;
mod parts;
mod progress;
mod queue;
mod reject;
mod rejects;
mod service;
mod summary;

pub(crate) use args::Arguments;

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// Sends again what the arguments name.
///
/// # Errors
/// For a bucket, queue or stream that cannot be used, and if anything has failed again.
pub(crate) async fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let stop = Stop::on_interrupt();
    arguments.orders.format()?;
    match &arguments.queue {
        Some(queue) => rejects::run(queue, arguments, stop).await,
        None => batches::run(arguments, stop).await,
    }
}

/// Whether somebody has pressed Ctrl-C: what is under way is brought to its end.
#[derive(Debug, Clone, Default)]
struct Stop(Arc<AtomicU32>);

impl Stop {
    fn on_interrupt() -> Self {
        let stop = Self::default();
        crate::replay::listen(Arc::clone(&stop.0));
        stop
    }

    fn is_wanted(&self) -> bool {
        self.0.load(Ordering::Relaxed) > 0
    }
}
