//! A function's process: who it is, and how it may die or be frozen between two
//! awaits.

use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;

use tokio::time::{Sleep, sleep};

/// A process, warm from one invocation to the next.
#[derive(Debug)]
pub struct Process {
    /// The function's name.
    pub function: &'static str,
    /// Tells it from the function's other ones.
    pub number: u64,
    /// How far its clock is off, in milliseconds.
    pub skew: i64,
    invocation: AtomicU64,
}

impl Process {
    /// A process whose clock is off by `skew` milliseconds.
    #[must_use]
    pub fn new(function: &'static str, number: u64, skew: i64) -> Self {
        Self {
            function,
            number,
            skew,
            invocation: AtomicU64::new(0),
        }
    }

    /// Takes up an invocation.
    pub fn begin(&self, invocation: u64) {
        self.invocation.store(invocation, Ordering::Relaxed);
    }

    /// The invocation that it works on.
    #[must_use]
    pub fn invocation(&self) -> u64 {
        self.invocation.load(Ordering::Relaxed)
    }
}

impl fmt::Display for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}#{}", self.function, self.number, self.invocation())
    }
}

/// What fate has in store for an invocation: after how many polls it strikes.
#[derive(Debug, Clone, Copy, Default)]
pub struct Lot {
    /// The process dies.
    pub death: Option<u32>,
    /// The process is frozen for so long.
    pub freeze: Option<(u32, Duration)>,
}

/// An invocation that may die, which gives nothing, or be frozen.
pub struct Mortal<F> {
    inner: Pin<Box<F>>,
    lot: Lot,
    polls: u32,
    frozen: Option<Pin<Box<Sleep>>>,
    /// Whether it has been frozen.
    pub thawed: bool,
}

impl<F> fmt::Debug for Mortal<F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Mortal")
            .field("lot", &self.lot)
            .finish_non_exhaustive()
    }
}

impl<F> Mortal<F> {
    /// Work with its lot.
    pub fn new(work: F, lot: Lot) -> Self {
        Self {
            inner: Box::pin(work),
            lot,
            polls: 0,
            frozen: None,
            thawed: false,
        }
    }
}

impl<F: Future> Future for Mortal<F> {
    type Output = Option<F::Output>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        if let Some(frozen) = &mut self.frozen {
            if frozen.as_mut().poll(cx).is_pending() {
                return Poll::Pending;
            }
            self.frozen = None;
        }
        self.polls += 1;
        if self.lot.death == Some(self.polls) {
            return Poll::Ready(None);
        }
        if let Some((at, length)) = self.lot.freeze
            && at == self.polls
        {
            self.thawed = true;
            let mut frozen = Box::pin(sleep(length));
            if frozen.as_mut().poll(cx).is_pending() {
                self.frozen = Some(frozen);
                return Poll::Pending;
            }
        }
        self.inner.as_mut().poll(cx).map(Some)
    }
}
