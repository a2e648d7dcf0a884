//! The rule by its words, second by second, from what is in the orders stream: no
//! code of `surge` has a part in it.

use std::collections::BTreeSet;

use model::{AlarmKind, Measure};
use surge::Rule;

use crate::producer::Put;

/// A second's rate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// What arrived in the window, in the measure's unit.
    pub count: u64,
    /// Cancelled lines in the window.
    pub cancellations: u64,
}

/// An alarm record as it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// `alarm_id`.
    pub id: String,
    /// `kind`.
    pub kind: AlarmKind,
    /// `at`.
    pub at: i64,
    /// `started_at`.
    pub started_at: i64,
    /// `order_count`.
    pub count: u64,
    /// `trigger_count`.
    pub triggers: u64,
    /// `peak_count`.
    pub peak: u64,
    /// `cancellation_count`.
    pub cancellations: u64,
}

/// The rate of each second from `from` to `to`.
#[must_use]
pub fn rates(puts: &[Put], rule: &Rule, from: i64, to: i64) -> Vec<Rate> {
    let lines: Vec<(i64, &crate::order::Line)> = puts
        .iter()
        .flat_map(|put| {
            let second = put.arrived_at.timestamp();
            put.payload.lines().map(move |line| (second, line))
        })
        .collect();
    let window = i64::from(rule.window());
    let rate = |t: i64| {
        let inside = lines
            .iter()
            .filter(|(s, _)| (t - window + 1..=t).contains(s));
        let (cancelled, orders): (Vec<_>, Vec<_>) =
            inside.partition(|(_, line)| line.is_cancelled());
        let count = match rule.count() {
            Measure::Orders => {
                let invoices: BTreeSet<&str> =
                    orders.iter().map(|(_, l)| l.invoice.as_str()).collect();
                invoices.len() as u64
            }
            Measure::Lines => orders.len() as u64,
            Measure::Units => orders.iter().map(|(_, l)| l.quantity.unsigned_abs()).sum(),
        };
        Rate {
            count,
            cancellations: cancelled.len() as u64,
        }
    };
    (from..=to).map(rate).collect()
}

/// The alarm records that these rates, of the seconds from `from` on, lead to.
#[must_use]
pub fn alarms(rates: &[Rate], rule: &Rule, from: i64) -> Vec<Expected> {
    let breach = |i: usize| rates[i].count >= rule.threshold();
    let last = |i: usize, seconds: u32| (i + 1).saturating_sub(seconds as usize)..=i;
    let (mut told, mut over) = (Vec::new(), 0);
    // The alarm that lasts: its second's place, the first breach's, and its peak.
    let mut alarm: Option<(usize, usize, u64)> = None;
    for (i, rate) in rates.iter().enumerate() {
        let evaluated: Vec<usize> = last(i, rule.evaluation()).filter(|i| breach(*i)).collect();
        let mut tell = |kind, start: usize, peak| {
            told.push(Expected {
                id: format!("{}-{over}", rule.site()),
                kind,
                at: from + i as i64,
                started_at: from + start as i64,
                count: rate.count,
                triggers: evaluated.len() as u64,
                peak,
                cancellations: rate.cancellations,
            });
        };
        match alarm {
            None if evaluated.len() >= rule.datapoints() as usize => {
                let peak = evaluated.iter().map(|i| rates[*i].count).max().unwrap_or(0);
                tell(AlarmKind::Alarm, evaluated[0], peak);
                alarm = Some((i, evaluated[0], peak));
            }
            None => {}
            Some((_, start, peak)) if !last(i, rule.recovery()).any(breach) => {
                tell(AlarmKind::Ok, start, peak.max(rate.count));
                alarm = None;
                over = from + i as i64;
            }
            Some((at, start, peak)) => {
                let peak = peak.max(rate.count);
                if rule.repeat() > 0 && (i - at) % rule.repeat() as usize == 0 {
                    tell(AlarmKind::Reminder, start, peak);
                }
                alarm = Some((at, start, peak));
            }
        }
    }
    told
}
