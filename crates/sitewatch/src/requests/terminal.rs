//! The report in a terminal.

use std::fmt::Write as _;
use std::path::Path;

use super::amounts;
use super::chart::chart;
use super::lists::{List, lists};
use super::report::Report;
use crate::show::{self, BAD, GOOD, HEAD, WARN, time};
use crate::text::shown;

/// Names are not longer than this, however wide the terminal is.
const LONGEST_NAME: usize = 70;
/// Signs of a file's name.
const FILE: usize = 60;
/// Files that are shown, at most.
const FILES: usize = 10;

/// The report, with colours.
pub(super) fn text(report: &Report, page: Option<&Path>) -> String {
    let width = usize::from(show::width());
    let mut text = files(report);
    rejects(&mut text, report);
    figures(&mut text, report);
    text += &chart(report, width);
    for list in lists(report) {
        let _ = writeln!(
            text,
            "\n{HEAD}{}{HEAD:#}\n{}",
            list.title,
            table(&list, width)
        );
    }
    for (what, distinct, error) in report.errors_of_counts() {
        let _ = writeln!(
            text,
            "{WARN}!{WARN:#} About {} {what} are more than are remembered: a count of theirs may be too low by \
             up to {}.",
            show::number(distinct),
            show::number(error)
        );
    }
    if let Some(path) = page {
        let _ = writeln!(text, "\nAll of it, drawn: {}", path.display());
    }
    text
}

fn files(report: &Report) -> String {
    let mut text = String::new();
    for row in report.files.iter().take(FILES) {
        let name = shown(&row.file, FILE);
        let lines = show::counted(row.lines, "line");
        let _ = writeln!(text, "{HEAD}{name}{HEAD:#}: {}, {lines}", row.format);
    }
    if report.files.len() > FILES {
        let more = (report.files.len() - FILES) as u64;
        let _ = writeln!(
            text,
            "and {}, {} in all",
            show::counted(more, "more file"),
            show::counted(report.lines, "line")
        );
    }
    text
}

fn rejects(text: &mut String, report: &Report) {
    let refused = report.refused();
    let style = if refused == 0 { GOOD } else { WARN };
    let mut read = Vec::new();
    if report.requests > 0 || report.flows == 0 {
        read.push(show::counted(report.requests, "request"));
    }
    if report.flows > 0 {
        read.push(show::counted(report.flows, "flow"));
    }
    let _ = write!(
        text,
        "{}, {style}{} rejected{style:#}",
        read.join(", "),
        show::number(refused)
    );
    if let (Some(from), Some(to)) = (report.from, report.to) {
        let _ = write!(text, ", {} to {} UTC", time(from), time(to));
    }
    text.push('\n');
    for (reason, rejected) in &report.rejected {
        let place = if report.files.len() > 1 {
            format!("{} line ", shown(&rejected.first_file, FILE))
        } else {
            "line ".to_owned()
        };
        let _ = writeln!(
            text,
            "  {WARN}!{WARN:#} {} {reason}, as {place}{}: {}",
            show::counted(rejected.lines, "line"),
            show::number(rejected.first_line),
            rejected.example
        );
    }
}

fn figures(text: &mut String, report: &Report) {
    if report.is_of_flows() {
        let _ = writeln!(text, "Bytes: {}", amounts::bytes(report.bytes));
        return;
    }
    let responses = &report.responses;
    let style = if responses.server_error > 0 {
        BAD
    } else {
        GOOD
    };
    let _ = writeln!(
        text,
        "Answers: {} 2xx, {} 3xx, {} 4xx, {style}{} 5xx{style:#}, {} without a status",
        show::number(responses.success),
        show::number(responses.redirection),
        show::number(responses.client_error),
        show::number(responses.server_error),
        show::number(responses.none),
    );
    let share = |requests: u64| amounts::share(requests, report.requests);
    let _ = writeln!(
        text,
        "Visitors: {} of people ({}), {} of bots ({})",
        show::counted(report.people.requests, "request"),
        share(report.people.requests),
        show::number(report.bots.requests),
        share(report.bots.requests),
    );
    let _ = writeln!(text, "Sent: {}", amounts::bytes(report.bytes));
    if let Some(durations) = report.durations {
        let [p50, p90, p99] =
            [durations.p50_ms, durations.p90_ms, durations.p99_ms].map(amounts::milliseconds);
        let _ = writeln!(text, "Durations: p50 {p50}, p90 {p90}, p99 {p99}");
    }
}

/// The names get the room that the figures leave.
fn table(list: &List, width: usize) -> String {
    let numbers: Vec<usize> = (1..list.columns.len()).collect();
    let mut table = show::table(&list.columns, &numbers);
    let column = |place: usize| {
        let figures = list
            .rows
            .iter()
            .map(|(_, figures)| figures[place].chars().count());
        figures
            .max()
            .unwrap_or(0)
            .max(list.columns[place + 1].len())
            + 3
    };
    let figures: usize = (0..list.columns.len() - 1).map(column).sum();
    let room = width.saturating_sub(figures + 4).clamp(12, LONGEST_NAME);
    for (name, figures) in &list.rows {
        let name = if name.is_empty() {
            "(none)".to_owned()
        } else {
            shown(name, room)
        };
        table.add_row([&[name][..], figures].concat());
    }
    table.to_string()
}
