//! Counts over time, in minutes, or in longer steps where there would be too many.

use std::collections::BTreeMap;

/// Seconds of a step, each a multiple of one that is shorter.
const STEPS: [i64; 16] = [
    60, 120, 300, 600, 900, 1_800, 3_600, 7_200, 10_800, 21_600, 43_200, 86_400, 172_800, 604_800,
    2_419_200, 31_449_600,
];
/// More steps are folded into longer ones: a page draws no more, and a log that says that it
/// goes over a thousand years takes no more memory.
const MOST: usize = 20_000;

/// What is counted in a step: all, and two kinds of them.
pub(super) type Counts = [u64; 3];

/// Counts by the step's number, which is its beginning divided by its length.
#[derive(Debug, Clone)]
pub(super) struct Timeline {
    step: i64,
    counts: BTreeMap<i64, Counts>,
    /// The step that was counted last: lines of a time come together.
    last: (i64, Counts),
}

impl Default for Timeline {
    fn default() -> Self {
        Self {
            step: STEPS[0],
            counts: BTreeMap::new(),
            last: (i64::MIN, Counts::default()),
        }
    }
}

impl Timeline {
    /// Counts in the step of this second.
    pub(super) fn add(&mut self, second: i64, counts: Counts) {
        let number = second.div_euclid(self.step);
        if number != self.last.0 {
            self.settle();
            if self.counts.len() > MOST {
                self.lengthen();
                return self.add(second, counts);
            }
            self.last.0 = number;
        }
        add(&mut self.last.1, counts);
    }

    /// Puts the last step with the others.
    fn settle(&mut self) {
        let (number, counts) = std::mem::replace(&mut self.last, (i64::MIN, Counts::default()));
        if number != i64::MIN {
            add(self.counts.entry(number).or_default(), counts);
        }
    }

    fn lengthen(&mut self) {
        let longer = longer(self.step);
        *self = self.folded(longer);
    }

    /// The same in steps of this length, a multiple of the present one.
    fn folded(&self, step: i64) -> Self {
        let mut folded = Self {
            step,
            ..Self::default()
        };
        for (number, counts) in self.steps() {
            let number = (number * self.step).div_euclid(step);
            add(folded.counts.entry(number).or_default(), counts);
        }
        folded
    }

    /// The same in the shortest steps of which there are no more than `most` from the first
    /// one to the last.
    pub(super) fn in_steps(&self, most: usize) -> Self {
        let mut shown = self.clone();
        shown.settle();
        // Two: steps of any length may have 1970 between them.
        while shown.span() > most.max(2) as i64 {
            shown.lengthen();
        }
        shown
    }

    /// Steps from the first to the last one, with those between in which nothing came.
    pub(super) fn span(&self) -> i64 {
        let (first, last) = (self.counts.keys().next(), self.counts.keys().next_back());
        first.zip(last).map_or(0, |(first, last)| last - first + 1)
    }

    /// Seconds of a step.
    pub(super) const fn step(&self) -> i64 {
        self.step
    }

    /// The steps in which something came, in their order.
    pub(super) fn steps(&self) -> impl Iterator<Item = (i64, Counts)> {
        let mut counts = self.counts.clone();
        if self.last.0 != i64::MIN {
            add(counts.entry(self.last.0).or_default(), self.last.1);
        }
        counts.into_iter()
    }
}

fn longer(step: i64) -> i64 {
    let multiple = STEPS.into_iter().find(|s| *s > step && s % step == 0);
    multiple.unwrap_or(step * 2)
}

fn add(sum: &mut Counts, counts: Counts) {
    for (sum, count) in sum.iter_mut().zip(counts) {
        *sum = sum.saturating_add(count);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_become_longer_until_they_fit_and_no_count_is_lost() {
        let mut timeline = Timeline::default();
        for second in (0..7_200).rev().chain([60]) {
            timeline.add(second, [1, 0, second as u64 % 2]);
        }
        let steps: Vec<_> = timeline.steps().collect();
        assert_eq!((steps.len(), timeline.step()), (120, 60));
        assert_eq!(steps[1], (1, [61, 0, 30]));
        for (most, step, span) in [(120, 60, 120), (119, 120, 60), (24, 600, 12), (1, 3_600, 2)] {
            let shown = timeline.in_steps(most);
            assert_eq!((shown.step(), shown.span()), (step, span), "{most}");
            assert_eq!(
                shown.steps().map(|(_, counts)| counts[0]).sum::<u64>(),
                7_201
            );
        }
    }

    #[test]
    fn around_1970_there_are_two_steps_however_long_they_are() {
        let mut timeline = Timeline::default();
        timeline.add(-1, [1, 0, 0]);
        timeline.add(0, [1, 0, 0]);
        assert_eq!(timeline.in_steps(1).span(), 2);
    }

    #[test]
    fn memory_is_bounded_whatever_times_a_log_tells() {
        let mut timeline = Timeline::default();
        for year in 0..50_000_i64 {
            timeline.add((year - 1_000) * 31_556_952, [1, 0, 0]);
        }
        assert!(timeline.counts.len() <= MOST + 1);
        assert_eq!(
            timeline.steps().map(|(_, counts)| counts[0]).sum::<u64>(),
            50_000
        );
        assert!(timeline.in_steps(80).span() <= 80);
    }
}
