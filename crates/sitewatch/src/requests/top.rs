//! What is counted for each of many keys, in bounded memory however many a log holds.
//!
//! Up to [`Top::MOST`] keys all counts are exact. When there are more, the half with the lowest
//! counts is dropped and its highest count is added to the error: a key may come again after
//! it was dropped, so its count is too low by no more than that sum. A key with more
//! requests than that is never missing.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;

use datasketches::hll::{HllSketch, HllType};

/// 2^14 registers: a standard error of 0.8 %.
const SKETCH_LG_K: u8 = 14;
/// Longer texts are told apart by their beginning.
const LONGEST: usize = 512;

/// What is counted for a key.
pub(super) trait Count {
    /// How often it came.
    fn weight(&self) -> u64;
}

/// Keys and what is counted for each.
#[derive(Debug)]
pub(super) struct Top<K, V> {
    known: HashMap<K, V>,
    /// Those that were dropped.
    dropped: Option<Box<HllSketch>>,
    error: u64,
}

impl<K, V> Default for Top<K, V> {
    fn default() -> Self {
        Self {
            known: HashMap::new(),
            dropped: None,
            error: 0,
        }
    }
}

impl<K: Hash + Eq + Ord + Clone, V: Count> Top<K, V> {
    /// Keys that are known at the same time.
    pub(super) const MOST: usize = 50_000;

    /// What is counted for a key; made anew if it is not known.
    pub(super) fn of<Q>(&mut self, key: &Q, new: impl FnOnce() -> V) -> &mut V
    where
        K: Borrow<Q>,
        Q: Hash + Eq + ToOwned<Owned = K> + ?Sized,
    {
        if !self.known.contains_key(key) && self.known.len() >= Self::MOST {
            self.drop_lower_half();
        }
        // Two lookups of a known key: its copy would cost more.
        if self.known.contains_key(key) {
            return self.known.get_mut(key).expect("a key that was just found");
        }
        self.known.entry(key.to_owned()).or_insert_with(new)
    }

    fn drop_lower_half(&mut self) {
        let mut weights: Vec<u64> = self.known.values().map(Count::weight).collect();
        let (_, limit, _) = weights.select_nth_unstable(Self::MOST / 2);
        let limit = *limit;
        let dropped = self.dropped.get_or_insert_with(|| {
            let sketch = HllSketch::new(SKETCH_LG_K, HllType::Hll4);
            Box::new(sketch.expect("14 is a size that sketches have"))
        });
        self.known.retain(|key, count| {
            let is_kept = count.weight() > limit;
            if !is_kept {
                dropped.update(key);
            }
            is_kept
        });
        self.error += limit;
    }

    /// How many different keys there were; an estimate where some were dropped.
    #[allow(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "estimates are positive and far below 2^64"
    )]
    pub(super) fn distinct(&self) -> u64 {
        let Some(dropped) = &self.dropped else {
            return self.known.len() as u64;
        };
        let mut all = dropped.clone();
        self.known.keys().for_each(|key| all.update(key));
        all.estimate().round() as u64
    }

    /// How much too low a count may be; 0 where all are exact.
    pub(super) const fn error(&self) -> u64 {
        self.error
    }

    /// The `most` keys with the highest values of `by`, those with nothing left out; of equal ones
    /// those that are first in order.
    pub(super) fn highest<O: Ord>(
        &self,
        most: usize,
        by: impl Fn(&V) -> Option<O>,
    ) -> Vec<(&K, &V)> {
        let mut all: Vec<(O, &K, &V)> = Vec::new();
        for (key, count) in &self.known {
            all.extend(by(count).map(|order| (order, key, count)));
        }
        all.sort_unstable_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(b.1)));
        all.truncate(most);
        all.into_iter()
            .map(|(_, key, count)| (key, count))
            .collect()
    }
}

/// The text that stands for one that may be a megabyte long.
pub(super) fn shortened(text: &str) -> &str {
    if text.len() <= LONGEST {
        return text;
    }
    &text[..text.floor_char_boundary(LONGEST)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default)]
    struct Times(u64);

    impl Count for Times {
        fn weight(&self) -> u64 {
            self.0
        }
    }

    fn add(top: &mut Top<String, Times>, key: &str) {
        top.of(key, Times::default).0 += 1;
    }

    #[test]
    fn few_keys_are_counted_exactly() {
        let mut top = Top::default();
        for key in ["a", "b", "a", "c", "b", "a"] {
            add(&mut top, key);
        }
        let highest = top.highest(2, |times| Some(times.0));
        let highest: Vec<_> = highest
            .iter()
            .map(|(key, times)| (key.as_str(), times.0))
            .collect();
        assert_eq!(highest, [("a", 3), ("b", 2)]);
        assert_eq!((top.distinct(), top.error()), (3, 0));
    }

    #[test]
    fn of_ever_more_keys_the_frequent_ones_stay_within_the_error_that_is_told() {
        let mut top = Top::default();
        let most = Top::<String, Times>::MOST;
        for n in 0..4 * most {
            add(&mut top, &format!("/{n}"));
            if n % 20 == 0 {
                add(&mut top, "often");
            }
        }
        assert!(top.known.len() <= most);
        let often = (4 * most / 20) as u64;
        let highest = top.highest(1, |times| Some(times.0));
        assert_eq!(highest[0].0, "often");
        assert!(highest[0].1.0 <= often && highest[0].1.0 + top.error() >= often);
        assert!(top.error() > 0 && top.error() < 20, "{}", top.error());
        let (distinct, true_distinct) = (top.distinct(), 4 * most as u64 + 1);
        assert!(
            distinct.abs_diff(true_distinct) < true_distinct / 25,
            "{distinct}"
        );
    }

    #[test]
    fn a_text_is_cut_between_signs() {
        let long = "ä".repeat(LONGEST);
        assert_eq!(shortened(&long).len(), LONGEST);
        assert_eq!(shortened(&format!("x{long}")).len(), LONGEST - 1);
        assert_eq!(shortened("short"), "short");
    }
}
