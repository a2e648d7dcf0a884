//! From a file of past orders to what a rate sees of each line.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::io;
use std::path::Path;
use std::sync::mpsc::sync_channel;

use anyhow::{Context as _, bail};
use model::{Decoded, Dimension, OrderFormat, Reason};
use serde::Serialize;
use surge::{Gauge, Line, Seen};

use super::blocks::Blocks;
use crate::show;

/// Blocks that wait to be decoded, at most.
const WAITING: usize = 2;

/// A line, when it came and what a rate sees of it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    /// Seconds since 1970, UTC.
    pub(crate) second: i64,
    /// The line.
    pub(crate) line: Line,
    /// Its values, as [`Names`] has them.
    pub(crate) values: [u32; MOST],
}

/// The most dimensions of an order.
const MOST: usize = Dimension::ALL.len();

/// The values of all lines, each text once.
#[derive(Debug, Default)]
pub(crate) struct Names {
    numbers: HashMap<String, u32>,
    texts: Vec<String>,
}

impl Names {
    fn note(&mut self, values: &[Cow<'_, str>]) -> [u32; MOST] {
        let mut numbers = [0; MOST];
        for (number, value) in numbers.iter_mut().zip(values) {
            *number = match self.numbers.get(value.as_ref()) {
                Some(number) => *number,
                None => self.add(value),
            };
        }
        numbers
    }

    fn add(&mut self, value: &str) -> u32 {
        let number = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(value.to_owned());
        self.numbers.insert(value.to_owned(), number);
        number
    }

    /// A row's values of a gauge's dimensions.
    pub(crate) fn of(&self, values: [u32; MOST], gauge: &Gauge) -> Vec<Cow<'_, str>> {
        let text = |number: &u32| self.texts.get(*number as usize).map_or("", String::as_str);
        let values = values.iter().take(gauge.dimensions().len());
        values.map(|number| Cow::Borrowed(text(number))).collect()
    }
}

/// What a file holds.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// The order lines, in the file's order.
    pub(crate) rows: Vec<Row>,
    /// Their values.
    pub(crate) names: Names,
    /// How many of them there are.
    pub(crate) lines: u64,
    /// Distinct invoices with a line that is no cancellation.
    pub(crate) orders: u64,
    /// Cancelled lines.
    pub(crate) cancellations: u64,
    /// What is no order line, by reason.
    pub(crate) rejected: BTreeMap<Reason, Rejected>,
    /// Whether any date tells seconds.
    pub(crate) has_seconds: bool,
    /// Whether any date tells a time of day.
    pub(crate) has_times: bool,
}

/// Lines that are refused for the same reason.
#[derive(Debug, Clone, Serialize)]
pub(crate) struct Rejected {
    /// How many.
    pub(crate) lines: u64,
    /// The first of them in the file, counted from 1.
    pub(crate) first_line: u64,
    /// What was wrong with that one, in words.
    pub(crate) example: String,
}

impl Past {
    /// Reads a file of orders that look like this.
    ///
    /// # Errors
    /// If it cannot be read, or holds no order line at all.
    pub(crate) fn read(path: &Path, format: &OrderFormat, gauge: &Gauge) -> anyhow::Result<Self> {
        let name = path.display();
        let unreadable = || format!("{name} cannot be read");
        let blocks = Blocks::open(path, format).with_context(unreadable)?;
        let past = Self::of(blocks, format, gauge).with_context(unreadable)?;
        if past.rows.is_empty() {
            let most = past.rejected.values().max_by_key(|rejected| rejected.lines);
            match most {
                None => bail!("{name} holds no order line: there is nothing in it"),
                Some(most) => bail!(
                    "{name} holds no order line: {} refused, line {} for one: {}",
                    show::counted(past.refused(), "line"),
                    show::number(most.first_line),
                    most.example
                ),
            }
        }
        Ok(past)
    }

    /// Decodes blocks while the next ones are unpacked.
    fn of(blocks: Blocks, format: &OrderFormat, gauge: &Gauge) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(WAITING);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for block in blocks {
                    if sender.send(block).is_err() {
                        return;
                    }
                }
            });
            let mut reader = Reader::new(format, gauge);
            for block in receiver {
                reader.block(&block?);
            }
            Ok(reader.past)
        })
    }

    /// How many lines are no order lines.
    pub(crate) fn refused(&self) -> u64 {
        self.rejected.values().map(|rejected| rejected.lines).sum()
    }
}

/// What is read so far.
struct Reader<'f> {
    format: &'f OrderFormat,
    gauge: &'f Gauge,
    past: Past,
    /// Lines of the file before this block.
    lines: u64,
    invoices: HashSet<String>,
    /// The invoice of the line before: lines of an invoice come together.
    invoice: String,
}

impl<'f> Reader<'f> {
    fn new(format: &'f OrderFormat, gauge: &'f Gauge) -> Self {
        Self {
            format,
            gauge,
            past: Past::default(),
            lines: 0,
            invoices: HashSet::new(),
            invoice: String::new(),
        }
    }

    fn block(&mut self, block: &[u8]) {
        for decoded in self.format.decode(block) {
            self.line(&decoded);
        }
        self.lines += memchr::memchr_iter(b'\n', block).count() as u64;
    }

    fn line(&mut self, decoded: &Decoded<'_>) {
        let order = match &decoded.line {
            Ok(order) => order,
            Err(reject) => {
                let first_line = self.lines + u64::from(decoded.position.line);
                let rejected = self.past.rejected.entry(reject.reason);
                rejected
                    .and_modify(|rejected| rejected.lines += 1)
                    .or_insert_with(|| Rejected {
                        lines: 1,
                        first_line,
                        example: self.format.explain(reject).to_string(),
                    });
                return;
            }
        };
        let moment = order.order_date.moment();
        let Seen { line, values } = Seen::of(order, self.gauge);
        let values = self.past.names.note(&values);
        if line == Line::Cancellation {
            self.past.cancellations += 1;
        } else if order.invoice_no != self.invoice {
            self.invoice.clear();
            self.invoice.push_str(&order.invoice_no);
            if self.invoices.insert(self.invoice.clone()) {
                self.past.orders += 1;
            }
        }
        let second = moment.timestamp();
        self.past.has_seconds |= second.rem_euclid(60) != 0 || moment.timestamp_subsec_nanos() != 0;
        self.past.has_times |= second.rem_euclid(24 * 3_600) != 0;
        self.past.rows.push(Row {
            second,
            line,
            values,
        });
        self.past.lines += 1;
    }
}
