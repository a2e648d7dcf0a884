//! Delivery without loss to a service that takes several items in a call and
//! answers per item: DynamoDB's BatchWriteItem, SQS's SendMessageBatch and their
//! like.
//!
//! Every item ends in one of three fates, and each call's success, throttling,
//! partial success or refusal is read per item. What is not delivered is tried
//! again after growing, jittered pauses until the deadline; a call that the
//! service refuses for what it holds is cut into single items, so that one bad
//! item never keeps the others back.

use std::future::Future;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream;

use crate::{BoxError, Deadline};

/// A service, as delivery sees it.
///
/// Delivering an item twice must be the same as once: a call whose answer is lost
/// is made again.
pub trait Target<T>: Sync {
    /// Makes one call with `items`, which are never empty, never more than
    /// [`Limits::items_per_call`] and no longer together than
    /// [`Limits::bytes_per_call`]. Answers one outcome per item, in their order.
    fn call(&self, items: &[&T]) -> impl Future<Output = Result<Vec<Outcome>, CallError>> + Send;
}

/// What a call did with one of its items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is there.
    Done,
    /// Not this time: throttled, or an error on the service's side.
    Again,
    /// The service will not take it, whenever it is offered.
    Refused,
}

/// A call that failed as a whole.
#[derive(Debug, thiserror::Error)]
pub enum CallError {
    /// Throttled, timed out, unreachable or broken for a moment.
    #[error("the call may succeed later")]
    Retryable(#[source] BoxError),
    /// Refused for something that the call holds.
    #[error("the service refused what the call holds")]
    Refused(#[source] BoxError),
    /// Missing rights or a missing resource: no pause will help.
    #[error("the call cannot succeed")]
    Permanent(#[source] BoxError),
}

/// How a service wants to be called.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Items in one call.
    pub items_per_call: usize,
    /// Bytes in one call, over all its items.
    pub bytes_per_call: usize,
    /// Calls at the same time.
    pub in_flight: usize,
    /// The pauses between tries.
    pub pauses: Pauses,
}

/// Pauses between tries that grow and differ by chance.
#[derive(Debug, Clone, Copy)]
pub struct Pauses {
    /// The longest first pause; it doubles from try to try.
    pub first: Duration,
    /// The longest pause of all.
    pub longest: Duration,
}

impl Pauses {
    /// The pause after `attempt` earlier pauses: `share` (0 to 1, by chance) of a
    /// length that doubles, so that throttled callers do not come back together.
    /// Source: "Exponential Backoff And Jitter", AWS Architecture Blog (full jitter).
    #[must_use]
    pub fn before(self, attempt: u32, share: f64) -> Duration {
        let factor = 1_u32.checked_shl(attempt).unwrap_or(u32::MAX);
        let doubled = self.first.saturating_mul(factor);
        doubled.min(self.longest).mul_f64(share)
    }
}

/// What became of an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// It is there.
    Delivered,
    /// The service will never take it.
    Refused,
    /// It may or may not be there; it has to be delivered again.
    Pending,
}

/// What became of a delivery.
#[derive(Debug)]
pub struct Delivery {
    /// One per item, in their order.
    pub fates: Vec<Fate>,
    /// How many times an item was offered again.
    pub retried: u64,
    /// The last error, if there was one.
    pub error: Option<CallError>,
}

/// Delivers `items`, whose sizes in bytes `size` tells, until all have a fate or
/// the deadline comes.
pub async fn deliver<T: Sync>(
    target: &impl Target<T>,
    items: &[T],
    size: impl Fn(&T) -> usize,
    limits: Limits,
    deadline: Deadline,
) -> Delivery {
    let hopeless = AtomicBool::new(false);
    let calls = calls(items, size, limits);
    let mut running = stream::iter(calls)
        .map(|call| {
            Run {
                target,
                items,
                limits,
                deadline,
                hopeless: &hopeless,
            }
            .complete(call)
        })
        .buffer_unordered(limits.in_flight);
    let mut delivery = Delivery {
        fates: vec![Fate::Pending; items.len()],
        retried: 0,
        error: None,
    };
    while let Some(part) = running.next().await {
        for (item, fate) in part.fates {
            delivery.fates[item] = fate;
        }
        delivery.retried += part.retried;
        delivery.error = part.error.or(delivery.error);
    }
    delivery
}

/// Cuts the items into calls within the limits, in their order.
fn calls<T>(items: &[T], size: impl Fn(&T) -> usize, limits: Limits) -> Vec<Vec<usize>> {
    let mut calls: Vec<Vec<usize>> = Vec::with_capacity(items.len() / limits.items_per_call + 1);
    let mut bytes = 0;
    for (index, item) in items.iter().enumerate() {
        let size = size(item);
        match calls.last_mut() {
            Some(call)
                if call.len() < limits.items_per_call && bytes + size <= limits.bytes_per_call =>
            {
                call.push(index);
                bytes += size;
            }
            _ => {
                calls.push(vec![index]);
                bytes = size;
            }
        }
    }
    calls
}

/// One call with all its tries.
struct Run<'a, T, S> {
    target: &'a S,
    items: &'a [T],
    limits: Limits,
    deadline: Deadline,
    /// Set once a call cannot succeed: the others are not made any more.
    hopeless: &'a AtomicBool,
}

