//! `sitewatch backtest`: what the `surge` function would have told about past orders.
//!
//! ```text
//! file ─ blocks ─ input ─ arrivals ─┬─ profile ─ ladder ─┐
//!                                   └─ replay ◀──────────┴─▶ terminal, json, html
//! ```
//!
//! Counting, windows and alarms are the `surge` crate's own; nothing of them may be
//! written anew here.

mod arrivals;
mod blocks;
mod html;
mod input;
mod json;
mod options;
mod profile;
mod replay;
mod terminal;
mod words;

use std::io::{self, Write as _};
use std::path::Path;

use anyhow::Context as _;
use model::{Alarm, Second};
use surge::{Arrivals, Rule};

pub(crate) use blocks::last_line_end;
use input::Past;
pub(crate) use options::{Options, Usage};
use profile::Profile;
use replay::Surge;

/// Thresholds that are compared, beside the given one.
const SHOWN_THRESHOLDS: usize = 12;
const WEEK: i64 = 7 * 24 * 3_600;

/// All that is found out.
struct Backtest {
    /// The file's name, as it was given.
    file: String,
    rule: Rule,
    past: Past,
    /// Whether the lines of a minute were spread over it.
    spread: bool,
    /// The first and last second of the lines.
    from: Second,
    to: Second,
    profile: Profile,
    /// What the alarm stream would have carried.
    records: Vec<Alarm>,
    surges: Vec<Surge>,
    ladder: Vec<Rung>,
}

/// What another threshold would have meant.
struct Rung {
    threshold: u64,
    alarms: u64,
    /// From the first breach of each to its end.
    seconds: i64,
}

impl Rung {
    /// Alarms a week.
    fn per_week(&self, backtest: &Backtest) -> f64 {
        backtest.per_week(self.alarms)
    }
}

/// What the rule makes of arrivals, and what other thresholds would.
struct Compared {
    records: Vec<Alarm>,
    surges: Vec<Surge>,
    ladder: Vec<Rung>,
}

fn compare(
    options: &Options,
    rule: &Rule,
    thresholds: &[u64],
    arrivals: &Arrivals,
) -> Result<Compared, Usage> {
    let with = |threshold: &u64| {
        if *threshold == rule.threshold() {
            return Ok(rule.clone());
        }
        options.rule_with_threshold(*threshold)
    };
    let rules: Vec<Rule> = thresholds.iter().map(with).collect::<Result<_, _>>()?;
    let (mut records, mut surges) = (Vec::new(), Vec::new());
    let mut ladder = Vec::with_capacity(rules.len());
    for (tried, told) in rules.iter().zip(replay::replay(arrivals, &rules)) {
        let found = replay::surges(arrivals, tried, &told);
        ladder.push(Rung {
            threshold: tried.threshold(),
            alarms: found.len() as u64,
            seconds: found.iter().map(Surge::seconds).sum(),
        });
        if tried == rule {
            (surges, records) = (found, told);
        }
    }
    Ok(Compared {
        records,
        surges,
        ladder: worth_showing(ladder, rule),
    })
}

/// The highest of the thresholds that raise alarms, the first that raises none, and
/// the given one. A higher threshold never raises an alarm where a lower one does not.
fn worth_showing(mut ladder: Vec<Rung>, rule: &Rule) -> Vec<Rung> {
    let quiet = ladder.iter().position(|rung| rung.alarms == 0);
    let last = quiet.unwrap_or(ladder.len());
    let first = (last + 1).saturating_sub(SHOWN_THRESHOLDS);
    let mut place = 0..;
    ladder.retain(|rung| {
        let shown = place.next().is_some_and(|n| (first..=last).contains(&n));
        shown || rung.threshold == rule.threshold()
    });
    ladder
}

/// Runs the rule over the file and shows what comes of it.
pub(crate) fn run(options: &Options) -> anyhow::Result<()> {
    let backtest = Backtest::run(options)?;
    if let Some(path) = &options.html {
        html::write(path, &backtest)?;
    }
    let shown = if options.json {
        json::document(&backtest)?
    } else {
        terminal::text(&backtest, options)
    };
    match anstream::stdout().write_all(shown.as_bytes()) {
        // The reader, `head` for one, has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written"),
    }
}

/// Writes the report on a file of orders by the default rule: the alarm records that
/// it raises.
pub(crate) fn report(orders: &Path, page: &Path) -> anyhow::Result<Vec<Alarm>> {
    let backtest = Backtest::run(&Options::of_default_rule(orders.to_owned()))?;
    html::write(page, &backtest)?;
    Ok(backtest.records)
}

impl Backtest {
    fn run(options: &Options) -> anyhow::Result<Self> {
        let rule = options.rule()?;
        let format = options.orders.format()?;
        let mut past = Past::read(&options.file, &format, rule.gauge())?;
        let spread = !options.no_spread && !past.has_seconds;
        let mut rows = std::mem::take(&mut past.rows);
        if spread {
            arrivals::spread(&mut rows);
        }
        let seconds = || rows.iter().map(|row| Second::new(row.second));
        let from = seconds().min().unwrap_or(Second::new(0));
        let to = seconds().max().unwrap_or(from);
        let arrivals = arrivals::arrivals(rows, &past.names, rule.gauge());

        let profile = Profile::of(&arrivals, rule.window());
        let Compared {
            records,
            surges,
            ladder,
        } = compare(options, &rule, &profile.ladder(&rule), &arrivals)?;
        Ok(Self {
            file: options.file.display().to_string(),
            past,
            spread,
            from,
            to,
            profile,
            records,
            surges,
            ladder,
            rule,
        })
    }

    /// So many alarms, by the week. A file of less than a week counts as one: it tells
    /// nothing about others.
    #[allow(clippy::cast_precision_loss, reason = "only shown")]
    fn per_week(&self, alarms: u64) -> f64 {
        let seconds = (self.to - self.from + 1).max(WEEK);
        alarms as f64 * WEEK as f64 / seconds as f64
    }
}
