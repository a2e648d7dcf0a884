//! The heaviest values among many, in bounded room: the algorithm of Misra and Gries.
//! Pure: what a share is, is the caller's.
//!
//! So many values have a share. One more takes from each of them, and from its own, as
//! much as the smallest of all has, which makes room or is all that it had. What was taken
//! from a value is at most `missed`, which is no more than the sum of all that came, divided
//! by the number of shares plus one: whoever sent more than that is there.
//!
//! Source: J. Misra, D. Gries, "Finding repeated elements", Science of Computer
//! Programming 2 (1982), 143–152, <https://doi.org/10.1016/0167-6423(82)90012-0>.

use std::collections::BTreeMap;

use datasketches::hll::{HllSketch, HllType, HllUnion};
use serde::{Deserialize, Serialize};

use crate::bucket::hash_of;

/// 2^8 registers: a standard error of 6.5 %. It stands in only where there are more
/// values than have a share.
const SKETCH_LG_K: u8 = 8;

/// What a value has sent, of which a part can be taken.
pub(crate) trait Share {
    /// How much it is.
    fn count(&self) -> u64;
    /// Adds what the same value sent besides.
    fn join(&mut self, other: Self);
    /// Takes so much of it.
    fn lose(&mut self, count: u64);
}

impl Share for u64 {
    fn count(&self) -> u64 {
        *self
    }

    fn join(&mut self, other: Self) {
        *self = self.saturating_add(other);
    }

    fn lose(&mut self, count: u64) {
        *self -= count;
    }
}

/// The heaviest values and their shares.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Heavy<S> {
    shares: BTreeMap<String, S>,
    missed: u64,
    /// All values, once some have no share.
    #[serde(
        with = "sketch_bytes",
        default,
        skip_serializing_if = "Option::is_none"
    )]
    all: Option<Box<HllSketch>>,
}

impl<S> Default for Heavy<S> {
    fn default() -> Self {
        Self {
            shares: BTreeMap::new(),
            missed: 0,
            all: None,
        }
    }
}

impl<S: Share> Heavy<S> {
    /// One that was taken apart before.
    pub(crate) fn of(
        shares: BTreeMap<String, S>,
        missed: u64,
        all: Option<Box<HllSketch>>,
    ) -> Self {
        Self {
            shares,
            missed,
            all,
        }
    }

    /// The values that have a share, in their order.
    pub(crate) fn shares(&self) -> &BTreeMap<String, S> {
        &self.shares
    }

    /// No value sent more than its share and this.
    pub(crate) fn missed(&self) -> u64 {
        self.missed
    }

    /// All values, if some of them have no share.
    pub(crate) fn all(&self) -> Option<&HllSketch> {
        self.all.as_deref()
    }

    /// Adds what a value sent. No more than `capacity` values have a share.
    pub(crate) fn add(&mut self, value: &str, mut share: S, capacity: usize) {
        if share.count() == 0 {
            return;
        }
        if let Some(known) = self.shares.get_mut(value) {
            known.join(share);
            return;
        }
        if let Some(all) = &mut self.all {
            all.update(hash_of(value));
        }
        if self.shares.len() >= capacity {
            let shares = &self.shares;
            let all = self
                .all
                .get_or_insert_with(|| Box::new(sketch(shares.keys())));
            all.update(hash_of(value));
            let smallest = self.shares.values().map(Share::count).min().unwrap_or(0);
            let taken = smallest.min(share.count());
            self.missed = self.missed.saturating_add(taken);
            self.shares.retain(|_, share| {
                share.lose(taken);
                share.count() > 0
            });
            share.lose(taken);
        }
        if share.count() > 0 {
            self.shares.insert(value.to_owned(), share);
        }
    }

