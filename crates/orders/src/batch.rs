//! A batch of records as what has to be done: rows to write, one per key, and
//! lines to refuse, each tied to the record that it came in.

use std::collections::HashMap;

use function::Record;
use function::delivery::Fate;
use function::rejects::Rejected;
use model::{Decoded, OrderFormat, Position, Reason, Reject};

use crate::row::{ArrivalTime, Row};

/// A record with more refused lines than this is kept whole, as one reject: a
/// megabyte of question marks must not become half a million messages.
const REJECTS_PER_RECORD: usize = 100;

/// Most lines are longer: room for all of them is made at once, and what is not
/// used of it costs nothing.
const LINE_BYTES: usize = 64;

/// What a batch holds.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    /// The rows to write; no two with the same key.
    pub(crate) rows: Vec<Row<'a>>,
    /// The lines to refuse.
    pub(crate) rejected: Vec<Rejected<'a>>,
    /// Every line that is in a row, in the batch's order.
    lines: Vec<Line<'a>>,
}

/// A line and the row that it became.
#[derive(Debug)]
struct Line<'a> {
    record: usize,
    position: Position,
    bytes: &'a [u8],
    row: usize,
}

impl<'a> Batch<'a> {
    /// Decodes every record.
    pub(crate) fn decode(format: &'a OrderFormat, records: &'a [Record]) -> Self {
        let bytes: usize = records.iter().map(|record| record.data.len()).sum();
        let mut batch = Self {
            rows: Vec::with_capacity(bytes / LINE_BYTES),
            lines: Vec::with_capacity(bytes / LINE_BYTES),
            rejected: Vec::new(),
        };
        for (record, source) in records.iter().enumerate() {
            batch.decode_record(format, record, source);
        }
        batch.keep_one_row_per_key();
        batch
    }

    fn decode_record(&mut self, format: &'a OrderFormat, record: usize, source: &'a Record) {
        let first = self.rejected.len();
        let arrived_at = ArrivalTime::from(source.arrived_at);
        let mut refused = 0_u64;
        for Decoded {
            position,
            bytes,
            line,
        } in format.decode(&source.data)
        {
            match line {
                Ok(line) => {
                    self.lines.push(Line {
                        record,
                        position,
                        bytes,
                        row: self.rows.len(),
                    });
                    self.rows.push(Row::new(line, arrived_at.clone()));
                }
                Err(reject) => {
                    refused += 1;
                    let rejected = Rejected {
                        record,
                        position,
                        lines: 1,
                        bytes,
                        reject,
                    };
                    if self.rejected.len() - first <= REJECTS_PER_RECORD {
                        push(&mut self.rejected, rejected);
                    }
                }
            }
        }
        if self.rejected.len() - first > REJECTS_PER_RECORD {
            self.rejected.truncate(first + 1);
            let whole = &mut self.rejected[first];
            whole.lines = refused;
            whole.bytes = &source.data;
        }
    }

    /// BatchWriteItem takes no two requests for one key. The last one in the
    /// batch stays, as it would if each were written in turn.
    fn keep_one_row_per_key(&mut self) {
        let last: HashMap<_, _> = self
            .rows
            .iter()
            .enumerate()
            .map(|(index, row)| (row.key(), index))
            .collect();
        if last.len() == self.rows.len() {
            return;
        }
        let winners: Vec<usize> = self.rows.iter().map(|row| last[&row.key()]).collect();
        drop(last);
        let mut places = vec![0; winners.len()];
        let mut kept = 0;
        for (index, winner) in winners.iter().enumerate() {
            if *winner == index {
                places[index] = kept;
                kept += 1;
            }
        }
        for line in &mut self.lines {
            line.row = places[winners[line.row]];
        }
        let mut index = 0..;
        self.rows.retain(|_| {
            index
                .next()
                .is_some_and(|index: usize| winners[index] == index)
        });
    }

    /// How many lines are in rows that had this fate.
    pub(crate) fn lines_with(&self, fate: Fate, fates: &[Fate]) -> usize {
        self.lines
            .iter()
            .filter(|line| fates[line.row] == fate)
            .count()
    }

    /// Marks in `failed` each record with a line whose row is not written yet.
    pub(crate) fn mark_pending(&self, fates: &[Fate], failed: &mut [bool]) {
        for line in &self.lines {
            failed[line.record] |= fates[line.row] == Fate::Pending;
        }
    }

    /// The lines whose rows the table refused.
    pub(crate) fn refused(&self, fates: &[Fate]) -> Vec<Rejected<'a>> {
        let refused = self
            .lines
            .iter()
            .filter(|line| fates[line.row] == Fate::Refused);
        let mut rejected = Vec::new();
        for line in refused {
            let line = Rejected {
                record: line.record,
                position: line.position,
                lines: 1,
                bytes: line.bytes,
                reject: Reject::line(Reason::RefusedByTable),
            };
            push(&mut rejected, line);
        }
        rejected
    }
}

/// Adds a line that is refused. Lines of one order are one reject: each of them would be
/// the whole order again.
fn push<'a>(rejected: &mut Vec<Rejected<'a>>, line: Rejected<'a>) {
    let place = |rejected: &Rejected<'_>| {
        let position = rejected.position;
        (rejected.record, position.user_record, position.object)
    };
    match rejected.last_mut() {
        Some(last) if line.position.item.is_some() && place(last) == place(&line) => {
            last.lines += 1;
        }
        _ => rejected.push(line),
    }
}
