//! The moment by which an invocation must have its answer ready.

use std::time::{Duration, SystemTime};

use lambda_runtime::Context;
use tokio::time::Instant;

/// Kept back for the answer: a tenth of the time there is, within these bounds.
const LEAST_RESERVE: Duration = Duration::from_millis(200);
const MOST_RESERVE: Duration = Duration::from_secs(2);

/// Lambda gives the deadline as a moment, in milliseconds since 1970; `cargo lambda
/// watch` gives the time left. What would be a moment before 1971 is a time left.
const NO_MOMENT: Duration = Duration::from_secs(365 * 24 * 60 * 60);

/// When work must stop so that the answer still reaches Lambda in time. A function
/// that runs into its timeout loses what it learned and delays the whole shard.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Deadline(Instant);

impl Deadline {
    /// The deadline of an invocation at the time `now`: shortly before Lambda's own.
    #[must_use]
    pub fn of(context: &Context, now: SystemTime) -> Self {
        let end = Duration::from_millis(context.deadline);
        if end < NO_MOMENT {
            return Self::after(end);
        }
        let end = SystemTime::UNIX_EPOCH + end;
        Self::after(end.duration_since(now).unwrap_or_default())
    }

    /// The deadline of work that is cut off in `remaining`.
    #[must_use]
    pub fn after(remaining: Duration) -> Self {
        let reserve = (remaining / 10).clamp(LEAST_RESERVE, MOST_RESERVE);
        Self(Instant::now() + remaining.saturating_sub(reserve))
    }

    /// The moment itself.
    #[must_use]
    pub fn instant(self) -> Instant {
        self.0
    }

    /// A deadline that leaves a tenth of the remaining time, and at most `most`,
    /// for what comes after.
    #[must_use]
    pub fn leaving(self, most: Duration) -> Self {
        let remaining = self.0.saturating_duration_since(Instant::now());
        Self(self.0 - most.min(remaining / 10))
    }

    /// This deadline, or one in `duration` if that is earlier.
    #[must_use]
    pub fn at_most(self, duration: Duration) -> Self {
        Self(self.0.min(Instant::now() + duration))
    }

    /// Whether a pause of `pause` would end before the deadline.
    #[must_use]
    pub fn allows(self, pause: Duration) -> bool {
        Instant::now() + pause < self.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn left(timeout: Duration) -> Duration {
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(1_800_000_000);
        let mut context = Context::default();
        context.deadline = 1_800_000_000_000 + u64::try_from(timeout.as_millis()).expect("short");
        Deadline::of(&context, now)
            .instant()
            .saturating_duration_since(Instant::now())
    }

    #[tokio::test(start_paused = true)]
    async fn keeps_time_back_for_the_answer() {
        assert_eq!(left(Duration::from_secs(60)), Duration::from_secs(58));
        assert_eq!(left(Duration::from_secs(10)), Duration::from_secs(9));
        assert_eq!(left(Duration::from_secs(1)), Duration::from_millis(800));
        assert_eq!(left(Duration::ZERO), Duration::ZERO);
    }

    #[tokio::test(start_paused = true)]
    async fn takes_the_time_left_that_a_local_runtime_gives() {
        let mut context = Context::default();
        context.deadline = 600_000;
        let deadline = Deadline::of(&context, SystemTime::now());
        assert_eq!(deadline, Deadline::after(Duration::from_secs(600)));
    }

    #[tokio::test(start_paused = true)]
    async fn leaves_time_for_what_comes_after() {
        let deadline = Deadline::after(Duration::from_secs(10));
        assert!(deadline.allows(Duration::from_millis(8_900)));
        assert!(!deadline.allows(Duration::from_secs(9)));
        assert!(
            !deadline
                .leaving(Duration::from_millis(500))
                .allows(Duration::from_millis(8_500))
        );
        assert!(
            deadline
                .leaving(Duration::from_millis(500))
                .allows(Duration::from_millis(8_499))
        );
    }
}
