//! How a column's dates are written.

use model::DateForm;

use super::column::{Column, Kind, nearly};

/// Dates, by what stands between day, month and year.
const DAYS: [&str; 21] = [
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%Y/%m/%d",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%Y.%m.%d",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%m-%y",
    "%m-%d-%y",
    "%Y-%m-%d",
    "%Y%m%d",
    "%d %b %Y",
    "%d-%b-%Y",
    "%d/%b/%Y",
    "%b %d, %Y",
    "%b %d %Y",
    "%d %B %Y",
    "%B %d, %Y",
];
/// Times of day behind them.
const TIMES: [&str; 8] = [
    "",
    "%H:%M",
    "%H:%M:%S",
    "%I:%M %p",
    "%I:%M:%S %p",
    "%I:%M%p",
    "%H.%M",
    "%H:%M:%S%.f",
];
/// What stands between date and time.
const BETWEEN: [&str; 4] = [" ", ", ", "T", ":"];
/// What stands behind a time.
const OFFSETS: [&str; 3] = ["", " %z", "%z"];
/// Texts that a pattern is found by.
const FIRST: usize = 20;
/// Seconds since 1970, in the years 1973 to 2128.
const SECONDS: std::ops::Range<f64> = 1e8..5e9;
/// The same moments in milliseconds.
const MILLISECONDS: std::ops::Range<f64> = 1e11..5e12;

/// How dates are written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dates {
    /// As an order format says it.
    pub(super) form: String,
    /// What it could be just as well: day and month the other way round.
    pub(super) or: Option<String>,
    /// Whether they are local times of a place that nothing names.
    pub(super) is_local: bool,
    /// Whether they tell a time of day.
    pub(super) has_time: bool,
}

/// The form that all of a column's dates have, or all but a few; `None` if there is none.
/// Where the day may be the month, the day is first if `day_first`.
pub(super) fn dates(column: &Column, day_first: bool) -> Option<Dates> {
    let texts: Vec<&str> = column.texts().collect();
    let first = texts.first()?;
    if !(6..=40).contains(&first.len()) || !first.contains(|c: char| c.is_ascii_digit()) {
        return None;
    }
    let forms = forms(column, &texts);
    let (mut form, mut or) = best(forms, &texts)?;
    if let Some(other) = or.as_mut().filter(|_| form.starts_with("%d") != day_first) {
        std::mem::swap(&mut form, other);
    }
    let known = DateForm::new(&form)?;
    let read = texts.iter().filter_map(|text| known.read(text));
    let shown: Vec<String> = read.map(|date| date.to_string()).collect();
    Some(Dates {
        or,
        is_local: shown.iter().any(|date| !date.ends_with('Z')),
        has_time: shown.iter().any(|date| !date.contains("T00:00:00")),
        form,
    })
}

/// The form that most texts have, if nearly all have; and its other way round, if they have
/// that, too.
fn best(forms: Vec<String>, texts: &[&str]) -> Option<(String, Option<String>)> {
    let count = |form: &String| {
        let form = DateForm::new(form);
        let read = |form: DateForm| {
            texts
                .iter()
                .filter(|text| form.read(text).is_some())
                .count()
        };
        form.map_or(0, read)
    };
    let counted: Vec<(usize, String)> =
        forms.into_iter().map(|form| (count(&form), form)).collect();
    let most = counted.iter().map(|(count, _)| *count).max()?;
    let mut best = counted.into_iter().filter(|(count, _)| *count == most);
    let (_, form) = best.next().filter(|_| nearly(most, texts.len()))?;
    let or = best
        .map(|(_, other)| other)
        .find(|other| *other == turned(&form));
    Some((form, or))
}

/// Day and month the other way round.
fn turned(form: &str) -> String {
    form.replace("%d", "%?")
        .replace("%m", "%d")
        .replace("%?", "%m")
}

/// The forms that the first dates have.
fn forms(column: &Column, texts: &[&str]) -> Vec<String> {
    if column
        .cells
        .iter()
        .all(|cell| cell.kind == Kind::Number || is_number(&cell.text))
    {
        let within = |range: &std::ops::Range<f64>| {
            texts
                .iter()
                .all(|text| text.parse().is_ok_and(|n: f64| range.contains(&n)))
        };
        if within(&MILLISECONDS) {
            return vec!["milliseconds".to_owned()];
        }
        if within(&SECONDS) {
            return vec!["seconds".to_owned()];
        }
    }
    // M/D/YYYY may be D/M/YYYY: that is for the patterns to say.
    let is_iso = |text: &&str| text.as_bytes().get(4) == Some(&b'-');
    if texts.iter().take(FIRST).all(is_iso) && column.mostly(|cell| iso_reads(&cell.text)) {
        return vec!["iso".to_owned()];
    }
    let first: Vec<&str> = texts.iter().take(FIRST).copied().collect();
    let fits = |pattern: &String| {
        let form = DateForm::new(pattern);
        form.is_some_and(|form| {
            first
                .iter()
                .filter(|text| form.read(text).is_some())
                .count()
                * 2
                > first.len()
        })
    };
    patterns(first[0]).into_iter().filter(fits).collect()
}

