//! Records that the Kinesis Producer Library aggregated.

use model::{Reason, Reject, decode};

use crate::encode;
use crate::memory::bounded;
use crate::order::offset;

/// As for lines: nothing of the aggregate itself is copied.
const MEMORY: usize = 8;

/// Checks `data` as a record that begins as an aggregate, and as the message inside
/// one, under a checksum that is right.
///
/// # Panics
/// - if what is damaged is anything but one reject that holds all of it;
/// - if lines lie outside of the record or not in its order, or there are more of
///   them than bytes;
/// - if more memory is held than the record's length allows, whatever lengths it
///   declares.
pub fn check(data: &[u8]) {
    let damaged = [&[0xF3, 0x89, 0x9A, 0xC2], data].concat();
    record(&damaged);
    let sealed = encode::sealed(data);
    record(&sealed);
    // An aggregate inside of an aggregate is not taken apart again.
    let nested = encode::aggregate(&[sealed]);
    record(&nested);
    assert!(decode(&nested).all(|decoded| decoded.position.user_record == Some(1)));
    let alone: Vec<_> = decode(data).map(|d| d.line).collect();
    if !encode::is_sealed(data) {
        let aggregate = encode::aggregate(&[data.to_vec()]);
        let inside: Vec<_> = decode(&aggregate).map(|d| d.line).collect();
        assert_eq!(inside, alone, "lines are the same inside of an aggregate");
    }
}

fn record(record: &[u8]) {
    bounded(record.len(), MEMORY, || decode(record).for_each(drop));
    let lines: Vec<_> = decode(record).collect();
    let damage = Err(Reject::line(Reason::DamagedAggregate));
    if lines.iter().any(|decoded| decoded.line == damage) {
        assert_eq!(lines.len(), 1);
        assert_eq!(lines[0].bytes, record);
        return;
    }
    assert!(lines.len() <= record.len());
    let mut read = 0;
    let mut place = None;
    for decoded in &lines {
        let start = offset(record, decoded.bytes);
        assert!(start >= read, "a byte is in two lines");
        read = start + decoded.bytes.len();
        assert!(decoded.position.user_record.is_some());
        assert!(place < Some(decoded.position), "lines have an order");
        place = Some(decoded.position);
    }
}
