//! Taking apart a record that the Kinesis Producer Library aggregated.
//!
//! Format: the bytes `F3 89 9A C2`, a protocol buffers message, and the MD5 of
//! that message. Of the message only the user records' data is needed: field 3,
//! repeated, with field 3 (bytes) inside.
//! Source: "KPL Aggregated Record Format" in awslabs/amazon-kinesis-producer.
//!
//! Nothing is copied: user records are slices of the record.

use std::fmt;

use md5::{Digest, Md5};

use crate::reject::Reason;

const MAGIC: [u8; 4] = [0xF3, 0x89, 0x9A, 0xC2];
const MD5_LENGTH: usize = 16;
/// `AggregatedRecord.records` and `Record.data`.
const RECORDS: u64 = 3;
const DATA: u64 = 3;

/// A record that the Kinesis Producer Library aggregated, whose checksum and structure were
/// checked: the data of its user records, in their order.
#[derive(Debug, Clone)]
pub struct Aggregate<'a>(&'a [u8]);

/// The record begins as an aggregated one and is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DamagedAggregate;

impl DamagedAggregate {
    /// What is wrong, for machines.
    #[must_use]
    pub const fn reason(self) -> &'static str {
        "damaged_aggregate"
    }
}

impl fmt::Display for DamagedAggregate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(Reason::DamagedAggregate.expected())
    }
}

impl std::error::Error for DamagedAggregate {}

impl<'a> Aggregate<'a> {
    /// `None` if `record` does not begin as an aggregated record does.
    ///
    /// # Errors
    /// `DamagedAggregate` if it does and its checksum or structure is broken.
    #[must_use]
    pub fn parse(record: &'a [u8]) -> Option<Result<Self, DamagedAggregate>> {
        let body = record.strip_prefix(&MAGIC)?;
        Some(Self::check(body).ok_or(DamagedAggregate))
    }

    fn check(body: &'a [u8]) -> Option<Self> {
        let (message, md5) = body.split_at_checked(body.len().checked_sub(MD5_LENGTH)?)?;
        if Md5::digest(message).as_slice() != md5 {
            return None;
        }
        let mut rest = message;
        while !rest.is_empty() {
            if let (RECORDS, Wire::Bytes(record)) = field(&mut rest)? {
                data(record)?;
            }
        }
        Some(Self(message))
    }
}

impl<'a> Iterator for Aggregate<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        while !self.0.is_empty() {
            if let (RECORDS, Wire::Bytes(record)) = field(&mut self.0)? {
                return data(record);
            }
        }
        None
    }
}

enum Wire<'a> {
    Bytes(&'a [u8]),
    Other,
}

/// The data of one user record message; the last one counts, as protocol buffers
/// demand of a field that comes twice.
fn data(mut record: &[u8]) -> Option<&[u8]> {
    let mut data = None;
    while !record.is_empty() {
        if let (DATA, Wire::Bytes(bytes)) = field(&mut record)? {
            data = Some(bytes);
        }
    }
    data
}

/// Takes one field off the front: its number and value.
/// <https://protobuf.dev/programming-guides/encoding/>
fn field<'a>(rest: &mut &'a [u8]) -> Option<(u64, Wire<'a>)> {
    let tag = varint(rest)?;
    let value = match tag & 7 {
        0 => {
            varint(rest)?;
            Wire::Other
        }
        1 => skip(rest, 8)?,
        2 => {
            let length = usize::try_from(varint(rest)?).ok()?;
            Wire::Bytes(take(rest, length)?)
        }
        5 => skip(rest, 4)?,
        _ => return None,
    };
    (tag >> 3 != 0).then_some((tag >> 3, value))
}

fn skip<'a>(rest: &mut &'a [u8], count: usize) -> Option<Wire<'a>> {
    take(rest, count).map(|_| Wire::Other)
}

fn take<'a>(rest: &mut &'a [u8], count: usize) -> Option<&'a [u8]> {
    let (taken, after) = rest.split_at_checked(count)?;
    *rest = after;
    Some(taken)
}

fn varint(rest: &mut &[u8]) -> Option<u64> {
    let mut value = 0_u64;
    for shift in (0..64).step_by(7) {
        let [byte] = *take(rest, 1)? else { return None };
        let bits = u64::from(byte & 0x7F);
        // The tenth byte has room for one bit.
        if shift == 63 && bits > 1 {
            return None;
        }
        value |= bits << shift;
        if byte & 0x80 == 0 {
            return Some(value);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sealed(message: &[u8]) -> Vec<u8> {
        [&MAGIC, message, Md5::digest(message).as_slice()].concat()
    }

    /// One user record of fewer than 100 bytes, behind a partition key index.
    fn user_record(data: &[u8]) -> Vec<u8> {
        let length = u8::try_from(data.len()).expect("a short record");
        let record = [&[0x08, 0x00, 0x1A, length], data].concat();
        [&[0x1A, length + 4], record.as_slice()].concat()
    }

    fn user_records(record: &[u8]) -> Option<Result<Vec<&[u8]>, DamagedAggregate>> {
        Some(Aggregate::parse(record)?.map(Iterator::collect))
    }

    #[test]
    fn yields_each_user_record_in_order() {
        let table = [0x0A, 0x01, b'k'];
        let message = [table.as_slice(), &user_record(b"one"), &user_record(b"")].concat();
        assert_eq!(
            user_records(&sealed(&message)),
            Some(Ok(vec![b"one".as_slice(), b""]))
        );
    }

    #[test]
    fn an_aggregate_of_nothing_is_empty() {
        assert_eq!(user_records(&sealed(b"")), Some(Ok(vec![])));
    }

    #[test]
    fn other_records_are_none() {
        assert_eq!(user_records(b"{}"), None);
        assert_eq!(user_records(&MAGIC[..3]), None);
    }

    #[test]
    fn damage_is_told_as_in_rejects_of_orders() {
        let reason = serde_json::json!(Reason::DamagedAggregate);
        assert_eq!(reason, DamagedAggregate.reason());
    }

    #[test]
    fn a_wrong_checksum_or_structure_is_damage() {
        let mut wrong = sealed(&user_record(b"one"));
        *wrong.last_mut().expect("not empty") ^= 1;
        assert_eq!(user_records(&wrong), Some(Err(DamagedAggregate)));
        assert_eq!(user_records(&MAGIC), Some(Err(DamagedAggregate)));
        for message in [
            &[0x1A, 0x05, 0x08][..],   // longer than the message
            &[0x1A, 0x02, 0x08, 0x00], // a record without data
            &[0x1B],                   // a group, which the format has not
            &[0x02, 0x00],             // field number 0
            &[0xFF; 11],               // a varint without end
        ] {
            assert_eq!(
                user_records(&sealed(message)),
                Some(Err(DamagedAggregate)),
                "{message:x?}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_sealed_bytes_are_answered(message in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = user_records(&sealed(&message));
        }

        #[test]
        fn what_is_packed_comes_out(
            records in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..90), 0..20),
        ) {
            let message: Vec<u8> = records.iter().flat_map(|r| user_record(r)).collect();
            let packed = sealed(&message);
            let out = user_records(&packed).expect("aggregated").expect("sound");
            prop_assert_eq!(out, records.iter().map(Vec::as_slice).collect::<Vec<_>>());
        }
    }
}
