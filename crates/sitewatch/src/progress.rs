//! How much of some files is read, on a terminal.

use std::fs::File;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressBarIter, ProgressDrawTarget, ProgressStyle};

/// Nobody needs a progress bar for less.
const PATIENCE: Duration = Duration::from_secs(1);

/// A progress bar that appears after a second, on standard error, where that is a terminal.
pub(crate) struct Progress {
    bar: ProgressBar,
    since: Instant,
}

impl Progress {
    /// A bar for so many bytes.
    pub(crate) fn new(bytes: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::hidden());
        if let Ok(style) = ProgressStyle::with_template("{bar:40} {percent} % of {total_bytes}") {
            bar.set_style(style);
        }
        Self {
            bar,
            since: Instant::now(),
        }
    }

    /// The file, whose bytes count from now on.
    pub(crate) fn of(&self, file: File) -> ProgressBarIter<File> {
        self.bar.wrap_read(file)
    }

    /// Shows the bar if it is time for it.
    pub(crate) fn tick(&self) {
        if self.bar.is_hidden() && self.since.elapsed() > PATIENCE {
            // Stays hidden where no terminal reads.
            self.bar.set_draw_target(ProgressDrawTarget::stderr());
        }
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.bar.finish_and_clear();
    }
}
