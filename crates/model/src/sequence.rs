//! A record's place in its shard.
//!
//! Sequence numbers have up to 56 decimal digits, more than any number type holds,
//! and grow within their shard only.
//! Source: <https://docs.aws.amazon.com/streams/latest/dev/key-concepts.html#sequence-number>

use std::cmp::Ordering;
use std::fmt;

use serde::de::{Deserializer, Error, Unexpected};
use serde::{Deserialize, Serialize};

/// A record's place in its shard. Ordered as the numbers they are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct SequenceNumber(String);

impl SequenceNumber {
    /// `None` if `text` is anything but decimal digits. An empty one could not be
    /// reported as failed: Lambda would take it as the whole batch.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| Self(text.to_owned()))
    }

    /// The digits as they came.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Ord for SequenceNumber {
    fn cmp(&self, other: &Self) -> Ordering {
        let [one, two] = [self, other].map(|n| n.0.trim_start_matches('0'));
        let numbers = one.len().cmp(&two.len()).then_with(|| one.cmp(two));
        // Leading zeros last, so that only what is equal compares as equal.
        numbers.then_with(|| self.0.len().cmp(&other.0.len()))
    }
}

impl PartialOrd for SequenceNumber {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for SequenceNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for SequenceNumber {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text).ok_or_else(|| {
            D::Error::invalid_value(Unexpected::Other("another text"), &"decimal digits")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sequence_numbers_are_ordered_as_numbers_of_any_length() {
        let number = |text: &str| SequenceNumber::parse(text).expect("digits");
        let long = "9".repeat(55);
        assert!(number("9") < number("10"));
        assert!(number("0010") > number("9"));
        assert!(number(&long) < number(&format!("1{}", "0".repeat(55))));
        assert_eq!(number("7"), number("7"));
        assert_eq!(SequenceNumber::parse("-1"), None);
    }

    #[test]
    fn a_sequence_number_is_written_as_it_is_read() {
        let number: SequenceNumber = serde_json::from_str("\"0049\"").expect("digits");
        assert_eq!(serde_json::to_string(&number).expect("JSON"), "\"0049\"");
        serde_json::from_str::<SequenceNumber>("\"\"").expect_err("must be refused");
    }
}
