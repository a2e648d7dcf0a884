//! What happens while traffic is made: sales, floods, scans and errors, each for a while.

use std::time::Duration;

/// Something that goes on for a while.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Event {
    /// How much: times the usual rate, or a share.
    pub(super) amount: f64,
    /// When it begins, in seconds from the beginning.
    at: u64,
    /// For how many seconds.
    seconds: u64,
}

impl Event {
    /// Whether it goes on in this second from the beginning.
    const fn is_on(&self, second: u64) -> bool {
        second >= self.at && second - self.at < self.seconds
    }

    /// `5x@10m/2m`: five times the usual, ten minutes from the beginning, for two minutes.
    ///
    /// # Errors
    /// Says what was expected.
    pub(super) fn times(text: &str) -> Result<Self, String> {
        let expected =
            || format!("{text:?} is no event: expected TIMESx@AT/DURATION, 10x@5m/30s for one");
        Self::parse(text, 'x', 100.0).ok_or_else(expected)
    }

    /// `20%@10m/2m`: a fifth of all.
    ///
    /// # Errors
    /// Says what was expected.
    pub(super) fn share(text: &str) -> Result<Self, String> {
        let expected =
            || format!("{text:?} is no event: expected SHARE%@AT/DURATION, 20%@5m/30s for one");
        let event = Self::parse(text, '%', 100.0).ok_or_else(expected)?;
        Ok(Self {
            amount: event.amount / 100.0,
            ..event
        })
    }

    fn parse(text: &str, unit: char, most: f64) -> Option<Self> {
        let (amount, when) = text.split_once('@')?;
        let (at, length) = when.split_once('/')?;
        let amount: f64 = amount.strip_suffix(unit)?.parse().ok()?;
        let event = Self {
            amount,
            at: duration(at).ok()?.as_secs(),
            seconds: duration(length).ok()?.as_secs(),
        };
        (amount > 0.0 && amount <= most && event.seconds > 0).then_some(event)
    }
}

/// The amounts of those that go on in a second, summed up.
pub(super) fn amount(events: &[Event], second: u64) -> f64 {
    let on = events.iter().filter(|event| event.is_on(second));
    on.map(|event| event.amount).sum()
}

/// `90s`, `5m`, `2h`, `1d`; a number alone is seconds.
///
/// # Errors
/// Says what was expected.
pub(super) fn duration(text: &str) -> Result<Duration, String> {
    let expected = || {
        format!("{text:?} is no duration: expected a whole number with s, m, h or d, 90s for one")
    };
    let digits = text.trim_end_matches(['s', 'm', 'h', 'd']);
    let unit = match &text[digits.len()..] {
        "" | "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return Err(expected()),
    };
    let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    let number: u32 = digits
        .parse()
        .ok()
        .filter(|_| is_number)
        .ok_or_else(expected)?;
    Ok(Duration::from_secs(u64::from(number) * unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_goes_on_from_its_beginning_for_its_length() {
        let flood = Event::times("10x@5m/30s").expect("an event");
        let amounts = [299, 300, 329, 330].map(|second| amount(&[flood], second));
        assert_eq!(amounts, [0.0, 10.0, 10.0, 0.0]);
        let two = [flood, Event::times("0.5x@320/1h").expect("an event")];
        assert_eq!(amount(&two, 321), 10.5);
        let errors = Event::share("20%@0/1d").expect("an event");
        assert_eq!(amount(&[errors], 86_399), 0.2);
    }

    #[test]
    fn what_is_no_event_says_what_was_expected() {
        for text in [
            "",
            "10x",
            "10@5m/30s",
            "x@5m/30s",
            "10x@5m",
            "10x@5m/0s",
            "-1x@5m/1m",
            "infx@1/1",
            "2x@1.5m/1m",
            "2x@+5m/1m",
        ] {
            let error = Event::times(text).expect_err(text);
            assert!(error.contains("expected TIMESx@AT/DURATION"), "{error}");
        }
        assert!(Event::share("101%@5m/1m").is_err());
        assert!(duration("5w").is_err() && duration("ms").is_err() && duration("1ms").is_err());
    }
}
