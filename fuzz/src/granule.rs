//! What the `surge` function keeps of ten seconds of a shard, as bytes in a table that
//! others may write to.

use model::{Dimension, Measure, Second, SequenceNumber};
use surge::{Arrivals, Gauge, Granule};

use crate::memory::bounded;

/// Two bytes may declare a bucket, which is a node of a tree in memory; a sketch of a
/// few bytes may stand for 2^21 registers at the most.
const MEMORY: usize = 256;

/// Checks one granule's bytes.
///
/// # Panics
/// - if a granule, written again, is another one;
/// - if more memory is held than its length allows.
pub fn check(data: &[u8]) {
    let start = Second::new(1_291_191_960);
    let last = SequenceNumber::parse("1").expect("digits");
    for measure in [Measure::Orders, Measure::Units] {
        let read = |bytes: &[u8]| Granule::from_bytes(start, last.clone(), bytes, measure);
        let Some(granule) = bounded(data.len(), MEMORY, || read(data)) else {
            continue;
        };
        let bytes = granule.to_bytes(measure).expect("bytes");
        let again = read(&bytes).expect("a granule that was written again");
        assert_eq!(again.to_bytes(measure).expect("bytes"), bytes);
        let mut arrivals = Arrivals::default();
        granule.each(|second, bucket| arrivals.add(second, bucket));
        let _ = arrivals.rates(start, start + 9, 15);
        let gauge = Gauge::new(measure, Dimension::ALL.to_vec());
        let _ = arrivals.summary((start, start + 9), 0, &gauge);
    }
}
