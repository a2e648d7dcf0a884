//! Counts over time as characters.

use std::fmt::Write as _;

use model::Second;

use super::report::Report;
use super::timeline::Counts;
use crate::page;
use crate::show::{self, BAD, BARS, HEAD};

/// Lines of the chart of all requests.
const HEIGHT: u64 = 5;
const EIGHTHS: u64 = 8;

/// The chart, no wider than this; nothing if nothing came.
pub(super) fn chart(report: &Report, width: usize) -> String {
    let shown = report.over_time.in_steps(width);
    let steps: Vec<(i64, Counts)> = shown.steps().collect();
    let (Some((first, _)), Some((last, _))) = (steps.first(), steps.last()) else {
        return String::new();
    };
    let length = usize::try_from(last - first + 1).unwrap_or(1);
    let (mut all, mut bad) = (vec![0; length], vec![0; length]);
    for (number, [count, client, server]) in &steps {
        let place = usize::try_from(number - first).unwrap_or(0);
        (all[place], bad[place]) = (*count, client + server);
    }
    let (name, bad_name) = names(report);
    let step = page::step(shown.step());
    let from = |place: usize| Second::new((first + place as i64) * shown.step());
    let most = highest(&all);
    let mut text = format!(
        "\n{HEAD}{name} each {step}{HEAD:#}, at most {} at {}\n{}",
        show::number(most),
        show::at(from(place_of(&all, most)), "%Y-%m-%d %H:%M"),
        bars(&all, HEIGHT),
    );
    text += &axis(from(0), from(length - 1), length);
    let worst = highest(&bad);
    if worst > 0 {
        let _ = writeln!(
            text,
            "{bad_name} each {step}, at most {} at {}\n{BAD}{}{BAD:#}",
            show::number(worst),
            show::at(from(place_of(&bad, worst)), "%Y-%m-%d %H:%M"),
            bars(&bad, 1).trim_end_matches('\n'),
        );
    }
    text
}

/// What is drawn: all, and what went wrong.
pub(super) const fn names(report: &Report) -> (&'static str, &'static str) {
    if report.is_of_flows() {
        ("Packets", "Rejected packets")
    } else {
        ("Requests", "Errors (4xx and 5xx)")
    }
}

fn highest(counts: &[u64]) -> u64 {
    counts.iter().copied().max().unwrap_or(0)
}

fn place_of(counts: &[u64], count: u64) -> usize {
    counts.iter().position(|c| *c == count).unwrap_or(0)
}

/// Bars so many lines high.
fn bars(counts: &[u64], height: u64) -> String {
    let most = u128::from(highest(counts).max(1));
    let level = |count: u64| {
        let level = (u128::from(count) * u128::from(height * EIGHTHS)).div_ceil(most);
        u64::try_from(level).unwrap_or(height * EIGHTHS)
    };
    let mut text = String::new();
    for below in (0..height).rev() {
        let row = counts.iter().map(|count| {
            let eighths = level(*count).saturating_sub(below * EIGHTHS).min(EIGHTHS);
            match eighths {
                0 if below > 0 => ' ',
                _ => BARS[usize::try_from(eighths).unwrap_or(0)],
            }
        });
        let row: String = row.collect();
        text += row.trim_end();
        text.push('\n');
    }
    text
}

/// The first and the last step's beginning, below the bars.
fn axis(first: Second, last: Second, length: usize) -> String {
    let [first, last] = [first, last].map(|second| show::at(second, "%Y-%m-%d %H:%M"));
    if length < first.len() + last.len() + 2 {
        return format!("{first} to {last} UTC\n");
    }
    let room = length - first.len();
    format!("{first}{last:>room$}\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_are_as_high_as_their_counts() {
        assert_eq!(bars(&[0, 1, 4, 8], 1), "·▁▄█\n");
        assert_eq!(bars(&[0, 1, 8, 16], 2), "   █\n·▁██\n");
        assert_eq!(bars(&[0, 0], 2), "\n··\n");
        assert_eq!(bars(&[u64::MAX, 1], 1), "█▁\n");
    }

    #[test]
    fn the_axis_is_as_long_as_the_bars() {
        let [first, last] = [0, 3_600].map(Second::new);
        assert_eq!(
            axis(first, last, 3),
            "1970-01-01 00:00 to 1970-01-01 01:00 UTC\n"
        );
        let long = axis(first, last, 60);
        assert_eq!(long.trim_end().len(), 60);
    }
}
