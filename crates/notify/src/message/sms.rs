//! The text for phones: site, kind, rate and since when in any case, then the strongest
//! fact about who is behind it, then the rest, as far as there is room.

use model::{Alarm, AlarmKind, Verdict};

use super::words::{clock, duration, rate};

/// One part of an SMS holds 140 bytes.
pub const LONGEST_SMS: usize = 140;

pub(super) fn of(alarm: &Alarm, verdict: Option<&Verdict<'_>>) -> String {
    let fact = verdict.map(|verdict| verdict.short.as_str());
    fitting(match alarm.kind {
        AlarmKind::Alarm | AlarmKind::Reminder => surge(alarm, fact),
        AlarmKind::Ok => over(alarm, fact),
    })
}

pub(super) fn test(site: &str, order_count: u64) -> String {
    let head = format!("TEST {site}: the alarm path works.");
    fitting(vec![format!("{head} {order_count} orders named."), head])
}

fn surge(alarm: &Alarm, fact: Option<&str>) -> Vec<String> {
    let still = match alarm.kind {
        AlarmKind::Reminder => "still ",
        _ => "",
    };
    let head = format!(
        "{} {}: {still}{}",
        alarm.site,
        alarm.kind,
        rate(alarm, alarm.rate)
    );
    let short = format!("{head} since {}", clock(alarm.started_at));
    let longer = format!(
        "{head} (threshold {}) since {}",
        alarm.threshold,
        clock(alarm.started_at)
    );
    let longest = format!("{longer}, peak {}", alarm.peak);
    let facts = |fact| [&longest, &longer, &short].map(|text| format!("{text}: {fact}"));
    let mut texts: Vec<String> = fact.into_iter().flat_map(facts).collect();
    texts.push(format!(
        "{longest}. Sale? Else check sources, scale or block"
    ));
    texts.push(format!("{longer}. Sale? Else scale or block"));
    texts.push(short);
    texts
}

fn over(alarm: &Alarm, fact: Option<&str>) -> Vec<String> {
    let (at, lasted) = (clock(alarm.at), duration(alarm));
    let short = format!("{} OK at {at}", alarm.site);
    let longer = format!(
        "{} OK: order rate back below {} at {at} after {lasted}",
        alarm.site, alarm.threshold
    );
    let longest = format!("{longer}, peak {}", rate(alarm, alarm.peak));
    let facts = |fact| [&longest, &longer, &short].map(|text| format!("{text}: {fact}"));
    let mut texts: Vec<String> = fact.into_iter().flat_map(facts).collect();
    texts.extend([longest, longer, short]);
    texts
}

/// The first text that fits into an SMS; the last one is cut if it must be.
fn fitting(texts: Vec<String>) -> String {
    let mut last = String::new();
    for text in texts {
        if septets(&text) <= LONGEST_SMS {
            return text;
        }
        last = text;
    }
    last.truncate(LONGEST_SMS);
    last
}

/// The length of a text in the alphabet of phones, where some characters take two places.
/// Source: 3GPP TS 23.038, 6.2.1.1
fn septets(text: &str) -> usize {
    text.len()
        + text
            .matches(['[', ']', '{', '}', '\\', '~', '^', '|'])
            .count()
}
