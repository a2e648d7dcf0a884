//! The sums of requests and flows, per minute and kind. Pure: no clock, no SDK; what is
//! counted in two tallies and published is the same as in one, because metrics add up.

use std::collections::{BTreeMap, HashMap};

use model::{Flow, Request};

use crate::classify::{Classifier, Kind};
use crate::duration::bucket;
use crate::series::{MOST_VALUES, Metric, Scope, Series, Value};

/// A tally is written away before it holds more series than these, some megabytes,
const MOST_SERIES: usize = 20_000;
/// or more different durations, 8 bytes each,
const MOST_BUCKETS: usize = 1_000_000;
/// or more requests and flows, so that 32 bits hold every number of equal durations.
const MOST_COUNTED: u64 = 1 << 31;

/// What has been counted.
#[derive(Debug, Default)]
pub struct Tally {
    places: HashMap<(u32, Kind), usize>,
    sums: Vec<((u32, Kind), Sums)>,
    /// Where the last one was counted: most are of the same minute and kind.
    last: usize,
    buckets: usize,
    counted: u64,
}

/// A kind's sums in a minute.
#[derive(Debug, Clone, Default)]
struct Sums {
    requests: u64,
    /// By the status's first digit; the others are not told apart.
    classes: [u64; 6],
    not_found: u64,
    unanswered: u64,
    bytes: u64,
    packets: u64,
    /// Buckets in ascending order, with how many durations are in each.
    durations: Vec<(u16, u32)>,
}

impl Tally {
    /// Counts a request of this minute.
    pub fn request(&mut self, classifier: &mut Classifier, minute: u32, request: &Request<'_>) {
        let sums = self.sums(minute, classifier.request(request));
        sums.requests += 1;
        match request.status {
            None => sums.unanswered += 1,
            Some(status) => {
                if let Some(class) = sums.classes.get_mut(usize::from(status / 100)) {
                    *class += 1;
                }
                sums.not_found += u64::from(status == 404);
            }
        }
        sums.bytes = sums.bytes.saturating_add(request.bytes);
        let added = request.duration.is_some_and(|d| sums.add(bucket(d), 1));
        self.buckets += usize::from(added);
        self.counted += 1;
    }

    /// Counts a flow of this minute.
    pub fn flow(&mut self, classifier: &Classifier, minute: u32, flow: &Flow) {
        let sums = self.sums(minute, classifier.flow(flow));
        sums.packets = sums.packets.saturating_add(flow.packets);
        sums.bytes = sums.bytes.saturating_add(flow.bytes);
        self.counted += 1;
    }

    /// Whether it is time to write it away.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.sums.len() >= MOST_SERIES
            || self.buckets >= MOST_BUCKETS
            || self.counted >= MOST_COUNTED
    }

    /// What is to be published, in the order of time, with `classifier`'s names. The whole
    /// site's sums are made here: they are those of its parts.
    #[must_use]
    pub fn series(&self, classifier: &Classifier) -> Vec<Series> {
        let mut sites: BTreeMap<u32, (Sums, u64)> = BTreeMap::new();
        let mut all = Vec::with_capacity(self.sums.len());
        for ((minute, kind), sums) in &self.sums {
            match kind {
                Kind::Page { .. } => sites.entry(*minute).or_default().0.merge(sums),
                Kind::Bots { .. } => sites.entry(*minute).or_default().1 += sums.requests,
                Kind::Flows { .. } => {}
            }
            all.push(Series {
                scope: classifier.scope(*kind),
                minute: *minute,
                data: sums.data(matches!(kind, Kind::Flows { .. })),
            });
        }
        for (minute, (people, bots)) in sites {
            let mut data = people.data(false);
            push(&mut data, Metric::BotRequests, bots);
            let scope = Scope::Site;
            all.push(Series {
                scope,
                minute,
                data,
            });
        }
        all.sort_by(|a, b| (a.minute, &a.scope).cmp(&(b.minute, &b.scope)));
        all
    }

    fn sums(&mut self, minute: u32, kind: Kind) -> &mut Sums {
        let key = (minute, kind);
        if self
            .sums
            .get(self.last)
            .is_none_or(|(last, _)| *last != key)
        {
            self.last = *self.places.entry(key).or_insert(self.sums.len());
            if self.last == self.sums.len() {
                self.sums.push((key, Sums::default()));
            }
        }
        &mut self.sums[self.last].1
    }
}

impl Sums {
    /// Adds durations to a bucket; whether it is a new one.
    fn add(&mut self, bucket: u16, count: u32) -> bool {
        match self.durations.binary_search_by_key(&bucket, |d| d.0) {
            Ok(place) => {
                self.durations[place].1 += count;
                false
            }
            Err(place) => {
                self.durations.insert(place, (bucket, count));
                true
            }
        }
    }

    fn merge(&mut self, other: &Self) {
        self.requests += other.requests;
        for (class, more) in self.classes.iter_mut().zip(other.classes) {
            *class += more;
        }
        self.not_found += other.not_found;
        self.unanswered += other.unanswered;
        self.bytes = self.bytes.saturating_add(other.bytes);
        for (bucket, count) in &other.durations {
            self.add(*bucket, *count);
        }
    }

    /// The metrics that are not zero.
    fn data(&self, is_flow: bool) -> Vec<(Metric, Value)> {
        let mut data = Vec::with_capacity(10);
        if is_flow {
            push(&mut data, Metric::FlowPackets, self.packets);
            push(&mut data, Metric::FlowBytes, self.bytes);
            return data;
        }
        let [_, _, found, moved, wrong, failed] = self.classes;
        for (metric, sum) in [
            (Metric::Requests, self.requests),
            (Metric::Response2xx, found),
            (Metric::Response3xx, moved),
            (Metric::Response4xx, wrong),
            (Metric::Response5xx, failed),
            (Metric::Response404, self.not_found),
            (Metric::ResponseNone, self.unanswered),
            (Metric::Bytes, self.bytes),
        ] {
            push(&mut data, metric, sum);
        }
        for durations in self.durations.chunks(MOST_VALUES) {
            let wide = durations.iter().map(|(b, n)| (*b, u64::from(*n))).collect();
            data.push((Metric::Duration, Value::Durations(wide)));
        }
        data
    }
}

fn push(data: &mut Vec<(Metric, Value)>, metric: Metric, sum: u64) {
    if sum > 0 {
        data.push((metric, Value::Sum(sum)));
    }
}
