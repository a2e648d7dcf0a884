//! From the input to the stream: read ahead, send, try again, and know where to go
//! on.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use anyhow::bail;
use chrono::Utc;
use function::Deadline;
use function::delivery::{CallError, Fate, Outcome, Target, deliver};
use function::telemetry::chain;
use tokio::time::Instant;

use super::backlog::{Backlog, Parcel};
use super::lines::{Lines, Sourced};
use super::pace::{Pace, Schedule};
use super::progress::Progress;
use super::stream::LIMITS;
use crate::show::{BAD, GOOD, WARN, counted};

/// Lines that are read ahead, so that a call finds enough invoices.
const READ_AHEAD: usize = 20_000;
/// For a call that is cut into single records.
const TRY: Duration = Duration::from_secs(5);
/// A stream that takes nothing for so long is given up.
const GIVE_UP: Duration = Duration::from_secs(60);
/// And this long if it never took anything.
const GIVE_UP_AT_FIRST: Duration = Duration::from_secs(10);

/// A replay under way.
pub(crate) struct Ship<T> {
    stream: T,
    schedule: Schedule,
    interrupts: Arc<AtomicU32>,
    from: u64,
    /// How many lines are still to be read, if not all.
    left: Option<u64>,
    backlog: Backlog,
    /// Calls in a row of which most failed.
    failed: u32,
    start: Instant,
    sent: Sent,
}

/// What was sent.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Sent {
    /// Lines that are in the stream.
    pub(crate) lines: u64,
    /// Lines that the stream will never take, the first of them, and why.
    pub(crate) refused: Vec<u64>,
    /// Lines that were sent and that the function will reject.
    pub(crate) rejected: u64,
    /// How many times a record was sent again.
    pub(crate) retried: u64,
    /// The line to go on with, where it was stopped.
    pub(crate) go_on: Option<u64>,
    took: Duration,
}

impl<T: Target<Parcel>> Ship<T> {
    pub(crate) fn new(
        stream: T,
        pace: Pace,
        interrupts: Arc<AtomicU32>,
        from: u64,
        lines: Option<u64>,
    ) -> Self {
        Self {
            stream,
            schedule: Schedule::new(pace),
            interrupts,
            from,
            left: lines,
            backlog: Backlog::default(),
            failed: 0,
            start: Instant::now(),
            sent: Sent::default(),
        }
    }

    /// Sends the whole input, or until it is interrupted.
    ///
    /// # Errors
    /// For an input that cannot be read and a stream that takes nothing.
    pub(crate) async fn run(
        mut self,
        mut source: impl Lines,
        show: &Progress,
    ) -> anyhow::Result<Sent> {
        let mut next: Option<(Duration, Sourced)> = None;
        let mut last_taken = self.start;
        loop {
            let interrupts = self.interrupts.load(Ordering::Relaxed);
            if interrupts == 0 {
                self.read(&mut source, &mut next)?;
            }
            if self.backlog.is_empty() {
                match &next {
                    Some((due, _)) if interrupts == 0 => {
                        let due = self.start + *due;
                        self.pause(due, &source, show).await;
                        last_taken = Instant::now();
                        continue;
                    }
                    _ => break,
                }
            }
            if interrupts > 1 {
                break;
            }
            let before = self.sent.lines;
            let error = self.send().await?;
            if self.sent.lines > before {
                last_taken = Instant::now();
            }
            let waits = error.as_ref().map(|_| "the stream is busy");
            show.show(source.read_bytes(), self.sent.lines, waits);
            let patience = if self.sent.lines == 0 {
                GIVE_UP_AT_FIRST
            } else {
                GIVE_UP
            };
            if let Some(error) = error
                && last_taken.elapsed() >= patience
            {
                let at = self.backlog.first_line().unwrap_or(self.from);
                let seconds = patience.as_secs();
                bail!("it took no record for {seconds} s, go on with --from {at}: {error}");
            }
        }
        let unread = next.map(|(_, line)| line.number()).or(source.next_line());
        self.sent.go_on = self.backlog.first_line().or(unread);
        self.sent.took = self.start.elapsed();
        Ok(self.sent)
    }

    /// Reads what is due, as far as the backlog has room.
    fn read(
        &mut self,
        source: &mut impl Lines,
        next: &mut Option<(Duration, Sourced)>,
    ) -> anyhow::Result<()> {
        while self.backlog.len() < READ_AHEAD && self.left != Some(0) {
            let (due, line) = match next.take() {
                Some(line) => line,
                None => {
                    let Some(line) = source.next()? else {
                        return Ok(());
                    };
                    if line.number() < self.from {
                        continue;
                    }
                    (self.schedule.next(line.date), line)
                }
            };
            if self.start + due > Instant::now() {
                *next = Some((due, line));
                return Ok(());
            }
            self.left = self.left.map(|left| left - 1);
            self.sent.rejected += u64::from(line.is_rejected);
            self.backlog.push(source.parcel(line, Utc::now()));
        }
        Ok(())
    }

