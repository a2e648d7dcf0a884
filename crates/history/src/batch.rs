//! A batch of records as what has to be done: rows to keep, and records to refuse,
//! each with what it came in.

use function::Record;
use model::{Alarm, Reason, Reject};

/// The largest `Number_of_orders`: existing tables have an `INT`, and a rate is never
/// cut to fit.
const MOST_ORDERS: u64 = i32::MAX as u64;
/// The largest `trigger_count`: an `INT UNSIGNED`.
const MOST_SECONDS: u64 = u32::MAX as u64;

/// What a batch holds, each record in one of the two.
#[derive(Debug, Default)]
pub struct Batch<'a> {
    /// Records that are alarms; copies of an alarm are all there.
    pub rows: Vec<Row<'a>>,
    /// Records that can never be rows.
    pub rejected: Vec<Rejected<'a>>,
}

/// An alarm and the record that it came in.
#[derive(Debug)]
pub struct Row<'a> {
    /// What it came in.
    pub record: &'a Record,
    /// What the row says.
    pub alarm: Alarm,
}

/// A record that can never be a row.
#[derive(Debug, Clone, Copy)]
pub struct Rejected<'a> {
    /// What was refused.
    pub record: &'a Record,
    /// Why.
    pub reject: Reject,
    /// The database's error, if it was the table that refused.
    pub code: Option<u16>,
}

impl<'a> Batch<'a> {
    /// Reads every record.
    pub(crate) fn decode(records: &'a [Record]) -> Self {
        let mut batch = Self::default();
        for record in records {
            match Alarm::parse(&record.data).and_then(fitting) {
                Ok(alarm) => batch.rows.push(Row { record, alarm }),
                Err(reject) => batch.rejected.push(Rejected {
                    record,
                    reject,
                    code: None,
                }),
            }
        }
        batch
    }
}

impl<'a> Row<'a> {
    /// The row's record as one that the table refused with this error.
    #[must_use]
    pub fn refused(&self, code: u16) -> Rejected<'a> {
        Rejected {
            record: self.record,
            reject: Reject::line(Reason::RefusedByTable),
            code: Some(code),
        }
    }
}

/// An alarm whose numbers the columns hold.
fn fitting(alarm: Alarm) -> Result<Alarm, Reject> {
    let fits = alarm.rate <= MOST_ORDERS && alarm.trigger_count <= MOST_SECONDS;
    fits.then_some(alarm)
        .ok_or(Reject::line(Reason::OutOfRange))
}
