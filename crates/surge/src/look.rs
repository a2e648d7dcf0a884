//! Looking at all shards of a site: ahead of time when one of them is busy, and
//! once a minute to settle what is known for good.

use std::time::Duration;

use chrono::{DateTime, Utc};
use function::delivery::CallError;
use function::table::{End, Table};
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use model::Second;

use crate::granule::Granule;
use crate::rule::Rule;
use crate::site::{Site, window};
use crate::state::{State, Stored};
use crate::summary::Summary;
use crate::window::{Arrivals, Rate};

/// A shard that counted nothing for so long is idle, and all that arrived on it
/// earlier than that is counted. Others are waited for, however far they lag.
pub const IDLE_SECONDS: i64 = 60;

/// A look ahead also goes over this many seconds before and behind a batch's own, for
/// the shards that are a little later or earlier.
const RETRACED_SECONDS: i64 = 5;

/// The first look in each ten seconds goes over as many as a shard may lag and be
/// taken for active.
const FAR_RETRACED_SECONDS: i64 = IDLE_SECONDS;
const FAR_EVERY_SECONDS: i64 = 10;

/// A shard's arrival times are approximate: a record may bear an earlier second than
/// the one before it, but none by this much.
const DISORDER_SECONDS: i64 = 5;

/// Seconds that are settled at a time.
const SETTLED_AT_ONCE: i64 = 600;

/// Shards that are read at the same time.
const READS: usize = 32;

/// A shard's share of the time between looks ahead: so many shards are looked at in
/// a second, and a site's shards at most once.
const PAUSE_PER_SHARD: Duration = Duration::from_millis(10);
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Looks ahead at `span`, seconds in which a shard is busy, and raises the alarm if
/// the site's breaches are enough for one. The highest rate that was seen, or `None`
/// if another looked just now.
pub(crate) async fn ahead<T: Table>(
    state: &State<'_, T>,
    rule: &Rule,
    (from, to): (Second, Second),
    shards_before: u32,
    now: DateTime<Utc>,
) -> Result<Option<Rate>, CallError> {
    let pause = (PAUSE_PER_SHARD * shards_before).min(LONGEST_PAUSE);
    let Some(last) = state.set_out(now, pause).await? else {
        return Ok(None);
    };
    let tens = |at: DateTime<Utc>| at.timestamp().div_euclid(FAR_EVERY_SECONDS);
    let retraced = if last.is_none_or(|last| tens(last) != tens(now)) {
        FAR_RETRACED_SECONDS
    } else {
        RETRACED_SECONDS
    };
    let shards = state.shards(now).await?;
    let window = i64::from(rule.window);
    let mut rates: Vec<Rate> = Vec::new();
    let mut start = from - retraced;
    let end = to + RETRACED_SECONDS;
    while start <= end {
        let part_end = end.min(start + (SETTLED_AT_ONCE - 1));
        let arrivals = arrivals(state, &shards, (start - window + 1, part_end)).await?;
        // Time has come as far as records have.
        let part_end = part_end.min(arrivals.last().unwrap_or(start - 1));
        rates.extend(arrivals.rates(start, part_end, rule.window));
        start = start + SETTLED_AT_ONCE;
    }
    let highest = rates.iter().copied().max_by_key(|rate| rate.count);
    announce(state, rule, &rates, &shards, now).await?;
    Ok(highest)
}

/// Takes note of rates, and raises the alarm if the site's breaches are enough for one. It may
/// be another second's than those of the rates, so its window is read for itself.
async fn announce<T: Table>(
    state: &State<'_, T>,
    rule: &Rule,
    rates: &[Rate],
    shards: &[String],
    now: DateTime<Utc>,
) -> Result<Stored, CallError> {
    let mut seen: Option<(Second, Summary)> = None;
    loop {
        let change = |site: &mut Site| {
            site.raise_shards(shards.len());
            let at = site.raises(rule, rates)?;
            match &seen {
                Some((second, who)) if *second == at => site.raise(rule, at, who),
                _ if !rule.asks_who() => site.raise(rule, at, &Summary::default()),
                _ => return Some(at),
            }
            None
        };
        let (stored, wanted) = update(state, now, change).await?;
        let Some(at) = wanted else {
            return Ok(stored);
        };
        let from = at - i64::from(rule.window) + 1;
        let arrivals = arrivals(state, shards, (from, at)).await?;
        seen = Some((at, window(rule, at, &arrivals)));
    }
}

