//! What the alarm stream carries: that a surge began, goes on, or is over.

mod contributors;
mod value;
mod verdict;
mod wire;

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::reject::{Reason, Reject};
use crate::second::Second;

pub use contributors::{Contributor, Contributors, Dimension};
pub use value::GUEST;
pub use verdict::Verdict;

/// The longest `alarm_id`, in characters.
const LONGEST_ID: usize = 128;

/// One record of the alarm stream, as JSON.
///
/// It may come twice: `alarm_id`, `kind` and `at` together are the same for every
/// copy and for no other record, so a reader drops what it has seen.
///
/// Records of two versions of a stack are in the stream at the same time, so the form
/// changes by this rule. Fields are only added; none goes, changes its name or its
/// meaning. A field that came later has a value for records without it: what they meant.
/// Readers pass over fields that they do not know. A `signal` or `measure` that a reader
/// does not know is refused and kept whole, never guessed at; so readers are brought up to
/// date before the functions that write.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "wire::Wire", into = "wire::Wire")]
pub struct Alarm {
    /// The surge: the same in every record of it.
    pub alarm_id: String,
    /// What happened.
    pub kind: AlarmKind,
    /// What kind of thing it is that began, goes on or is over.
    pub signal: Signal,
    /// The site.
    pub site: String,
    /// The rate that decided: what arrived in the window that ends at `at`.
    pub rate: u64,
    /// Seconds in breach among the evaluated ones up to `at`.
    pub trigger_count: u64,
    /// The highest rate of the surge so far.
    pub peak: u64,
    /// Cancelled lines in the window that ends at `at`; no part of any rate.
    pub cancellation_count: u64,
    /// The rate from which on a second is in breach.
    pub threshold: u64,
    /// The window's length in seconds.
    pub window_seconds: u32,
    /// What is counted.
    pub measure: Measure,
    /// The first breach of the run that raised the alarm.
    pub started_at: Second,
    /// The second in which it happened, in arrival time.
    pub at: Second,
    /// Who is behind it, a dimension each; empty where nobody asked. Of an ALARM, in the
    /// window that ends at `at`; of what follows, since that window began.
    pub contributors: Vec<Contributors>,
}

impl Alarm {
    /// Reads a record of the alarm stream. Fields that it does not know are passed
    /// over.
    ///
    /// # Errors
    /// [`Reason::NotAnAlarm`] for what the `surge` function does not write: readers
    /// put an alarm's texts into messages and keys, and its times into a calendar.
    pub fn parse(data: &[u8]) -> Result<Self, Reject> {
        let alarm: Option<Self> = serde_json::from_slice(data).ok();
        let id = |id: &str| id.len() <= LONGEST_ID && id.bytes().all(|b| b.is_ascii_graphic());
        let year = |s: Second| (0..253_402_300_800).contains(&s.since_1970());
        alarm
            .filter(|a| is_site_name(&a.site) && !a.alarm_id.is_empty() && id(&a.alarm_id))
            .filter(|a| year(a.at) && year(a.started_at))
            .filter(|a| contributors::are_legal(&a.contributors))
            .ok_or(Reject::line(Reason::NotAnAlarm))
    }

    /// What names this record and each copy of it, and no other.
    #[must_use]
    pub fn key(&self) -> String {
        format!("{}#{}#{}", self.alarm_id, self.kind, self.at)
    }
}

/// Whether a site can have this name: 1 to 64 letters, digits, `_`, `-` and `.`.
#[must_use]
pub fn is_site_name(name: &str) -> bool {
    let legal = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    (1..=64).contains(&name.len()) && name.bytes().all(legal)
}

/// What an alarm is about.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "lowercase")]
pub enum Signal {
    /// More comes in than should.
    #[default]
    Surge,
}

impl fmt::Display for Signal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Surge => "surge",
        })
    }
}

/// What an alarm record tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum AlarmKind {
    /// A surge is on: breaches have lasted long enough.
    Alarm,
    /// It is still on.
    Reminder,
    /// It is over.
    Ok,
}

impl fmt::Display for AlarmKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Alarm => "ALARM",
            Self::Reminder => "REMINDER",
            Self::Ok => "OK",
        })
    }
}

impl fmt::Display for Measure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Orders => "orders",
            Self::Lines => "lines",
            Self::Units => "units",
        })
    }
}

impl Measure {
    /// Whether it is one of the first version's, all of which are of orders.
    #[must_use]
    pub fn is_of_orders(self) -> bool {
        matches!(self, Self::Orders | Self::Lines | Self::Units)
    }

    /// What people call so many of it.
    #[must_use]
    pub fn noun(self, count: u64) -> &'static str {
        match (self, count) {
            (Self::Orders, 1) => "order",
            (Self::Orders, _) => "orders",
            (Self::Lines, 1) => "order line",
            (Self::Lines, _) => "order lines",
            (Self::Units, 1) => "unit",
            (Self::Units, _) => "units",
        }
    }
}

