//! `sitewatch requests`: what access logs and flow logs tell, without anything deployed.
//!
//! ```text
//! files ─ source ─▶ tally (top, timeline, durations) ─ collect ─▶ report ─┬─ terminal (chart) ┐ lists
//!                                                                        ├─ html ────────────┘
//!                                                                        └─ as JSON
//! ```
//!
//! Decoding is the model's; which user agents are bots, and how durations are rounded, the
//! `traffic` function's. Memory is bounded whatever a log holds.

mod amounts;
mod chart;
mod collect;
mod durations;
mod html;
mod lists;
mod report;
mod rows;
mod sections;
mod source;
mod tally;
mod terminal;
mod timeline;
mod top;

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use clap::Args;
use model::Log;

use crate::logs::LogFormat;
use crate::progress::Progress;
use collect::Collected;
use report::{FileRow, Report};

/// Show what access logs tell: pages, errors, slow pages, clients, bots, and requests over time.
///
/// Takes CloudFront's, load balancers', Apache's, nginx's, IIS's and Akamai's logs, JSON as a file
/// describes it, and VPC flow logs, of which packets are shown by port. Each file's format is
/// recognised where that is certain. Lines that are none of it are counted and shown.
#[derive(Debug, Args)]
pub(crate) struct Arguments {
    /// Logs: plain, .gz or .zst, told by their content; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    format: LogFormat,

    /// Rows in each table
    #[arg(long, value_name = "N", default_value = "10", value_parser = clap::value_parser!(u16).range(1..=1_000))]
    top: u16,

    /// Print one JSON document instead
    #[arg(long)]
    json: bool,

    /// Also write a page with all of it, requests over time drawn; needs no network
    #[arg(long, value_name = "FILE")]
    html: Option<PathBuf>,
}

/// Reads the logs and shows what they tell.
///
/// # Errors
/// If one cannot be read, nothing says what it is, or there is nothing in any.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    let log = arguments.format.log()?;
    let report = read(&arguments.files, log.as_ref(), usize::from(arguments.top))?;
    if let Some(path) = &arguments.html {
        html::write(path, &report)?;
    }
    let shown = if arguments.json {
        serde_json::to_string_pretty(&report)? + "\n"
    } else {
        terminal::text(&report, arguments.html.as_deref())
    };
    match anstream::stdout().write_all(shown.as_bytes()) {
        // The reader, `head` for one, has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written"),
    }
}

fn read(files: &[PathBuf], log: Option<&Log>, top: usize) -> anyhow::Result<Report> {
    let length = |file: &PathBuf| std::fs::metadata(file).map_or(0, |metadata| metadata.len());
    let progress = Progress::new(files.iter().map(length).sum());
    let mut collected = Collected::default();
    let mut rows = Vec::with_capacity(files.len());
    for file in files {
        collected.file = name(file);
        let found = source::read(file, log, &progress, |line| collected.line(line));
        if found.is_err() {
            progress.end();
        }
        let found = found?;
        rows.push(FileRow {
            file: name(file),
            format: found.log.as_ref().map_or("empty", Log::name),
            lines: found.lines,
        });
    }
    progress.end();
    let report = collected.report(rows, top);
    if report.lines == 0 {
        bail!("there is nothing in {}", name(&files[0]));
    }
    Ok(report)
}

fn name(file: &Path) -> String {
    if file == Path::new("-") {
        return "standard input".to_owned();
    }
    file.display().to_string()
}
