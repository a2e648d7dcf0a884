//! CloudWatch Logs' records, and the file that says which log each stream holds.

use model::{Envelope, EnvelopeError, Routes, unpack};

use crate::memory::bounded;
use crate::request::names_a_line;

/// The most bytes that a record may unpack to here.
const BOUND: usize = 256 * 1024;
/// An event of 37 bytes has three texts and a time in memory.
const MEMORY: usize = 16;
/// What inflating holds, whatever is inflated, and the bytes unpacked, which are moved as
/// they grow.
const UNPACKING: usize = 4 * BOUND;
/// A TOML value of a few bytes is a node of a tree in memory.
const FILE_MEMORY: usize = 256;
/// What stands between a record and a file of routes in an input.
const BETWEEN: u8 = 0x1E;

/// Checks a record, packed or not, and the file of routes behind 0x1E if it is not packed.
///
/// # Panics
/// - if a record unpacks to more than it may, or holds more memory than that;
/// - if a test of reachability holds events;
/// - if a file of routes is refused without the number of one of its lines, or is another one
///   when it is read again.
pub fn check(data: &[u8]) {
    if Envelope::is_packed(data) {
        let unpacked = bounded(UNPACKING, 1, || unpack(data, BOUND));
        match unpacked {
            Ok(json) => {
                assert!(json.len() <= BOUND);
                opened(&json);
            }
            Err(error) => assert!(error == EnvelopeError::NotGzip || error.reason() == "too_large"),
        }
        return;
    }
    let mut parts = data.splitn(2, |b| *b == BETWEEN);
    let envelope = parts.next().unwrap_or_default();
    opened(envelope);
    let Ok(file) = std::str::from_utf8(parts.next().unwrap_or_default()) else {
        return;
    };
    match bounded(file.len(), FILE_MEMORY, || Routes::parse(file)) {
        Err(error) => names_a_line(&error.to_string(), file),
        Ok(routes) => {
            assert_eq!(Routes::parse(file).as_ref(), Ok(&routes));
            if let Ok(envelope) = Envelope::parse(envelope) {
                let _ = routes.of(&envelope.owner, &envelope.log_group, &envelope.log_stream);
            }
        }
    }
}

fn opened(json: &[u8]) {
    match bounded(json.len(), MEMORY, || Envelope::parse(json)) {
        Ok(envelope) => {
            assert!(envelope.kind == model::EnvelopeKind::Data || envelope.events.is_empty());
            let texts = envelope.events.iter().map(|event| event.message.len());
            assert!(texts.sum::<usize>() <= json.len());
        }
        Err(error) => assert_eq!(error, EnvelopeError::NotAnEnvelope),
    }
}
