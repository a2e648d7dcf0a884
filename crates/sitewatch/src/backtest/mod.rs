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

use std::io::{self, Write as _};

use anyhow::Context as _;
use model::{Alarm, Second};
use surge::Rule;

use input::Past;
pub(crate) use options::{Options, Usage};
use profile::Profile;
use replay::Surge;

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

impl Backtest {
    fn run(options: &Options) -> anyhow::Result<Self> {
        let rule = options.rule()?;
        let mut past = Past::read(&options.file, rule.count())?;
        let spread = !options.no_spread && !past.has_seconds;
        let mut rows = std::mem::take(&mut past.rows);
        if spread {
            arrivals::spread(&mut rows);
        }
        let seconds = || rows.iter().map(|row| Second::new(row.second));
        let from = seconds().min().unwrap_or(Second::new(0));
        let to = seconds().max().unwrap_or(from);
        let arrivals = arrivals::arrivals(rows, rule.count());

        let profile = Profile::of(&arrivals, rule.window());
        let thresholds = profile.ladder(&rule);
        let with = |threshold: &u64| options.rule_with_threshold(*threshold);
        let rules: Vec<Rule> = thresholds.iter().map(with).collect::<Result<_, _>>()?;
        let records = replay::replay(&arrivals, &rules);
        let mut surges = Vec::new();
        let mut own = Vec::new();
        let mut ladder = Vec::with_capacity(rules.len());
        for (tried, records) in rules.iter().zip(records) {
            let found = replay::surges(&arrivals, tried, &records);
            ladder.push(Rung {
                threshold: tried.threshold(),
                alarms: found.len() as u64,
                seconds: found.iter().map(Surge::seconds).sum(),
            });
            if *tried == rule {
                (surges, own) = (found, records);
            }
        }
        Ok(Self {
            file: options.file.display().to_string(),
            rule,
            past,
            spread,
            from,
            to,
            profile,
            records: own,
            surges,
            ladder,
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
