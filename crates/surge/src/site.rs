//! A site's state: its breaches and whether it is in ALARM.
//!
//! The state moves in two ways. *Settling* goes over each second once, when all
//! that arrived in it is known, and is the rule to the letter: what it decides is
//! the same however the records came. *Announcing* looks ahead of that: counts only
//! grow while records come in, so breaches that are seen already are enough to say
//! that settling will raise the alarm, and no later than at the announced second.

use std::collections::BTreeMap;

use model::{Alarm, AlarmKind, Second, Signal};
use serde::{Deserialize, Serialize};

use crate::rule::Rule;
use crate::summary::Summary;
use crate::window::{Arrivals, Rate};

/// Breaches that are kept while no second settles; they fill some 300 KB of the
/// 400 KB that an item may have.
const UNSETTLED_BREACHES: usize = 6_000;

/// A site's state.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Site {
    /// How many shards it had when it was last looked at as a whole.
    pub(crate) shards: u32,
    /// When it was first looked at, by the function's clock.
    pub(crate) created_at: Option<Second>,
    /// Every second up to this one is settled.
    pub(crate) settled: Option<Second>,
    /// The second in which the last surge was over.
    recovered: Option<Second>,
    /// The breaches that still matter, and what their rates were.
    breaches: BTreeMap<i64, Breach>,
    phase: Phase,
    /// Who is behind the surge that is on, since the window that raised its alarm.
    /// In a form that is not known, of another version, it is left out.
    #[serde(
        default,
        deserialize_with = "crate::summary::if_known",
        skip_serializing_if = "Option::is_none"
    )]
    whole: Option<Summary>,
    /// Alarm records that have to be published, in their order.
    pub(crate) outbox: Vec<Alarm>,
}

/// A second in breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Breach {
    count: u64,
    cancellations: u64,
}

/// The state of the alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Phase {
    Ok {
        /// The second of the next alarm, if it is raised already, ahead of settling.
        announced: Option<i64>,
    },
    Alarm {
        at: i64,
        started_at: i64,
        peak: u64,
    },
}

impl Default for Phase {
    fn default() -> Self {
        Self::Ok { announced: None }
    }
}

impl Site {
    /// Whether seconds that are not in breach change nothing.
    #[must_use]
    pub fn is_calm(&self) -> bool {
        self.phase == (Phase::Ok { announced: None }) && self.breaches.is_empty()
    }

    /// Takes seconds up to `second` as settled, none of which is in breach. Only a
    /// calm site may pass over them; see [`Site::is_calm`].
    pub fn skip_to(&mut self, second: Second) {
        self.settled = self.settled.max(Some(second));
    }

    /// Takes note of a shard more. A list that was read a moment ago may lack the
    /// newest, so only settling, each minute, takes the number down.
    pub(crate) fn raise_shards(&mut self, shards: usize) {
        let before = self.shards;
        self.set_shards(shards);
        self.shards = self.shards.max(before);
    }

    /// Takes note of how many shards the site has.
    pub(crate) fn set_shards(&mut self, shards: usize) {
        self.shards = u32::try_from(shards).unwrap_or(u32::MAX);
    }

    /// Alarm records that have to be published, in their order.
    #[must_use]
    pub fn outbox(&self) -> &[Alarm] {
        &self.outbox
    }

    /// Takes note of rates that may still grow. The second of the alarm, if they are enough
    /// for one that is not raised yet.
    pub(crate) fn raises(&mut self, rule: &Rule, rates: &[Rate]) -> Option<Second> {
        for rate in rates {
            if rate.count >= rule.threshold && Some(rate.second) > self.settled {
                self.note(*rate);
            }
        }
        let settled = self.settled.map_or(i64::MIN, Second::since_1970);
        while self.breaches.len() > UNSETTLED_BREACHES {
            // Those up to the settled second are what settling goes on from.
            let first = self.breaches.range(settled.saturating_add(1)..).next();
            let Some(first) = first.map(|(t, _)| *t) else {
                break;
            };
            self.breaches.remove(&first);
        }
        if self.phase != (Phase::Ok { announced: None }) {
            return None;
        }
        let mut ahead = self.breaches.range(settled.saturating_add(1)..);
        let fires =
            ahead.find(|(t, _)| self.trigger_count(rule, **t) >= u64::from(rule.datapoints));
        fires.map(|(at, _)| Second::new(*at))
    }

    /// Raises the alarm of a second that is in breach, ahead of settling.
    pub(crate) fn raise(&mut self, rule: &Rule, at: Second, who: &Summary) {
        let at = at.since_1970();
        let Some(breach) = self.breaches.get(&at).copied() else {
            return;
        };
        let (started_at, peak) = self.run(rule, at);
        self.emit(rule, AlarmKind::Alarm, at, breach, (started_at, peak), who);
        self.phase = Phase::Ok {
            announced: Some(at),
        };
    }

