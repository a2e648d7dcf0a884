//! What people read, at any hour: for each alarm record a subject, a short text for
//! phones and a fuller one for e-mail. Pure.

use chrono::{DateTime, Utc};
use model::{Alarm, AlarmKind, Measure, Second};
use serde::Serialize;
use serde_json::json;

/// SNS takes subjects of fewer than 100 ASCII characters.
/// Source: <https://docs.aws.amazon.com/sns/latest/api/API_Publish.html>
pub const LONGEST_SUBJECT: usize = 99;
/// One part of an SMS holds 140 bytes.
pub const LONGEST_SMS: usize = 140;

/// A message to a topic. All its texts are ASCII.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Message {
    /// An e-mail's subject, at most [`LONGEST_SUBJECT`] characters.
    pub subject: String,
    /// The text for phones, at most [`LONGEST_SMS`] characters.
    pub sms: String,
    /// The text for e-mail and every other protocol.
    pub email: String,
    /// The site, for subscription filters.
    #[serde(skip)]
    pub site: String,
    /// What happened, for subscription filters.
    #[serde(skip)]
    pub kind: AlarmKind,
    /// The rate that decided, for subscription filters.
    #[serde(skip)]
    pub order_count: u64,
}

const WHAT_TO_DO: &str = "\
What to do
  1. Is it a sale, a newsletter, a mention somewhere? Then the shop needs capacity: scale it up.
  2. If not, look at where the orders come from: customers, addresses, articles. All of them are in the orders table.
  3. If a few sources send most of them, limit or block those, and hold their orders back.
";

impl Message {
    /// What an alarm record tells.
    #[must_use]
    pub fn of(alarm: &Alarm) -> Self {
        let (sms, email) = match alarm.kind {
            AlarmKind::Alarm | AlarmKind::Reminder => (surge_sms(alarm), surge_email(alarm)),
            AlarmKind::Ok => (over_sms(alarm), over_email(alarm)),
        };
        Self {
            subject: format!("{} order rate {}", alarm.site, alarm.kind),
            sms: fitting(sms),
            email,
            site: alarm.site.clone(),
            kind: alarm.kind,
            order_count: alarm.order_count,
        }
    }

    /// An operator's test of the way from here to people.
    #[must_use]
    pub fn test(site: &str, order_count: u64) -> Self {
        let sms = format!("TEST {site}: the alarm path works. {order_count} orders named.");
        let short = format!("TEST {site}: the alarm path works.");
        let email = format!(
            "This is a test of the alarm path for {site}: nothing has happened.\n\n\
             It names {order_count} orders. A real alarm comes the same way, and says how many orders\n\
             came in how many seconds, against which threshold, since when, and what to do.\n"
        );
        Self {
            subject: format!("{site} order rate ALARM (test)"),
            sms: fitting([sms, short]),
            email,
            site: site.to_owned(),
            kind: AlarmKind::Alarm,
            order_count,
        }
    }

    /// The message as SNS takes it with `MessageStructure=json`: a text for each
    /// protocol that has its own, `default` for the others.
    #[must_use]
    pub fn per_protocol(&self) -> String {
        json!({"default": self.email, "email": self.email, "sms": self.sms}).to_string()
    }
}

fn surge_sms(alarm: &Alarm) -> [String; 3] {
    let still = match alarm.kind {
        AlarmKind::Reminder => "still ",
        _ => "",
    };
    let head = format!(
        "{} {}: {still}{}",
        alarm.site,
        alarm.kind,
        rate(alarm, alarm.order_count)
    );
    let since = clock(alarm.started_at);
    let threshold = alarm.threshold;
    [
        format!(
            "{head} (threshold {threshold}) since {since}, peak {}. Sale? Else check sources, scale or block",
            alarm.peak_count
        ),
        format!("{head} (threshold {threshold}) since {since}. Sale? Else scale or block"),
        format!("{head} since {since}"),
    ]
}

