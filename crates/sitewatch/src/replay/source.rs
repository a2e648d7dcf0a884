//! What a replay reads: lines of orders, and the records of Kinesis event files.

use std::collections::{HashMap, VecDeque};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use model::OrderFormat;
use serde::Deserialize;

use super::backlog::Parcel;
use super::lines::{Lines, Sourced};
use crate::input::Input;

/// A file of which so many first lines are no orders is another kind of file.
const JUDGED_LINES: usize = 100;
const SECONDS_OF_A_MINUTE: f64 = 60.0;

/// The files of a replay, one after the other.
pub(crate) struct Source {
    paths: VecDeque<PathBuf>,
    format: OrderFormat,
    input: Option<Input>,
    bytes: u64,
    read_before: u64,
    numbers_lines: bool,
    /// How many lines each invoice has had.
    numbers: HashMap<String, u64>,
    line: u64,
    /// Read and not given out: a minute's lines, or the first ones of a file.
    ready: VecDeque<Sourced>,
    /// The first line of the next minute.
    ahead: Option<Sourced>,
}

/// A Kinesis event, as far as a replay needs it.
#[derive(Deserialize)]
struct EventFile {
    #[serde(rename = "Records")]
    records: Vec<EventRecord>,
}

#[derive(Deserialize)]
struct EventRecord {
    kinesis: EventKinesis,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct EventKinesis {
    partition_key: String,
    data: String,
}

impl Source {
    /// The files at `paths`, all of which must be there.
    ///
    /// # Errors
    /// For the first one that is not.
    pub(crate) fn open(
        paths: &[PathBuf],
        format: OrderFormat,
        numbers_lines: bool,
    ) -> anyhow::Result<Self> {
        Ok(Self {
            paths: paths.iter().cloned().collect(),
            format,
            input: None,
            bytes: crate::input::sizes(paths)?,
            read_before: 0,
            numbers_lines,
            numbers: HashMap::new(),
            line: 0,
            ready: VecDeque::new(),
            ahead: None,
        })
    }

    /// Reads a minute's lines; false at the end of all files.
    fn fill(&mut self) -> anyhow::Result<bool> {
        let mut minute: Vec<Sourced> = self.ahead.take().into_iter().collect();
        while let Some(line) = self.next_unspread()? {
            if minute.first().is_some_and(|first| first.date != line.date) {
                self.ahead = Some(line);
                break;
            }
            minute.push(line);
        }
        spread(&mut minute);
        self.ready.extend(minute);
        Ok(!self.ready.is_empty())
    }

    fn next_unspread(&mut self) -> anyhow::Result<Option<Sourced>> {
        loop {
            if self.input.is_none() {
                let Some(path) = self.paths.pop_front() else {
                    return Ok(None);
                };
                if let Some(records) = self.event(&path)? {
                    // Their dates say nothing of when they came: all at once.
                    self.ready.extend(records);
                    return Ok(None);
                }
                let mut input = Input::open(&path, &self.format)?;
                input.judge(JUDGED_LINES)?;
                self.input = Some(input);
            }
            let Some(input) = &mut self.input else {
                continue;
            };
            match input.next_line()? {
                Some(bytes) => {
                    if let Some(line) = self.sourced(bytes) {
                        return Ok(Some(line));
                    }
                }
                None => {
                    self.read_before += input.read_bytes();
                    self.input = None;
                }
            }
        }
    }

    /// A line as a record; `None` for a header or a blank line.
    fn sourced(&mut self, mut bytes: Vec<u8>) -> Option<Sourced> {
        self.line += 1;
        let line = self.format.first_good(&bytes)?;
        let mut lines = self.format.decode(&bytes);
        let is_rejected = lines.any(|decoded| decoded.line.is_err());
        let (key, date, number) = match &line {
            Ok(line) => {
                let invoice = line.invoice_no.clone().into_owned();
                let count = self.numbers.entry(invoice.clone()).or_default();
                *count += 1;
                let number = (self.numbers_lines && line.line_no.is_none()).then_some(*count);
                #[allow(clippy::cast_precision_loss, reason = "seconds need 36 of the 53 bits")]
                let date = line.order_date.moment().timestamp() as f64;
                (invoice, Some(date), number)
            }
            // No invoice to be in order with: spread over the shards.
            Err(_) => (format!("line-{}", self.line), None, None),
        };
        if let Some(number) = number {
            bytes = numbered(bytes, number);
        }
        let parcel = Parcel {
            line: self.line,
            key,
            data: bytes,
        };
        Some(Sourced {
            parcel,
            date,
            is_rejected,
        })
    }

