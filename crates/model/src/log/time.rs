//! Times as logs write them, as milliseconds since 1970. No clock belongs here.

/// The last millisecond that can be written with a year of four digits.
const LAST: u64 = 253_402_300_799_999;

/// Milliseconds since 1970; `None` behind the year 9999, which no log is of.
#[inline]
pub(super) fn written(milliseconds: u64) -> Option<i64> {
    let at = i64::try_from(milliseconds).ok();
    at.filter(|_| milliseconds <= LAST)
}

/// Milliseconds of a day.
const DAY: i64 = 86_400_000;

/// A number of two digits.
#[inline]
fn two(high: u8, low: u8) -> Option<i64> {
    let is_number = high.is_ascii_digit() && low.is_ascii_digit();
    is_number.then(|| i64::from(high - b'0') * 10 + i64::from(low - b'0'))
}

/// The days since 1970; `None` if there is no such day.
#[inline]
fn days(year: i64, month: i64, day: i64) -> Option<i64> {
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let longest = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + i64::from(is_leap),
        _ => return None,
    };
    if !(1..=longest).contains(&day) {
        return None;
    }
    // Years from March on, so that the leap day is the last one.
    let year = year - i64::from(month <= 2);
    let (era, of_era) = (year.div_euclid(400), year.rem_euclid(400));
    let of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    Some(era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468)
}

/// `YYYY-MM-DD`, at its midnight.
#[inline]
pub(super) fn date(text: &[u8]) -> Option<i64> {
    let &[y1, y2, y3, y4, b'-', m1, m2, b'-', d1, d2] = text else {
        return None;
    };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    Some(days(year, two(m1, m2)?, two(d1, d2)?)? * DAY)
}

/// `HH:MM:SS`, and decimals of a second of which three count.
#[inline]
pub(super) fn clock(text: &[u8]) -> Option<i64> {
    let &[h1, h2, b':', m1, m2, b':', s1, s2, ref rest @ ..] = text else {
        return None;
    };
    let (hour, minute, second) = (two(h1, h2)?, two(m1, m2)?, two(s1, s2)?);
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let mut milliseconds = 0;
    if let Some((point, decimals)) = rest.split_first() {
        let is_fraction = *point == b'.' && (1..=9).contains(&decimals.len());
        if !is_fraction || !decimals.iter().all(u8::is_ascii_digit) {
            return None;
        }
        for place in 0..3 {
            let digit = decimals
                .get(place)
                .map_or(0, |digit| i64::from(digit - b'0'));
            milliseconds = milliseconds * 10 + digit;
        }
    }
    Some(((hour * 60 + minute) * 60 + second) * 1000 + milliseconds)
}

/// `YYYY-MM-DDTHH:MM:SS[.ffffff]Z`.
#[inline]
pub(super) fn iso(text: &[u8]) -> Option<i64> {
    let (day, rest) = text.split_at_checked(10)?;
    let time = rest.strip_prefix(b"T")?.strip_suffix(b"Z")?;
    Some(date(day)? + clock(time)?)
}

/// How many bytes [`common`] reads.
pub(super) const COMMON: usize = 26;

/// `dd/Mon/yyyy:HH:MM:SS ±hhmm`.
#[inline]
pub(super) fn common(text: &[u8]) -> Option<i64> {
    let (day, rest) = text.split_at_checked(11)?;
    let &[d1, d2, b'/', ref month @ .., b'/', y1, y2, y3, y4] = day else {
        return None;
    };
    let (time, offset) = rest.strip_prefix(b":")?.split_at_checked(8)?;
    let &[b' ', sign @ (b'+' | b'-'), h1, h2, m1, m2] = offset else {
        return None;
    };
    let year = two(y1, y2)? * 100 + two(y3, y4)?;
    let at = days(year, month_of(month)?, two(d1, d2)?)? * DAY + clock(time)?;
    let minutes = two(h1, h2)? * 60 + two(m1, m2)?;
    let offset = if sign == b'-' { -minutes } else { minutes };
    (minutes < 24 * 60).then(|| at - offset * 60_000)
}

fn month_of(name: &[u8]) -> Option<i64> {
    Some(match name {
        b"Jan" => 1,
        b"Feb" => 2,
        b"Mar" => 3,
        b"Apr" => 4,
        b"May" => 5,
        b"Jun" => 6,
        b"Jul" => 7,
        b"Aug" => 8,
        b"Sep" => 9,
        b"Oct" => 10,
        b"Nov" => 11,
        b"Dec" => 12,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_time_that_does_not_exist_is_none() {
        for text in [
            "2011-02-29",
            "2012-13-01",
            "2012-00-01",
            "2012-01-00",
            "12-01-01",
            "2012-1-1",
        ] {
            assert_eq!(date(text.as_bytes()), None, "{text}");
        }
        for text in [
            "24:00:00",
            "12:60:00",
            "12:00:60",
            "12:00",
            "12:00:00.",
            "12:00:00.1x",
            "1:00:00",
        ] {
            assert_eq!(clock(text.as_bytes()), None, "{text}");
        }
        for text in [
            "10/Oct/2000:13:55:36",
            "10/oct/2000:13:55:36 -0700",
            "31/Sep/2000:13:55:36 -0700",
            "10/Oct/2000:13:55:36 -2400",
            "10/Oct/2000:13:55:36 0700",
            "",
        ] {
            assert_eq!(common(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn an_offset_is_taken_off() {
        for (text, at) in [
            ("10/Oct/2000:13:55:36 -0700", "2000-10-10T20:55:36Z"),
            ("17/May/2015:10:05:03 +0000", "2015-05-17T10:05:03Z"),
            ("01/Jan/1970:05:30:00 +0530", "1970-01-01T00:00:00Z"),
        ] {
            assert_eq!(common(text.as_bytes()), iso(at.as_bytes()), "{text}");
            assert_eq!(text.len(), COMMON);
        }
    }

    proptest! {
        #[test]
        fn a_moment_is_what_the_calendar_says(at in -62_000_000_000_000_i64..250_000_000_000_000) {
            let moment = DateTime::from_timestamp_millis(at).expect("in range");
            let text = moment.format("%Y-%m-%dT%H:%M:%S%.3fZ").to_string();
            prop_assert_eq!(iso(text.as_bytes()), Some(at));
            let text = moment.format("%d/%b/%Y:%H:%M:%S +0000").to_string();
            prop_assert_eq!(common(text.as_bytes()), Some(at.div_euclid(1000) * 1000));
        }

        #[test]
        fn any_bytes_are_answered(bytes in proptest::collection::vec(any::<u8>(), 0..40)) {
            let _ = (date(&bytes), clock(&bytes), iso(&bytes), common(&bytes));
        }
    }
}