/// Settles every second that is known for good. The highest rate of them.
pub(crate) async fn settle<T: Table>(
    state: &State<'_, T>,
    rule: &Rule,
    now: DateTime<Utc>,
) -> Result<Option<Rate>, CallError> {
    let shards = state.shards(now).await?;
    let known = known_until(state, &shards, now).await?;
    let window = i64::from(rule.window);
    let mut highest: Option<Rate> = None;
    let (mut stored, ()) = update(state, now, |site| site.set_shards(shards.len())).await?;
    loop {
        let before = stored.site.settled;
        let from = match before {
            Some(settled) => settled + 1,
            None => Second::new(0),
        };
        let first = if before.is_none() || stored.site.is_calm() {
            // Nothing happens in seconds without arrivals: go to the next with one.
            first_second(state, &shards, from).await?
        } else {
            Some(from)
        };
        // A shard that nobody knows of yet may hold an earlier second.
        let young = stored
            .site
            .created_at
            .is_none_or(|at| Second::of(now) - at < IDLE_SECONDS);
        let first = first.map_or(known + 1, |first| first.max(from));
        if before.is_none() && (young || first > known) {
            return Ok(highest);
        }
        let last = known.min(first + (SETTLED_AT_ONCE - 1));
        let ahead = if last == known {
            last.max(first) + SETTLED_AT_ONCE
        } else {
            last
        };
        let arrivals = arrivals(state, &shards, (first - window + 1, ahead)).await?;
        let settled = arrivals.rates(first, last, rule.window);
        let newest = arrivals.last().map_or(last, |second| second.min(ahead));
        let unsettled = arrivals.rates(last + 1, newest, rule.window);
        highest = settled
            .iter()
            .copied()
            .chain(highest)
            .max_by_key(|rate| rate.count);
        let change = |site: &mut Site| {
            // Another may have settled it meanwhile.
            if site.settled != before {
                return None;
            }
            site.skip_to(first.min(known + 1) - 1);
            site.settle(rule, &settled, &arrivals);
            site.raises(rule, &unsettled)
        };
        let (settled_site, raises) = update(state, now, change).await?;
        stored = settled_site;
        if raises.is_some() {
            stored = announce(state, rule, &unsettled, &shards, now).await?;
        }
        if stored.site.settled >= Some(known) {
            return Ok(highest);
        }
    }
}

/// Changes the site's state, from what it is when the change is written. The state, and what
/// the change has come to.
pub(crate) async fn update<T: Table, R>(
    state: &State<'_, T>,
    now: DateTime<Utc>,
    change: impl Fn(&mut Site) -> R,
) -> Result<(Stored, R), CallError> {
    loop {
        let mut stored = state.site(true).await?;
        let before = stored.site.clone();
        stored.site.created_at.get_or_insert(Second::of(now));
        let done = change(&mut stored.site);
        if stored.site == before || state.put_site(&stored).await? {
            return Ok((stored, done));
        }
    }
}

/// What arrived on all shards in a span of time.
async fn arrivals<T: Table>(
    state: &State<'_, T>,
    shards: &[String],
    (from, to): (Second, Second),
) -> Result<Arrivals, CallError> {
    let reads = shards.iter().map(|shard| state.granules(shard, (from, to)));
    let mut reads = stream::iter(reads).buffer_unordered(READS);
    let mut arrivals = Arrivals::default();
    while let Some(granules) = reads.try_next().await? {
        add(&mut arrivals, &granules, (from, to));
    }
    Ok(arrivals)
}

/// Adds what granules hold of a span of time.
pub(crate) fn add<'a>(
    arrivals: &mut Arrivals,
    granules: impl IntoIterator<Item = &'a Granule>,
    (from, to): (Second, Second),
) {
    for granule in granules {
        for (second, bucket) in granule.seconds.range(from..=to.max(from)) {
            arrivals.add(*second, bucket);
        }
    }
}

/// The last second of which all that arrived is counted: it is past for longer than
/// any shard is idle, and each shard that is not has counted a record of a later
/// second.
async fn known_until<T: Table>(
    state: &State<'_, T>,
    shards: &[String],
    now: DateTime<Utc>,
) -> Result<Second, CallError> {
    let idle = Second::of(now) - IDLE_SECONDS;
    let reads = shards
        .iter()
        .map(|shard| state.end(shard, Second::new(0), End::Last));
    let mut reads = stream::iter(reads).buffer_unordered(READS);
    let mut known = idle;
    while let Some(granule) = reads.try_next().await? {
        if let Some(granule) = granule
            && Second::of(granule.written_at) > idle
        {
            known = known.min(granule.last_second - DISORDER_SECONDS);
        }
    }
    Ok(known)
}

/// The first second from `from` on in which something may have arrived.
async fn first_second<T: Table>(
    state: &State<'_, T>,
    shards: &[String],
    from: Second,
) -> Result<Option<Second>, CallError> {
    let reads = shards
        .iter()
        .map(|shard| state.end(shard, from, End::First));
    let ends: Vec<_> = stream::iter(reads)
        .buffer_unordered(READS)
        .try_collect()
        .await?;
    Ok(ends
        .into_iter()
        .flatten()
        .map(|granule| granule.start)
        .min())
}
