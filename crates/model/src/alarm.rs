//! What the alarm stream carries: that a surge began, goes on, or is over.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::second::Second;

/// One record of the alarm stream, as JSON.
///
/// It may come twice: `alarm_id`, `kind` and `at` together are the same for every
/// copy and for no other record, so a reader drops what it has seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    /// The surge: the same in every record of it.
    pub alarm_id: String,
    /// What happened.
    pub kind: AlarmKind,
    /// The site.
    pub site: String,
    /// The rate that decided: what arrived in the window that ends at `at`.
    pub order_count: u64,
    /// Seconds in breach among the evaluated ones up to `at`.
    pub trigger_count: u64,
    /// The highest rate of the surge so far.
    pub peak_count: u64,
    /// Cancelled lines in the window that ends at `at`; no part of any rate.
    #[serde(default)]
    pub cancellation_count: u64,
    /// The rate from which on a second is in breach.
    pub threshold: u64,
    /// The window's length in seconds.
    pub window_seconds: u32,
    /// What is counted.
    pub count: Measure,
    /// The first breach of the run that raised the alarm.
    pub started_at: Second,
    /// The second in which it happened, in arrival time.
    pub at: Second,
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

    #[test]
    fn an_alarm_is_json_with_times_in_iso_8601() {
        let alarm = Alarm {
            alarm_id: "website-0".to_owned(),
            kind: AlarmKind::Reminder,
            site: "website".to_owned(),
            order_count: 16,
            trigger_count: 60,
            peak_count: 20,
            cancellation_count: 1,
            threshold: 15,
            window_seconds: 15,
            count: Measure::Orders,
            started_at: Second::new(1_291_191_960),
            at: Second::new(1_291_192_019),
        };
        let json = serde_json::to_value(&alarm).expect("JSON");
        assert_eq!(
            json,
            serde_json::json!({
                "alarm_id": "website-0", "kind": "REMINDER", "site": "website", "order_count": 16,
                "trigger_count": 60, "peak_count": 20, "cancellation_count": 1, "threshold": 15,
                "window_seconds": 15, "count": "orders",
                "started_at": "2010-12-01T08:26:00Z", "at": "2010-12-01T08:26:59Z",
            })
        );
        assert_eq!(
            serde_json::from_value::<Alarm>(json).expect("an alarm"),
            alarm
        );
    }
}
