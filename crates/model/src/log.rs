//! Access logs and flow logs: which formats there are, and how blocks of lines become
//! requests and flows. No file, no stream and no compression belong here.

mod alb;
mod columns;
mod combined;
mod decoder;
mod flows;
mod json;
mod mapping;
mod name;
mod named;
mod number;
mod recognise;
mod reject;
mod target;
mod text;
mod time;
mod writing;

use crate::flow::Flow;
use crate::request::Request;
use crate::table::FormatError;

pub use decoder::LogDecoder;
pub use mapping::Mapping;
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
    pub fn described(toml: &str) -> Result<Self, FormatError> {
        Mapping::parse(toml).map(|mapping| Self::Described(Box::new(mapping)))
    }

    /// The format of a log that begins so, where that is certain. Some kilobytes are enough.
    #[must_use]
    pub fn recognise(beginning: &[u8]) -> Option<Self> {
        recognise::log(beginning)
    }

    /// A log of these requests as this format has it, header and all: what decodes to them
    /// again, as far as the format can say what they hold. For generators and tests. `None`
    /// for flows and described objects.
    #[must_use]
    pub fn write(&self, requests: &[Request<'_>]) -> Option<Vec<u8>> {
        writing::log(self, requests)
    }
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

impl Content<'_> {
    /// The same with its own copies of all texts.
    #[must_use]
    pub fn into_owned(self) -> Content<'static> {
        match self {
            Self::Request(request) => Content::Request(request.into_owned()),
            Self::Flow(flow) => Content::Flow(flow),
        }
    }
}

/// Where the last whole line of a block ends: behind its line break.
#[must_use]
pub fn block_end(block: &[u8]) -> Option<usize> {
    memchr::memrchr(b'\n', block).map(|at| at + 1)
}