fn surge_email(alarm: &Alarm) -> String {
    let site = &alarm.site;
    let opening = match alarm.kind {
        AlarmKind::Reminder => format!("{site}: orders still come in faster than they should."),
        _ => format!("{site}: orders come in faster than they should."),
    };
    format!(
        "{opening}\n\n{}\n{WHAT_TO_DO}\nA message follows when it is over.\n\n{}",
        table(&[
            ("Now", rate(alarm, alarm.order_count)),
            ("Threshold", rate(alarm, alarm.threshold)),
            ("Peak so far", rate(alarm, alarm.peak_count)),
            (
                "Since",
                format!("{} ({})", date(alarm.started_at), duration(alarm))
            ),
            ("Cancelled lines", alarm.cancellation_count.to_string()),
        ]),
        footer(alarm),
    )
}

fn over_sms(alarm: &Alarm) -> [String; 3] {
    let head = format!(
        "{} OK: order rate back below {}",
        alarm.site, alarm.threshold
    );
    let (at, lasted) = (clock(alarm.at), duration(alarm));
    [
        format!(
            "{head} at {at} after {lasted}, peak {}",
            rate(alarm, alarm.peak_count)
        ),
        format!("{head} at {at} after {lasted}"),
        format!("{} OK at {at}", alarm.site),
    ]
}

fn over_email(alarm: &Alarm) -> String {
    format!(
        "{}: the order rate is back to normal.\n\n{}\n\
         Nothing has to be done now. If capacity was added or a source blocked, it may be time to undo that.\n\n{}",
        alarm.site,
        table(&[
            ("Lasted", duration(alarm)),
            ("From", date(alarm.started_at)),
            ("To", date(alarm.at)),
            ("Peak", rate(alarm, alarm.peak_count)),
            ("Threshold", rate(alarm, alarm.threshold)),
            ("Now", rate(alarm, alarm.order_count)),
        ]),
        footer(alarm),
    )
}

fn footer(alarm: &Alarm) -> String {
    format!(
        "Alarm {}, {} at {}\n",
        alarm.alarm_id,
        alarm.kind,
        date(alarm.at)
    )
}

/// Names and values below each other.
fn table(rows: &[(&str, String)]) -> String {
    let row = |(name, value): &(&str, String)| format!("  {name:<16} {value}\n");
    rows.iter().map(row).collect()
}

/// `74 orders in 15 s`.
fn rate(alarm: &Alarm, count: u64) -> String {
    let noun = match (alarm.count, count) {
        (Measure::Orders, 1) => "order",
        (Measure::Orders, _) => "orders",
        (Measure::Lines, 1) => "order line",
        (Measure::Lines, _) => "order lines",
        (Measure::Units, 1) => "unit",
        (Measure::Units, _) => "units",
    };
    format!("{count} {noun} in {} s", alarm.window_seconds)
}

/// From the first breach to the record's second.
fn duration(alarm: &Alarm) -> String {
    let seconds = (alarm.at - alarm.started_at).max(0);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    match (hours, minutes) {
        (0, 0) => format!("{seconds} s"),
        (0, _) => format!("{minutes} min {seconds} s"),
        _ => format!("{hours} h {minutes} min"),
    }
}

fn date(second: Second) -> String {
    at(second, "%Y-%m-%d %H:%M:%S UTC")
}

fn clock(second: Second) -> String {
    at(second, "%H:%M:%S UTC")
}

fn at(second: Second, format: &str) -> String {
    let moment = DateTime::<Utc>::from_timestamp(second.since_1970(), 0);
    moment.map_or_else(|| second.to_string(), |m| m.format(format).to_string())
}

