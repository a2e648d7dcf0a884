//! The words, figures and tables of the page.

use std::fmt::Write as _;
use std::path::Path;

use super::replay::Surge;
use super::terminal::{amount, later, unit};
use super::{Backtest, Rung};
use crate::page::{self, escaped, figure, table};
use crate::show::{self, time};

/// Alarms in the table, at most; all of them are drawn.
const LISTED: usize = 1_000;

/// What is filled in, by the name of its place in the page.
pub(super) fn parts(backtest: &Backtest) -> page::Parts {
    let rule = &backtest.rule;
    let name = Path::new(&backtest.file).file_name().unwrap_or_default();
    let title = format!("Order rate of {}", name.display());
    let alarms = show::counted(backtest.surges.len() as u64, "alarm");
    let threshold = show::number(rule.threshold());
    let peak = backtest.profile.peak.map_or(0, |(_, peak)| peak);
    let alternative = format!(
        "The rate of {} from {} to {}: at most {} in {} s, threshold {threshold}, {alarms}. \
         The tables below say when.",
        rule.count(),
        time(backtest.from),
        time(backtest.to),
        show::number(peak),
        rule.window(),
    );
    vec![
        ("title", escaped(&title).into_owned()),
        ("summary", summary(backtest)),
        ("figures", figures(backtest)),
        ("first-day", time(backtest.from)[..10].to_owned()),
        ("last-day", time(backtest.to)[..10].to_owned()),
        ("alternative", escaped(&alternative).into_owned()),
        ("chart-heading", "Rate".to_owned()),
        ("caption", caption(backtest, &threshold)),
        ("sections", sections(backtest, &alarms)),
    ]
}

fn caption(backtest: &Backtest, threshold: &str) -> String {
    format!(
        "<span class=\"key rate\">{} in {} s, highest of each {}</span> \
         <span class=\"key threshold\">threshold {threshold}</span> <span class=\"key alarm\">alarm</span>",
        unit(backtest.rule.count()),
        backtest.rule.window(),
        page::step(backtest.profile.step),
    )
}

fn sections(backtest: &Backtest, alarms: &str) -> String {
    let thresholds = "Other thresholds, the rest of the rule the same";
    [
        page::section("alarms", &heading(backtest, alarms), &alarm_table(backtest)),
        page::section("thresholds", thresholds, &threshold_table(backtest)),
    ]
    .concat()
}

fn summary(backtest: &Backtest) -> String {
    let (past, rule) = (&backtest.past, &backtest.rule);
    let spread = if backtest.spread {
        " Dates are whole minutes: the lines of a minute are spread evenly over it."
    } else {
        ""
    };
    format!(
        "{} to {} UTC: {}, {}, {}, {} rejected. An alarm is {} or more in {} s, in {} of {} seconds; \
         it is over after {} s without.{spread}",
        time(backtest.from),
        time(backtest.to),
        show::counted(past.lines, "line"),
        show::counted(past.orders, "order"),
        show::counted(past.cancellations, "cancelled line"),
        show::number(past.refused()),
        amount(rule.threshold(), rule.count()),
        rule.window(),
        rule.datapoints(),
        rule.evaluation(),
        rule.recovery(),
    )
}

fn figures(backtest: &Backtest) -> String {
    let seconds = backtest.surges.iter().map(Surge::seconds).sum();
    let unit = format!("{} in {} s", backtest.rule.count(), backtest.rule.window());
    let (at, peak) = backtest.profile.peak.unwrap_or((backtest.from, 0));
    [
        figure("Threshold", &show::number(backtest.rule.threshold()), &unit),
        figure("Highest rate", &show::number(peak), &time(at)),
        figure(
            "Alarms",
            &show::number(backtest.surges.len() as u64),
            &format!(
                "{:.1} a week",
                backtest.per_week(backtest.surges.len() as u64)
            ),
        ),
        figure("Time in alarm", &show::duration(seconds), "all together"),
    ]
    .concat()
}

fn heading(backtest: &Backtest, alarms: &str) -> String {
    if backtest.surges.len() > LISTED {
        format!("{alarms}, the first {}", show::number(LISTED as u64))
    } else {
        alarms.to_owned()
    }
}

fn alarm_table(backtest: &Backtest) -> String {
    if backtest.surges.is_empty() {
        return "<p class=\"note\">None: the rate never stayed at the threshold for long enough.</p>".to_owned();
    }
    let asked = !backtest.rule.gauge().dimensions().is_empty();
    let mut rows = String::new();
    for surge in backtest.surges.iter().take(LISTED) {
        let _ = writeln!(
            rows,
            "<tr><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td>{}</tr>",
            page::jump(
                surge.started_at.since_1970(),
                surge.ended_at.since_1970(),
                &time(surge.started_at)
            ),
            later(surge.raised_at, surge.started_at),
            later(surge.ended_at, surge.started_at),
            show::duration(surge.seconds()),
            show::number(surge.peak),
            show::number(surge.amount),
            if asked {
                let who = surge.who.as_deref().unwrap_or_default();
                format!("<td class=\"text\">{}</td>", escaped(who))
            } else {
                String::new()
            },
        );
    }
    let unit = unit(backtest.rule.count());
    let mut columns = vec!["Started (UTC)", "Raised", "Over", "Lasted", "Peak", unit];
    if asked {
        columns.push("Who");
    }
    table(&columns, &rows)
}

fn threshold_table(backtest: &Backtest) -> String {
    let mut rows = String::new();
    for rung in &backtest.ladder {
        let given = rung.threshold == backtest.rule.threshold();
        let Rung {
            threshold,
            alarms,
            seconds,
        } = rung;
        let _ = writeln!(
            rows,
            "<tr{}><td>{}{}</td><td>{}</td><td>{:.1}</td><td>{}</td></tr>",
            if given { " class=\"given\"" } else { "" },
            show::number(*threshold),
            if given { " (given)" } else { "" },
            show::number(*alarms),
            rung.per_week(backtest),
            show::duration(*seconds),
        );
    }
    table(&["Threshold", "Alarms", "A week", "Time in alarm"], &rows)
}
