//! Who is behind it: the verdict, and a table for each dimension. The values are text
//! from the outside, of which only what [`Contributor::shown`] gives is written.

use std::fmt::Write as _;

use model::{Alarm, AlarmKind, Contributor, Contributors, Dimension, GUEST, Verdict};

use super::words::clock;

/// So many values of a dimension are enough to act upon.
const MOST_ROWS: usize = 10;

pub(super) fn of(alarm: &Alarm, verdict: &Verdict<'_>) -> String {
    let heading = match alarm.kind {
        AlarmKind::Alarm => format!(
            "Who is behind it, in the {} s up to {}",
            alarm.window_seconds,
            clock(alarm.at)
        ),
        AlarmKind::Reminder => "Who is behind it, since the surge began".to_owned(),
        AlarmKind::Ok => "Who was behind it, from the beginning of the surge to its end".to_owned(),
    };
    let mut text = format!("{heading}\n  {}\n\n", verdict.sentence);
    let columns = Columns::of(&alarm.contributors);
    for contributors in &alarm.contributors {
        columns.write(contributors, &mut text);
        text.push('\n');
    }
    text
}

/// The widths that all tables of a message share.
struct Columns {
    value: usize,
    count: usize,
}

impl Columns {
    fn of(all: &[Contributors]) -> Self {
        let rows = || {
            let rows = |c: &'_ Contributors| {
                let rows = shown(c).iter();
                rows.map(move |row| (name(c.dimension, row), row.count))
                    .collect::<Vec<_>>()
            };
            all.iter().flat_map(rows)
        };
        Self {
            value: rows().map(|(name, _)| name.len()).max().unwrap_or(0),
            count: rows()
                .map(|(_, count)| count.to_string().len())
                .max()
                .unwrap_or(0),
        }
    }

    /// Appends a dimension's table: what it is of, then value, count and share.
    fn write(&self, of: &Contributors, text: &mut String) {
        let total = of.total;
        // Writing to a String cannot fail.
        let _ = write!(
            text,
            "  {}, {total} {}",
            of.how_many(),
            of.measure.noun(total)
        );
        if of.missed > 0 {
            let _ = write!(text, " (a count may be up to {} too low)", of.missed);
        }
        text.push('\n');
        for row in shown(of) {
            let (value, count) = (name(of.dimension, row), row.count);
            let (wide, narrow) = (self.value, self.count);
            let share = of.share(count);
            let _ = writeln!(text, "    {value:<wide$}  {count:>narrow$}  {share:>3} %");
        }
    }
}

fn shown(of: &Contributors) -> &[Contributor] {
    &of.top[..of.top.len().min(MOST_ROWS)]
}

fn name(dimension: Dimension, row: &Contributor) -> String {
    if dimension == Dimension::Customer && row.value == GUEST {
        "(no account)".to_owned()
    } else {
        row.shown()
    }
}