fn iso_reads(text: &str) -> bool {
    DateForm::new("iso").is_some_and(|form| form.read(text).is_some())
}

fn is_number(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_digit() || b == b'.')
}

/// Every pattern whose signs stand in a text.
fn patterns(text: &str) -> Vec<String> {
    let mut patterns = Vec::new();
    let stands = |pattern: &str| {
        let mut is_letter = false;
        pattern.chars().all(|sign| {
            let skip = is_letter || sign == '%';
            is_letter = sign == '%';
            skip || text.contains(sign)
        })
    };
    for day in DAYS.into_iter().filter(|day| stands(day)) {
        patterns.push(day.to_owned());
        for between in BETWEEN.into_iter().filter(|between| text.contains(between)) {
            for time in TIMES
                .into_iter()
                .skip(1)
                .filter(|time| stands(&time.replace("%.f", "")))
            {
                patterns.extend(OFFSETS.map(|offset| format!("{day}{between}{time}{offset}")));
            }
        }
    }
    patterns
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::describe::column::Cell;

    fn column(texts: &[&str]) -> Column {
        Column {
            toml: String::new(),
            name: String::new(),
            path: Vec::new(),
            in_order: false,
            cells: texts.iter().filter_map(|text| Cell::text(text)).collect(),
            rows: texts.len(),
        }
    }

    fn form(texts: &[&str]) -> Option<String> {
        dates(&column(texts), true).map(|dates| dates.form)
    }

    #[test]
    fn each_usual_form_is_found() {
        for (texts, found) in [
            (&["2010-12-01", "2011-01-31"][..], "iso"),
            (&["2010-12-01T08:26:00+01:00"], "iso"),
            (&["2010-12-01 08:26"], "iso"),
            (&["01.12.2010 08:26", "31.1.2011 9:05"], "%d.%m.%Y %H:%M"),
            (&["01.12.2010, 08:26:10"], "%d.%m.%Y, %H:%M:%S"),
            (&["1.12.10"], "%d.%m.%y"),
            (&["13/12/2010 08:26:00"], "%d/%m/%Y %H:%M:%S"),
            (&["12/1/2010 8:26", "12/31/2010 8:26"], "%m/%d/%Y %H:%M"),
            (&["12/31/2010 08:26 PM"], "%m/%d/%Y %I:%M %p"),
            (&["2010/12/31 08:26"], "%Y/%m/%d %H:%M"),
            (&["20101231", "20110101"], "%Y%m%d"),
            (&["1291191960", "1291191961.5"], "seconds"),
            (&["1291191960250"], "milliseconds"),
            (&["10/Oct/2000:13:55:36 -0700"], "%d/%b/%Y:%H:%M:%S %z"),
            (&["Dec 31, 2010 8:26 AM"], "%b %d, %Y %I:%M %p"),
            (&["31 December 2010"], "%d %B %Y"),
            (&["2010-12-31 08:26:00 +0100"], "%Y-%m-%d %H:%M:%S %z"),
        ] {
            assert_eq!(form(texts).as_deref(), Some(found), "{texts:?}");
        }
        for texts in [
            &["85123A"][..],
            &["17850"],
            &["2.55", "3.39"],
            &["WHITE HANGING HEART 2010"],
            &["32.12.2010"],
            &[],
        ] {
            assert_eq!(form(texts), None, "{texts:?}");
        }
    }

    #[test]
    fn what_may_be_day_or_month_is_told() {
        let unclear = column(&["01/02/2010", "03/04/2010"]);
        let dates_of = |day_first| dates(&unclear, day_first).expect("dates");
        assert_eq!(dates_of(true).form, "%d/%m/%Y");
        assert_eq!(dates_of(true).or.as_deref(), Some("%m/%d/%Y"));
        assert_eq!(dates_of(false).form, "%m/%d/%Y");
        assert!(!dates_of(false).has_time && dates_of(false).is_local);
        let clear = dates(&column(&["01/02/2010", "13/04/2010"]), false).expect("dates");
        assert_eq!((clear.form.as_str(), clear.or), ("%d/%m/%Y", None));
    }
}
