//! Which rejects have been met: a queue delivers at least once, and a batch that was
//! delivered again has sent its rejects again. Pure.

use std::collections::HashSet;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use super::parts;
use super::queue::Receipt;
use super::reject::{Place, Reject};

/// A reject whose messages are held.
pub(crate) type Whole = parts::Whole<Held>;

/// A message that nobody else receives for now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Held {
    /// The message's id.
    pub(crate) id: String,
    /// What it is deleted by.
    pub(crate) receipt: Receipt,
    content: Content,
}

/// A part of a reject, and a hash of its bytes: a copy has the same.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Content(Place, usize, usize, u64);

impl Held {
    pub(crate) fn new(id: String, receipt: Receipt, reject: &Reject) -> Self {
        let mut hasher = DefaultHasher::new();
        reject.data.hash(&mut hasher);
        let content = Content(
            reject.place.clone(),
            reject.part,
            reject.parts,
            hasher.finish(),
        );
        Self {
            id,
            receipt,
            content,
        }
    }
}

/// The parts of all rejects that were met.
#[derive(Debug, Default)]
pub(crate) struct Known(HashSet<Content>);

impl Known {
    /// Whether a message is a copy of one that was met.
    pub(crate) fn has(&self, message: &Held) -> bool {
        self.0.contains(&message.content)
    }

    /// From now on, messages like those of `whole` are copies.
    pub(crate) fn add(&mut self, whole: &Whole) {
        let contents = whole.messages.iter().map(|held| held.content.clone());
        self.0.extend(contents);
    }

    /// They are none after all: it was not sent.
    pub(crate) fn forget(&mut self, whole: &Whole) {
        for held in &whole.messages {
            self.0.remove(&held.content);
        }
    }
}