/// What a rate counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Measure {
    /// Distinct invoices with a line in the window.
    Orders,
    /// Order lines.
    Lines,
    /// The sum of positive quantities.
    Units,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn alarm() -> Alarm {
        Alarm {
            alarm_id: "website-0".to_owned(),
            kind: AlarmKind::Reminder,
            site: "website".to_owned(),
            rate: 16,
            trigger_count: 60,
            peak: 20,
            cancellation_count: 1,
            threshold: 15,
            window_seconds: 15,
            measure: Measure::Orders,
            started_at: Second::new(1_291_191_960),
            at: Second::new(1_291_192_019),
            signal: Signal::Surge,
            contributors: Vec::new(),
        }
    }

    #[test]
    fn an_alarm_is_json_with_times_in_iso_8601() {
        let alarm = alarm();
        let json = serde_json::to_value(&alarm).expect("JSON");
        assert_eq!(
            json,
            serde_json::json!({
                "alarm_id": "website-0", "kind": "REMINDER", "site": "website", "order_count": 16,
                "trigger_count": 60, "peak_count": 20, "cancellation_count": 1, "threshold": 15,
                "window_seconds": 15, "count": "orders",
                "signal": "surge", "measure": "orders", "rate": 16, "peak": 20,
                "started_at": "2010-12-01T08:26:00Z", "at": "2010-12-01T08:26:59Z",
            })
        );
        assert_eq!(
            serde_json::from_value::<Alarm>(json).expect("an alarm"),
            alarm
        );
    }

    #[test]
    fn a_record_of_the_first_version_is_read_as_what_it_meant() {
        let old = r#"{"alarm_id":"website-0","kind":"REMINDER","site":"website","order_count":16,
            "trigger_count":60,"peak_count":20,"cancellation_count":1,"threshold":15,"window_seconds":15,
            "count":"orders","started_at":"2010-12-01T08:26:00Z","at":"2010-12-01T08:26:59Z"}"#;
        assert_eq!(Alarm::parse(old.as_bytes()), Ok(alarm()));
    }

    #[test]
    fn a_reader_of_the_first_version_finds_all_that_it_needs() {
        // The first version, as it was.
        #[derive(Debug, Deserialize)]
        struct First {
            order_count: u64,
            peak_count: u64,
            count: String,
        }
        let json = serde_json::to_string(&alarm()).expect("JSON");
        let first: First = serde_json::from_str(&json).expect("an alarm");
        assert_eq!((first.order_count, first.peak_count), (16, 20));
        assert_eq!(first.count, "orders");
    }

    #[test]
    fn contributors_are_carried_and_more_than_anybody_writes_are_refused() {
        let top = |n| {
            let value = |i: u64| Contributor {
                value: format!("{i}"),
                count: i,
            };
            (0..n).map(value).collect()
        };
        let with = |n| Alarm {
            contributors: vec![Contributors {
                dimension: Dimension::Customer,
                measure: Measure::Orders,
                total: 16,
                different: 3,
                missed: 0,
                top: top(n),
            }],
            ..alarm()
        };
        let json = |alarm: &Alarm| serde_json::to_vec(alarm).expect("JSON");
        assert_eq!(Alarm::parse(&json(&with(5))), Ok(with(5)));
        let refused = Err(Reject::line(Reason::NotAnAlarm));
        assert_eq!(Alarm::parse(&json(&with(33))), refused);
    }

    #[test]
    fn a_record_that_is_no_alarm_is_refused() {
        let json = serde_json::to_value(alarm()).expect("JSON");
        let with = |name: &str, value: serde_json::Value| {
            let mut json = json.clone();
            json[name] = value;
            Alarm::parse(json.to_string().as_bytes())
        };
        assert_eq!(with("news", 1.into()), Ok(alarm()));
        let refused = Err(Reject::line(Reason::NotAnAlarm));
        for (name, value) in [
            ("alarm_id", "".into()),
            ("alarm_id", "a b".into()),
            ("alarm_id", "a".repeat(129).into()),
            ("kind", "alarm".into()),
            ("site", "a\nb".into()),
            ("site", "ä".into()),
            ("order_count", (-1).into()),
            ("rate", "many".into()),
            ("signal", "landslide".into()),
            ("measure", "tears".into()),
            ("at", "yesterday".into()),
            ("at", "-0001-01-01T00:00:00Z".into()),
            ("started_at", serde_json::Value::Null),
        ] {
            assert_eq!(with(name, value.clone()), refused, "{name}: {value}");
        }
        assert_eq!(Alarm::parse(b"{}"), refused);
        assert_eq!(Alarm::parse(b"\xff"), refused);
    }

    #[test]
    fn a_key_is_the_alarms_id_kind_and_time() {
        assert_eq!(alarm().key(), "website-0#REMINDER#2010-12-01T08:26:59Z");
    }
}
