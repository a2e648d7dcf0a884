//! From lines to arrivals by second, as the `surge` function counts them.

use model::Second;
use surge::{Arrivals, Bucket, Gauge, Seen};

use super::input::{Names, Row};

/// Spreads the lines of each minute evenly over it: line i of n, in the file's order,
/// at 60·i/n seconds, rounded down. For dates that tell no seconds, all of whose
/// orders would otherwise come in the first second of their minute.
pub(crate) fn spread(rows: &mut [Row]) {
    rows.sort_by_key(|row| row.second);
    for minute in rows.chunk_by_mut(|a, b| a.second.div_euclid(60) == b.second.div_euclid(60)) {
        let lines = minute.len() as i64;
        for (place, row) in (0..).zip(minute) {
            row.second += 60 * place / lines;
        }
    }
}

/// What arrived, by second.
pub(crate) fn arrivals(mut rows: Vec<Row>, names: &Names, gauge: &Gauge) -> Arrivals {
    rows.sort_by_key(|row| row.second);
    let mut arrivals = Arrivals::default();
    for of_one_second in rows.chunk_by(|a, b| a.second == b.second) {
        let mut bucket = Bucket::new(gauge);
        let seen = |row: &Row| Seen {
            line: row.line,
            values: names.of(row.values, gauge),
        };
        bucket.add(of_one_second.iter().map(seen), gauge);
        arrivals.add(Second::new(of_one_second[0].second), &bucket);
    }
    arrivals
}

#[cfg(test)]
mod tests {
    use surge::Line;

    use super::*;

    #[test]
    fn lines_of_a_minute_are_spread_in_their_order() {
        let row = |second, units| Row {
            second,
            line: Line::Order { order: 0, units },
            values: [0; 3],
        };
        let mut rows = [row(120, 1), row(60, 2), row(120, 3), row(120, 4)];
        spread(&mut rows);
        let seen = rows.map(|row| match row.line {
            Line::Order { units, .. } => (row.second, units),
            Line::Cancellation => (row.second, 0),
        });
        assert_eq!(seen, [(60, 2), (120, 1), (140, 3), (160, 4)]);
    }
}
