//! How the rate went, in few enough numbers to draw, and the thresholds that are
//! worth a comparison.

use model::Second;
use surge::{Arrivals, Rule};

use super::replay::{bounds, spans};

/// The most steps that are kept: what a page can hold and a browser draw at once.
const MOST_STEPS: i64 = 250_000;
/// How long a step may be, in seconds.
const STEPS: [i64; 9] = [1, 5, 15, 60, 300, 900, 3_600, 6 * 3_600, 24 * 3_600];
/// The most thresholds that are tried, beside the given one.
const MOST_THRESHOLDS: usize = 24;

/// The highest rate of each step of time. A peak stays, however long the steps.
#[derive(Debug, Default)]
pub(crate) struct Profile {
    /// A step's length in seconds.
    pub(crate) step: i64,
    /// The steps in which any window held an arrival: number (times its length, the
    /// seconds since 1970) and highest rate.
    pub(crate) steps: Vec<(i64, u64)>,
    /// The highest rate of all and its first second.
    pub(crate) peak: Option<(Second, u64)>,
}

impl Profile {
    /// Goes over all rates once.
    pub(crate) fn of(arrivals: &Arrivals, window: u32) -> Self {
        let mut profile = Self {
            step: step(&bounds(arrivals, window)),
            ..Self::default()
        };
        for rate in spans(arrivals, window).flat_map(|span| span.rates) {
            let number = rate.second.since_1970().div_euclid(profile.step);
            match profile.steps.last_mut() {
                Some((last, highest)) if *last == number => *highest = rate.count.max(*highest),
                _ => profile.steps.push((number, rate.count)),
            }
            if profile.peak.is_none_or(|(_, peak)| rate.count > peak) {
                profile.peak = Some((rate.second, rate.count));
            }
        }
        profile
    }

    /// Thresholds from what is usual to what was never reached, and the rule's own.
    pub(crate) fn ladder(&self, rule: &Rule) -> Vec<u64> {
        let mut rates: Vec<u64> = self.steps.iter().map(|(_, rate)| *rate).collect();
        rates.sort_unstable();
        let usual = rates.get(rates.len() / 2).copied().unwrap_or(0);
        let peak = rates.last().copied().unwrap_or(0);
        let enough = round().take_while(|t| *t <= Rule::HIGHEST_THRESHOLD);
        let mut ladder: Vec<u64> = Vec::new();
        for threshold in enough.skip_while(|t| *t < usual) {
            ladder.push(threshold);
            if threshold > peak {
                break;
            }
        }
        ladder.drain(..ladder.len().saturating_sub(MOST_THRESHOLDS));
        ladder.push(rule.threshold());
        ladder.sort_unstable();
        ladder.dedup();
        ladder
    }
}

/// The shortest step that is long enough.
fn step(bounds: &[(Second, Second)]) -> i64 {
    let steps = |length: &i64| {
        let number = |second: Second| second.since_1970().div_euclid(*length);
        let mut last = None;
        let mut steps = 0;
        for (from, to) in bounds {
            let shared = i64::from(last == Some(number(*from)));
            steps += number(*to) - number(*from) + 1 - shared;
            last = Some(number(*to));
        }
        steps
    };
    let longest = STEPS[STEPS.len() - 1];
    let enough = STEPS.into_iter().find(|length| steps(length) <= MOST_STEPS);
    enough.unwrap_or(longest)
}

/// 1, 2, 3 … 8, 10, 12, 15, 20 …: round numbers, each a fifth to a half above the one before.
fn round() -> impl Iterator<Item = u64> {
    let decade = |power: u32| {
        [10, 12, 15, 20, 25, 30, 40, 50, 60, 80].map(|tenths| tenths * 10_u64.pow(power))
    };
    (1..=8).chain((0..12).flat_map(decade))
}

#[cfg(test)]
mod tests {
    use function::env::Env;

    use super::*;

    fn ladder(rates: &[u64], given: &str) -> Vec<u64> {
        let steps = rates.iter().map(|rate| (0, *rate)).collect();
        let profile = Profile {
            steps,
            ..Profile::default()
        };
        let lookup = |name: &str| (name == "ORDER_THRESHOLD").then(|| given.to_owned());
        profile.ladder(&Rule::from_env(&Env::new(&lookup)).expect("a rule"))
    }

    #[test]
    fn thresholds_go_from_the_usual_to_one_that_was_never_reached() {
        assert_eq!(ladder(&[1, 2, 2, 2, 5], "15"), [2, 3, 4, 5, 6, 15]);
        assert_eq!(ladder(&[20, 20, 60], "7"), [7, 20, 25, 30, 40, 50, 60, 80]);
        assert_eq!(ladder(&[], "3"), [1, 3]);
        assert_eq!(ladder(&[1, 1, 1_000_000], "1").len(), 25);
    }

    #[test]
    fn a_long_time_is_kept_in_longer_steps() {
        let day = |n: i64| (Second::new(n * 86_400), Second::new(n * 86_400 + 43_199));
        assert_eq!(step(&[day(0)]), 1);
        assert_eq!(step(&(0..300).map(day).collect::<Vec<_>>()), 60);
        assert_eq!(step(&[]), 1);
    }
}
