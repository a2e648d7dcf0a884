//! The lines of VPC flow logs, whose fields are those of the default format, or named
//! beforehand or by the log's first line.

use std::net::IpAddr;

use super::number::{bytes, whole};
use super::reject::LogReject;
use super::text::present;
use super::time::written;
use crate::flow::{Action, Flow};

/// The fields of the default format, in their order.
pub(super) const DEFAULT: [&str; 14] = [
    "version",
    "account-id",
    "interface-id",
    "srcaddr",
    "dstaddr",
    "srcport",
    "dstport",
    "protocol",
    "packets",
    "bytes",
    "start",
    "end",
    "action",
    "log-status",
];

/// The fields that a flow is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    Source,
    Destination,
    Port,
    Protocol,
    Packets,
    Bytes,
    Start,
    End,
    Action,
    State,
}

/// How many there are.
const NAMES: usize = 10;

fn name_of(field: &str) -> Option<Name> {
    Some(match field {
        "srcaddr" => Name::Source,
        "dstaddr" => Name::Destination,
        "dstport" => Name::Port,
        "protocol" => Name::Protocol,
        "packets" => Name::Packets,
        "bytes" => Name::Bytes,
        "start" => Name::Start,
        "end" => Name::End,
        "action" => Name::Action,
        "log-status" => Name::State,
        _ => return None,
    })
}

/// Whether a line names fields, as the first one of an object in S3 does.
pub(super) fn is_header(line: &str) -> bool {
    let is_name = |b: u8| b.is_ascii_lowercase() || matches!(b, b'-' | b'_');
    let mut names = 0;
    line.split(' ').all(|field| {
        names += usize::from(name_of(field).is_some());
        field.len() > 1 && field.bytes().all(is_name)
    }) && names > 1
}

/// Reads lines of flows.
#[derive(Debug, Clone)]
pub(super) struct Flows {
    plan: Vec<Option<Name>>,
}

impl Flows {
    /// With these fields; those of the default format if there are none.
    pub(super) fn new(fields: &[String]) -> Self {
        let plan = if fields.is_empty() {
            DEFAULT.iter().map(|field| name_of(field)).collect()
        } else {
            fields.iter().map(|field| name_of(field)).collect()
        };
        Self { plan }
    }

    /// Reads a line; `None` if it tells of no flow.
    #[inline]
    pub(super) fn read(&mut self, line: &str) -> Option<Result<Flow, LogReject>> {
        if line.as_bytes()[0].is_ascii_lowercase() && self.heed(line) {
            return None;
        }
        self.flow(line).transpose()
    }

    /// Whether a line names the fields of those behind it; heeds them.
    pub(super) fn heed(&mut self, line: &str) -> bool {
        let names = is_header(line);
        if names {
            self.plan = line.split(' ').map(name_of).collect();
        }
        names
    }

    fn flow(&self, line: &str) -> Result<Option<Flow>, LogReject> {
        let mut fields = [""; NAMES];
        let (mut count, mut start) = (0, 0);
        for end in memchr::memchr_iter(b' ', line.as_bytes()).chain([line.len()]) {
            if let Some(Some(name)) = self.plan.get(count) {
                fields[*name as usize] = &line[start..end];
            }
            count += 1;
            start = end + 1;
        }
        if count != self.plan.len() {
            return Err(LogReject::COLUMNS);
        }
        if matches!(fields[Name::State as usize], "NODATA" | "SKIPDATA") {
            return Ok(None);
        }
        flow(&fields).map(Some)
    }
}

fn flow(fields: &[&str; NAMES]) -> Result<Flow, LogReject> {
    let text = |name: Name| fields[name as usize];
    let start = match text(Name::Start) {
        "" => return Err(LogReject::missing("start")),
        start => seconds(start, "start")?,
    };
    Ok(Flow {
        start,
        end: match present(text(Name::End)) {
            None => start,
            Some(end) => seconds(end, "end")?,
        },
        source: address(text(Name::Source), "srcaddr")?,
        destination: address(text(Name::Destination), "dstaddr")?,
        destination_port: small(text(Name::Port), "dstport")?,
        protocol: small(text(Name::Protocol), "protocol")?,
        packets: bytes(text(Name::Packets), "packets")?,
        bytes: bytes(text(Name::Bytes), "bytes")?,
        action: match text(Name::Action) {
            "ACCEPT" => Some(Action::Accept),
            "REJECT" => Some(Action::Reject),
            "" | "-" => None,
            _ => return Err(LogReject::action("action")),
        },
    })
}

fn seconds(text: &str, place: &'static str) -> Result<i64, LogReject> {
    let milliseconds = whole(text).and_then(|seconds| seconds.checked_mul(1_000));
    let at = milliseconds.and_then(written).map(|at| at / 1_000);
    at.ok_or(LogReject::time(place, "seconds since 1970"))
}

fn address(text: &str, place: &'static str) -> Result<Option<IpAddr>, LogReject> {
    let address = present(text).map(|text| {
        text.parse::<IpAddr>()
            .map_err(|_| LogReject::address(place))
    });
    address.transpose()
}

fn small<N: TryFrom<u64>>(text: &str, place: &'static str) -> Result<Option<N>, LogReject> {
    let number = present(text).map(|text| {
        let number = whole(text).and_then(|number| N::try_from(number).ok());
        number.ok_or(LogReject::number(place))
    });
    number.transpose()
}
