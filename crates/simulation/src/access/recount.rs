//! What requests come to, by the words of the README: each is looked at alone, and no code
//! of `traffic` has a part in it.

use std::collections::BTreeMap;

use traffic::{Part, Value, milliseconds};

use super::log::{HOST, Request};

/// Sums by minute, dimensions and metric; durations apart, in milliseconds and in order.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sums {
    sums: BTreeMap<(i64, String, &'static str), u64>,
    durations: BTreeMap<(i64, String), Vec<f64>>,
}

impl Sums {
    /// Those of some requests.
    #[must_use]
    pub fn of_requests<'a>(requests: impl Iterator<Item = &'a Request>) -> Self {
        let mut sums = Self::default();
        for request in requests {
            sums.count(request);
        }
        sums.in_order()
    }

    /// Those that are published.
    #[must_use]
    pub fn of_parts<'a>(parts: impl Iterator<Item = &'a Part>) -> Self {
        let mut sums = Self::default();
        for series in parts.flat_map(|part| &part.series) {
            let minute = i64::from(series.minute);
            let dimensions = series.scope.dimensions();
            let dimensions = dimensions
                .iter()
                .map(|(name, value)| format!("{name}={value}"));
            let scope = dimensions.collect::<Vec<_>>().join(",");
            for (metric, value) in &series.data {
                match value {
                    Value::Sum(sum) => sums.add(minute, &scope, metric.name(), *sum),
                    Value::Durations(durations) => {
                        let list = sums.durations.entry((minute, scope.clone())).or_default();
                        for (bucket, count) in durations {
                            let value = milliseconds(*bucket);
                            list.extend(std::iter::repeat_n(value, *count as usize));
                        }
                    }
                }
            }
        }
        sums.in_order()
    }

    /// What differs from `exact`, if anything does; durations by more than a percent.
    #[must_use]
    pub fn difference(&self, exact: &Self) -> Option<String> {
        if self.sums != exact.sums {
            let keys = self.sums.keys().chain(exact.sums.keys());
            let of = |sums: &Self, key| sums.sums.get(key).copied().unwrap_or_default();
            let differs = keys.into_iter().find(|key| of(self, key) != of(exact, key));
            return differs
                .map(|key| format!("{key:?}: {}, not {}", of(self, key), of(exact, key)));
        }
        let near = |one: &f64, exact: &f64| (one - exact).abs() <= exact * 0.01;
        let is_near = |(one, exact): (&Vec<f64>, &Vec<f64>)| {
            one.len() == exact.len() && one.iter().zip(exact).all(|(one, exact)| near(one, exact))
        };
        let is_same = self.durations.keys().eq(exact.durations.keys())
            && self
                .durations
                .values()
                .zip(exact.durations.values())
                .all(is_near);
        (!is_same).then(|| {
            format!(
                "durations are {:?}, not {:?}",
                self.durations, exact.durations
            )
        })
    }

    fn count(&mut self, request: &Request) {
        let minute = request.second.div_euclid(60);
        let host = if request.is_own { HOST } else { "other" };
        let pattern = if request.is_shop { "shop" } else { "other" };
        let scopes = if request.is_bot {
            self.add(minute, "", "BotRequests", 1);
            vec![format!("Host={host},Visitor=bot")]
        } else {
            vec![format!("Host={host},UrlPattern={pattern}"), String::new()]
        };
        let class = match request.status {
            None => "Response_none",
            Some(200..300) => "Response_2XX",
            Some(300..400) => "Response_3XX",
            Some(400..500) => "Response_4XX",
            Some(_) => "Response_5XX",
        };
        for scope in scopes {
            self.add(minute, &scope, "Requests", 1);
            self.add(minute, &scope, class, 1);
            self.add(
                minute,
                &scope,
                "Response_404",
                u64::from(request.status == Some(404)),
            );
            self.add(minute, &scope, "Bytes", request.bytes);
            if let Some(duration) = request.duration {
                let durations = self.durations.entry((minute, scope)).or_default();
                durations.push(duration as f64);
            }
        }
    }

    fn add(&mut self, minute: i64, scope: &str, metric: &'static str, sum: u64) {
        if sum > 0 {
            *self
                .sums
                .entry((minute, scope.to_owned(), metric))
                .or_default() += sum;
        }
    }

    fn in_order(mut self) -> Self {
        for durations in self.durations.values_mut() {
            durations.sort_by(f64::total_cmp);
        }
        self
    }
}
