//! Order dates: ISO 8601, or the Online Retail form `M/D/YYYY H:MM`.

use std::fmt;

use chrono::{
    DateTime, Datelike as _, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, Timelike as _, Utc,
};

/// When an order was placed, as its producer says.
///
/// With an offset in the payload it is kept in UTC and shown with a `Z`; without
/// one it stays the shop's local time, since nothing tells its zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct OrderDate {
    at: NaiveDateTime,
    utc: bool,
}

impl OrderDate {
    /// Reads `YYYY-MM-DD`, optionally with `T` or a blank and `HH:MM[:SS[.fraction]]`,
    /// optionally with `Z` or `±HH[[:]MM]`; or `M/D/YYYY H:MM[:SS]`.
    ///
    /// `None` if it is none of these or no such moment exists.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let mut cursor = Cursor(text.as_bytes());
        let date = if text.as_bytes().get(4) == Some(&b'-') {
            cursor.iso_date()?
        } else {
            cursor.us_date()?
        };
        if cursor.0.is_empty() {
            // A bare ISO day is its midnight; M/D/YYYY always has a time.
            return text.contains('-').then(|| Self {
                at: date.and_time(NaiveTime::MIN),
                utc: false,
            });
        }
        let time = cursor.time(text.contains('/'))?;
        let at = date.and_time(time);
        if cursor.0.is_empty() {
            return Some(Self { at, utc: false });
        }
        if text.contains('/') {
            return None;
        }
        let at = at.checked_sub_signed(cursor.offset()?)?;
        // Another year would be written with a sign, and be no date when read again.
        Self::utc(at)
    }

    /// A moment in UTC; `None` outside of the years 0 to 9999, which no date is written in.
    pub(crate) fn utc(at: NaiveDateTime) -> Option<Self> {
        (0..=9999)
            .contains(&at.year())
            .then_some(Self { at, utc: true })
    }

    /// A local time.
    pub(crate) fn local(at: NaiveDateTime) -> Self {
        Self { at, utc: false }
    }

    /// Whether it is in UTC, or else local.
    pub(crate) fn is_utc(&self) -> bool {
        self.utc
    }

    /// Date and time of day, in UTC or local.
    pub(crate) fn at(&self) -> NaiveDateTime {
        self.at
    }

    /// Appends the date as ISO 8601 has it: `2010-12-01T08:26:00`, with a fraction
    /// of a second if there is one and a `Z` if it is in UTC.
    pub fn push_to(&self, text: &mut Vec<u8>) {
        let (date, time) = (self.at.date(), self.at.time());
        match u32::try_from(date.year()) {
            Ok(year @ 0..=9999) if time.nanosecond() == 0 => {
                let mut whole = *b"0000-00-00T00:00:00";
                put(&mut whole[..4], year);
                put(&mut whole[5..7], date.month());
                put(&mut whole[8..10], date.day());
                put(&mut whole[11..13], time.hour());
                put(&mut whole[14..16], time.minute());
                put(&mut whole[17..], time.second());
                text.extend_from_slice(&whole);
            }
            // The same form by its Debug text, which is built sign by sign.
            _ => text.extend_from_slice(format!("{:?}", self.at).as_bytes()),
        }
        if self.utc {
            text.push(b'Z');
        }
    }

    /// The moment, for what needs one: a date without an offset is taken for UTC.
    #[must_use]
    pub fn moment(&self) -> DateTime<Utc> {
        self.at.and_utc()
    }
}

impl fmt::Display for OrderDate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(32);
        self.push_to(&mut text);
        f.write_str(std::str::from_utf8(&text).map_err(|_| fmt::Error)?)
    }
}

/// A number with leading zeros, as many digits as there is room for.
fn put(digits: &mut [u8], mut number: u32) {
    for digit in digits.iter_mut().rev() {
        *digit = b'0' + (number % 10) as u8;
        number /= 10;
    }
}

/// The unread rest of a date.
struct Cursor<'a>(&'a [u8]);