    /// The records of a Kinesis event file; `None` if it is another kind of file.
    fn event(&mut self, path: &Path) -> anyhow::Result<Option<Vec<Sourced>>> {
        if path.extension().is_none_or(|extension| extension != "json") {
            return Ok(None);
        }
        let bytes = std::fs::read(path).with_context(|| format!("{}", path.display()))?;
        let Ok(event) = serde_json::from_slice::<EventFile>(&bytes) else {
            return Ok(None);
        };
        self.read_before += bytes.len() as u64;
        let mut records = Vec::with_capacity(event.records.len());
        for (number, record) in event.records.into_iter().enumerate() {
            self.line += 1;
            let Ok(data) = STANDARD.decode(&record.kinesis.data) else {
                bail!(
                    "{}: record {}: expected base64 in data",
                    path.display(),
                    number + 1
                );
            };
            let is_rejected = self
                .format
                .decode(&data)
                .any(|decoded| decoded.line.is_err());
            let parcel = Parcel {
                line: self.line,
                key: record.kinesis.partition_key,
                data,
            };
            records.push(Sourced {
                parcel,
                date: None,
                is_rejected,
            });
        }
        Ok(Some(records))
    }
}

impl Lines for Source {
    const REJECTED: &'static str = "that the orders function will reject, as no orders";

    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn read_bytes(&self) -> u64 {
        self.read_before + self.input.as_ref().map_or(0, Input::read_bytes)
    }

    fn next_line(&self) -> Option<u64> {
        let read = self.ready.front().or(self.ahead.as_ref());
        let unread = (self.input.is_some() || !self.paths.is_empty()).then_some(self.line + 1);
        read.map(Sourced::number).or(unread)
    }

    fn next(&mut self) -> anyhow::Result<Option<Sourced>> {
        while self.ready.is_empty() {
            if !self.fill()? {
                return Ok(None);
            }
        }
        Ok(self.ready.pop_front())
    }
}

/// Spreads lines of one minute evenly over it. Dates with seconds are left alone.
#[allow(
    clippy::cast_precision_loss,
    clippy::float_cmp,
    reason = "whole seconds, few lines"
)]
fn spread(minute: &mut [Sourced]) {
    let lines = minute.len() as f64;
    for (index, line) in minute.iter_mut().enumerate() {
        if let Some(date) = &mut line.date
            && *date % SECONDS_OF_A_MINUTE == 0.0
        {
            *date += (SECONDS_OF_A_MINUTE * index as f64 / lines).floor();
        }
    }
}

/// The line with its number within its invoice: a ninth column, or a field.
fn numbered(mut line: Vec<u8>, number: u64) -> Vec<u8> {
    while line.last().is_some_and(u8::is_ascii_whitespace) {
        line.pop();
    }
    if line.trim_ascii_start().first() == Some(&b'{') && line.pop() == Some(b'}') {
        line.extend_from_slice(format!(",\"LineNo\":{number}}}\n").as_bytes());
    } else {
        line.extend_from_slice(format!(",{number}\n").as_bytes());
    }
    line
}

#[cfg(test)]
mod tests {
    use model::decode;

    use super::*;

    #[test]
    fn a_number_is_a_ninth_column_or_a_field() {
        let csv = b"536365,85123A,\"A, B\",6,12/1/2010 8:26,2.55,17850,United Kingdom\r\n";
        let json = br#"{"InvoiceNo":"536365","StockCode":"85123A","Description":"A","Quantity":6,
            "InvoiceDate":"12/1/2010 8:26","UnitPrice":2.55,"CustomerID":17850,"Country":"UK"}"#;
        let json = String::from_utf8_lossy(json)
            .replace('\n', " ")
            .into_bytes();
        for line in [csv.to_vec(), json] {
            let numbered = numbered(line.clone(), 7);
            let mut lines = decode(&numbered);
            let with = lines.next().expect("a line").line.expect("an order");
            let mut without = decode(&line)
                .next()
                .expect("a line")
                .line
                .expect("an order");
            assert_eq!(without.line_no, None);
            without.line_no = Some(7);
            assert_eq!(with, without);
            assert!(lines.next().is_none());
        }
    }
}
