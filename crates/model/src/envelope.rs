//! What CloudWatch Logs sends through a subscription: a gzipped record of one log stream's
//! events. Which log those events are of is said by `routes`.

use std::borrow::Cow;
use std::fmt;
use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use serde::Deserialize;

/// A subscription's record, unpacked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope<'a> {
    /// Whether it holds events.
    #[serde(rename = "messageType")]
    pub kind: EnvelopeKind,
    /// The account whose log it is.
    #[serde(borrow)]
    pub owner: Cow<'a, str>,
    /// The log group.
    #[serde(borrow)]
    pub log_group: Cow<'a, str>,
    /// The log stream.
    #[serde(borrow)]
    pub log_stream: Cow<'a, str>,
    /// The events, in their order; none of a record that is a test.
    #[serde(borrow, rename = "logEvents")]
    pub events: Vec<Event<'a>>,
}

/// What a record is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum EnvelopeKind {
    /// It holds events.
    #[serde(rename = "DATA_MESSAGE")]
    Data,
    /// It tests that the destination can be reached, and holds nothing.
    #[serde(rename = "CONTROL_MESSAGE")]
    Control,
}

/// One event of a log stream.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Event<'a> {
    /// Its own name within the log.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// In milliseconds since 1970.
    pub timestamp: i64,
    /// What was logged: a line, mostly.
    #[serde(borrow)]
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
pub fn unpack(gzip: &[u8], bound: usize) -> Result<Vec<u8>, EnvelopeError> {
    // What such records come to, mostly; a small one cannot ask for much by that.
    let mut unpacked = Vec::with_capacity(gzip.len().saturating_mul(8).min(bound));
    let most = u64::try_from(bound).unwrap_or(u64::MAX).saturating_add(1);
    let mut decoder = MultiGzDecoder::new(gzip).take(most);
    let read = decoder.read_to_end(&mut unpacked);
    read.map_err(|_| EnvelopeError::NotGzip)?;
    if unpacked.len() > bound {
        return Err(EnvelopeError::TooLarge(bound));
    }
    Ok(unpacked)
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
    pub fn parse(json: &'a [u8]) -> Result<Self, EnvelopeError> {
        let envelope = serde_json::from_slice::<Self>(json);
        let mut envelope = envelope.map_err(|_| EnvelopeError::NotAnEnvelope)?;
        if envelope.kind == EnvelopeKind::Control {
            envelope.events.clear();
        }
        Ok(envelope)
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use flate2::Compression;
    use flate2::write::GzEncoder;

    use super::*;

    /// AWS's documented example of a record.
    const RECORD: &str = r#"{
        "owner": "111111111111",
        "logGroup": "CloudTrail/logs",
        "logStream": "111111111111_CloudTrail/logs_us-east-1",
        "subscriptionFilters": ["Destination"],
        "messageType": "DATA_MESSAGE",
        "logEvents": [
            {
                "id": "31953106606966983378809025079804211143289615424298221568",
                "timestamp": 1432826855000,
                "message": "{\"eventVersion\":\"1.03\",\"userIdentity\":{\"type\":\"Root\"}"
            },
            {
                "id": "31953106606966983378809025079804211143289615424298221569",
                "timestamp": 1432826855001,
                "message": "plain",
                "extractedFields": {"a": "b"}
            }
        ]
    }"#;

    fn packed(text: &str) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
        encoder.write_all(text.as_bytes()).expect("in memory");
        encoder.finish().expect("in memory")
    }

    #[test]
    fn a_record_opens_to_its_events() {
        let record = packed(RECORD);
        assert!(Envelope::is_packed(&record));
        let unpacked = unpack(&record, 1 << 20).expect("gzip");
        let envelope = Envelope::parse(&unpacked).expect("an envelope");
        assert_eq!(envelope.kind, EnvelopeKind::Data);
        assert_eq!(envelope.owner, "111111111111");
        assert_eq!(envelope.log_group, "CloudTrail/logs");
        assert_eq!(
            envelope.log_stream,
            "111111111111_CloudTrail/logs_us-east-1"
        );
        assert_eq!(envelope.events.len(), 2);
        assert_eq!(envelope.events[0].timestamp, 1_432_826_855_000);
        assert!(envelope.events[0].message.starts_with("{\"eventVersion"));
        assert!(matches!(envelope.events[1].message, Cow::Borrowed("plain")));
    }

    #[test]
    fn a_test_of_the_destination_holds_nothing() {
        let json = r#"{"messageType":"CONTROL_MESSAGE","owner":"CloudwatchLogs","logGroup":"","logStream":"",
            "subscriptionFilters":[],"logEvents":[{"id":"","timestamp":1510254469274,
            "message":"CWL CONTROL MESSAGE: Checking health of destination Firehose."}]}"#;
        let envelope = Envelope::parse(json.as_bytes()).expect("an envelope");
        assert_eq!(envelope.kind, EnvelopeKind::Control);
        assert!(envelope.events.is_empty());
    }

    #[test]
    fn what_unpacks_to_too_much_is_refused_before_it_is_unpacked() {
        let zeros = packed(&"0".repeat(10_000_000));
        assert!(zeros.len() < 20_000);
        assert_eq!(unpack(&zeros, 1_000), Err(EnvelopeError::TooLarge(1_000)));
        assert_eq!(unpack(&packed("12345"), 5).as_deref(), Ok(&b"12345"[..]));
        assert_eq!(
            unpack(&packed("123456"), 5),
            Err(EnvelopeError::TooLarge(5))
        );
    }

    #[test]
    fn a_record_that_is_no_envelope_is_refused_with_the_reason() {
        let whole = packed(RECORD);
        for record in [&b"plain"[..], &whole[..whole.len() - 9], &[], &[0x1f, 0x8b]] {
            assert_eq!(
                unpack(record, 1 << 20),
                Err(EnvelopeError::NotGzip),
                "{record:?}"
            );
        }
        for json in ["", "{}", "[]", r#"{"messageType":"OTHER"}"#] {
            let error = Envelope::parse(json.as_bytes()).expect_err(json);
            assert_eq!(error.reason(), "not_an_envelope");
            assert!(error.to_string().contains("expected the JSON"));
        }
    }

    #[test]
    fn members_behind_each_other_are_one_record() {
        let (first, second) = RECORD.split_at(100);
        let record = [packed(first), packed(second)].concat();
        assert_eq!(unpack(&record, 1 << 20).as_deref(), Ok(RECORD.as_bytes()));
    }
}
