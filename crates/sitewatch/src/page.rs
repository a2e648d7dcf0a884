//! Pages that hold all that they show and ask no network: a chart over time, with figures above
//! and tables below. What they say is their commands'; the parts that pages share are in
//! `assets/`.

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use serde::Serialize;

const PAGE: &str = include_str!("../assets/report.html");
const CSS: &str = include_str!("../assets/report.css");
const JS: &str = include_str!("../assets/report.js");
const UPLOT_CSS: &str = include_str!("../assets/uplot/uPlot.min.css");
const UPLOT_JS: &str = include_str!("../assets/uplot/uPlot.iife.min.js");

/// What a page says, by the name of its place; all of it HTML.
pub(crate) type Parts = Vec<(&'static str, String)>;

/// What the chart shows. Times are seconds since 1970.
#[derive(Debug, Serialize)]
pub(crate) struct Chart {
    /// Seconds of a step.
    pub(crate) step: i64,
    /// What is drawn.
    pub(crate) series: Vec<Series>,
    /// Steps in turn, without a gap: the first one's number, and the values of each series.
    pub(crate) runs: Vec<Run>,
    /// A line across.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) threshold: Option<u64>,
    /// First breach, ALARM, OK, highest rate.
    pub(crate) alarms: Vec<(i64, i64, i64, u64)>,
}

/// A line of the chart.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Series {
    /// What it is called.
    pub(crate) label: &'static str,
    /// The style sheet's name of its colour.
    pub(crate) colour: &'static str,
    /// What it counts, in the singular, if its sum says something; else its highest value does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) noun: Option<&'static str>,
}

/// Steps in turn.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) first: i64,
    /// A row for each series.
    pub(crate) values: Vec<Vec<u64>>,
}

impl Serialize for Run {
    /// An array: the first step's number, then each series' values.
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        use serde::ser::SerializeSeq as _;
        let mut array = serializer.serialize_seq(Some(self.values.len() + 1))?;
        array.serialize_element(&self.first)?;
        for values in &self.values {
            array.serialize_element(values)?;
        }
        array.end()
    }
}

/// Writes a page, or nothing at all.
///
/// # Errors
/// If it cannot be written there.
pub(crate) fn write(path: &Path, mut parts: Parts, chart: &Chart) -> anyhow::Result<()> {
    let data = serde_json::to_string(chart)?;
    parts.extend([
        ("data", data.replace('<', "\\u003c")),
        ("uplot-css", UPLOT_CSS.to_owned()),
        ("css", CSS.to_owned()),
        ("uplot-js", UPLOT_JS.to_owned()),
        ("js", JS.to_owned()),
    ]);
    let unwritable = || format!("{} cannot be written", path.display());
    replace(path, &filled(&parts)).with_context(unwritable)
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

/// A figure above the chart: its name, the value and what else is to say of it.
pub(crate) fn figure(name: &str, value: &str, more: &str) -> String {
    format!("<div><dt>{name}</dt><dd>{value}<small>{more}</small></dd></div>")
}

/// A part of the page with a heading of its own.
pub(crate) fn section(id: &str, heading: &str, content: &str) -> String {
    format!(
        "<section aria-labelledby=\"{id}\">\n<h2 id=\"{id}\">{heading}</h2>\n{content}\n</section>\n"
    )
}

/// A table that scrolls in itself.
pub(crate) fn table(columns: &[&str], rows: &str) -> String {
    let head = |column: &&str| format!("<th scope=\"col\">{column}</th>");
    let head: String = columns.iter().map(head).collect();
    format!(
        "<div class=\"scroll\" tabindex=\"0\"><table><thead><tr>{head}</tr></thead><tbody>\n{rows}</tbody></table></div>"
    )
}

/// A button that shows this time in the chart.
pub(crate) fn jump(from: i64, to: i64, text: &str) -> String {
    format!("<button type=\"button\" data-from=\"{from}\" data-to=\"{to}\">{text}</button>")
}

/// How long a step of the chart is, in words.
pub(crate) fn step(seconds: i64) -> String {
    match seconds {
        1 => "second".to_owned(),
        60 => "minute".to_owned(),
        3_600 => "hour".to_owned(),
        86_400 => "day".to_owned(),
        _ if seconds > 86_400 => format!("{} days", seconds / 86_400),
        _ if seconds > 3_600 => format!("{} hours", seconds / 3_600),
        _ if seconds > 60 => format!("{} minutes", seconds / 60),
        _ => format!("{seconds} seconds"),
    }
}

/// A text as HTML, in content and quoted attributes.
pub(crate) fn escaped(text: &str) -> Cow<'_, str> {
    if !text.contains(['&', '<', '>', '"']) {
        return Cow::Borrowed(text);
    }
    let text = text.replace('&', "&amp;").replace('<', "&lt;");
    Cow::Owned(text.replace('>', "&gt;").replace('"', "&quot;"))
}
