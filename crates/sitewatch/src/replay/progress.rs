//! How far a replay is, on a terminal.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// A progress bar on standard error, where that is a terminal.
#[derive(Debug)]
pub(crate) struct Progress(ProgressBar);

impl Progress {
    /// Begins with that many bytes to read.
    pub(crate) fn start(bytes: u64) -> Self {
        let bar = ProgressBar::with_draw_target(Some(bytes), ProgressDrawTarget::stderr());
        let style = "{bar:40} {percent:>3} %  {msg}  {eta} left";
        bar.set_style(ProgressStyle::with_template(style).unwrap_or(ProgressStyle::default_bar()));
        Self(bar)
    }

    /// Shows how much is read, how many lines are sent, and what it waits for.
    pub(crate) fn show(&self, read: u64, lines: u64, waits: Option<&str>) {
        self.0.set_position(read);
        let seconds = self.0.elapsed().as_secs_f64().max(0.001);
        #[allow(clippy::cast_precision_loss, reason = "a rate to look at")]
        let rate = lines as f64 / seconds;
        let waits = waits.map(|w| format!("  {w}")).unwrap_or_default();
        self.0
            .set_message(format!("{lines} lines  {rate:.0}/s{waits}"));
    }

    /// Takes the bar away.
    pub(crate) fn end(&self) {
        self.0.finish_and_clear();
    }
}
