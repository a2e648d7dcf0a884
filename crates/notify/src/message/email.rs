//! The text for e-mail: what happened, who is behind it, what to do.

use function::env::TableName;
use model::{Alarm, AlarmKind, Verdict};

use super::words::{date, duration, rate};
use super::{command, who};

pub(super) const WHAT_TO_DO: &str = "\
What to do
  1. Is it a sale, a newsletter, a mention somewhere? Then the shop needs capacity: scale it up.
  2. If not, look at where the orders come from: customers, addresses, articles. All of them are in the orders table.
  3. If a few sources send most of them, limit or block those, and hold their orders back.
";

pub(super) fn of(
    alarm: &Alarm,
    verdict: Option<&Verdict<'_>>,
    orders: Option<&TableName>,
) -> String {
    let who = verdict.map_or_else(String::new, |verdict| who::of(alarm, verdict));
    let command = command::of(verdict, orders).unwrap_or_default();
    let footer = footer(alarm);
    match alarm.kind {
        AlarmKind::Alarm | AlarmKind::Reminder => format!(
            "{}\n{who}{command}{WHAT_TO_DO}\nA message follows when it is over.\n\n{footer}",
            surge(alarm),
        ),
        AlarmKind::Ok => format!("{}\n{who}{command}{footer}", over(alarm)),
    }
}

pub(super) fn test(site: &str, order_count: u64) -> String {
    format!(
        "This is a test of the alarm path for {site}: nothing has happened.\n\n\
         It names {order_count} orders. A real alarm comes the same way, and says how many orders\n\
         came in how many seconds, against which threshold, since when, from whom, and what to do.\n"
    )
}

fn surge(alarm: &Alarm) -> String {
    let site = &alarm.site;
    let opening = match alarm.kind {
        AlarmKind::Reminder => format!("{site}: orders still come in faster than they should."),
        _ => format!("{site}: orders come in faster than they should."),
    };
    let rows = table(&[
        ("Now", rate(alarm, alarm.rate)),
        ("Threshold", rate(alarm, alarm.threshold)),
        ("Peak so far", rate(alarm, alarm.peak)),
        (
            "Since",
            format!("{} ({})", date(alarm.started_at), duration(alarm)),
        ),
        ("Cancelled lines", alarm.cancellation_count.to_string()),
    ]);
    format!("{opening}\n\n{rows}")
}

fn over(alarm: &Alarm) -> String {
    format!(
        "{}: the order rate is back to normal.\n\n{}\n\
         Nothing has to be done now. If capacity was added or a source blocked, it may be time to undo that.\n",
        alarm.site,
        table(&[
            ("Lasted", duration(alarm)),
            ("From", date(alarm.started_at)),
            ("To", date(alarm.at)),
            ("Peak", rate(alarm, alarm.peak)),
            ("Threshold", rate(alarm, alarm.threshold)),
            ("Now", rate(alarm, alarm.rate)),
        ]),
    )
}

/// The last line, which names the record.
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
