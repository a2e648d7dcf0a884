//! The report as a page.

use std::fmt::Write as _;
use std::path::Path;

use model::Second;

use super::amounts;
use super::chart::names;
use super::report::Report;
use super::sections::sections;
use crate::page::{self, Chart, Parts, Run, Series, escaped, figure};
use crate::show::{self, time};
use crate::text::shown;

/// Signs of a text of the log.
pub(super) const LONGEST_NAME: usize = 200;
/// Writes the page, or nothing at all.
///
/// # Errors
/// If it cannot be written there.
pub(super) fn write(path: &Path, report: &Report) -> anyhow::Result<()> {
    page::write(path, parts(report), &chart(report))
}

fn chart(report: &Report) -> Chart {
    let is_of_flows = report.is_of_flows();
    let series = |label, colour, noun| Series {
        label,
        colour,
        noun: Some(noun),
    };
    let all = if is_of_flows {
        vec![
            series("Packets", "rate", "packet"),
            series("Rejected", "server", "rejected packet"),
        ]
    } else {
        vec![
            series("Requests", "rate", "request"),
            series("4xx", "client", "client error"),
            series("5xx", "server", "server error"),
        ]
    };
    let step = report.timeline.step_seconds;
    let runs = report.timeline.steps.chunk_by(|a, b| b.0 == a.0 + step);
    let run = |run: &[(i64, u64, u64, u64)]| {
        let all = run.iter().map(|step| step.1).collect();
        let client = run.iter().map(|step| step.2).collect();
        let server = run.iter().map(|step| step.3).collect();
        Run {
            first: run[0].0 / step,
            values: if is_of_flows {
                vec![all, server]
            } else {
                vec![all, client, server]
            },
        }
    };
    Chart {
        step,
        series: all,
        runs: runs.map(run).collect(),
        threshold: None,
        alarms: Vec::new(),
    }
}

fn parts(report: &Report) -> Parts {
    let name = match report.files.as_slice() {
        [single] => {
            let name = Path::new(&single.file).file_name().unwrap_or_default();
            shown(&name.to_string_lossy(), LONGEST_NAME)
        }
        files => show::counted(files.len() as u64, "file"),
    };
    let day = |second: Option<Second>| second.map_or_else(String::new, |s| show::at(s, "%Y-%m-%d"));
    let (all, _) = names(report);
    let title = format!("{all} of {name}");
    let alternative = format!(
        "{all} over time; the tables below say which. {}",
        summary(report)
    );
    vec![
        ("title", escaped(&title).into_owned()),
        ("summary", escaped(&summary(report)).into_owned()),
        ("figures", figures(report)),
        ("chart-heading", format!("{all} over time")),
        ("first-day", day(report.from)),
        ("last-day", day(report.to)),
        ("alternative", escaped(&alternative).into_owned()),
        ("caption", caption(report)),
        ("sections", sections(report)),
    ]
}

fn summary(report: &Report) -> String {
    let mut formats: Vec<&str> = report.files.iter().map(|file| file.format).collect();
    formats.dedup();
    let period = match (report.from, report.to) {
        (Some(from), Some(to)) => format!("{} to {} UTC: ", time(from), time(to)),
        _ => String::new(),
    };
    let mut text = format!(
        "{period}{} ({}), {} rejected.",
        show::counted(report.lines, "line"),
        formats.join(", "),
        show::number(report.refused()),
    );
    for (what, distinct, error) in report.errors_of_counts() {
        let _ = write!(
            text,
            " About {} {what} are more than are remembered: a count of theirs may be too low by up to {}.",
            show::number(distinct),
            show::number(error)
        );
    }
    text
}

fn figures(report: &Report) -> String {
    if report.is_of_flows() {
        return [
            figure(
                "Flows",
                &show::number(report.flows),
                "accepted and rejected",
            ),
            figure("Bytes", &amounts::bytes(report.bytes), "all together"),
        ]
        .concat();
    }
    let of_all = |requests: u64| amounts::share(requests, report.requests);
    let errors = report.responses.server_error;
    let mut text = [
        figure(
            "Requests",
            &show::number(report.requests),
            &format!("{} sent", amounts::bytes(report.bytes)),
        ),
        figure("Server errors", &show::number(errors), &of_all(errors)),
        figure(
            "Client errors",
            &show::number(report.responses.client_error),
            &of_all(report.responses.client_error),
        ),
        figure(
            "Clients",
            &show::number(report.tops.clients.distinct),
            "different addresses",
        ),
        figure(
            "Bots",
            &of_all(report.bots.requests),
            &show::counted(report.bots.requests, "request"),
        ),
    ]
    .concat();
    if let Some(durations) = report.durations {
        let [p50, p90, p99] =
            [durations.p50_ms, durations.p90_ms, durations.p99_ms].map(amounts::milliseconds);
        text += &figure("p90 duration", &p90, &format!("p50 {p50}, p99 {p99}"));
    }
    text
}

fn caption(report: &Report) -> String {
    let step = page::step(report.timeline.step_seconds);
    if report.is_of_flows() {
        return format!(
            "<span class=\"key rate\">packets each {step}</span> <span class=\"key server\">rejected</span>"
        );
    }
    format!(
        "<span class=\"key rate\">requests each {step}</span> <span class=\"key client\">4xx</span> \
         <span class=\"key server\">5xx</span>"
    )
}
