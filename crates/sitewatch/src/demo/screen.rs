//! The demo while it runs: the rate as it goes, and what happens.

use chrono::{DateTime, TimeDelta, Utc};
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use serde_json::Value;

use super::shop;
use crate::show::{self, BAD, GOOD, HEAD, WARN};

/// Seconds from row to row of the chart.
const ROW: i64 = 10;
/// The threshold of the default rule, in orders.
const THRESHOLD: u64 = 15;
/// What a column of the chart stands for, in orders.
const ORDERS_A_COLUMN: u64 = 1;

/// Rows that scroll by, and bars below them where a terminal reads.
pub(super) struct Screen {
    bars: MultiProgress,
    clock: ProgressBar,
    rate: ProgressBar,
}

impl Screen {
    pub(super) fn start(seconds: i64, speed: u32) -> Self {
        show::heading("A flash sale, through the whole pipeline");
        anstream::println!(
            "Orders ─▶ Kinesis ─┬─ orders ─▶ DynamoDB        all in this process, the functions\n\
             \x20                  └─ surge ──▶ Kinesis ─┬─ notify ──▶ SNS   behind event source\n\
             \x20                                        └─ history ─▶ SQL   mappings, as on AWS\n\n\
             {} of a shop at up to {speed} times the speed; the rule is the default one: ALARM when\n\
             {THRESHOLD} orders or more come in 15 s, for a minute. The rate, every {ROW} s:\n",
            show::duration(seconds - 1),
        );
        let bars = MultiProgress::new();
        let bar = |template: &str, length: u64| {
            let style = ProgressStyle::with_template(template);
            let style = style.unwrap_or(ProgressStyle::default_bar());
            let bar = ProgressBar::new(length).with_style(style.progress_chars("█▉ "));
            bars.add(bar)
        };
        let clock = bar("time {bar:60.green} {msg}", seconds.unsigned_abs());
        let rate = bar("rate {bar:60.cyan} {msg}", 4 * THRESHOLD);
        Self { bars, clock, rate }
    }

    /// The end of a second.
    pub(super) fn show(&self, second: i64, rate: u64, sent: u64) {
        self.clock.set_position(second.unsigned_abs() + 1);
        self.clock
            .set_message(format!("{}, {}", time(second), show::counted(sent, "line")));
        self.rate.set_position(rate.min(4 * THRESHOLD));
        self.rate
            .set_message(format!("{rate} (threshold {THRESHOLD})"));
        if second % ROW == 0 {
            self.bars.suspend(|| row(second, rate));
        }
    }

    /// A message as SNS has delivered it.
    pub(super) fn message(&self, now: DateTime<Utc>, message: &Value) {
        let second = (now - shop::OPENS).num_seconds();
        let word = |name: &str| message[name].as_str().unwrap_or_default();
        let style = match message["MessageAttributes"]["kind"]["Value"].as_str() {
            Some("OK") => GOOD,
            _ => BAD,
        };
        self.bars.suspend(|| {
            anstream::println!(
                "\n{}  {style}✉ {}{style:#}  as SNS delivers it:",
                time(second),
                word("Subject")
            );
            for line in word("Message").trim_end().lines() {
                anstream::println!("       {style}│{style:#} {line}");
            }
            anstream::println!();
        });
    }

    /// Takes the bars away.
    pub(super) fn end(&self) {
        self.clock.finish_and_clear();
        self.rate.finish_and_clear();
    }
}

/// A row of the chart: the rate as a bar, with the threshold drawn through it.
fn row(second: i64, rate: u64) {
    let style = if rate >= THRESHOLD { WARN } else { GOOD };
    let columns = rate / ORDERS_A_COLUMN;
    let mark = THRESHOLD / ORDERS_A_COLUMN;
    let below = "█".repeat(usize::try_from(columns.min(mark)).unwrap_or(0));
    let gap = " ".repeat(usize::try_from(mark.saturating_sub(columns)).unwrap_or(0));
    let above = "█".repeat(usize::try_from(columns.saturating_sub(mark)).unwrap_or(0));
    anstream::println!(
        "{} {HEAD}{rate:>3}{HEAD:#}  {style}{below}{style:#}{gap}│{style}{above}{style:#}",
        time(second)
    );
}

/// A second of the shop's as a time of day.
fn time(second: i64) -> String {
    (shop::OPENS + TimeDelta::seconds(second))
        .format("%H:%M:%S")
        .to_string()
}
