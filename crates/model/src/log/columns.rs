//! Lines of columns with one sign between them, named by the log itself or beforehand.

use super::named::{self, Dialect, NAMES, Name};
use super::reject::LogReject;
use crate::request::Request;

/// Fields of CloudFront's real-time logs, in the order in which CloudFront writes them.
pub(super) const REAL_TIME: [&str; 69] = [
    "timestamp",
    "c-ip",
    "s-ip",
    "time-to-first-byte",
    "sc-status",
    "sc-bytes",
    "cs-method",
    "cs-protocol",
    "cs-host",
    "cs-uri-stem",
    "cs-bytes",
    "x-edge-location",
    "x-edge-request-id",
    "x-host-header",
    "time-taken",
    "cs-protocol-version",
    "c-ip-version",
    "cs-user-agent",
    "cs-referer",
    "cs-cookie",
    "cs-uri-query",
    "x-edge-response-result-type",
    "x-forwarded-for",
    "ssl-protocol",
    "ssl-cipher",
    "x-edge-result-type",
    "fle-encrypted-fields",
    "fle-status",
    "sc-content-type",
    "sc-content-len",
    "sc-range-start",
    "sc-range-end",
    "c-port",
    "x-edge-detailed-result-type",
    "c-country",
    "cs-accept-encoding",
    "cs-accept",
    "cache-behavior-path-pattern",
    "cs-headers",
    "cs-header-names",
    "cs-headers-count",
    "primary-distribution-id",
    "primary-distribution-dns-name",
    "origin-fbl",
    "origin-lbl",
    "asn",
    "cmcd-encoded-bitrate",
    "cmcd-buffer-length",
    "cmcd-buffer-starvation",
    "cmcd-content-id",
    "cmcd-object-duration",
    "cmcd-deadline",
    "cmcd-measured-throughput",
    "cmcd-next-object-request",
    "cmcd-next-range-request",
    "cmcd-object-type",
    "cmcd-playback-rate",
    "cmcd-requested-maximum-throughput",
    "cmcd-streaming-format",
    "cmcd-session-id",
    "cmcd-stream-type",
    "cmcd-startup",
    "cmcd-top-bitrate",
    "cmcd-version",
    "r-host",
    "sr-reason",
    "x-edge-mqcs",
    "distribution-tenant-id",
    "connection-id",
];
/// Where the list ended before more fields were added to it.
const ENDS: [usize; 3] = [46, 64, 67];

/// Reads lines of columns.
#[derive(Debug, Clone)]
pub(super) struct Columns {
    sign: u8,
    dialect: Dialect,
    /// What each column is; empty until a `#Fields` line says it.
    plan: Vec<Option<Name>>,
    /// Whether the columns are all of the documented ones, which have become more.
    is_documented: bool,
}

impl Columns {
    /// CloudFront's standard logs.
    pub(super) fn cloudfront() -> Self {
        Self {
            sign: b'\t',
            dialect: Dialect::CloudFront,
            plan: Vec::new(),
            is_documented: false,
        }
    }

    /// W3C extended.
    pub(super) fn w3c() -> Self {
        Self {
            sign: b' ',
            dialect: Dialect::Iis,
            ..Self::cloudfront()
        }
    }

    /// CloudFront's real-time logs with these fields; the documented ones if there are none.
    pub(super) fn real_time(fields: &[String]) -> Self {
        let plan = if fields.is_empty() {
            REAL_TIME.iter().map(|name| Name::of(name)).collect()
        } else {
            fields.iter().map(|name| Name::of(name)).collect()
        };
        Self {
            plan,
            is_documented: fields.is_empty(),
            ..Self::cloudfront()
        }
    }

    /// Reads a line; `None` if it tells of no request.
    #[inline]
    pub(super) fn read<'a>(&mut self, line: &'a str) -> Option<Result<Request<'a>, LogReject>> {
        if self.heed(line) {
            return None;
        }
        Some(self.request(line))
    }

    /// Whether a line is a directive; heeds what it says.
    #[inline]
    pub(super) fn heed(&mut self, line: &str) -> bool {
        let Some(directive) = line.strip_prefix('#') else {
            return false;
        };
        if let Some(fields) = fields_of(directive) {
            self.plan = fields.map(Name::of).collect();
        }
        true
    }

    fn request<'a>(&self, line: &'a str) -> Result<Request<'a>, LogReject> {
        if self.plan.is_empty() {
            return Err(LogReject::NO_FIELDS);
        }
        let mut fields = [""; NAMES];
        let (mut count, mut start) = (0, 0);
        let ends = memchr::memchr_iter(self.sign, line.as_bytes());
        for end in ends.chain([line.len()]) {
            if let Some(Some(name)) = self.plan.get(count) {
                fields[*name as usize] = &line[start..end];
            }
            count += 1;
            start = end + 1;
        }
        if count != self.plan.len() && !(self.is_documented && ENDS.contains(&count)) {
            return Err(LogReject::COLUMNS);
        }
        named::request(&fields, self.dialect)
    }
}

/// The names in a `#Fields` line, of which `directive` is what follows the `#`. CloudFront's
/// has blanks between them, though its lines have tabs.
pub(super) fn fields_of(directive: &str) -> Option<impl Iterator<Item = &str>> {
    let names = directive.strip_prefix("Fields:")?;
    Some(names.split([' ', '\t']).filter(|name| !name.is_empty()))
}
