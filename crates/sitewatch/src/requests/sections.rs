//! What is below the chart of the page.

use std::fmt::Write as _;

use model::Second;

use super::html::LONGEST_NAME;
use super::lists::{List, lists};
use super::report::Report;
use crate::page::{self, escaped};
use crate::show;
use crate::text::shown;

/// Steps that are listed as the busiest.
const BUSIEST: usize = 10;

/// Rejected lines, the busiest steps and each list, as parts of the page.
pub(super) fn sections(report: &Report) -> String {
    let mut text = String::new();
    if !report.rejected.is_empty() {
        text += &page::section("rejected", "Rejected lines", &rejected(report));
    }
    text += &busiest(report);
    for list in lists(report) {
        text += &page::section(list.id, &list.title, &table(&list));
    }
    text
}

fn rejected(report: &Report) -> String {
    let mut rows = String::new();
    for (reason, rejected) in &report.rejected {
        let _ = writeln!(
            rows,
            "<tr><td>{reason}</td><td>{}</td><td class=\"text\">{}</td><td>{}</td><td class=\"text\">{}</td></tr>",
            show::number(rejected.lines),
            escaped(&shown(&rejected.first_file, LONGEST_NAME)),
            show::number(rejected.first_line),
            escaped(&rejected.example),
        );
    }
    page::table(
        &[
            "Reason",
            "Lines",
            "File",
            "First line",
            "What is wrong there",
        ],
        &rows,
    )
}

/// The steps with the most requests, to be shown in the chart.
fn busiest(report: &Report) -> String {
    let step = report.timeline.step_seconds;
    let mut steps: Vec<_> = report.timeline.steps.iter().collect();
    steps.sort_unstable_by_key(|(at, all, ..)| (std::cmp::Reverse(*all), *at));
    let mut rows = String::new();
    for (at, all, client, server) in steps.into_iter().take(BUSIEST) {
        let jump = page::jump(
            *at,
            at + step,
            &show::at(Second::new(*at), "%Y-%m-%d %H:%M"),
        );
        let client = if report.is_of_flows() {
            String::new()
        } else {
            format!("<td>{}</td>", show::number(*client))
        };
        let _ = writeln!(
            rows,
            "<tr><td>{jump}</td><td>{}</td>{client}<td>{}</td></tr>",
            show::number(*all),
            show::number(*server)
        );
    }
    let columns: &[&str] = if report.is_of_flows() {
        &["From (UTC)", "Packets", "Rejected"]
    } else {
        &["From (UTC)", "Requests", "4xx", "5xx"]
    };
    let heading = format!("The busiest, each {}", page::step(step));
    page::section("busiest", &heading, &page::table(columns, &rows))
}

fn table(list: &List) -> String {
    let mut rows = String::new();
    for (name, figures) in &list.rows {
        let name = if name.is_empty() {
            "(none)".to_owned()
        } else {
            shown(name, LONGEST_NAME)
        };
        let figures: String = figures.iter().map(|f| format!("<td>{f}</td>")).collect();
        let _ = writeln!(
            rows,
            "<tr><td class=\"text\">{}</td>{figures}</tr>",
            escaped(&name)
        );
    }
    page::table(&list.columns, &rows)
}