    /// Settles seconds, in turn and without a gap behind those that are settled,
    /// whose rates will not change any more. `arrivals` are what they are the rates of.
    pub fn settle(&mut self, rule: &Rule, rates: &[Rate], arrivals: &Arrivals) {
        for rate in rates {
            let t = rate.second.since_1970();
            if rate.count >= rule.threshold {
                self.note(*rate);
            }
            self.step(rule, t, rate, arrivals);
            self.settled = Some(rate.second);
            let memory = rule.memory();
            while let Some(first) = self.breaches.first_entry()
                && *first.key() <= t - memory
            {
                first.remove();
            }
        }
    }

    /// The rule for one second.
    fn step(&mut self, rule: &Rule, t: i64, rate: &Rate, arrivals: &Arrivals) {
        // What was in breach once stays so, even if an estimate is lower today.
        let seen = Breach {
            count: rate.count,
            cancellations: rate.cancellations,
        };
        let now = self.breaches.get(&t).copied().unwrap_or(seen);
        match self.phase {
            Phase::Ok { announced } => {
                // What was announced happens, even if the rule has changed since.
                // Those that are kept are no fewer than those that count.
                let datapoints = u64::from(rule.datapoints);
                let fires = self.breaches.len() as u64 >= datapoints
                    && self.trigger_count(rule, t) >= datapoints;
                if !fires && announced != Some(t) {
                    return;
                }
                let (started_at, peak) = self.run(rule, t);
                let who = window(rule, Second::new(t), arrivals);
                if announced.is_none() {
                    self.emit(rule, AlarmKind::Alarm, t, now, (started_at, peak), &who);
                }
                self.whole = rule.asks_who().then(|| {
                    let mut whole = Summary::default();
                    whole.add(&who, &rule.gauge);
                    whole
                });
                self.phase = Phase::Alarm {
                    at: t,
                    started_at,
                    peak,
                };
            }
            Phase::Alarm {
                at,
                started_at,
                peak,
            } => {
                let peak = peak.max(now.count);
                if !rule.asks_who() {
                    self.whole = None;
                }
                if let Some(whole) = &mut self.whole {
                    let (second, before) = (Second::new(t), i64::from(rule.window) - 1);
                    let new = arrivals.summary((second, second), before, &rule.gauge);
                    whole.add(&new, &rule.gauge);
                }
                let calm = t - i64::from(rule.recovery);
                if self.breaches.range(calm + 1..=t).next().is_none() {
                    let whole = self.whole.take().unwrap_or_default();
                    self.emit(rule, AlarmKind::Ok, t, now, (started_at, peak), &whole);
                    self.recovered = Some(Second::new(t));
                    self.phase = Phase::default();
                    return;
                }
                if rule.repeat > 0 && (t - at) % i64::from(rule.repeat) == 0 {
                    let whole = self.whole.clone().unwrap_or_default();
                    self.emit(
                        rule,
                        AlarmKind::Reminder,
                        t,
                        now,
                        (started_at, peak),
                        &whole,
                    );
                }
                self.phase = Phase::Alarm {
                    at,
                    started_at,
                    peak,
                };
            }
        }
    }

    fn note(&mut self, rate: Rate) {
        let breach = self.breaches.entry(rate.second.since_1970());
        let breach = breach.or_insert(Breach {
            count: 0,
            cancellations: 0,
        });
        breach.count = breach.count.max(rate.count);
        breach.cancellations = breach.cancellations.max(rate.cancellations);
    }

    /// Seconds in breach among the evaluated ones up to `t`.
    fn trigger_count(&self, rule: &Rule, t: i64) -> u64 {
        let evaluated = t - i64::from(rule.evaluation) + 1..=t;
        self.breaches.range(evaluated).count() as u64
    }

    /// The first of the breaches that raise an alarm at `t`, and the highest rate
    /// of them.
    fn run(&self, rule: &Rule, t: i64) -> (i64, u64) {
        let evaluated = t - i64::from(rule.evaluation) + 1..=t;
        let mut breaches = self.breaches.range(evaluated);
        let Some((first, breach)) = breaches.next() else {
            return (t, 0);
        };
        let peak = breaches.map(|(_, b)| b.count).fold(breach.count, u64::max);
        (*first, peak)
    }

    fn emit(
        &mut self,
        rule: &Rule,
        kind: AlarmKind,
        t: i64,
        now: Breach,
        (start, peak): (i64, u64),
        who: &Summary,
    ) {
        // Surges do not overlap: the end of the one before names this one.
        let after = self.recovered.map_or(0, Second::since_1970);
        self.outbox.push(Alarm {
            alarm_id: format!("{}-{after}", rule.site),
            kind,
            site: rule.site.clone(),
            rate: now.count,
            trigger_count: self.trigger_count(rule, t),
            peak,
            cancellation_count: now.cancellations,
            threshold: rule.threshold,
            window_seconds: rule.window,
            measure: rule.count(),
            started_at: Second::new(start),
            at: Second::new(t),
            signal: Signal::Surge,
            contributors: who.contributors(&rule.gauge),
        });
    }
}

/// Who is behind the rate at `t`.
pub(crate) fn window(rule: &Rule, at: Second, arrivals: &Arrivals) -> Summary {
    let from = at - i64::from(rule.window) + 1;
    arrivals.summary((from, at), 0, &rule.gauge)
}

#[cfg(test)]
mod tests;
