//! A batch's records into their shard's granules, each record once.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use function::Record;
use function::delivery::CallError;
use function::table::Table;
use model::{OrderFormat, Second};

use crate::bucket::{Line, Seen, lines};
use crate::gauge::Gauge;
use crate::granule::{Arrival, Granule, start_of};
use crate::metrics::Counts;
use crate::state::State;

/// A batch, sorted into the granules that its records belong to.
#[derive(Debug)]
pub(crate) struct Batch<'a> {
    /// Arrivals by the first second of their granule, in the shard's order.
    granules: BTreeMap<Second, Vec<Arrival<'a>>>,
}

/// What counting a batch did.
#[derive(Debug)]
pub(crate) struct Counted {
    /// The shard's granules of the batch's time and of a window before it.
    pub(crate) granules: BTreeMap<Second, Granule>,
    /// The first granule whose records are not counted, nor those of later ones, and
    /// why.
    pub(crate) failed: Option<(Second, CallError)>,
}

impl<'a> Batch<'a> {
    /// Decodes records.
    pub(crate) fn decode(
        format: &'a OrderFormat,
        records: &'a [Record],
        gauge: &Gauge,
        counts: &mut Counts,
    ) -> Self {
        let mut granules: BTreeMap<Second, Vec<Arrival<'a>>> = BTreeMap::new();
        for record in records {
            let (lines, refused) = lines(format, &record.data, gauge);
            let cancelled = |seen: &&Seen<'_>| seen.line == Line::Cancellation;
            let cancelled = lines.iter().filter(cancelled).count() as u64;
            counts.lines_refused += refused;
            counts.lines_cancelled += cancelled;
            counts.lines_counted += lines.len() as u64 - cancelled;
            let second = Second::of(record.arrived_at);
            granules.entry(start_of(second)).or_default().push(Arrival {
                sequence: &record.sequence_number,
                second,
                lines,
            });
        }
        Self { granules }
    }

    /// The first and the last second in which a record arrived; `None` without any.
    pub(crate) fn span(&self) -> Option<(Second, Second)> {
        let seconds = || self.granules.values().flatten().map(|a| a.second);
        Some((seconds().min()?, seconds().max()?))
    }

    /// Counts the batch: one conditional write for each granule that it touches.
    ///
    /// `known` are the shard's granules as they were read, of the batch's time and
    /// of a window before it. A write that finds another in the place of the one it
    /// was made from is made anew from that.
    pub(crate) async fn count<T: Table>(
        self,
        shard: &str,
        known: Vec<Granule>,
        state: &State<'_, T>,
        now: DateTime<Utc>,
    ) -> Counted {
        let mut granules: BTreeMap<_, _> = known.into_iter().map(|g| (g.start, g)).collect();
        let mut failed = None;
        for (start, arrivals) in &self.granules {
            let granule = granules.remove(start);
            match count_into(granule, *start, arrivals, shard, state, now).await {
                Ok(granule) => {
                    granules.insert(*start, granule);
                }
                Err(error) => {
                    // Later granules are not counted either: their records come
                    // again with these, and are counted then.
                    failed = Some((*start, error));
                    break;
                }
            }
        }
        Counted { granules, failed }
    }
}

/// Counts arrivals into their granule, which was `known` to be there when it was
/// read.
async fn count_into<T: Table>(
    mut known: Option<Granule>,
    start: Second,
    arrivals: &[Arrival<'_>],
    shard: &str,
    state: &State<'_, T>,
    now: DateTime<Utc>,
) -> Result<Granule, CallError> {
    loop {
        let before = known.as_ref().and_then(|granule| granule.last.clone());
        let mut granule = known.unwrap_or_else(|| Granule::empty(start));
        if !granule.count(arrivals, state.gauge, now)
            || state.put_granule(shard, &granule, before.as_ref()).await?
        {
            return Ok(granule);
        }
        known = state.granules(shard, (start, start)).await?.pop();
    }
}
