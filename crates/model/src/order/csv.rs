//! A CSV line of the Online Retail columns, quoted as RFC 4180 says.
//!
//! Stricter than a general CSV reader where leniency would store a wrong field: a
//! quoted field must be closed and nothing may follow its closing quote.

use std::borrow::Cow;

use crate::order::line::Fields;
use crate::order::value::Value;
use crate::reject::{Found, Reason, Reject};

/// Columns without and with `LineNo`.
const COLUMNS: std::ops::RangeInclusive<usize> = 8..=9;
const COMMA: u8 = b',';

/// Reads one line, which must not end in a line break but may hold one inside
/// quotes.
///
/// # Errors
/// `CsvQuote`, `Columns`, or `NotJsonOrCsv` where there is no comma at all.
pub(crate) fn parse(line: &str) -> Result<Fields<'_>, Reject> {
    let mut fields = Fields::default();
    let mut columns = fields.all_mut().into_iter();
    let mut count = 0;
    let mut rest = Some(line);
    while let Some(text) = rest {
        let (value, after) = field(text, COMMA)?;
        count += 1;
        if let Some((_, slot)) = columns.next() {
            *slot = value;
        }
        rest = after;
    }
    drop(columns);
    match count {
        count if COLUMNS.contains(&count) => Ok(fields),
        1 => Err(Reject::line(Reason::NotJsonOrCsv)),
        _ => Err(Reject::line(Reason::Columns)),
    }
}

/// The first value of `text`, whose columns end in `delimiter`, an ASCII sign; and what
/// follows it if it is not the last one.
///
/// # Errors
/// `CsvQuote`.
#[inline(always)]
pub(crate) fn field(text: &str, delimiter: u8) -> Result<(Value<'_>, Option<&str>), Reject> {
    match unquoted(text, delimiter) {
        Some((value, after)) => Ok((Value::borrowed(value), after)),
        None => quoted_field(text, delimiter),
    }
}

/// Blanks around a field, which a tab is not where it is the delimiter.
#[inline]
fn is_blank(byte: u8, delimiter: u8) -> bool {
    byte == b' ' || (byte == b'\t' && delimiter != b'\t')
}

/// The first field of `text`, and what follows its delimiter if there is one; `None` if
/// it is quoted.
#[inline]
fn unquoted(text: &str, delimiter: u8) -> Option<(&str, Option<&str>)> {
    let bytes = text.as_bytes();
    let first = bytes.iter().find(|byte| !is_blank(**byte, delimiter));
    if first == Some(&b'"') {
        return None;
    }
    Some(match memchr::memchr(delimiter, bytes) {
        Some(end) => (&text[..end], Some(&text[end + 1..])),
        None => (text, None),
    })
}

/// The quoted field that `text` begins with, and what follows its delimiter if there is
/// one.
fn quoted_field(text: &str, delimiter: u8) -> Result<(Value<'_>, Option<&str>), Reject> {
    let blank = |c: char| u8::try_from(c).is_ok_and(|byte| is_blank(byte, delimiter));
    let start = text.trim_start_matches(blank);
    let open = || Reject {
        found: Some(Found::OpenQuote),
        ..Reject::line(Reason::CsvQuote)
    };
    let (value, after) = quoted(start).ok_or_else(open)?;
    let after = after.trim_start_matches(|c| blank(c) || c == '\r');
    let value = Value::text(value);
    match after.strip_prefix(char::from(delimiter)) {
        Some(rest) => Ok((value, Some(rest))),
        None if after.is_empty() => Ok((value, None)),
        None => Err(Reject::line(Reason::CsvQuote)),
    }
}

/// The value of the quoted field that `text` begins with, and what follows its
/// closing quote; `None` if it is not closed.
pub(crate) fn quoted(text: &str) -> Option<(Cow<'_, str>, &str)> {
    let inner = text.strip_prefix('"')?;
    let close = closing_quote(inner.as_bytes())?;
    let (value, after) = (&inner[..close], &inner[close + 1..]);
    let doubled = memchr::memchr(b'"', value.as_bytes()).is_some();
    Some((
        if doubled {
            value.replace("\"\"", "\"").into()
        } else {
            value.into()
        },
        after,
    ))
}

