//! The report in a terminal.

use std::cmp::Reverse;
use std::fmt::Write as _;

use model::{AlarmKind, Measure, Second};

use super::input::Past;
use super::replay::Surge;
use super::{Backtest, Options, WEEK};
use crate::show::{self, BAD, BARS, GOOD, HEAD, WARN, time};

/// Alarms that are shown without `--all`.
const SHOWN: usize = 20;
/// Characters of the chart of weeks, at most.
const WIDTH: i64 = 60;

/// The report, with colours.
pub(super) fn text(backtest: &Backtest, options: &Options) -> String {
    let mut text = summary(backtest);
    alarms(&mut text, backtest, options.all);
    thresholds(&mut text, backtest);
    if let Some(path) = &options.html {
        let _ = writeln!(text, "\nThe rate, drawn: {}", path.display());
    }
    text
}

fn summary(backtest: &Backtest) -> String {
    let (past, rule) = (&backtest.past, &backtest.rule);
    let mut text = format!(
        "{HEAD}{}{HEAD:#}: {}, {}, {}, {} to {} UTC, ",
        backtest.file,
        show::counted(past.lines, "line"),
        show::counted(past.orders, "order"),
        show::counted(past.cancellations, "cancelled line"),
        time(backtest.from),
        time(backtest.to),
    );
    rejects(&mut text, past);
    if !past.has_times {
        let _ = writeln!(
            text,
            "{WARN}!{WARN:#} No date tells a time of day: what comes of them is of no use."
        );
    } else if backtest.spread {
        text.push_str(
            "Dates are whole minutes: the lines of a minute are spread evenly over it \
             (--no-spread: all at its beginning).\n",
        );
    }
    let _ = writeln!(
        text,
        "Rule: {} or more in {} s, in {} of {} seconds; over after {} s without.",
        amount(rule.threshold(), rule.count()),
        rule.window(),
        rule.datapoints(),
        rule.evaluation(),
        rule.recovery(),
    );
    if let Some((at, peak)) = backtest.profile.peak {
        let _ = writeln!(
            text,
            "Highest rate: {} at {} UTC.",
            show::number(peak),
            time(at)
        );
    }
    text
}

fn rejects(text: &mut String, past: &Past) {
    let refused = past.refused();
    let style = if refused == 0 { GOOD } else { WARN };
    let _ = writeln!(text, "{style}{} rejected{style:#}", show::number(refused));
    for rejected in past.rejected.values() {
        let _ = writeln!(
            text,
            "  {WARN}!{WARN:#} {} as line {}: {}",
            show::counted(rejected.lines, "line"),
            show::number(rejected.first_line),
            rejected.example
        );
    }
}

fn alarms(text: &mut String, backtest: &Backtest, all: bool) {
    let surges = &backtest.surges;
    let reminders = backtest.records.iter();
    let reminders = reminders.filter(|a| a.kind == AlarmKind::Reminder).count() as u64;
    let style = if surges.is_empty() { GOOD } else { BAD };
    let _ = write!(
        text,
        "\n{style}{}{style:#}",
        show::counted(surges.len() as u64, "alarm")
    );
    if reminders > 0 {
        let _ = write!(text, " and {}", show::counted(reminders, "reminder"));
    }
    let mut shown: Vec<&Surge> = surges.iter().collect();
    if !all && shown.len() > SHOWN {
        shown.sort_by_key(|surge| (Reverse(surge.peak), surge.started_at));
        shown.truncate(SHOWN);
        let _ = write!(
            text,
            ", the {SHOWN} with the highest peaks (--all shows every one)"
        );
    }
    text.push('\n');
    if shown.is_empty() {
        return;
    }
    let unit = unit(backtest.rule.count());
    let mut columns = vec!["Started (UTC)", "Raised", "Over", "Lasted", "Peak", unit];
    let asked = !backtest.rule.gauge().dimensions().is_empty();
    if asked {
        columns.push("Who");
    }
    let mut table = show::table(&columns, &[3, 4, 5]);
    for surge in shown {
        let mut row = vec![
            time(surge.started_at),
            later(surge.raised_at, surge.started_at),
            later(surge.ended_at, surge.started_at),
            show::duration(surge.seconds()),
            show::number(surge.peak),
            show::number(surge.amount),
        ];
        if asked {
            row.push(surge.who.clone().unwrap_or_default());
        }
        table.add_row(row);
    }
    let _ = writeln!(text, "{table}");
    if backtest.to - backtest.from >= WEEK {
        text.push_str(&weeks(backtest));
    }
}

/// Alarms over time, a character for a week or several.
fn weeks(backtest: &Backtest) -> String {
    let weeks = (backtest.to - backtest.from) / WEEK + 1;
    let each = (weeks + WIDTH - 1) / WIDTH;
    let mut counts = vec![0_u64; usize::try_from((weeks - 1) / each + 1).unwrap_or(1)];
    for surge in &backtest.surges {
        let place = (surge.started_at - backtest.from) / (WEEK * each);
        // A window can reach behind the last line's week.
        let place = usize::try_from(place).unwrap_or(0).min(counts.len() - 1);
        counts[place] += 1;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let bar = |count: &u64| BARS[usize::try_from((count * 8).div_ceil(most)).unwrap_or(8)];
    let every = if each == 1 {
        "week".to_owned()
    } else {
        format!("{each} weeks")
    };
    format!(
        "A {every} from {}: {} most {}\n",
        &time(backtest.from)[..10],
        counts.iter().map(bar).collect::<String>(),
        show::number(most)
    )
}

fn thresholds(text: &mut String, backtest: &Backtest) {
    let _ = writeln!(
        text,
        "\n{HEAD}Other thresholds, the rest of the rule the same{HEAD:#}"
    );
    let columns = ["", "Threshold", "Alarms", "A week", "Time in alarm"];
    let mut table = show::table(&columns, &[1, 2, 3, 4]);
    for rung in &backtest.ladder {
        let given = rung.threshold == backtest.rule.threshold();
        table.add_row([
            if given { "▶" } else { "" }.to_owned(),
            show::number(rung.threshold),
            show::number(rung.alarms),
            format!("{:.1}", rung.per_week(backtest)),
            show::duration(rung.seconds),
        ]);
    }
    let _ = writeln!(text, "{table}");
}

/// What a surge's amount counts, as a column's name.
pub(super) fn unit(measure: Measure) -> &'static str {
    match measure {
        Measure::Orders => "Orders",
        Measure::Lines => "Lines",
        Measure::Units => "Units",
    }
}

/// So many of what a rate counts.
pub(super) fn amount(count: u64, measure: Measure) -> String {
    show::counted(count, measure.to_string().trim_end_matches('s'))
}

/// The time of day, and the day where it is another one.
pub(super) fn later(second: Second, than: Second) -> String {
    let day = |second: Second| second.since_1970().div_euclid(24 * 3_600);
    let same = day(second) == day(than);
    if same {
        show::at(second, "%H:%M:%S")
    } else {
        time(second)
    }
}
