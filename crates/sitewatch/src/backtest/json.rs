//! The machine-readable form.
//!
//! | field | |
//! | --- | --- |
//! | `file` | its name, as it was given |
//! | `lines`, `orders`, `cancellations` | order lines (cancelled ones among them), distinct invoices, cancelled lines |
//! | `rejected` | by reason: `lines`, and of the first one `first_line` (from 1) and what was wrong, `example` |
//! | `from`, `to` | the first and last second in which a line arrived |
//! | `spread` | whether the lines of a minute were spread over it |
//! | `rule` | the rule, by the names of the `surge` function's variables in lower case |
//! | `peak` | the highest rate, `count`, and its first second, `at` |
//! | `alarms` | the surges; see [`Alarm`] |
//! | `records` | what the alarm stream would have carried, in its format |
//! | `thresholds` | what others would have meant; see [`Threshold`] |
//!
//! Times are ISO 8601 UTC.

use std::collections::BTreeMap;

use model::{Contributors, Measure, Reason, Second};
use serde::Serialize;

use super::input::Rejected;
use super::replay::Surge;
use super::{Backtest, Rung};

#[derive(Serialize)]
struct Document<'a> {
    file: &'a str,
    lines: u64,
    orders: u64,
    cancellations: u64,
    rejected: &'a BTreeMap<Reason, Rejected>,
    from: Second,
    to: Second,
    spread: bool,
    rule: Rule<'a>,
    peak: Option<Peak>,
    alarms: Vec<Alarm<'a>>,
    records: &'a [model::Alarm],
    thresholds: Vec<Threshold>,
}

#[derive(Serialize)]
struct Rule<'a> {
    site: &'a str,
    count: Measure,
    window_seconds: u32,
    order_threshold: u64,
    evaluation_seconds: u32,
    datapoints_to_alarm: u32,
    recovery_seconds: u32,
    repeat_seconds: u32,
}

#[derive(Serialize)]
struct Peak {
    at: Second,
    count: u64,
}

/// A surge.
#[derive(Serialize)]
struct Alarm<'a> {
    alarm_id: &'a str,
    /// The first breach of the run that raised the alarm.
    started_at: Second,
    /// When ALARM is told.
    raised_at: Second,
    /// When OK is told.
    ended_at: Second,
    /// From `started_at` to `ended_at`.
    duration_seconds: i64,
    peak_count: u64,
    /// What arrived from the first breach's window to the end, in the unit of `count`.
    total_count: u64,
    /// Who was behind it, from the window that raised the alarm to the end.
    contributors: &'a [Contributors],
}

/// A threshold and what it would have meant.
#[derive(Serialize)]
struct Threshold {
    threshold: u64,
    /// Whether it is the rule's own.
    given: bool,
    alarms: u64,
    /// A file of less than a week counts as one.
    alarms_per_week: f64,
    /// From the first breach of each to its end.
    alarm_seconds: i64,
}

/// The document, with a line break at its end.
pub(crate) fn document(backtest: &Backtest) -> serde_json::Result<String> {
    let rule = &backtest.rule;
    let document = Document {
        file: &backtest.file,
        lines: backtest.past.lines,
        orders: backtest.past.orders,
        cancellations: backtest.past.cancellations,
        rejected: &backtest.past.rejected,
        from: backtest.from,
        to: backtest.to,
        spread: backtest.spread,
        rule: Rule {
            site: rule.site(),
            count: rule.count(),
            window_seconds: rule.window(),
            order_threshold: rule.threshold(),
            evaluation_seconds: rule.evaluation(),
            datapoints_to_alarm: rule.datapoints(),
            recovery_seconds: rule.recovery(),
            repeat_seconds: rule.repeat(),
        },
        peak: backtest.profile.peak.map(|(at, count)| Peak { at, count }),
        alarms: backtest.surges.iter().map(alarm).collect(),
        records: &backtest.records,
        thresholds: backtest
            .ladder
            .iter()
            .map(|rung| threshold(rung, backtest))
            .collect(),
    };
    let mut json = serde_json::to_string_pretty(&document)?;
    json.push('\n');
    Ok(json)
}

fn alarm(surge: &Surge) -> Alarm<'_> {
    Alarm {
        alarm_id: &surge.alarm_id,
        started_at: surge.started_at,
        raised_at: surge.raised_at,
        ended_at: surge.ended_at,
        duration_seconds: surge.seconds(),
        peak_count: surge.peak,
        total_count: surge.amount,
        contributors: &surge.contributors,
    }
}

fn threshold(rung: &Rung, backtest: &Backtest) -> Threshold {
    Threshold {
        threshold: rung.threshold,
        given: rung.threshold == backtest.rule.threshold(),
        alarms: rung.alarms,
        alarms_per_week: rung.per_week(backtest),
        alarm_seconds: rung.seconds,
    }
}
