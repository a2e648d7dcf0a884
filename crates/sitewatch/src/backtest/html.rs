//! The report as a page of its own: everything is in it, it asks no network.
//!
//! The page's parts are in `assets/`; what is filled in, in words, is `page`'s.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

use super::replay::Surge;
use super::{Backtest, page};

const PAGE: &str = include_str!("../../assets/report.html");
const CSS: &str = include_str!("../../assets/report.css");
const JS: &str = include_str!("../../assets/report.js");
const UPLOT_CSS: &str = include_str!("../../assets/uplot/uPlot.min.css");
const UPLOT_JS: &str = include_str!("../../assets/uplot/uPlot.iife.min.js");

/// What the page draws. Times are seconds since 1970.
#[derive(Serialize)]
struct Data {
    step: i64,
    threshold: u64,
    /// Steps in turn, without a gap: the first one's number, and the highest rates.
    runs: Vec<(i64, Vec<u64>)>,
    /// First breach, ALARM, OK, highest rate.
    alarms: Vec<(i64, i64, i64, u64)>,
}

/// Writes the page, or nothing at all.
pub(super) fn write(path: &Path, backtest: &Backtest) -> anyhow::Result<()> {
    let unwritable = || format!("{} cannot be written", path.display());
    let page = page(backtest)?;
    replace(path, &page).with_context(unwritable)
}

/// A reader sees the old file or the new one, never half of it.
fn replace(path: &Path, page: &str) -> io::Result<()> {
    let target = match fs::canonicalize(path) {
        Ok(target) if target.is_file() => target,
        Ok(_) => return Err(io::Error::other("it is there and no file")),
        Err(_) => path.to_owned(),
    };
    let mut name = target.clone().into_os_string();
    name.push(format!(".{}.part", std::process::id()));
    let part = PathBuf::from(name);
    let written = fs::write(&part, page).and_then(|()| fs::rename(&part, &target));
    if written.is_err() {
        let _ = fs::remove_file(&part);
    }
    written
}

fn page(backtest: &Backtest) -> serde_json::Result<String> {
    let data = serde_json::to_string(&data(backtest))?;
    let mut parts = page::parts(backtest);
    parts.extend([
        ("data", data.replace('<', "\\u003c")),
        ("uplot-css", UPLOT_CSS.to_owned()),
        ("css", CSS.to_owned()),
        ("uplot-js", UPLOT_JS.to_owned()),
        ("js", JS.to_owned()),
    ]);
    Ok(filled(&parts))
}

/// The page with its `@marks@` filled in, none of which is looked for inside a part.
fn filled(parts: &[(&str, String)]) -> String {
    let mut page = String::new();
    for (place, piece) in PAGE.split('@').enumerate() {
        let part = parts.iter().find(|(name, _)| *name == piece);
        match part {
            Some((_, text)) if place % 2 == 1 => page.push_str(text),
            _ => page.push_str(piece),
        }
    }
    page
}

fn data(backtest: &Backtest) -> Data {
    let steps = &backtest.profile.steps;
    let runs = steps.chunk_by(|a, b| b.0 == a.0 + 1);
    let alarm = |surge: &Surge| {
        let [started, raised, ended] =
            [surge.started_at, surge.raised_at, surge.ended_at].map(model::Second::since_1970);
        (started, raised, ended, surge.peak)
    };
    Data {
        step: backtest.profile.step,
        threshold: backtest.rule.threshold(),
        runs: runs
            .map(|run| (run[0].0, run.iter().map(|(_, rate)| *rate).collect()))
            .collect(),
        alarms: backtest.surges.iter().map(alarm).collect(),
    }
}
