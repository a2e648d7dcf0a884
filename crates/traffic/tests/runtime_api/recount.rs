//! Requests of the last days, and what they come to: counted by cutting lines at their
//! quotation marks and blanks.

use chrono::{Days, NaiveDate, NaiveDateTime, Utc};
use testkit::Requests;

use crate::stage::Sums;

/// The log with its last day moved to yesterday, and all others with it: CloudWatch takes
/// nothing that is older than two weeks.
pub(crate) struct Recent {
    pub(crate) lines: Vec<String>,
    /// Whether it is the whole log of the real site.
    pub(crate) whole: bool,
}

impl Recent {
    pub(crate) fn load() -> Self {
        let requests = Requests::load();
        let dates: Vec<NaiveDate> = requests.text().lines().map(date).collect();
        let last = dates.iter().max().expect("a line");
        let yesterday = Utc::now().date_naive() - Days::new(1);
        let days =
            Days::new(u64::try_from((yesterday - *last).num_days()).expect("a log of before"));
        let lines = requests.text().lines().zip(&dates).map(|(line, date)| {
            let written = |date: &NaiveDate| date.format("[%d/%b/%Y:").to_string();
            line.replacen(&written(date), &written(&(*date + days)), 1) + "\n"
        });
        Self {
            lines: lines.collect(),
            whole: requests.whole,
        }
    }
}

fn date(line: &str) -> NaiveDate {
    let text = line.split(['[', ':']).find(|text| text.contains("/20"));
    NaiveDate::parse_from_str(text.expect("a date"), "%d/%b/%Y").expect("a date")
}

/// What the lines come to, by metric and hour; and those that are cut off.
pub(crate) fn recount(lines: &[String]) -> (Sums, Vec<&str>) {
    let (mut sums, mut cut) = (Sums::new(), Vec::new());
    for line in lines {
        let pieces: Vec<&str> = line.split('"').collect();
        let [before, _, answer, ..] = pieces[..] else {
            panic!("a line without a request: {line}");
        };
        if pieces.len() != 7 {
            cut.push(line.trim_end());
            continue;
        }
        let at = before.rsplit(['[', ']']).nth(1).expect("a time");
        let at = NaiveDateTime::parse_from_str(at, "%d/%b/%Y:%H:%M:%S +0000").expect("a time");
        let mut add = |metric: String, number: u64| {
            if number > 0 {
                let hour = at.and_utc().timestamp() / 3_600;
                *sums.entry((metric, hour)).or_default() += number;
            }
        };
        let (status, bytes) = answer.trim().split_once(' ').expect("status and bytes");
        add("Requests".to_owned(), 1);
        add(format!("Response_{}XX", &status[..1]), 1);
        add("Response_404".to_owned(), u64::from(status == "404"));
        add("Bytes".to_owned(), bytes.parse().unwrap_or(0));
    }
    (sums, cut)
}

/// A metric over all hours.
pub(crate) fn total(sums: &Sums, metric: &str) -> u64 {
    let all = sums.iter().filter(|((name, _), _)| name == metric);
    all.map(|(_, sum)| sum).sum()
}