/// Where the quote is closed that was opened before `bytes`.
fn closing_quote(bytes: &[u8]) -> Option<usize> {
    let mut from = 0;
    loop {
        let quote = from + memchr::memchr(b'"', &bytes[from..])?;
        if bytes.get(quote + 1) != Some(&b'"') {
            return Some(quote);
        }
        from = quote + 2;
    }
}

/// A quote is not closed, or there are too many columns: so many bytes were looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Unclosed(pub(crate) usize);

/// Where a line of the Online Retail columns ends; see [`line_end_of`].
///
/// A search for a closing quote never passes a line that, read alone, leaves a
/// quote open: the quotes that open it are odd in number, so one of them closes.
/// Each byte is therefore looked at by a bounded number of searches.
pub(crate) fn line_end(bytes: &[u8]) -> Option<usize> {
    line_end_of(bytes, COMMA, *COLUMNS.end()).ok()
}

/// Where the line ends that `bytes` begin with, line breaks inside quotes being
/// part of it.
///
/// # Errors
/// If a quote is not closed or there are more than `columns`.
pub(crate) fn line_end_of(bytes: &[u8], delimiter: u8, columns: usize) -> Result<usize, Unclosed> {
    let mut at = 0;
    for _ in 0..columns {
        let blanks = bytes[at..]
            .iter()
            .take_while(|b| is_blank(**b, delimiter))
            .count();
        if bytes.get(at + blanks) == Some(&b'"') {
            at += blanks + 1;
            at += closing_quote(&bytes[at..]).ok_or(Unclosed(bytes.len()))? + 1;
        }
        match memchr::memchr2(delimiter, b'\n', &bytes[at..]) {
            Some(next) if bytes[at + next] == delimiter => at += next + 1,
            Some(next) => return Ok(at + next),
            None => return Ok(bytes.len()),
        }
    }
    Err(Unclosed(at))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn description(line: &str) -> Result<String, Reason> {
        match parse(line).map_err(|r| r.reason)?.description {
            Value::Text(text) => Ok(text.into_owned()),
            other => panic!("not a text: {other:?}"),
        }
    }

    fn with(description: &str) -> String {
        format!("536365,85123A,{description},6,12/1/2010 8:26,2.55,17850,United Kingdom")
    }

    #[test]
    fn reads_quoting_as_rfc_4180_has_it() {
        for (raw, value) in [
            ("HOLDER", "HOLDER"),
            ("", ""),
            ("\"\"", ""),
            ("\"A, B\"", "A, B"),
            ("\"A \"\"B\"\"\"", "A \"B\""),
            ("\"\"\"A\"\"\"", "\"A\""),
            ("\"two\nlines\"", "two\nlines"),
            ("  trimmed  ", "trimmed"),
            (" \"quoted\" ", "quoted"),
            ("5\" NAILS", "5\" NAILS"),
            ("£5", "£5"),
        ] {
            assert_eq!(description(&with(raw)).as_deref(), Ok(value), "{raw}");
        }
    }

    #[test]
    fn refuses_broken_quoting() {
        for raw in ["\"A", "\"A\"\"", "\"A\" B", "\""] {
            assert_eq!(description(&with(raw)), Err(Reason::CsvQuote), "{raw}");
        }
    }

    #[test]
    fn takes_a_ninth_column_as_the_line_number_and_no_tenth() {
        let line = format!("{},7", with("A"));
        let fields = parse(&line).expect("nine columns");
        assert_eq!(fields.line_no, Value::text("7".into()));
        let too_many = format!("{line},8");
        assert_eq!(
            parse(&too_many).map_err(|r| r.reason).err(),
            Some(Reason::Columns)
        );
        assert_eq!(description("a,b"), Err(Reason::Columns));
        assert_eq!(description("hello"), Err(Reason::NotJsonOrCsv));
    }

    #[test]
    fn borrows_what_needs_no_unquoting() {
        let line = with("\"A, B\"");
        let fields = parse(&line).expect("a good line");
        assert!(matches!(
            fields.description,
            Value::Text(Cow::Borrowed("A, B"))
        ));
    }
}
