//! Records of the alarm stream, as `notify` and `history` read them.

use model::Alarm;
use notify::{LONGEST_SMS, LONGEST_SUBJECT, Message};

use crate::memory::bounded;

/// An alarm's texts, its message and the parser's own.
const MEMORY: usize = 8;

/// With ten values of each of as many dimensions as a record may have.
const LONGEST_EMAIL: usize = 20_480;

/// Checks one record's data.
///
/// # Panics
/// - if an alarm, written again, is another one or has another key;
/// - if its key or its message holds what no key, subject, text message or log line
///   may;
/// - if more memory is held than the record's length allows.
pub fn check(data: &[u8]) {
    let Ok(alarm) = bounded(data.len(), MEMORY, || Alarm::parse(data)) else {
        return;
    };
    let json = serde_json::to_vec(&alarm).expect("JSON");
    let again = Alarm::parse(&json).expect("an alarm that was written again");
    assert_eq!(again, alarm);
    let key = alarm.key();
    assert_eq!(again.key(), key);
    assert!(key.bytes().all(|b| b.is_ascii_graphic()), "{key}");
    assert!(key.len() <= 128 + "#REMINDER#9999-12-31T23:59:59Z".len());
    let message = bounded(data.len(), MEMORY, || Message::of(&alarm, None));
    assert!(message.subject.len() <= LONGEST_SUBJECT);
    assert!(
        !message
            .subject
            .contains(|c: char| !c.is_ascii() || c.is_control())
    );
    assert!(message.sms.len() <= LONGEST_SMS && message.sms.is_ascii());
    let printable = |b: u8| b == b'\n' || (b' '..=b'~').contains(&b);
    assert!(message.email.bytes().all(printable) && message.email.len() < LONGEST_EMAIL);
    assert!(message.facts.attributes().len() <= 10);
    let texts = message.per_protocol();
    serde_json::from_str::<serde_json::Value>(&texts).expect("one JSON object");
}