/// What became of one call's items.
#[derive(Default)]
struct Part {
    fates: Vec<(usize, Fate)>,
    retried: u64,
    error: Option<CallError>,
}

impl<T: Sync, S: Target<T>> Run<'_, T, S> {
    async fn complete(self, call: Vec<usize>) -> Part {
        let mut part = Part::default();
        let mut waiting = vec![call];
        while let Some(group) = waiting.pop() {
            if let Some(refused) = self.offer(group, &mut part).await {
                match refused.as_slice() {
                    [single] => part.fates.push((*single, Fate::Refused)),
                    // One of them is bad: each for itself, and in order.
                    several => waiting.extend(several.iter().rev().map(|item| vec![*item])),
                }
            }
        }
        part
    }

    /// Offers `group` until each item has a fate. Returns items that the service
    /// refused together.
    async fn offer(&self, mut group: Vec<usize>, part: &mut Part) -> Option<Vec<usize>> {
        for attempt in 0.. {
            if self.hopeless.load(Ordering::Relaxed) || !self.deadline.allows(Duration::ZERO) {
                return None;
            }
            let items: Vec<&T> = group.iter().map(|item| &self.items[*item]).collect();
            let call = self.target.call(&items);
            match tokio::time::timeout_at(self.deadline.instant(), call).await {
                // Cut off by the deadline: what the call did is unknown.
                Err(_) => return None,
                Ok(Ok(outcomes)) => group = settle(group, &outcomes, part),
                Ok(Err(error)) => {
                    let error = part.error.insert(error);
                    match error {
                        CallError::Retryable(_) => {}
                        CallError::Refused(_) => return Some(group),
                        CallError::Permanent(_) => {
                            self.hopeless.store(true, Ordering::Relaxed);
                            return None;
                        }
                    }
                }
            }
            let pause = self.limits.pauses.before(attempt, fastrand::f64());
            if group.is_empty() || !self.deadline.allows(pause) {
                return None;
            }
            part.retried += group.len() as u64;
            tokio::time::sleep(pause).await;
        }
        None
    }
}

/// Makes one call again after growing, jittered pauses, as long as it may succeed
/// later and the deadline allows.
///
/// # Errors
/// The call's own error once it is final or the deadline has come.
pub async fn retry<T, F>(
    pauses: Pauses,
    deadline: Deadline,
    mut call: impl FnMut() -> F,
) -> Result<T, CallError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let mut attempt = 0;
    loop {
        let answer = tokio::time::timeout_at(deadline.instant(), call()).await;
        let error = match answer {
            Ok(Err(CallError::Retryable(error))) => error,
            Ok(answer) => return answer,
            Err(elapsed) => return Err(CallError::Retryable(Box::new(elapsed))),
        };
        let pause = pauses.before(attempt, fastrand::f64());
        if !deadline.allows(pause) {
            return Err(CallError::Retryable(error));
        }
        tokio::time::sleep(pause).await;
        attempt += 1;
    }
}

/// Notes what the call did and returns the items to offer again. An item without
/// an outcome was not spoken of, so nothing says that it is there.
fn settle(group: Vec<usize>, outcomes: &[Outcome], part: &mut Part) -> Vec<usize> {
    let outcomes = outcomes
        .iter()
        .copied()
        .chain(std::iter::repeat(Outcome::Again));
    let mut again = Vec::new();
    for (item, outcome) in group.into_iter().zip(outcomes) {
        match outcome {
            Outcome::Done => part.fates.push((item, Fate::Delivered)),
            Outcome::Refused => part.fates.push((item, Fate::Refused)),
            Outcome::Again => again.push(item),
        }
    }
    again
}

#[cfg(test)]
mod tests;
