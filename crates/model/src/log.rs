//! Access logs and flow logs: which formats there are, and how blocks of lines become
//! requests and flows. No file, no stream and no compression belong here.

mod name;
mod reject;

use crate::flow::Flow;
use crate::request::Request;
use crate::table::FormatError;

pub use name::{FieldList, LogNameError};
pub use reject::LogReject;

/// What a log is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Log {
    /// CloudFront's standard logs: tabs between the columns that `#Fields` names.
    CloudFront,
    /// CloudFront's standard logs v2 as JSON: the fields' names are the same.
    CloudFrontJson,
    /// CloudFront's real-time logs: tabs between these fields.
    CloudFrontRealTime(FieldList),
    /// W3C extended, as IIS writes it: blanks between the columns that `#Fields` names.
    W3c,
    /// An Application Load Balancer's.
    Alb,
    /// Apache's and nginx's common and combined formats.
    Combined,
    /// Akamai DataStream as JSON.
    Akamai,
    /// VPC flow logs with these fields, or with those that the first line names.
    VpcFlow(FieldList),
    /// JSON objects as a file describes them.
    Described(Box<Mapping>),
}

/// Where a request's fields are in JSON objects, as a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mapping(());

impl Log {
    /// The format of a name: `cloudfront`, `cloudfront-json`, `cloudfront-real-time`, `w3c`,
    /// `alb`, `combined`, `akamai` or `vpc-flow`; with a colon and names of fields behind it
    /// `cloudfront-real-time:…` and `vpc-flow:…`.
    ///
    /// # Errors
    /// If it is none of these, or a list of fields lacks what every line must have.
    pub fn named(name: &str) -> Result<Self, LogNameError> {
        name::log(name)
    }

    /// Reads the text of a file that describes JSON objects, which is TOML.
    ///
    /// # Errors
    /// The first thing that is wrong with it.
    pub fn described(_toml: &str) -> Result<Self, FormatError> {
        unreachable!("being written")
    }

    /// The format of a log that begins so, where that is certain. Some kilobytes are enough.
    #[must_use]
    pub fn recognise(_beginning: &[u8]) -> Option<Self> {
        None
    }
}

/// Reads blocks of whole lines, in order; keeps what `#Fields` lines said.
#[derive(Debug, Clone)]
pub struct LogDecoder {
    line: u64,
}

/// One line, or one JSON object of a line with an array of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry<'a> {
    /// Which line, from 1, over all blocks.
    pub line: u64,
    /// Its bytes, without the line break.
    pub bytes: &'a [u8],
    /// What it tells, or why it is none of the format.
    pub content: Result<Content<'a>, LogReject>,
}

/// What a line tells.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(
    clippy::large_enum_variant,
    reason = "nearly all are requests, handed on one by one"
)]
pub enum Content<'a> {
    /// An access log's.
    Request(Request<'a>),
    /// A flow log's.
    Flow(Flow),
}

impl LogDecoder {
    /// A decoder at the beginning of a log.
    #[must_use]
    pub fn new(_log: &Log) -> Self {
        Self { line: 0 }
    }

    /// Reads a block, which ends with a line's end or is the last of the log. Comments, blank
    /// lines, headers, and flows without data give no entry.
    ///
    /// Time is linear in the block's length; nothing is copied but texts with escapes, and
    /// lines that are not UTF-8.
    pub fn decode<'a>(&mut self, _block: &'a [u8], _each: impl FnMut(Entry<'a>)) {
        self.line += 1;
    }
}

/// Where the last whole line of a block ends: behind its line break.
#[must_use]
pub fn block_end(block: &[u8]) -> Option<usize> {
    memchr::memrchr(b'\n', block).map(|at| at + 1)
}
