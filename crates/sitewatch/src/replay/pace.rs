//! When a line is due. Pure.

use std::time::Duration;

use super::args::Arguments;

/// How fast lines go.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Pace {
    /// As fast as the stream takes them.
    Burst,
    /// So many lines a second.
    Rate(f64),
    /// So many times the speed of the lines' own dates.
    Speedup(f64),
}

impl Pace {
    pub(crate) fn of(arguments: &Arguments) -> Self {
        match (arguments.rate, arguments.speedup) {
            (Some(rate), _) => Self::Rate(rate),
            (None, Some(speedup)) => Self::Speedup(speedup),
            (None, None) => Self::Burst,
        }
    }
}

/// When the lines of an input are due, asked for one after the other.
#[derive(Debug)]
pub(crate) struct Schedule {
    pace: Pace,
    lines: u64,
    first_date: Option<f64>,
    due: Duration,
}

impl Schedule {
    pub(crate) fn new(pace: Pace) -> Self {
        Self {
            pace,
            lines: 0,
            first_date: None,
            due: Duration::ZERO,
        }
    }

    /// When the next line is due, after the first one. `date` is its own, in seconds;
    /// without one, or with one that goes back, it is due with the line before it.
    #[allow(clippy::cast_precision_loss, reason = "a pause, not a count")]
    pub(crate) fn next(&mut self, date: Option<f64>) -> Duration {
        let seconds = match self.pace {
            Pace::Burst => 0.0,
            Pace::Rate(rate) => self.lines as f64 / rate,
            Pace::Speedup(speedup) => date.map_or(0.0, |date| {
                let first = *self.first_date.get_or_insert(date);
                (date - first) / speedup
            }),
        };
        self.lines += 1;
        let due = Duration::try_from_secs_f64(seconds).unwrap_or_default();
        self.due = self.due.max(due);
        self.due
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn dues(pace: Pace, dates: &[Option<f64>]) -> Vec<f64> {
        let mut schedule = Schedule::new(pace);
        let due = |date: &Option<f64>| schedule.next(*date).as_secs_f64();
        dates.iter().map(due).collect()
    }

    #[test]
    fn a_rate_is_so_many_lines_a_second() {
        assert_eq!(
            dues(Pace::Rate(4.0), &[None; 5]),
            [0.0, 0.25, 0.5, 0.75, 1.0]
        );
        assert_eq!(dues(Pace::Burst, &[None; 3]), [0.0; 3]);
    }

    #[test]
    fn a_speedup_follows_the_dates_and_never_goes_back() {
        let dates = [Some(100.0), Some(160.0), None, Some(130.0), Some(700.0)];
        assert_eq!(
            dues(Pace::Speedup(60.0), &dates),
            [0.0, 1.0, 1.0, 1.0, 10.0]
        );
    }
}
