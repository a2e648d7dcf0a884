//! Who is behind an alarm, by the words of the documentation: from what arrived alone.

use std::collections::{BTreeMap, HashSet};

use model::{Alarm, AlarmKind, Contributors, Dimension, Measure};
use surge::Rule;

use crate::order::{Customer, Line};
use crate::producer::Put;
use crate::recount::Expected;

/// What each value of each dimension sent, and all of them.
#[derive(Debug, Clone, Default)]
pub(crate) struct Behind {
    values: BTreeMap<(Dimension, String), u64>,
    totals: BTreeMap<Dimension, u64>,
}

impl Behind {
    fn add(&mut self, later: Self) {
        for (value, amount) in later.values {
            *self.values.entry(value).or_default() += amount;
        }
        for (dimension, amount) in later.totals {
            *self.totals.entry(dimension).or_default() += amount;
        }
    }
}

/// A line that counts.
struct Counted<'a> {
    second: i64,
    line: &'a Line,
    /// Whether it is the first of its order in this second of its shard: whose customer
    /// is the order's there.
    is_first: bool,
}

/// The lines that arrived and count.
pub(crate) struct Arrived<'a> {
    lines: Vec<Counted<'a>>,
    measure: Measure,
}

impl<'a> Arrived<'a> {
    /// What `puts` brought, as `rule` counts it.
    pub(crate) fn of(puts: &'a [Put], rule: &Rule) -> Self {
        let mut puts: Vec<&Put> = puts.iter().collect();
        puts.sort_by(|a, b| (&a.shard, &a.number).cmp(&(&b.shard, &b.number)));
        let mut seen = HashSet::new();
        let mut lines = Vec::new();
        for put in puts {
            let second = put.arrived_at.timestamp();
            for line in put.payload.lines().filter(|line| !line.is_cancelled()) {
                lines.push(Counted {
                    second,
                    line,
                    is_first: seen.insert((&put.shard, second, &line.invoice)),
                });
            }
        }
        Self {
            lines,
            measure: rule.count(),
        }
    }

    /// Who sent what arrived from `from` to `to`. An order that came in the `before`
    /// seconds in front of them, too, counted there.
    pub(crate) fn within(&self, from: i64, to: i64, before: i64) -> Behind {
        let within = |from: i64, to: i64| {
            let inside = move |counted: &&Counted<'_>| (from..=to).contains(&counted.second);
            self.lines.iter().filter(inside)
        };
        let earlier = within(from - before, from - 1).map(|c| c.line.invoice.as_str());
        let earlier: HashSet<&str> = earlier.collect();
        let (mut orders, mut of_values) = (HashSet::new(), HashSet::new());
        let mut behind = Behind::default();
        for Counted { line, is_first, .. } in within(from, to) {
            for dimension in Dimension::ALL {
                let value = value(line, dimension);
                let (amount, total) = match (self.measure, dimension) {
                    (Measure::Units, _) => {
                        (line.quantity.unsigned_abs(), line.quantity.unsigned_abs())
                    }
                    (Measure::Orders, Dimension::Customer | Dimension::Country) => {
                        let is_new = !earlier.contains(line.invoice.as_str());
                        let order = (dimension, &line.invoice);
                        let of_value = *is_first && of_values.insert((order, value.clone()));
                        (
                            u64::from(is_new && of_value),
                            u64::from(is_new && orders.insert(order)),
                        )
                    }
                    _ => (1, 1),
                };
                *behind.values.entry((dimension, value)).or_default() += amount;
                *behind.totals.entry(dimension).or_default() += total;
            }
        }
        behind
    }

    /// Who is behind each of the records that should be told: an ALARM's window, and
    /// whatever came since.
    pub(crate) fn behind(&self, rule: &Rule, expected: &[Expected]) -> Vec<Behind> {
        let window = i64::from(rule.window());
        let (mut whole, mut until) = (Behind::default(), 0);
        let mut all = Vec::with_capacity(expected.len());
        for record in expected {
            if record.kind == AlarmKind::Alarm {
                whole = self.within(record.at - window + 1, record.at, 0);
            } else {
                for second in until + 1..=record.at {
                    whole.add(self.within(second, second, window - 1));
                }
            }
            until = record.at;
            all.push(whole.clone());
        }
        all
    }
}

/// Whether an alarm record names exactly these, of the dimensions that the rule asks for.
pub(crate) fn names(told: &Alarm, rule: &Rule, behind: &Behind) -> bool {
    let expected: Vec<Contributors> = rule
        .gauge()
        .dimensions()
        .iter()
        .filter_map(|dimension| {
            let of = |((d, value), amount): (&(Dimension, String), &u64)| {
                (d == dimension && *amount > 0).then(|| (value.clone(), *amount))
            };
            let mut values: Vec<(String, u64)> = behind.values.iter().filter_map(of).collect();
            values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            let contributor = |(value, count): &(String, u64)| model::Contributor {
                value: value.clone(),
                count: *count,
            };
            let came = !values.is_empty();
            came.then(|| Contributors {
                dimension: *dimension,
                measure: match (rule.count(), dimension) {
                    (Measure::Orders, Dimension::Article) => Measure::Lines,
                    (measure, _) => measure,
                },
                total: behind.totals.get(dimension).copied().unwrap_or(0),
                different: values.len() as u64,
                missed: 0,
                top: values.iter().take(5).map(contributor).collect(),
            })
        })
        .collect();
    told.contributors == expected
}

/// Whether an alarm record names somebody of each dimension that the rule asks for, out of all
/// that its rate counts, and nobody with more than they sent. An ALARM may be raised on less
/// than all records together give.
pub(crate) fn names_no_more(told: &Alarm, rule: &Rule, behind: &Behind) -> bool {
    let asked = rule.gauge().dimensions().iter().copied();
    let dimensions = told.contributors.iter().map(|c| c.dimension);
    let whole = |c: &Contributors| {
        let came = behind.totals.get(&c.dimension).copied().unwrap_or(0);
        !c.top.is_empty() && (told.rate..=came).contains(&c.total)
    };
    let sent = |c: &Contributors, value: &str| {
        let value = (c.dimension, value.to_owned());
        behind.values.get(&value).copied()
    };
    let no_more = |c: &Contributors| {
        let named = |named: &model::Contributor| sent(c, &named.value) >= Some(named.count);
        c.top.iter().all(named)
    };
    dimensions.eq(asked) && told.contributors.iter().all(|c| whole(c) && no_more(c))
}

fn value(line: &Line, dimension: Dimension) -> String {
    match (dimension, &line.customer) {
        (Dimension::Customer, Customer::Number(number)) => number.to_string(),
        (Dimension::Customer, Customer::Text(text)) => text.clone(),
        (Dimension::Customer, Customer::Guest) => "guest".to_owned(),
        (Dimension::Country, _) => "France".to_owned(),
        (Dimension::Article, _) => line.stock.clone(),
    }
}
