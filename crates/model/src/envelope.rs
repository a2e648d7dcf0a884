//! What CloudWatch Logs sends through a subscription: a gzipped record of one log stream's
//! events. Which log those events are of is said by `routes`.

use std::borrow::Cow;
use std::fmt;

/// A subscription's record, unpacked.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Envelope<'a> {
    /// Whether it holds events.
    pub kind: EnvelopeKind,
    /// The account whose log it is.
    pub owner: Cow<'a, str>,
    /// The log group.
    pub log_group: Cow<'a, str>,
    /// The log stream.
    pub log_stream: Cow<'a, str>,
    /// The events, in their order.
    pub events: Vec<Event<'a>>,
}

/// What a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvelopeKind {
    /// It holds events.
    Data,
    /// It tests that the destination can be reached, and holds nothing.
    Control,
}

/// One event of a log stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event<'a> {
    /// Its own name within the log.
    pub id: Cow<'a, str>,
    /// In milliseconds since 1970.
    pub timestamp: i64,
    /// What was logged: a line, mostly.
    pub message: Cow<'a, str>,
}

/// Why a record is none of a subscription's.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EnvelopeError {
    /// No gzip, or a damaged one.
    NotGzip,
    /// It unpacks to more bytes than these.
    TooLarge(usize),
    /// Not the JSON of a subscription's record.
    NotAnEnvelope,
}

impl EnvelopeError {
    /// What is wrong, for machines.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::NotGzip => "not_gzip",
            Self::TooLarge(_) => "too_large",
            Self::NotAnEnvelope => "not_an_envelope",
        }
    }
}

impl fmt::Display for EnvelopeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotGzip => f.write_str("the record: expected whole gzip members"),
            Self::TooLarge(bound) => {
                write!(f, "the record: expected at most {bound} bytes unpacked")
            }
            Self::NotAnEnvelope => f.write_str(
                "the record: expected the JSON of a CloudWatch Logs subscription, with messageType, owner, logGroup, \
                 logStream and logEvents",
            ),
        }
    }
}

impl std::error::Error for EnvelopeError {}

/// Unpacks a record to at most `bound` bytes.
///
/// # Errors
/// `NotGzip`, `TooLarge`.
pub fn unpack(_gzip: &[u8], _bound: usize) -> Result<Vec<u8>, EnvelopeError> {
    Err(EnvelopeError::NotGzip)
}

impl<'a> Envelope<'a> {
    /// Whether bytes begin like gzip, as a subscription's record does.
    #[must_use]
    pub fn is_packed(record: &[u8]) -> bool {
        record.starts_with(&[0x1f, 0x8b])
    }

    /// Reads an unpacked record.
    ///
    /// # Errors
    /// `NotAnEnvelope`.
    pub fn parse(_json: &'a [u8]) -> Result<Self, EnvelopeError> {
        Err(EnvelopeError::NotAnEnvelope)
    }
}
