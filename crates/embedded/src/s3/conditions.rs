//! Which object a request takes, and which bytes of it.

use std::ops::Range;

use axum::http::header::{IF_MATCH, IF_NONE_MATCH, RANGE};
use axum::http::{HeaderMap, HeaderName};

use crate::protocol::Failure;

/// What a condition is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    Read,
    Write,
}

/// Refuses a request whose `If-Match` or `If-None-Match` does not hold for what is there.
pub(crate) fn check(
    headers: &HeaderMap,
    etag: Option<&str>,
    purpose: Purpose,
) -> Result<(), Failure> {
    let named = |name: HeaderName| {
        let list = headers.get(name)?.to_str().ok()?;
        Some(list.split(',').any(|one| {
            let one = one.trim().trim_start_matches("W/").trim_matches('"');
            etag.is_some_and(|etag| one == "*" || one == etag)
        }))
    };
    let failed = |header: &str| {
        let message = format!("the object does not meet {header}");
        Err(Failure::new("PreconditionFailed", message))
    };
    if named(IF_MATCH) == Some(false) {
        return match (etag, purpose) {
            (None, Purpose::Write) => Err(Failure::new("NoSuchKey", "there is no such object")),
            _ => failed("If-Match"),
        };
    }
    match (named(IF_NONE_MATCH), purpose) {
        (Some(true), Purpose::Read) => Err(Failure::new("NotModified", "")),
        (Some(true), Purpose::Write) => failed("If-None-Match"),
        _ => Ok(()),
    }
}

/// The bytes that are asked for: `None` is all of them. As with S3, what is no range,
/// or several, is as if it were not there.
pub(crate) fn range(headers: &HeaderMap, size: u64) -> Result<Option<Range<u64>>, Failure> {
    let text = headers.get(RANGE).and_then(|value| value.to_str().ok());
    let Some((first, last)) = text
        .and_then(|text| text.strip_prefix("bytes="))
        .and_then(|range| range.split_once('-'))
    else {
        return Ok(None);
    };
    let range = match (first.parse::<u64>(), last.parse::<u64>()) {
        (Ok(first), Ok(last)) if first > last => return Ok(None),
        (Ok(first), Ok(last)) => first..last.saturating_add(1).min(size),
        (Ok(first), Err(_)) if last.is_empty() => first..size,
        (Err(_), Ok(count)) if first.is_empty() => size.saturating_sub(count)..size,
        _ => return Ok(None),
    };
    if range.is_empty() {
        let message = format!("{first}-{last} is outside of the object's {size} bytes");
        return Err(Failure::new("InvalidRange", message));
    }
    Ok(Some(range))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_cut_to_what_is_there() {
        let of = |text: &str, size| {
            let headers = HeaderMap::from_iter([(RANGE, text.parse().expect("a value"))]);
            range(&headers, size).map_err(|failure| failure.code)
        };
        assert_eq!(of("bytes=0-0", 10), Ok(Some(0..1)));
        assert_eq!(of("bytes=4-", 10), Ok(Some(4..10)));
        assert_eq!(of("bytes=4-99", 10), Ok(Some(4..10)));
        assert_eq!(of("bytes=-3", 10), Ok(Some(7..10)));
        assert_eq!(of("bytes=-99", 10), Ok(Some(0..10)));
        assert_eq!(of("bytes=0-18446744073709551615", 10), Ok(Some(0..10)));
        for nonsense in [
            "bytes=5-4",
            "bytes=a-b",
            "bytes=0-1,4-5",
            "lines=0-1",
            "bytes=-",
        ] {
            assert_eq!(of(nonsense, 10), Ok(None), "{nonsense}");
        }
        for outside in ["bytes=10-", "bytes=10-12", "bytes=-0"] {
            assert_eq!(of(outside, 10), Err("InvalidRange"), "{outside}");
        }
        assert_eq!(of("bytes=0-", 0), Err("InvalidRange"));
    }

    #[test]
    fn conditions_hold_for_what_is_there() {
        let of = |name: HeaderName, value: &str, etag, purpose| {
            let headers = HeaderMap::from_iter([(name, value.parse().expect("a value"))]);
            check(&headers, etag, purpose).map_err(|failure| failure.code)
        };
        use Purpose::{Read, Write};
        assert_eq!(of(IF_MATCH, "\"a\"", Some("a"), Read), Ok(()));
        assert_eq!(
            of(IF_MATCH, "a", Some("b"), Read),
            Err("PreconditionFailed")
        );
        assert_eq!(of(IF_MATCH, "\"b\", \"a\"", Some("a"), Write), Ok(()));
        assert_eq!(of(IF_MATCH, "\"a\"", None, Write), Err("NoSuchKey"));
        assert_eq!(of(IF_NONE_MATCH, "*", None, Write), Ok(()));
        assert_eq!(
            of(IF_NONE_MATCH, "*", Some("a"), Write),
            Err("PreconditionFailed")
        );
        assert_eq!(
            of(IF_NONE_MATCH, "\"a\"", Some("a"), Read),
            Err("NotModified")
        );
    }
}
