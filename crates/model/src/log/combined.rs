//! Apache's and nginx's common and combined formats.

use std::borrow::Cow;

use super::number::{bytes, status};
use super::reject::LogReject;
use super::target::Target;
use super::text::{present, unescaped};
use super::time::{COMMON, common};
use crate::request::Request;

/// Reads a line: `host ident user [time] "request" status bytes`, and in the combined format
/// `"referer" "user agent"`. What stands behind that is passed over.
///
/// # Errors
/// The first part that is not what it must be.
#[inline]
pub(super) fn read(line: &str) -> Result<Request<'_>, LogReject> {
    let client = memchr::memchr(b' ', line.as_bytes()).filter(|end| *end > 0);
    let client = &line[..client.ok_or(LogReject::missing("host"))?];
    let (time, rest) = moment(line, client.len())?;
    let (target, rest) = quoted(rest, "request")?;
    let (state, rest) = word(rest);
    let (size, rest) = word(rest);
    if state.is_empty() {
        return Err(LogReject::missing("status"));
    }
    let (mut referer, mut user_agent) = ("", "");
    if rest.starts_with('"') {
        let (text, rest) = quoted(rest, "referer")?;
        referer = text;
        user_agent = match rest.starts_with('"') {
            true => quoted(rest, "user agent")?.0,
            false => return Err(LogReject::open_quote("user agent")),
        };
    }
    let target = Target::of_line(target);
    Ok(Request {
        time,
        client: Cow::Borrowed(present(client).unwrap_or_default()),
        host: target.host.map(unescaped),
        method: Cow::Borrowed(target.method),
        path: unescaped(target.path),
        query: target.query.map(unescaped),
        status: status(state, "status")?,
        bytes: bytes(size, "bytes")?,
        referer: present(referer).map(unescaped),
        user_agent: present(user_agent).map(unescaped),
        ..Request::default()
    })
}

/// The time in brackets, and what follows the blank behind it. A user's name may hold blanks
/// and brackets itself.
#[inline]
fn moment(line: &str, from: usize) -> Result<(i64, &str), LogReject> {
    let bytes = line.as_bytes();
    for bracket in memchr::memchr_iter(b'[', &bytes[from..]) {
        let start = from + bracket + 1;
        let end = start + COMMON;
        if bytes[start - 2] == b' '
            && bytes.get(end..).is_some_and(|rest| rest.starts_with(b"] "))
            && let Some(time) = common(&bytes[start..end])
            && let Some(rest) = line.get(end + 2..)
        {
            return Ok((time, rest));
        }
    }
    Err(LogReject::time("time", "[dd/Mon/yyyy:HH:MM:SS +hhmm]"))
}

/// A text in quotes, as written, and what follows the blank behind it. It ends with a quote
/// before a blank or the line's end: servers are known that leave quotes in it as they are.
#[inline]
fn quoted<'a>(text: &'a str, place: &'static str) -> Result<(&'a str, &'a str), LogReject> {
    let open = LogReject::open_quote(place);
    let inner = text.strip_prefix('"').ok_or(open)?;
    let bytes = inner.as_bytes();
    let mut at = 0;
    while let Some(next) = bytes
        .get(at..)
        .and_then(|rest| memchr::memchr2(b'"', b'\\', rest))
    {
        at += next;
        match (bytes[at], bytes.get(at + 1)) {
            (b'\\', _) => at += 2,
            (_, None) => return Ok((&inner[..at], "")),
            (_, Some(b' ')) => return Ok((&inner[..at], &inner[at + 2..])),
            _ => at += 1,
        }
    }
    Err(open)
}

/// Up to the next blank, and what follows it.
#[inline]
fn word(text: &str) -> (&str, &str) {
    text.split_once(' ').unwrap_or((text, ""))
}