/// The first text that fits into an SMS; the last one is cut if it must be.
fn fitting<const N: usize>(texts: [String; N]) -> String {
    let mut last = String::new();
    for text in texts {
        if text.len() <= LONGEST_SMS {
            return text;
        }
        last = text;
    }
    last.truncate(LONGEST_SMS);
    last
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn alarm(kind: AlarmKind) -> Alarm {
        Alarm {
            alarm_id: "website-0".to_owned(),
            kind,
            site: "website".to_owned(),
            order_count: 74,
            trigger_count: 60,
            peak_count: 90,
            cancellation_count: 3,
            threshold: 15,
            window_seconds: 15,
            count: Measure::Orders,
            started_at: Second::new(1_545_084_664),
            at: Second::new(1_545_084_811),
        }
    }

    #[test]
    fn an_alarm_says_how_many_since_when_and_what_to_do() {
        let message = Message::of(&alarm(AlarmKind::Alarm));
        assert_eq!(message.subject, "website order rate ALARM");
        assert_eq!(
            message.sms,
            "website ALARM: 74 orders in 15 s (threshold 15) since 22:11:04 UTC, peak 90. \
             Sale? Else check sources, scale or block"
        );
        assert_eq!(
            message.email,
            "website: orders come in faster than they should.\n\
             \n  Now              74 orders in 15 s\
             \n  Threshold        15 orders in 15 s\
             \n  Peak so far      90 orders in 15 s\
             \n  Since            2018-12-17 22:11:04 UTC (2 min 27 s)\
             \n  Cancelled lines  3\n\n"
                .to_owned()
                + WHAT_TO_DO
                + "\nA message follows when it is over.\n\n\
                   Alarm website-0, ALARM at 2018-12-17 22:13:31 UTC\n"
        );
    }

    #[test]
    fn a_reminder_says_that_it_goes_on() {
        let message = Message::of(&alarm(AlarmKind::Reminder));
        assert_eq!(message.subject, "website order rate REMINDER");
        assert!(
            message
                .sms
                .starts_with("website REMINDER: still 74 orders in 15 s")
        );
        assert!(message.email.starts_with("website: orders still come in"));
    }

    #[test]
    fn an_end_says_how_long_it_lasted_and_the_peak() {
        let message = Message::of(&alarm(AlarmKind::Ok));
        assert_eq!(message.subject, "website order rate OK");
        assert_eq!(
            message.sms,
            "website OK: order rate back below 15 at 22:13:31 UTC after 2 min 27 s, peak 90 orders in 15 s"
        );
        for line in [
            "  Lasted           2 min 27 s\n",
            "  Peak             90 orders in 15 s\n",
            "  To               2018-12-17 22:13:31 UTC\n",
        ] {
            assert!(message.email.contains(line), "{}", message.email);
        }
    }

    #[test]
    fn a_test_says_that_it_is_one() {
        let message = Message::test("website", 42);
        assert_eq!(message.subject, "website order rate ALARM (test)");
        assert!(message.sms.starts_with("TEST website"));
        assert!(message.email.starts_with("This is a test"));
        assert_eq!((message.kind, message.order_count), (AlarmKind::Alarm, 42));
    }

    #[test]
    fn durations_are_in_the_units_that_matter() {
        for (seconds, text) in [
            (0, "0 s"),
            (59, "59 s"),
            (60, "1 min 0 s"),
            (7_260, "2 h 1 min"),
        ] {
            let mut alarm = alarm(AlarmKind::Ok);
            alarm.at = alarm.started_at + seconds;
            assert_eq!(duration(&alarm), text);
        }
    }

    proptest! {
        #[test]
        fn every_message_fits_what_carries_it(
            site in "[a-zA-Z0-9_.-]{1,64}",
            kind in prop::sample::select(vec![AlarmKind::Alarm, AlarmKind::Reminder, AlarmKind::Ok]),
            numbers in any::<[u64; 4]>(),
            window in any::<u32>(),
            times in [0..253_402_300_800_i64, 0..253_402_300_800],
            count in prop::sample::select(vec![Measure::Orders, Measure::Lines, Measure::Units]),
        ) {
            let alarm = Alarm {
                site,
                kind,
                order_count: numbers[0],
                peak_count: numbers[1],
                threshold: numbers[2],
                cancellation_count: numbers[3],
                window_seconds: window,
                count,
                started_at: Second::new(times[0]),
                at: Second::new(times[1]),
                ..alarm(kind)
            };
            for message in [Message::of(&alarm), Message::test(&alarm.site, numbers[0])] {
                prop_assert!(message.subject.len() <= LONGEST_SUBJECT);
                prop_assert!(!message.subject.contains('\n'));
                prop_assert!(message.sms.len() <= LONGEST_SMS);
                prop_assert!(message.per_protocol().len() < 10_000);
                prop_assert!([&message.subject, &message.sms, &message.email].iter().all(|t| t.is_ascii()));
                prop_assert!(message.sms.contains(&alarm.site));
            }
        }
    }
}