    /// Takes note of what another has missed, and of the values that it has seen.
    pub(crate) fn miss(&mut self, missed: u64, all: Option<&HllSketch>) {
        self.missed = self.missed.saturating_add(missed);
        let Some(all) = all else { return };
        let mut union = HllUnion::new(SKETCH_LG_K).expect("8 is a size that sketches have");
        match &self.all {
            Some(own) => union.update(own),
            None => union.update(&sketch(self.shares.keys())),
        }
        union.update(all);
        self.all = Some(Box::new(union.to_sketch(HllType::Hll8)));
    }

    /// How many different values came: an estimate where some have no share.
    pub(crate) fn different(&self) -> u64 {
        let exact = self.shares.len() as u64;
        let Some(all) = &self.all else { return exact };
        // The one estimate that does not depend on the order of arrival.
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "`as` saturates"
        )]
        let estimate = all.composite_estimate().round() as u64;
        estimate.max(exact)
    }
}

fn sketch<'a>(values: impl Iterator<Item = &'a String>) -> HllSketch {
    let mut sketch =
        HllSketch::new(SKETCH_LG_K, HllType::Hll8).expect("8 is a size that sketches have");
    values.for_each(|value| sketch.update(hash_of(value)));
    sketch
}

/// A sketch as its bytes.
mod sketch_bytes {
    use datasketches::hll::HllSketch;
    use serde::{Deserialize as _, Deserializer, Serialize as _, Serializer, de};

    #[allow(clippy::ref_option, reason = "what serde calls")]
    pub(super) fn serialize<S: Serializer>(
        sketch: &Option<Box<HllSketch>>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let bytes = sketch.as_ref().map(|sketch| sketch.serialize());
        bytes.serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Box<HllSketch>>, D::Error> {
        let Some(bytes) = Option::<Vec<u8>>::deserialize(deserializer)? else {
            return Ok(None);
        };
        let sketch = HllSketch::deserialize(&bytes).map_err(de::Error::custom)?;
        Ok(Some(Box::new(sketch)))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn heavy(values: &[(u8, u64)], capacity: usize) -> Heavy<u64> {
        let mut heavy = Heavy::default();
        for (value, count) in values {
            heavy.add(&value.to_string(), *count, capacity);
        }
        heavy
    }

    #[test]
    fn few_values_are_counted_exactly() {
        let heavy = heavy(&[(1, 5), (2, 1), (1, 3), (3, 0)], 2);
        assert_eq!(heavy.shares()["1"], 8);
        assert_eq!((heavy.missed(), heavy.different()), (0, 2));
    }

    #[test]
    fn the_number_of_different_values_is_known_when_few_have_a_share() {
        let mut heavy = Heavy::default();
        for n in 0..1_000_u64 {
            heavy.add(&n.to_string(), 1, 10);
        }
        assert!((850..1_150).contains(&heavy.different()), "{heavy:?}");
    }

    proptest! {
        #[test]
        fn counts_are_within_the_error_and_whoever_sent_more_is_there(
            values in prop::collection::vec((0u8..40, 0u64..20), 0..400),
            capacity in 1usize..20,
        ) {
            let heavy = heavy(&values, capacity);
            let mut exact: BTreeMap<String, u64> = BTreeMap::new();
            for (value, count) in &values {
                *exact.entry(value.to_string()).or_default() += count;
            }
            let total: u64 = exact.values().sum();
            prop_assert!(heavy.shares().len() <= capacity);
            prop_assert!(heavy.missed() <= total / (capacity as u64 + 1));
            for (value, count) in exact {
                let counted = heavy.shares().get(&value).copied().unwrap_or(0);
                prop_assert!(counted <= count && count <= counted + heavy.missed());
            }
        }

        #[test]
        fn what_is_written_is_read_again(values in prop::collection::vec((0u8..40, 1u64..20), 0..100)) {
            let heavy = heavy(&values, 10);
            let json = serde_json::to_string(&heavy).expect("JSON");
            prop_assert_eq!(serde_json::from_str::<Heavy<u64>>(&json).expect("read again"), heavy);
        }
    }
}