impl Cursor<'_> {
    fn digits(&mut self, least: usize, most: usize) -> Option<u32> {
        let count = self
            .0
            .iter()
            .take(most)
            .take_while(|b| b.is_ascii_digit())
            .count();
        if count < least {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        Some(digits.iter().fold(0, |n, b| n * 10 + u32::from(b - b'0')))
    }

    fn take(&mut self, byte: u8) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        (*first == byte).then(|| self.0 = rest)
    }

    fn iso_date(&mut self) -> Option<NaiveDate> {
        let year = self.digits(4, 4)?;
        self.take(b'-')?;
        let month = self.digits(2, 2)?;
        self.take(b'-')?;
        let day = self.digits(2, 2)?;
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
    }

    fn us_date(&mut self) -> Option<NaiveDate> {
        let month = self.digits(1, 2)?;
        self.take(b'/')?;
        let day = self.digits(1, 2)?;
        self.take(b'/')?;
        let year = self.digits(4, 4)?;
        NaiveDate::from_ymd_opt(i32::try_from(year).ok()?, month, day)
    }

    fn time(&mut self, us: bool) -> Option<NaiveTime> {
        if us || self.take(b'T').is_none() {
            self.take(b' ')?;
        }
        let hour = self.digits(if us { 1 } else { 2 }, 2)?;
        self.take(b':')?;
        let minute = self.digits(2, 2)?;
        if self.take(b':').is_none() {
            return NaiveTime::from_hms_opt(hour, minute, 0);
        }
        let second = self.digits(2, 2)?;
        let mut nano = 0;
        if !us && self.take(b'.').is_some() {
            let before = self.0.len();
            let fraction = self.digits(1, 9)?;
            let width = u32::try_from(before - self.0.len()).ok()?;
            nano = fraction * 10_u32.pow(9 - width);
        }
        NaiveTime::from_hms_nano_opt(hour, minute, second, nano)
    }

    /// The offset from UTC at the end of the text.
    fn offset(&mut self) -> Option<TimeDelta> {
        if self.0 == b"Z" {
            return Some(TimeDelta::zero());
        }
        let east = if self.take(b'+').is_some() {
            true
        } else {
            self.take(b'-')?;
            false
        };
        let hours = self.digits(2, 2)?;
        let minutes = if self.0.is_empty() {
            0
        } else {
            let _ = self.take(b':');
            self.digits(2, 2)?
        };
        if !self.0.is_empty() || hours > 23 || minutes > 59 {
            return None;
        }
        let offset = TimeDelta::minutes(i64::from(hours * 60 + minutes));
        Some(if east { offset } else { -offset })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shown(text: &str) -> Option<String> {
        OrderDate::parse(text).map(|d| d.to_string())
    }

    #[test]
    fn reads_every_documented_form() {
        for (text, iso) in [
            ("12/1/2010 8:26", "2010-12-01T08:26:00"),
            ("1/31/2011 14:05", "2011-01-31T14:05:00"),
            ("01/05/2011 00:00", "2011-01-05T00:00:00"),
            ("12/9/2011 12:50:07", "2011-12-09T12:50:07"),
            ("2010-12-01", "2010-12-01T00:00:00"),
            ("2010-12-01T08:26", "2010-12-01T08:26:00"),
            ("2010-12-01 08:26:01", "2010-12-01T08:26:01"),
            ("2010-12-01T08:26:00Z", "2010-12-01T08:26:00Z"),
            ("2010-12-01T08:26:00.250Z", "2010-12-01T08:26:00.250Z"),
            ("2010-12-01T00:26:00+01:00", "2010-11-30T23:26:00Z"),
            ("2010-12-01T08:26:00-0530", "2010-12-01T13:56:00Z"),
            ("2010-12-01T08:26:00+02", "2010-12-01T06:26:00Z"),
        ] {
            assert_eq!(shown(text).as_deref(), Some(iso), "{text}");
        }
    }

    #[test]
    fn refuses_other_forms_and_days_that_do_not_exist() {
        for text in [
            "",
            "12",
            "12/1/10 8:26",
            "13/1/2010 8:26",
            "2/30/2011 8:26",
            "12/1/2010",
            "12/1/2010 24:00",
            "12/1/2010 8:6",
            "12/1/2010T8:26",
            "12/1/2010 8:26Z",
            "2010-13-01",
            "2011-02-29",
            "2010-12-01T",
            "2010-12-01T8:26",
            "2010-12-01T08:26:60",
            "2010-12-01T08:26:00.",
            "2010-12-01T08:26:00.1234567890",
            "2010-12-01T08:26:00+24:00",
            "2010-12-01T08:26:00Zx",
            "2010-12-01T08:26:00 Z",
            "20101201T082600Z",
            "1291191960",
            "0001-01-01T00:00:00é",
            "0000-01-01T00:00:00+01:00",
            "9999-12-31T23:59:59-01:00",
        ] {
            assert_eq!(shown(text), None, "{text}");
        }
    }

    #[test]
    fn the_moment_is_in_utc_with_or_without_an_offset() {
        for text in ["12/1/2010 8:26", "2010-12-01T09:26:00+01:00"] {
            let date = OrderDate::parse(text).expect("a date");
            assert_eq!(date.moment().timestamp(), 1_291_191_960, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in ".{0,40}") {
            let _ = OrderDate::parse(&text);
        }

        #[test]
        fn its_own_output_reads_back(seconds in 0i64..4_000_000_000, utc: bool) {
            let at = chrono::DateTime::from_timestamp(seconds, 0).expect("in range").naive_utc();
            let date = OrderDate { at, utc };
            prop_assert_eq!(OrderDate::parse(&date.to_string()), Some(date));
            let shown = format!("{:?}", at);
            prop_assert!(date.to_string().starts_with(&shown));
        }
    }
}
