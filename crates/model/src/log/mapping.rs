//! JSON objects as a file describes them: which path holds which part of a request.

mod description;

use std::borrow::Cow;

use super::json::{self, MOST};
use super::number::{bytes, scaled, status, whole};
use super::reject::LogReject;
use super::target::Target;
use super::text::{percent_decoded, present};
use super::time;
use crate::dates::{DateForm, DateKind};
use crate::request::Request;
use crate::table::FormatError;
use crate::tree::Node;

/// Akamai DataStream, as Edgesense takes it.
const AKAMAI: &str = r#"
format = "json"
[request]
time = { at = "/start", format = "milliseconds" }
client = "/message/cliIP"
host = "/message/reqHost"
method = "/message/reqMethod"
path = "/message/reqPath"
query = "/message/reqQuery"
status = "/message/status"
bytes = "/message/bytes"
duration = { at = "/netPerf/downloadTime", unit = "ms" }
referer = { at = "/reqHdr/referer", encoding = "percent" }
user_agent = { at = "/message/UA", encoding = "percent" }
edge = "/netPerf/edgeIP"
cache = "/cache/cacheHit"
"#;

/// Where a request's parts are in JSON objects, as a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping {
    tree: Node,
    /// The slots of each part: the first one that holds something counts.
    places: [Vec<usize>; PARTS],
    dates: DateForm,
    unit: Unit,
    /// Which parts are percent-encoded.
    encoded: [bool; PARTS],
}

/// The parts that may be described.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Time,
    Client,
    Host,
    Method,
    Path,
    Query,
    Request,
    Status,
    Bytes,
    Duration,
    Referer,
    UserAgent,
    Edge,
    Cache,
}

/// How many there are.
const PARTS: usize = 14;

/// Their names, in their order.
const NAMES: [&str; PARTS] = [
    "time",
    "client",
    "host",
    "method",
    "path",
    "query",
    "request",
    "status",
    "bytes",
    "duration",
    "referer",
    "user_agent",
    "edge",
    "cache",
];

/// What a duration is counted in: microseconds are 10^`places` of them by `divisor`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Unit {
    places: u32,
    divisor: u64,
}

impl Mapping {
    /// Akamai's.
    pub(super) fn akamai() -> Self {
        Self::parse(AKAMAI).expect("the description of Akamai's logs, which a test reads")
    }

    /// Reads a file's text.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub(super) fn parse(text: &str) -> Result<Self, FormatError> {
        description::parse(text)
    }

    /// Reads an object.
    ///
    /// # Errors
    /// If it is none, or has not what a request must have.
    pub(super) fn read<'a>(&self, text: &'a str) -> Result<Request<'a>, LogReject> {
        json::read(&self.tree, text, |texts| self.request(texts))
    }

    fn request<'a>(&self, texts: &[&'a str; MOST]) -> Result<Request<'a>, LogReject> {
        let text = |part: Part| {
            let mut places = self.places[part as usize].iter();
            places.find_map(|slot| present(texts[*slot]))
        };
        let plain = |part: Part| match self.encoded[part as usize] {
            true => text(part).map(percent_decoded),
            false => text(part).map(Cow::Borrowed),
        };
        let (place, asked) = match text(Part::Path) {
            _ if self.places[Part::Path as usize].is_empty() => {
                let line = text(Part::Request).unwrap_or_default();
                (Part::Request, Target::of_line(line))
            }
            path => (Part::Path, Target::of_address(path.unwrap_or_default())),
        };
        if text(place).is_none() && !self.is_there(texts, place) {
            return Err(LogReject::missing(NAMES[place as usize]));
        }
        let state = text(Part::Status).unwrap_or_default();
        if state.is_empty() && !self.is_there(texts, Part::Status) {
            return Err(LogReject::missing("status"));
        }
        Ok(Request {
            time: self.time(text(Part::Time))?,
            client: plain(Part::Client).unwrap_or_default(),
            host: plain(Part::Host).or(asked.host.map(Cow::Borrowed)),
            method: text(Part::Method).unwrap_or(asked.method).into(),
            path: asked.path.into(),
            query: plain(Part::Query).or(asked.query.map(Cow::Borrowed)),
            status: status(state, "status")?,
            bytes: bytes(text(Part::Bytes).unwrap_or_default(), "bytes")?,
            duration: self.duration(text(Part::Duration))?,
            referer: plain(Part::Referer),
            user_agent: plain(Part::UserAgent),
            edge: plain(Part::Edge),
            cache: plain(Part::Cache),
        })
    }

    /// Whether there is a text for a part, be it `-`.
    fn is_there(&self, texts: &[&str; MOST], part: Part) -> bool {
        let mut places = self.places[part as usize].iter();
        places.any(|slot| !texts[*slot].is_empty())
    }

    fn time(&self, text: Option<&str>) -> Result<i64, LogReject> {
        let text = text.ok_or(LogReject::missing("time"))?;
        // What nearly all logs have, without a calendar.
        let quick = match &self.dates.kind {
            DateKind::Milliseconds => whole(text),
            DateKind::Seconds => scaled(text, 3),
            DateKind::Iso => return self.date(text, time::iso(text.as_bytes())),
            DateKind::Pattern(_) => None,
        };
        self.date(text, quick.and_then(time::written))
    }

    fn date(&self, text: &str, quick: Option<i64>) -> Result<i64, LogReject> {
        let date = || {
            self.dates
                .read(text)
                .map(|date| date.moment().timestamp_millis())
        };
        quick
            .or_else(date)
            .ok_or(LogReject::time("time", "a time of the described format"))
    }

    fn duration(&self, text: Option<&str>) -> Result<Option<u64>, LogReject> {
        let Some(text) = text else {
            return Ok(None);
        };
        let duration = scaled(text, self.unit.places);
        let duration = duration.ok_or(LogReject::number("duration"))?;
        Ok(Some(duration / self.unit.divisor))
    }
}
