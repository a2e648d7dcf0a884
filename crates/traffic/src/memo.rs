//! A bounded memory of what a text came to, since the same paths and user agents come again
//! and again. It may forget at any time: only what is a function of the text belongs in it.

use std::hash::{BuildHasher, RandomState};

/// Longer texts are hostile, as a rule, and do not come again.
const LONGEST: usize = 512;
/// A power of two. With the longest texts in all of them a memo takes 4 MB.
const SLOTS: usize = 8_192;

/// The last text that led to a slot, and what it came to.
type Slot<V> = Option<(Box<str>, V)>;

/// What texts came to: a row of slots, each with the last text whose hash led there.
#[derive(Debug)]
pub(crate) struct Memo<V> {
    slots: Box<[Slot<V>]>,
    /// Keyed by chance, so that nobody can send texts that all lead to one slot.
    hasher: RandomState,
}

impl<V: Copy> Memo<V> {
    /// An empty one.
    pub(crate) fn new() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| None).collect(),
            hasher: RandomState::new(),
        }
    }

    /// What `text` comes to: remembered, or made by `make`.
    pub(crate) fn get(&mut self, text: &str, make: impl FnOnce() -> V) -> V {
        if text.len() > LONGEST {
            return make();
        }
        let slot = self.hasher.hash_one(text) as usize % SLOTS;
        match &mut self.slots[slot] {
            Some((known, value)) if **known == *text => *value,
            slot => {
                let value = make();
                *slot = Some((text.into(), value));
                value
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_looked_at_once_as_long_as_it_is_remembered() {
        let mut memo = Memo::new();
        assert_eq!(memo.get("a", || 1), 1);
        assert_eq!(memo.get("a", || unreachable!("remembered")), 1);
        let long = "x".repeat(LONGEST + 1);
        assert_eq!((memo.get(&long, || 2), memo.get(&long, || 3)), (2, 3));
    }

    #[test]
    fn ever_more_texts_never_get_anothers_value() {
        let mut memo = Memo::new();
        for n in (0..3 * SLOTS).chain(0..SLOTS) {
            assert_eq!(memo.get(&n.to_string(), || n), n);
        }
        assert_eq!(memo.slots.len(), SLOTS);
    }
}
