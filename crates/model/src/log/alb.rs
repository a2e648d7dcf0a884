//! An Application Load Balancer's lines.

use std::borrow::Cow;

use super::number::{bytes, scaled, status};
use super::reject::LogReject;
use super::target::{Target, without_port};
use super::text::{present, unescaped};
use super::time::iso;
use crate::request::Request;

/// Reads a line. Fields that are added at its end are passed over, and so are those behind
/// the user agent.
///
/// # Errors
/// The first field that is missing or not what it must be.
#[inline]
pub(super) fn read(line: &str) -> Result<Request<'_>, LogReject> {
    let mut fields = Fields(line);
    fields.next("type")?;
    let time = iso(fields.next("time")?.as_bytes());
    let time = time.ok_or(LogReject::time("time", "YYYY-MM-DDTHH:MM:SS.ffffffZ"))?;
    fields.next("elb")?;
    let client = fields.next("client:port")?;
    fields.next("target:port")?;
    let duration = [
        part(fields.next(REQUEST)?, REQUEST)?,
        part(fields.next(TARGET)?, TARGET)?,
        part(fields.next(RESPONSE)?, RESPONSE)?,
    ];
    let state = status(fields.next("elb_status_code")?, "elb_status_code")?;
    fields.next("target_status_code")?;
    fields.next("received_bytes")?;
    let sent = bytes(fields.next("sent_bytes")?, "sent_bytes")?;
    let target = Target::of_line(fields.quoted("request")?);
    let user_agent = fields.quoted("user_agent")?;
    let total = |sum: u64, part: &Option<u64>| part.and_then(|part| sum.checked_add(part));
    Ok(Request {
        time,
        client: Cow::Borrowed(present(without_port(client)).unwrap_or_default()),
        host: target.host.map(unescaped),
        method: Cow::Borrowed(target.method),
        path: unescaped(target.path),
        query: target.query.map(unescaped),
        status: state,
        bytes: sent,
        duration: duration.iter().try_fold(0, total),
        user_agent: present(user_agent).map(unescaped),
        ..Request::default()
    })
}

const REQUEST: &str = "request_processing_time";
const TARGET: &str = "target_processing_time";
const RESPONSE: &str = "response_processing_time";

/// A part of the duration, in microseconds; `None` for -1, where it was never begun.
fn part(text: &str, place: &'static str) -> Result<Option<u64>, LogReject> {
    if matches!(text, "-1" | "-" | "-1.000") {
        return Ok(None);
    }
    let part = scaled(text, 6).ok_or(LogReject::number(place))?;
    Ok(Some(part))
}

/// What is not yet read of a line.
struct Fields<'a>(&'a str);

impl<'a> Fields<'a> {
    /// The next field, which has no quotes.
    #[inline]
    fn next(&mut self, place: &'static str) -> Result<&'a str, LogReject> {
        let end = memchr::memchr(b' ', self.0.as_bytes()).unwrap_or(self.0.len());
        let (field, rest) = self.0.split_at(end);
        self.0 = rest.strip_prefix(' ').unwrap_or_default();
        if field.is_empty() {
            return Err(LogReject::missing(place));
        }
        Ok(field)
    }

    /// The next field, a text in quotes: one inside it is written `\x22`.
    #[inline]
    fn quoted(&mut self, place: &'static str) -> Result<&'a str, LogReject> {
        if self.0.is_empty() {
            return Err(LogReject::missing(place));
        }
        let open = LogReject::open_quote(place);
        let inner = self.0.strip_prefix('"').ok_or(open)?;
        let end = memchr::memchr(b'"', inner.as_bytes()).ok_or(open)?;
        let rest = &inner[end + 1..];
        self.0 = rest.strip_prefix(' ').unwrap_or(rest);
        Ok(&inner[..end])
    }
}
