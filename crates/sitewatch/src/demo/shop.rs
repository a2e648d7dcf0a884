//! A shop on the day of a flash sale: the same orders every time.

use std::collections::VecDeque;
use std::fmt::Write as _;

use chrono::{DateTime, TimeDelta, Utc};

use crate::replay::Parcel;
use crate::shop::{HEADER, Placed, Till};

/// When it begins: a Black Friday.
pub(super) const OPENS: DateTime<Utc> =
    DateTime::from_timestamp(1_764_320_400, 0).expect("in range");
/// How long it is looked at: until the end of the alarm is told.
pub(super) const SECONDS: i64 = 361;
/// The sale's first and last second.
const SALE: std::ops::Range<i64> = 60..165;
/// How likely each of so many visitors is to order in a second, in percent: on an
/// ordinary day and in the sale.
const VISITORS: u32 = 10;
const QUIET: u32 = 4;
const BUSY: u32 = 40;
/// What the rate looks back over, as the rule does.
const WINDOW: TimeDelta = TimeDelta::seconds(15);

/// The shop's orders, and what is known of them.
#[derive(Debug)]
pub(super) struct Shop {
    till: Till,
    /// All lines, each once.
    lines: Vec<String>,
    /// Lines that are no order lines.
    bad: u64,
    /// Lines that were sent twice.
    twice: u64,
    orders: u64,
    /// When the last orders came.
    window: VecDeque<DateTime<Utc>>,
}

impl Shop {
    pub(super) fn new() -> Self {
        Self {
            till: Till::new(15),
            lines: Vec::new(),
            bad: 0,
            twice: 0,
            orders: 0,
            window: VecDeque::new(),
        }
    }

    /// The lines of a second's orders, as a web server sends them: raw CSV, a record
    /// each, in order per invoice.
    pub(super) fn orders(&mut self, now: DateTime<Utc>) -> Vec<Parcel> {
        while self
            .window
            .front()
            .is_some_and(|first| *first <= now - WINDOW)
        {
            self.window.pop_front();
        }
        let second = (now - OPENS).num_seconds();
        let chance = if SALE.contains(&second) { BUSY } else { QUIET };
        let mut parcels = Vec::new();
        for _ in 0..VISITORS {
            if self.till.random.u32(0..100) < chance {
                self.order(now, &mut parcels);
            }
        }
        parcels
    }

    fn order(&mut self, now: DateTime<Utc>, parcels: &mut Vec<Parcel>) {
        let Placed { invoice, lines } = self.till.order(now);
        for line in lines {
            let copies = if line.is_sent_twice { 2 } else { 1 };
            self.twice += copies - 1;
            self.bad += u64::from(line.is_bad);
            for _ in 0..copies {
                parcels.push(Parcel {
                    line: parcels.len() as u64 + 1,
                    key: invoice.clone(),
                    data: line.text.clone().into_bytes(),
                });
            }
            self.lines.push(line.text);
        }
        self.orders += 1;
        self.window.push_back(now);
    }

    /// Orders of the last seconds, as many as the rule looks back over.
    pub(super) fn rate(&self) -> u64 {
        self.window.len() as u64
    }

    /// Different lines that were sent.
    pub(super) fn lines(&self) -> u64 {
        self.lines.len() as u64
    }

    /// Those of them that are no order lines.
    pub(super) fn bad(&self) -> u64 {
        self.bad
    }

    /// Those of them that were sent twice.
    pub(super) fn twice(&self) -> u64 {
        self.twice
    }

    /// Orders, each of one or more lines.
    pub(super) fn placed(&self) -> u64 {
        self.orders
    }

    /// All lines as a file.
    pub(super) fn csv(&self) -> String {
        let mut csv = format!("{HEADER}\n");
        for line in &self.lines {
            let _ = writeln!(csv, "{line}");
        }
        csv
    }
}
