//! Dates as a shop or a log writes them. No clock belongs here.

mod described;

use std::fmt;

use chrono::{DateTime, Datelike as _, NaiveDateTime, Timelike as _};
use jiff::civil;
use jiff::fmt::strtime::BrokenDownTime;
use jiff::tz::TimeZone;
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive as _;

use crate::date::OrderDate;
use crate::number::decimal;
use crate::reject::Reason;

/// Nanoseconds of a second.
const NANOSECONDS: i128 = 1_000_000_000;
/// Years of four digits, which a pattern's `%Y` does not insist on.
const YEARS: std::ops::RangeInclusive<i16> = 1000..=9999;

/// A moment of which no two parts are alike.
const SOME: civil::DateTime = civil::date(2011, 11, 23).at(14, 25, 36, 0);
/// A pattern stands in messages.
const LONGEST_PATTERN: usize = 100;

/// How the dates of orders or requests are read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct DateForm {
    pub(crate) kind: DateKind,
    /// Where dates without an offset are local. Without a zone they are kept as they are.
    pub(crate) zone: Option<TimeZone>,
}

/// How a date is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum DateKind {
    /// ISO 8601 or `M/D/YYYY H:MM`, as without a format.
    #[default]
    Iso,
    /// Seconds since 1970, with up to nine decimals.
    Seconds,
    /// Milliseconds since 1970.
    Milliseconds,
    /// In this pattern of `strftime`'s letters.
    Pattern(String),
}

impl DateForm {
    /// What `format` of a date says: `iso`, `seconds`, `milliseconds`, or a pattern.
    /// `None` if it is none of these.
    #[must_use]
    pub fn new(format: &str) -> Option<Self> {
        let kind = match format {
            "iso" => Some(DateKind::Iso),
            "seconds" => Some(DateKind::Seconds),
            "milliseconds" => Some(DateKind::Milliseconds),
            pattern => DateKind::pattern(pattern),
        };
        kind.map(|kind| Self { kind, zone: None })
    }

    /// Reads a date; `None` if it is none, or none of the years 0 to 9999.
    #[must_use]
    pub fn read(&self, text: &str) -> Option<OrderDate> {
        match &self.kind {
            DateKind::Iso => self.placed(OrderDate::parse(text)?),
            DateKind::Seconds => since_1970(text, NANOSECONDS),
            DateKind::Milliseconds => since_1970(text, NANOSECONDS / 1_000),
            DateKind::Pattern(pattern) => {
                let parts = BrokenDownTime::parse(pattern, text).ok()?;
                let at = parts.to_datetime().ok()?;
                if !YEARS.contains(&at.year()) {
                    return None;
                }
                match parts.offset() {
                    Some(offset) => at_timestamp(offset.to_timestamp(at).ok()?),
                    None => self.placed(OrderDate::local(naive(at)?)),
                }
            }
        }
    }

    /// The date as the shop writes it, as exactly as its form allows.
    pub(crate) fn write(&self, date: OrderDate) -> String {
        let moment = date.moment();
        let pattern = match &self.kind {
            DateKind::Iso => return date.to_string(),
            DateKind::Seconds => return moment.timestamp().to_string(),
            DateKind::Milliseconds => return moment.timestamp_millis().to_string(),
            DateKind::Pattern(pattern) => pattern,
        };
        let zone = self.zone.clone().filter(|_| date.is_utc());
        let at = civil(date.at()).and_then(|at| at.in_tz("UTC").ok());
        let at = at.map(|at| {
            at.timestamp()
                .to_zoned_datetime(zone.unwrap_or(TimeZone::UTC))
        });
        let text = at.and_then(|at| BrokenDownTime::from(&at).to_string(pattern).ok());
        text.unwrap_or_else(|| date.to_string())
    }

    /// The date in UTC if it is local and its zone is known.
    fn placed(&self, date: OrderDate) -> Option<OrderDate> {
        let Some(zone) = self.zone.as_ref().filter(|_| !date.is_utc()) else {
            return Some(date);
        };
        // What the clocks skip is read with the offset before the change, and what they
        // show twice is the first of the two, as RFC 5545 (3.3.5) has it.
        let at = zone.to_ambiguous_timestamp(civil(date.at())?);
        at_timestamp(at.compatible().ok()?)
    }
}

impl DateKind {
    /// Whether dates are numbers.
    pub(crate) fn is_number(&self) -> bool {
        matches!(self, Self::Seconds | Self::Milliseconds)
    }

