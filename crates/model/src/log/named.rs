//! Requests by names of fields: those of the W3C's extended format and of CloudFront, which
//! has taken them over. What stands between the fields is of no concern here.

use std::borrow::Cow;

use super::number::{bytes, duration, scaled, status, whole};
use super::reject::LogReject;
use super::target::split_query;
use super::text::{percent_decoded_agent, present, with_blanks};
use super::time;
use crate::request::Request;

/// The fields that a request is made of. Two fields with one meaning never come together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Name {
    Date,
    Time,
    Timestamp,
    Milliseconds,
    Edge,
    Bytes,
    Client,
    Method,
    Host,
    HostHeader,
    Stem,
    Query,
    Status,
    Referer,
    Agent,
    Cache,
    Taken,
}

/// How many there are.
pub(super) const NAMES: usize = 17;

/// Each name that a log may have for them.
pub(super) const KNOWN: [(&str, Name); 21] = [
    ("date", Name::Date),
    ("time", Name::Time),
    ("timestamp", Name::Timestamp),
    ("timestamp(ms)", Name::Milliseconds),
    ("x-edge-location", Name::Edge),
    ("sc-bytes", Name::Bytes),
    ("c-ip", Name::Client),
    ("cs-method", Name::Method),
    ("cs(Host)", Name::Host),
    ("cs-host", Name::Host),
    ("x-host-header", Name::HostHeader),
    ("cs-uri-stem", Name::Stem),
    ("cs-uri", Name::Stem),
    ("cs-uri-query", Name::Query),
    ("sc-status", Name::Status),
    ("cs(Referer)", Name::Referer),
    ("cs-referer", Name::Referer),
    ("cs(User-Agent)", Name::Agent),
    ("cs-user-agent", Name::Agent),
    ("x-edge-result-type", Name::Cache),
    ("time-taken", Name::Taken),
];

impl Name {
    /// The field of a name.
    pub(super) fn of(name: &str) -> Option<Self> {
        let known = KNOWN.iter().find(|(known, _)| *known == name);
        known.map(|(_, name)| *name)
    }
}

/// Who has written the fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// Percent-encoded user agents, `time-taken` in seconds.
    CloudFront,
    /// `+` for a blank in user agents, `time-taken` in milliseconds.
    Iis,
}

impl Dialect {
    fn agent(self, text: &str) -> Cow<'_, str> {
        match self {
            Self::CloudFront => percent_decoded_agent(text),
            Self::Iis => with_blanks(text),
        }
    }

    /// Decimal places from the unit of `time-taken` to microseconds.
    fn places(self) -> u32 {
        match self {
            Self::CloudFront => 6,
            Self::Iis => 3,
        }
    }
}

/// The request of these fields' texts, which are empty where there are none.
///
/// # Errors
/// If time, path or status are missing, or a value is not what it must be.
#[inline]
pub(super) fn request<'a>(
    fields: &[&'a str; NAMES],
    dialect: Dialect,
) -> Result<Request<'a>, LogReject> {
    let text = |name: Name| fields[name as usize];
    let optional = |name: Name| present(text(name)).map(Cow::Borrowed);
    let (path, query) = split_query(text(Name::Stem));
    if path.is_empty() && query.is_none() {
        return Err(LogReject::missing("cs-uri-stem"));
    }
    if text(Name::Status).is_empty() {
        return Err(LogReject::missing("sc-status"));
    }
    Ok(Request {
        time: moment(fields)?,
        client: optional(Name::Client).unwrap_or_default(),
        host: optional(Name::HostHeader).or_else(|| optional(Name::Host)),
        method: optional(Name::Method).unwrap_or_default(),
        path: Cow::Borrowed(present(path).unwrap_or_default()),
        query: optional(Name::Query).or(query.map(Cow::Borrowed)),
        status: status(text(Name::Status), "sc-status")?,
        bytes: bytes(text(Name::Bytes), "sc-bytes")?,
        duration: duration(text(Name::Taken), dialect.places(), "time-taken")?,
        referer: optional(Name::Referer),
        user_agent: present(text(Name::Agent)).map(|text| dialect.agent(text)),
        edge: optional(Name::Edge),
        cache: optional(Name::Cache),
    })
}

/// When it was: of a date and a time, or of a time stamp.
#[inline]
fn moment(fields: &[&str; NAMES]) -> Result<i64, LogReject> {
    let text = |name: Name| fields[name as usize];
    if let Some(seconds) = present(text(Name::Timestamp)) {
        let at = scaled(seconds, 3).and_then(time::written);
        return at.ok_or(LogReject::time("timestamp", "seconds since 1970"));
    }
    if let Some(milliseconds) = present(text(Name::Milliseconds)) {
        let at = whole(milliseconds).and_then(time::written);
        return at.ok_or(LogReject::time("timestamp(ms)", "milliseconds since 1970"));
    }
    if text(Name::Date).is_empty() {
        return Err(LogReject::missing("date"));
    }
    let date = time::date(text(Name::Date).as_bytes());
    let date = date.ok_or(LogReject::time("date", "YYYY-MM-DD"))?;
    let time = time::clock(text(Name::Time).as_bytes());
    Ok(date + time.ok_or(LogReject::time("time", "HH:MM:SS"))?)
}
