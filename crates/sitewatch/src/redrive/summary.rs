//! What became of all of it, told at the end.

use std::time::Duration;

use anyhow::bail;

use crate::show::{GOOD, WARN, counted};

/// What became of some batches.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Batches {
    pub(crate) sent: u64,
    pub(crate) failed: u64,
    /// Behind a failed one, and so not tried.
    pub(crate) behind: u64,
    /// Not tried because somebody stopped it.
    pub(crate) stopped: u64,
    /// Gone before they could be read: somebody else has dealt with them.
    pub(crate) gone: u64,
}

impl Batches {
    pub(crate) fn and(self, other: Self) -> Self {
        Self {
            sent: self.sent + other.sent,
            failed: self.failed + other.failed,
            behind: self.behind + other.behind,
            stopped: self.stopped + other.stopped,
            gone: self.gone + other.gone,
        }
    }

    pub(crate) fn print(&self, keep: bool, took: Duration) {
        let fate = if keep { "kept" } else { "deleted" };
        let mut line = format!(
            "{GOOD}{}{GOOD:#} sent again and {fate} in {:.1} s, {} failed",
            counted(self.sent, "object"),
            took.as_secs_f64(),
            self.failed,
        );
        for (count, what) in [
            (self.behind, "behind them not tried"),
            (self.gone, "gone meanwhile"),
        ] {
            if count > 0 {
                line = format!("{line}, {count} {what}");
            }
        }
        anstream::println!("{line}.");
        if self.stopped > 0 {
            anstream::println!("Stopped: {} left.", counted(self.stopped, "object"));
        }
    }

    pub(crate) fn result(&self) -> anyhow::Result<()> {
        if self.failed > 0 {
            let (failed, stay) = (counted(self.failed, "object"), self.failed + self.behind);
            bail!("{failed} failed again; {stay} in all stay in the bucket");
        }
        Ok(())
    }
}

pub(crate) fn tell_others(others: u64) {
    if others > 0 {
        anstream::println!(
            "{WARN}{} left alone{WARN:#}: no failed batches of a stream.",
            counted(others, "object")
        );
    }
}

/// What became of the messages.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rejects {
    /// Rejects that are on their stream.
    pub(crate) sent: u64,
    /// Messages of those that could not be deleted.
    pub(crate) undeleted: u64,
    /// Rejects that the stream did not take.
    pub(crate) failed: u64,
    /// Messages that were copies of sent ones.
    pub(crate) copies: u64,
    /// Rejects that lack a part.
    pub(crate) incomplete: u64,
    /// Messages with a reason that was not asked for.
    pub(crate) unasked: u64,
    /// Messages that are no rejects.
    pub(crate) others: u64,
}

impl Rejects {
    pub(crate) fn print(&self, took: Duration) {
        let copies = match self.copies {
            0 => String::new(),
            1 => ", 1 copy deleted".to_owned(),
            n => format!(", {n} copies deleted"),
        };
        anstream::println!(
            "{GOOD}{}{GOOD:#} put back onto the stream in {:.1} s{copies}, {} failed.",
            counted(self.sent, "reject"),
            took.as_secs_f64(),
            self.failed,
        );
    }

    /// Says what stays in the queue by design.
    pub(crate) fn print_left(&self) {
        for (count, noun, why) in [
            (self.incomplete, "reject", "not all parts are in the queue"),
            (self.unasked, "message", "another reason"),
            (self.others, "message", "no reject"),
        ] {
            if count > 0 {
                let counted = counted(count, noun);
                anstream::println!("{WARN}{counted} left alone{WARN:#}: {why}.");
            }
        }
    }

    pub(crate) fn result(&self) -> anyhow::Result<()> {
        if self.undeleted > 0 {
            let counted = counted(self.undeleted, "message");
            bail!("{counted} of rejects that were sent cannot be deleted and would be sent again");
        }
        match (self.failed, self.incomplete) {
            (0, 0) => Ok(()),
            (0, 1) => bail!("1 reject lacks a part and stays in the queue"),
            (0, several) => bail!("{several} rejects lack a part and stay in the queue"),
            (failed, _) => bail!("{} failed and stay in the queue", counted(failed, "reject")),
        }
    }
}
