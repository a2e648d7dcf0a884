//! Rejects that come in several messages, put together. Pure.

use std::collections::HashMap;

use chrono::{DateTime, Utc};

use super::reject::{Place, Reject};

/// A reject with all its bytes, and what its messages are called in the queue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Whole<H> {
    /// What it is of.
    pub(crate) place: Place,
    /// Why it was refused.
    pub(crate) reason: String,
    /// When its record arrived.
    pub(crate) arrived_at: DateTime<Utc>,
    /// All its bytes.
    pub(crate) data: Vec<u8>,
    /// Its messages, copies of parts too.
    pub(crate) messages: Vec<H>,
}

/// Parts that wait for the others.
#[derive(Debug)]
pub(crate) struct Parts<H>(HashMap<(Place, usize), Waiting<H>>);

#[derive(Debug)]
struct Waiting<H> {
    data: Vec<Option<Vec<u8>>>,
    messages: Vec<H>,
}

impl<H> Default for Parts<H> {
    fn default() -> Self {
        Self(HashMap::new())
    }
}

impl<H> Parts<H> {
    /// Adds a message; the whole reject if it was the last one that was missing.
    pub(crate) fn add(&mut self, reject: Reject, message: H) -> Option<Whole<H>> {
        let key = (reject.place, reject.parts);
        let waiting = self.0.entry(key.clone()).or_insert_with(|| Waiting {
            data: Vec::new(),
            messages: Vec::new(),
        });
        // Grows with what came, not with what a message claims.
        if waiting.data.len() < reject.part {
            waiting.data.resize(reject.part, None);
        }
        waiting.data[reject.part - 1] = Some(reject.data);
        waiting.messages.push(message);
        if waiting.data.iter().flatten().count() < reject.parts {
            return None;
        }
        let Waiting { data, messages } = self.0.remove(&key)?;
        Some(Whole {
            place: key.0,
            reason: reject.reason,
            arrived_at: reject.arrived_at,
            data: data.into_iter().flatten().flatten().collect(),
            messages,
        })
    }

    /// How many rejects lack a part.
    pub(crate) fn incomplete(&self) -> u64 {
        self.0.len() as u64
    }

    /// The messages of those.
    pub(crate) fn into_messages(self) -> impl Iterator<Item = H> {
        self.0.into_values().flat_map(|waiting| waiting.messages)
    }
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    fn part(line: u32, part: usize, parts: usize, data: &[u8]) -> Reject {
        Reject {
            place: Place {
                function: "orders".to_owned(),
                stream: "orders".to_owned(),
                shard: "shardId-000000000000".to_owned(),
                sequence_number: "7".to_owned(),
                user_record: None,
                line,
                object: None,
            },
            reason: "not_utf8".to_owned(),
            arrived_at: DateTime::UNIX_EPOCH,
            part,
            parts,
            data: data.to_vec(),
        }
    }

    #[test]
    fn parts_are_joined_in_their_order_whatever_order_they_come_in() {
        let mut parts = Parts::default();
        assert_eq!(parts.add(part(1, 3, 3, b"c"), "c"), None);
        assert_eq!(parts.add(part(2, 1, 2, b"x"), "x"), None);
        assert_eq!(parts.add(part(1, 1, 3, b"a"), "a"), None);
        assert_eq!(parts.add(part(1, 1, 3, b"a"), "copy of a"), None);
        let whole = parts.add(part(1, 2, 3, b"b"), "b").expect("the last part");
        assert_eq!(whole.data, b"abc");
        assert_eq!(whole.messages, ["c", "a", "copy of a", "b"]);
        assert_eq!(parts.incomplete(), 1);
        assert_eq!(parts.into_messages().collect::<Vec<_>>(), ["x"]);
    }
}
