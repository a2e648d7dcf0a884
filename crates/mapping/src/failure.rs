//! What follows a failed batch: another try, smaller batches, or the end of it.
//!
//! Source: <https://docs.aws.amazon.com/lambda/latest/dg/kinesis-on-failure-destination.html>

use chrono::TimeDelta;

use crate::batch::Batch;
use crate::outcome::Verdict;
use crate::settings::Rules;

/// The longest pause before the first retry.
const FIRST_PAUSE: TimeDelta = TimeDelta::seconds(1);

/// The longest pause.
const LONGEST_PAUSE: TimeDelta = TimeDelta::seconds(60);

/// What follows an invocation.
#[derive(Debug)]
pub(crate) enum Next {
    Done,
    /// Deliver these, one by one.
    Again(Vec<Batch>),
    /// Give up.
    Discard(Batch),
}

/// Decides on the batch whose invocation ended in `verdict`. Records before a
/// partial failure are cut off: they succeeded.
pub(crate) fn next(rules: &Rules, batch: Batch, verdict: Verdict) -> Next {
    match verdict {
        Verdict::Success => Next::Done,
        // The function did not see it, so no retry is used up.
        Verdict::NotInvoked => Next::Again(vec![batch]),
        // Cutting at the returned number is bisecting, too, and uses up no retry.
        Verdict::FailedFrom(place @ 1..) if rules.bisect => Next::Again(vec![batch.cut(place).1]),
        Verdict::FailedFrom(place @ 1..) => retry(rules, batch.cut(place).1),
        // With its first record named there is nothing to cut off.
        Verdict::FailedFrom(_) | Verdict::Failed => {
            let half = batch.records.len() / 2;
            if rules.bisect && half > 0 {
                let (first, second) = batch.cut(half);
                return Next::Again(vec![first, second]);
            }
            retry(rules, batch)
        }
    }
}

fn retry(rules: &Rules, mut batch: Batch) -> Next {
    if rules.retries.is_some_and(|most| batch.retries >= most) {
        return Next::Discard(batch);
    }
    batch.retries = batch.retries.saturating_add(1);
    Next::Again(vec![batch])
}

/// How long to wait after this many failures in a row, for a `random` number of 0
/// to 1.
///
/// AWS says only that it backs off; its pauses are not published. These double from
/// a second to a minute, of which a half is random, so that shards that failed
/// together do not come back together.
pub(crate) fn pause(failures: u32, random: f64) -> TimeDelta {
    let doublings = failures.saturating_sub(1).min(16);
    let longest = (FIRST_PAUSE * (1 << doublings)).min(LONGEST_PAUSE);
    let half = longest.num_milliseconds() / 2;
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "half a minute in milliseconds, rounded down"
    )]
    let random = (half as f64 * random.clamp(0.0, 1.0)) as i64;
    TimeDelta::milliseconds(half + random)
}