    /// Sends one call's worth; an error if something has to go again.
    async fn send(&mut self) -> anyhow::Result<Option<String>> {
        let call = self
            .backlog
            .take(LIMITS.items_per_call, LIMITS.bytes_per_call);
        let (fates, error) = self.offer(&call).await;
        let (mut taken, mut again) = (0, 0);
        for (parcel, fate) in call.into_iter().zip(fates) {
            match fate {
                Fate::Delivered => taken += 1,
                Fate::Refused => self.sent.refused.push(parcel.line),
                Fate::Pending => {
                    again += 1;
                    self.backlog.put_back(parcel);
                }
            }
        }
        self.sent.lines += taken;
        self.sent.retried += again;
        if let Some(error @ CallError::Permanent(_)) = error {
            let at = self.backlog.first_line().unwrap_or(self.from);
            let go_on = match self.sent.lines {
                0 => String::new(),
                _ => format!(" (go on with --from {at})"),
            };
            bail!("{}{go_on}", chain(&error));
        }
        // A few that fail go with the next call; if most do, the stream needs time.
        if again <= taken {
            self.failed = 0;
            return Ok(None);
        }
        let pause = LIMITS.pauses.before(self.failed, fastrand::f64());
        self.failed += 1;
        tokio::time::sleep(pause).await;
        let throttled = || "records are throttled".to_owned();
        Ok(Some(error.map_or_else(throttled, |error| chain(&error))))
    }

    /// Makes one call; what became of each parcel.
    async fn offer(&self, call: &[Parcel]) -> (Vec<Fate>, Option<CallError>) {
        let parcels: Vec<&Parcel> = call.iter().collect();
        match self.stream.call(&parcels).await {
            Ok(outcomes) => {
                let fate = |outcome| match outcome {
                    Outcome::Done => Fate::Delivered,
                    Outcome::Again => Fate::Pending,
                    Outcome::Refused => Fate::Refused,
                };
                let mut fates: Vec<Fate> = outcomes.into_iter().map(fate).collect();
                // What the answer does not speak of is not known to be there.
                fates.resize(call.len(), Fate::Pending);
                (fates, None)
            }
            Err(CallError::Refused(_)) => {
                // One of them is to blame: each for itself.
                let deadline = Deadline::after(TRY);
                let delivery = deliver(&self.stream, call, Parcel::size, LIMITS, deadline).await;
                (delivery.fates, None)
            }
            Err(error) => (vec![Fate::Pending; call.len()], Some(error)),
        }
    }

    /// Waits until `due`, or for a moment, so that Ctrl-C is seen.
    async fn pause(&self, due: Instant, source: &impl Lines, show: &Progress) {
        let now = Instant::now();
        let left = due.saturating_duration_since(now);
        let waits =
            (left > Duration::from_secs(2)).then(|| format!("next line in {} s", left.as_secs()));
        show.show(source.read_bytes(), self.sent.lines, waits.as_deref());
        tokio::time::sleep_until(due.min(now + Duration::from_millis(200))).await;
    }
}

impl Sent {
    /// Prints the end of a replay; `rejected` says what it is that the function will reject.
    pub(crate) fn print(&self, rejected: &str) {
        let seconds = self.took.as_secs_f64().max(0.001);
        #[allow(clippy::cast_precision_loss, reason = "a rate to look at")]
        let rate = self.lines as f64 / seconds;
        let retried = match self.retried {
            0 => String::new(),
            n => format!(", {n} sent again"),
        };
        anstream::println!(
            "{GOOD}{}{GOOD:#} sent in {seconds:.1} s ({rate:.0}/s){retried}, {} failed.",
            counted(self.lines, "line"),
            self.refused.len(),
        );
        if let Some(first) = self.refused.first() {
            anstream::println!(
                "{BAD}The stream refused lines{BAD:#}, the first of them line {first}: too large for a record."
            );
        }
        if self.rejected > 0 {
            anstream::println!(
                "{WARN}{} {rejected}{WARN:#}.",
                counted(self.rejected, "line")
            );
        }
        if let Some(line) = self.go_on {
            anstream::println!("Stopped: go on with --from {line}");
        }
    }
}