    /// Whether dates tell their offset themselves.
    pub(crate) fn tells_offset(&self) -> bool {
        let Self::Pattern(pattern) = self else {
            return false;
        };
        let parts = written(pattern).and_then(|text| BrokenDownTime::parse(pattern, text).ok());
        parts.is_some_and(|parts| parts.offset().is_some())
    }

    /// A pattern; `None` if it is none, does not tell year, month and day, tells half of a
    /// time of day, as `%I` without `%p` does, or a zone by its name.
    pub(crate) fn pattern(pattern: &str) -> Option<Self> {
        let again = BrokenDownTime::parse(pattern, written(pattern)?).ok()?;
        let at = again.to_datetime().ok()?;
        let times = [
            SOME.time(),
            civil::time(14, 25, 0, 0),
            civil::time(14, 0, 0, 0),
            civil::Time::midnight(),
        ];
        let is_whole = at.date() == SOME.date() && times.contains(&at.time());
        let is_plain = again.iana_time_zone().is_none() && pattern.len() <= LONGEST_PATTERN;
        (is_whole && is_plain).then(|| Self::Pattern(pattern.to_owned()))
    }
}

/// A moment of which no two parts are alike, in a pattern.
fn written(pattern: &str) -> Option<String> {
    let at = SOME.in_tz("UTC").ok()?;
    BrokenDownTime::from(&at).to_string(pattern).ok()
}

/// What is expected of a date, in words.
impl fmt::Display for DateKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Iso => f.write_str(Reason::NotADate.expected()),
            Self::Seconds => f.write_str("expected seconds since 1970"),
            Self::Milliseconds => f.write_str("expected milliseconds since 1970"),
            Self::Pattern(pattern) => write!(f, "expected a date of the form {pattern}"),
        }
    }
}

/// A number of units since 1970, each of so many nanoseconds.
fn since_1970(text: &str, unit: i128) -> Option<OrderDate> {
    let nanoseconds = decimal(text).ok()?;
    let nanoseconds = nanoseconds.checked_mul(Decimal::from_i128_with_scale(unit, 0))?;
    let nanoseconds = nanoseconds.normalize();
    let nanoseconds = nanoseconds.is_integer().then(|| nanoseconds.to_i128())??;
    at_nanoseconds(nanoseconds)
}

fn at_timestamp(at: jiff::Timestamp) -> Option<OrderDate> {
    at_nanoseconds(at.as_nanosecond())
}

fn at_nanoseconds(nanoseconds: i128) -> Option<OrderDate> {
    let seconds = i64::try_from(nanoseconds.div_euclid(NANOSECONDS)).ok()?;
    let rest = u32::try_from(nanoseconds.rem_euclid(NANOSECONDS)).ok()?;
    OrderDate::utc(DateTime::from_timestamp(seconds, rest)?.naive_utc())
}

fn naive(at: civil::DateTime) -> Option<NaiveDateTime> {
    let part = |n: i8| u32::try_from(n).ok();
    let date =
        chrono::NaiveDate::from_ymd_opt(at.year().into(), part(at.month())?, part(at.day())?);
    date?.and_hms_nano_opt(
        part(at.hour())?,
        part(at.minute())?,
        part(at.second())?,
        u32::try_from(at.subsec_nanosecond()).ok()?,
    )
}

