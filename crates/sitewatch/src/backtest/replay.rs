//! The rule over past arrivals: pure, by the `surge` function's own parts.
//!
//! Every second goes through [`Site::settle`] in turn, but for those that change
//! nothing: while a site is calm, seconds that are not in breach.

use model::{Alarm, AlarmKind, Contributors, Second};
use surge::{Arrivals, Rate, Rule, Site};

/// Seconds that are looked at as one: the fewer, the more are passed over at once;
/// the more, the fewer windows are begun anew.
const SPAN: i64 = 300;

/// Seconds in turn and their rates.
pub(crate) struct Span {
    from: Second,
    to: Second,
    /// The rate of each second.
    pub(crate) rates: Vec<Rate>,
    highest: u64,
}

/// From the first breach that led to an alarm, to its OK.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Surge {
    /// The surge in all its records.
    pub(crate) alarm_id: String,
    /// The first breach.
    pub(crate) started_at: Second,
    /// When the alarm is raised.
    pub(crate) raised_at: Second,
    /// When it is told to be over.
    pub(crate) ended_at: Second,
    /// The highest rate.
    pub(crate) peak: u64,
    /// What arrived, in the rule's unit, from the first breach's window to the end.
    pub(crate) amount: u64,
    /// Who was behind it, as the OK tells; empty where nobody asked.
    pub(crate) contributors: Vec<Contributors>,
    /// The same in words.
    pub(crate) who: Option<String>,
}

impl Surge {
    /// From the first breach to the end, in seconds.
    pub(crate) fn seconds(&self) -> i64 {
        self.ended_at - self.started_at
    }
}

/// The first and last second of each span in which any window holds an arrival.
pub(crate) fn bounds(arrivals: &Arrivals, window: u32) -> Vec<(Second, Second)> {
    let mut spans: Vec<(Second, Second)> = Vec::new();
    let reach = i64::from(window) - 1;
    for second in arrivals.seconds() {
        let mut from = second;
        if let Some((first, last)) = spans.last_mut()
            && second <= *last + 1
        {
            let end = *first + (SPAN - 1);
            *last = (second + reach).min(end);
            from = *last + 1;
        }
        while from <= second + reach {
            let last = (second + reach).min(from + (SPAN - 1));
            spans.push((from, last));
            from = last + 1;
        }
    }
    spans
}

/// The spans with their rates.
pub(crate) fn spans(arrivals: &Arrivals, window: u32) -> impl Iterator<Item = Span> {
    bounds(arrivals, window).into_iter().map(move |(from, to)| {
        let rates = arrivals.rates(from, to, window);
        let highest = rates.iter().map(|rate| rate.count).max().unwrap_or(0);
        Span {
            from,
            to,
            rates,
            highest,
        }
    })
}

/// What the rules make of arrivals: the alarm records of each. The rules must have
/// the same window and count.
pub(crate) fn replay(arrivals: &Arrivals, rules: &[Rule]) -> Vec<Vec<Alarm>> {
    let window = rules.first().map_or(1, Rule::window);
    let mut watches: Vec<Watch<'_>> = rules.iter().map(Watch::new).collect();
    for span in spans(arrivals, window) {
        for watch in &mut watches {
            watch.rest(Some(span.from), arrivals);
            watch.settle(&span, arrivals);
        }
    }
    let finish = |mut watch: Watch<'_>| {
        watch.rest(None, arrivals);
        watch.site.outbox().to_vec()
    };
    watches.into_iter().map(finish).collect()
}

/// The surges that alarm records tell of.
pub(crate) fn surges(arrivals: &Arrivals, rule: &Rule, records: &[Alarm]) -> Vec<Surge> {
    // Surges do not overlap: a surge's ALARM is the one before its OK.
    let mut raised = None;
    let mut surges = Vec::new();
    for record in records {
        match record.kind {
            AlarmKind::Alarm => raised = Some(record.at),
            AlarmKind::Reminder => {}
            AlarmKind::Ok => surges.push(Surge {
                alarm_id: record.alarm_id.clone(),
                started_at: record.started_at,
                raised_at: raised.take().unwrap_or(record.started_at),
                ended_at: record.at,
                peak: record.peak,
                amount: amount(arrivals, rule, record),
                contributors: record.contributors.clone(),
                who: record.verdict().map(|verdict| verdict.short),
            }),
        }
    }
    surges
}

/// What arrived in a surge: one window over all of it.
fn amount(arrivals: &Arrivals, rule: &Rule, ok: &Alarm) -> u64 {
    let length = ok.at - ok.started_at + i64::from(rule.window());
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    let rates = arrivals.rates(ok.at, ok.at, length);
    rates.first().map_or(0, |rate| rate.count)
}

/// A rule and how far its site is.
struct Watch<'a> {
    rule: &'a Rule,
    site: Site,
    /// The first second that is not settled.
    next: Option<Second>,
}

impl<'a> Watch<'a> {
    fn new(rule: &'a Rule) -> Self {
        Self {
            rule,
            site: Site::default(),
            next: None,
        }
    }

    fn settle(&mut self, span: &Span, arrivals: &Arrivals) {
        if span.highest < self.rule.threshold() && self.site.is_calm() {
            self.site.skip_to(span.to);
        } else {
            self.site.settle(self.rule, &span.rates, arrivals);
        }
        self.next = Some(span.to + 1);
    }

    /// Settles the seconds without arrivals before `until`, as long as they change
    /// anything.
    fn rest(&mut self, until: Option<Second>, arrivals: &Arrivals) {
        while let Some(next) = self.next
            && !self.site.is_calm()
            && until.is_none_or(|until| next < until)
        {
            let end = until.map_or(next + SPAN, |until| until.min(next + SPAN));
            let empty = |offset| Rate {
                second: next + offset,
                count: 0,
                cancellations: 0,
            };
            let rates: Vec<Rate> = (0..end - next).map(empty).collect();
            self.site.settle(self.rule, &rates, arrivals);
            self.next = Some(end);
        }
        if let Some(until) = until
            && self.site.is_calm()
        {
            self.site.skip_to(until - 1);
        }
    }
}
