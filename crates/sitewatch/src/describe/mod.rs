//! `sitewatch describe`: how a shop's own order data is read, and an order format for it.
//!
//! ```text
//! file ─ sample ─┬─ known ───────────────────────────┐
//!                └─ csv or json ─ columns ─ fields ─ file ─▶ text ─ found ─ report
//!                                            │
//!                  score (names), dates, numbers, customer, cancelled
//! ```
//!
//! A proposal counts only as what `OrderFormat` makes of its text: what is shown is decoded
//! with that, and nothing here may read orders in another way.

mod absent;
mod args;
mod cancelled;
mod column;
mod csv;
mod customer;
mod dates;
mod draft;
mod fields;
mod file;
mod found;
mod guess;
mod json;
mod known;
mod names;
mod numbers;
mod preview;
mod price;
mod propose;
mod report;
mod rows;
mod sample;
mod score;
#[cfg(test)]
mod shops;
mod table;
mod unnamed;
mod when;

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use model::OrderFormat;

pub(crate) use args::{Arguments, Exists};
use found::Found;
use propose::Proposal;
use sample::Sample;

use crate::show::GOOD;
use crate::text;

/// Describes a file by the format that is given, or proposes one.
///
/// # Errors
/// If the file cannot be read, no format fits it, or a field is missing.
pub(crate) fn run(arguments: &Arguments) -> anyhow::Result<()> {
    match arguments.given() {
        Some(given) => check(arguments, &given),
        None => propose(arguments),
    }
}

/// Shows what a format makes of the file.
fn check(arguments: &Arguments, given: &str) -> anyhow::Result<()> {
    let format = arguments.orders.format()?;
    let sample = Sample::read(&arguments.file)?;
    let found = Found::of(&format, &sample.bytes);
    let file = arguments.file.display().to_string();
    let mut text = report::headline(&file, &format, &found, sample.is_whole);
    text += &format!("Format: {}\n", text::shown(given, 200));
    text += &report::fields(&format, &found, &[]);
    text += &outcome(&found);
    if found.stored > 0 {
        text += &report::next_step(&file, Some(given));
    }
    print(&text)?;
    if found.stored == 0 {
        bail!("{file}: no order line by {given}: {}", reason(&found));
    }
    Ok(())
}

/// Proposes a format, writes it and shows what it makes of the file.
fn propose(arguments: &Arguments) -> anyhow::Result<()> {
    let out = arguments.out();
    let path = out.display().to_string();
    // A link that leads nowhere is something, too.
    if out.symlink_metadata().is_ok() {
        return Err(Exists { path }.into());
    }
    let sample = Sample::read(&arguments.file)?;
    if known::reads(&OrderFormat::default(), &sample.bytes) {
        return as_it_is(arguments, &sample);
    }
    let name = arguments
        .file
        .file_name()
        .unwrap_or_default()
        .to_string_lossy();
    let proposal = Proposal::of(&sample, &name, &path)
        .with_context(|| arguments.file.display().to_string())?;
    let found = Found::of(&proposal.format, &sample.bytes);
    write(&out, &proposal.text)?;
    let file = arguments.file.display().to_string();
    print(&proposed(&file, &path, &sample, &proposal, &found))?;
    let missing = proposal.missing();
    if !missing.is_empty() {
        let names: Vec<String> = missing.iter().map(|(role, _)| role.to_string()).collect();
        bail!(
            "{path}: not found: {}; say where, then: sitewatch describe {file} --orders {path}",
            names.join(", ")
        );
    }
    if found.stored == 0 {
        bail!("{path}: it stores no line of {file}: {}", reason(&found));
    }
    Ok(())
}

/// The report on a proposal.
fn proposed(file: &str, out: &str, sample: &Sample, proposal: &Proposal, found: &Found) -> String {
    let missing = proposal.missing();
    let mut text = report::headline(file, &proposal.format, found, sample.is_whole);
    if let Some(system) = proposal.system {
        text += &format!(
            "These are orders of {system}: the order format for it comes with sitewatch.\n"
        );
    }
    text += &report::fields(&proposal.format, found, &missing);
    if missing.is_empty() {
        text += &outcome(found);
    }
    text += &report::likely(&proposal.likely());
    if missing.is_empty() {
        let shown = text::shown(out, table::WIDTH);
        text += &format!("\n{GOOD}{shown} is written.{GOOD:#}\n");
        text += &report::next_step(file, Some(out));
    } else {
        text += &report::missing(&missing, out);
    }
    text
}

/// The report on a file in the Online Retail form.
fn as_it_is(arguments: &Arguments, sample: &Sample) -> anyhow::Result<()> {
    let format = OrderFormat::default();
    let found = Found::of(&format, &sample.bytes);
    let file = arguments.file.display().to_string();
    let mut text = report::headline(&file, &format, &found, sample.is_whole);
    text += "It is read as it is: no order format is needed, and none is written.\n";
    text += &report::fields(&format, &found, &[]);
    text += &outcome(&found);
    text += &report::next_step(&file, None);
    print(&text)
}

/// What comes of the lines.
fn outcome(found: &Found) -> String {
    preview::rows(found) + &report::counts(found) + &report::rejects(found)
}

/// Why most lines are refused.
fn reason(found: &Found) -> String {
    let most = found.rejects.values().max_by_key(|rejects| rejects.lines);
    most.map_or_else(
        || "there is nothing in it".to_owned(),
        |rejects| {
            format!(
                "line {}: {}",
                rejects.first,
                text::shown(&rejects.message, 400)
            )
        },
    )
}

/// Writes a file that must not be there.
fn write(path: &Path, text: &str) -> anyhow::Result<()> {
    let file = OpenOptions::new().write(true).create_new(true).open(path);
    let written = file.and_then(|mut file| file.write_all(text.as_bytes()));
    written.with_context(|| format!("{} cannot be written", path.display()))
}

fn print(text: &str) -> anyhow::Result<()> {
    match anstream::stdout().write_all(text.as_bytes()) {
        // The reader, `head` for one, has seen enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        written => written.context("standard output cannot be written"),
    }
}