fn civil(at: NaiveDateTime) -> Option<civil::DateTime> {
    let part = |n: u32| i8::try_from(n).ok();
    civil::DateTime::new(
        i16::try_from(at.year()).ok()?,
        part(at.month())?,
        part(at.day())?,
        part(at.hour())?,
        part(at.minute())?,
        part(at.second())?,
        i32::try_from(at.nanosecond()).ok()?,
    )
    .ok()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn form(kind: DateKind, zone: &str) -> DateForm {
        let zone = (!zone.is_empty()).then(|| TimeZone::get(zone).expect("a zone"));
        DateForm { kind, zone }
    }

    fn pattern(text: &str) -> DateKind {
        DateKind::pattern(text).expect("a pattern")
    }

    fn shown(form: &DateForm, text: &str) -> Option<String> {
        form.read(text).map(|date| date.to_string())
    }

    #[test]
    fn reads_each_form() {
        let german = pattern("%d.%m.%Y %H:%M");
        for (kind, zone, text, iso) in [
            (DateKind::Iso, "", "12/1/2010 8:26", "2010-12-01T08:26:00"),
            (
                DateKind::Iso,
                "Europe/Berlin",
                "2011-07-01T08:26",
                "2011-07-01T06:26:00Z",
            ),
            (
                DateKind::Iso,
                "Europe/Berlin",
                "2011-07-01T08:26+01:00",
                "2011-07-01T07:26:00Z",
            ),
            (DateKind::Seconds, "", "1291191960", "2010-12-01T08:26:00Z"),
            (
                DateKind::Seconds,
                "",
                "1291191960.25",
                "2010-12-01T08:26:00.250Z",
            ),
            (DateKind::Seconds, "", "-1", "1969-12-31T23:59:59Z"),
            (
                DateKind::Milliseconds,
                "",
                "1291191960250",
                "2010-12-01T08:26:00.250Z",
            ),
            (german.clone(), "", "1.12.2010 8:26", "2010-12-01T08:26:00"),
            (
                german.clone(),
                "Europe/Berlin",
                "01.12.2010 08:26",
                "2010-12-01T07:26:00Z",
            ),
            (
                pattern("%d/%b/%Y:%H:%M:%S %z"),
                "",
                "10/Oct/2000:13:55:36 -0700",
                "2000-10-10T20:55:36Z",
            ),
            (
                pattern("%m/%d/%y %I:%M %p"),
                "",
                "12/01/10 08:26 PM",
                "2010-12-01T20:26:00",
            ),
            (pattern("%Y%m%d"), "", "20101201", "2010-12-01T00:00:00"),
        ] {
            let form = form(kind, zone);
            assert_eq!(shown(&form, text).as_deref(), Some(iso), "{form:?} {text}");
        }
    }

    #[test]
    fn refuses_what_is_written_otherwise() {
        let german = pattern("%d.%m.%Y %H:%M");
        for (kind, text) in [
            (DateKind::Seconds, "2010-12-01"),
            (DateKind::Seconds, "1291191960.1234567891"),
            (DateKind::Seconds, "253402300800"),
            (DateKind::Seconds, "1e27"),
            (DateKind::Milliseconds, ""),
            (german.clone(), "12/1/2010 8:26"),
            (german.clone(), "31.2.2010 08:26"),
            (german.clone(), "1.12.10 08:26"),
            (german.clone(), "1.12.2010"),
            (german, "1.12.2010 08:26 Z"),
        ] {
            assert_eq!(
                shown(&form(kind.clone(), ""), text),
                None,
                "{kind:?} {text}"
            );
        }
    }

    #[test]
    fn a_pattern_tells_year_month_and_day() {
        for text in [
            "%d.%m. %H:%M",
            "%H:%M",
            "%Q",
            "%",
            "",
            "%s",
            "no letters",
            "%Y-%m",
        ] {
            assert_eq!(DateKind::pattern(text), None, "{text}");
        }
    }

    #[test]
    fn the_hours_of_a_change_of_clocks_are_read_as_rfc_5545_has_it() {
        let berlin = form(DateKind::Iso, "Europe/Berlin");
        for (local, utc) in [
            ("2011-03-27T01:59", "2011-03-27T00:59:00Z"),
            // Skipped: as with the offset of winter, which is 03:30 in summer.
            ("2011-03-27T02:30", "2011-03-27T01:30:00Z"),
            ("2011-03-27T03:00", "2011-03-27T01:00:00Z"),
            // Shown twice: the first, in summer.
            ("2011-10-30T02:30", "2011-10-30T00:30:00Z"),
            ("2011-10-30T03:00", "2011-10-30T02:00:00Z"),
        ] {
            assert_eq!(shown(&berlin, local).as_deref(), Some(utc), "{local}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,40}") {
            for kind in [DateKind::Iso, DateKind::Seconds, DateKind::Milliseconds, pattern("%d.%m.%Y %H:%M:%S")] {
                let _ = form(kind, "America/New_York").read(&text);
            }
            let _ = DateKind::pattern(&text);
        }

        #[test]
        fn a_moment_is_the_same_in_each_form(seconds in 0i64..4_000_000_000) {
            let at = DateTime::from_timestamp(seconds, 0).expect("in range").naive_utc();
            let utc = OrderDate::utc(at);
            prop_assert_eq!(form(DateKind::Seconds, "").read(&seconds.to_string()), utc);
            let written = at.format("%d.%m.%Y %H:%M:%S").to_string();
            prop_assert_eq!(form(pattern("%d.%m.%Y %H:%M:%S"), "UTC").read(&written), utc);
        }
    }
}
