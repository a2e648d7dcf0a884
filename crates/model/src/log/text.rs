//! Texts as logs encode them. Only those with something encoded in them are copied.

use std::borrow::Cow;

/// A text that is there: neither empty nor `-`.
#[inline]
pub(super) fn present(text: &str) -> Option<&str> {
    (!matches!(text, "" | "-")).then_some(text)
}

/// With its percent-encoded bytes decoded once.
#[inline]
pub(super) fn percent_decoded(text: &str) -> Cow<'_, str> {
    match memchr::memchr(b'%', text.as_bytes()) {
        None => Cow::Borrowed(text),
        Some(at) => Cow::Owned(decoded(text.as_bytes(), at, |rest| match rest {
            [b'%', high, low, ..] => Some((hex(*high, *low)?, 3)),
            _ => None,
        })),
    }
}

/// A user agent that CloudFront has percent-encoded: once, or, in older files, twice. It was
/// twice where one decoding leaves no blank, but encoded ones.
pub(super) fn percent_decoded_agent(text: &str) -> Cow<'_, str> {
    let once = percent_decoded(text);
    let has_blank = memchr::memchr(b' ', once.as_bytes()).is_some();
    // Most have one, and are not looked at any further.
    if !has_blank && memchr::memmem::find(text.as_bytes(), b"%2520").is_some() {
        return Cow::Owned(percent_decoded(&once).into_owned());
    }
    once
}

/// With `+` for a blank, as IIS writes it.
#[inline]
pub(super) fn with_blanks(text: &str) -> Cow<'_, str> {
    match memchr::memchr(b'+', text.as_bytes()) {
        None => Cow::Borrowed(text),
        Some(_) => Cow::Owned(text.replace('+', " ")),
    }
}

/// With its backslashes undone, as Apache, nginx and load balancers write them: `\"`, `\\`,
/// `\xhh`, `\n`.
#[inline]
pub(super) fn unescaped(text: &str) -> Cow<'_, str> {
    match memchr::memchr(b'\\', text.as_bytes()) {
        None => Cow::Borrowed(text),
        Some(at) => Cow::Owned(decoded(text.as_bytes(), at, |rest| match rest {
            [b'\\', b'x', high, low, ..] => Some((hex(*high, *low)?, 4)),
            [b'\\', sign, ..] => escape(*sign).map(|byte| (byte, 2)),
            _ => None,
        })),
    }
}

/// C's letters for bytes.
fn escape(sign: u8) -> Option<u8> {
    Some(match sign {
        b'"' | b'\\' => sign,
        b'b' => 0x08,
        b't' => b'\t',
        b'n' => b'\n',
        b'v' => 0x0B,
        b'f' => 0x0C,
        b'r' => b'\r',
        _ => return None,
    })
}

#[inline]
fn hex(high: u8, low: u8) -> Option<u8> {
    let digit = |byte: u8| match byte {
        b'0'..=b'9' => Some(byte - b'0'),
        b'a'..=b'f' => Some(byte - b'a' + 10),
        b'A'..=b'F' => Some(byte - b'A' + 10),
        _ => None,
    };
    Some(digit(high)? * 16 + digit(low)?)
}

/// Replaces what `code` finds at the first sign in `text`, which is at `first`, and at each
/// like it: a byte for so many.
#[inline]
fn decoded(text: &[u8], first: usize, code: impl Fn(&[u8]) -> Option<(u8, usize)>) -> String {
    let sign = text[first];
    let mut bytes = Vec::with_capacity(text.len());
    let (mut at, mut next) = (0, Some(first));
    while let Some(found) = next {
        let found = at + found;
        bytes.extend_from_slice(&text[at..found]);
        let (byte, length) = code(&text[found..]).unwrap_or((sign, 1));
        bytes.push(byte);
        at = found + length;
        next = memchr::memchr(sign, &text[at..]);
    }
    bytes.extend_from_slice(&text[at..]);
    String::from_utf8(bytes)
        .unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn escapes_of_each_server_are_undone() {
        for (text, plain) in [
            (r"plain", "plain"),
            (r#"a \"b\" \\ c"#, r#"a "b" \ c"#),
            (r"\x22\x5C\xc3\xa9", "\"\\é"),
            (r"\x16\x03\x01", "\u{16}\u{3}\u{1}"),
            (r"\xff|", "\u{fffd}|"),
            (r"\n\t\q\x2", "\n\t\\q\\x2"),
            (r"\", r"\"),
        ] {
            assert_eq!(unescaped(text), plain, "{text}");
        }
    }

    #[test]
    fn a_user_agent_is_decoded_twice_only_where_it_was_encoded_twice() {
        for (text, plain) in [
            ("curl/7.46.0", "curl/7.46.0"),
            ("Mozilla/5.0%20(Windows)", "Mozilla/5.0 (Windows)"),
            ("Mozilla/5.0%2520(Windows)", "Mozilla/5.0 (Windows)"),
            // An app whose name has a percent-encoded blank itself.
            ("My%2520App/1%20CFNetwork/2", "My%20App/1 CFNetwork/2"),
            ("100%", "100%"),
            ("%zz%2", "%zz%2"),
        ] {
            assert_eq!(percent_decoded_agent(text), plain, "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_answered(text in "[%\\\\x2+5aé\"]{0,24}") {
            for plain in [unescaped(&text), percent_decoded(&text), percent_decoded_agent(&text)] {
                prop_assert!(plain.chars().count() <= text.chars().count());
            }
        }
    }
}
