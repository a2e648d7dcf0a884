//! Blocks of a log's lines → what each line tells. Each line stands alone: one that is refused
//! takes no other with it.

use std::ops::Range;

use super::columns::Columns;
use super::flows::Flows;
use super::mapping::Mapping;
use super::reject::LogReject;
use super::{Content, Entry, Log, alb, combined, json};
use crate::record::BOM;
use crate::request::Request;
use crate::tree::Node;

/// Reads blocks of whole lines, in order; keeps what `#Fields` lines said.
#[derive(Debug, Clone)]
pub struct LogDecoder {
    line: u64,
    reader: Reader,
}

/// What reads a line.
#[derive(Debug, Clone)]
enum Reader {
    Columns(Columns),
    Alb,
    Combined,
    CloudFrontJson(Node),
    Mapping(Box<Mapping>),
    Flows(Flows),
}

impl LogDecoder {
    /// A decoder at the beginning of a log.
    #[must_use]
    pub fn new(log: &Log) -> Self {
        let reader = match log {
            Log::CloudFront => Reader::Columns(Columns::cloudfront()),
            Log::CloudFrontJson => Reader::CloudFrontJson(json::cloudfront_paths()),
            Log::CloudFrontRealTime(fields) => Reader::Columns(Columns::real_time(fields.names())),
            Log::W3c => Reader::Columns(Columns::w3c()),
            Log::Alb => Reader::Alb,
            Log::Combined => Reader::Combined,
            Log::Akamai => Reader::Mapping(Box::new(Mapping::akamai())),
            Log::VpcFlow(fields) => Reader::Flows(Flows::new(fields.names())),
            Log::Described(mapping) => Reader::Mapping(mapping.clone()),
        };
        Self { line: 0, reader }
    }

    /// Reads a block, which ends with a line's end or is the last of the log. Comments, blank
    /// lines, headers, and flows without data give no entry.
    ///
    /// Time is linear in the block's length; nothing is copied but texts with escapes, and
    /// lines that are not UTF-8.
    pub fn decode<'a>(&mut self, block: &'a [u8], mut each: impl FnMut(Entry<'a>)) {
        let block = self.without_mark(block);
        // Checked once for all lines, nearly always.
        if let Ok(text) = std::str::from_utf8(block) {
            for line in lines(block) {
                self.line(&text[line], &mut each);
            }
            return;
        }
        for line in lines(block) {
            let bytes = &block[line];
            match std::str::from_utf8(bytes) {
                Ok(line) => self.line(line, &mut each),
                Err(_) => self.damaged(bytes, &mut each),
            }
        }
    }

    /// Passes over a block, so that the next one is read as if this one had been. Of most lines
    /// only the end is looked for.
    pub fn pass_over(&mut self, block: &[u8]) {
        let block = self.without_mark(block);
        for line in lines(block) {
            self.line += 1;
            self.reader.heed(&block[line]);
        }
    }

    fn without_mark<'a>(&self, block: &'a [u8]) -> &'a [u8] {
        match block.strip_prefix(BOM) {
            Some(rest) if self.line == 0 => rest,
            _ => block,
        }
    }

    fn line<'a>(&mut self, text: &'a str, each: &mut impl FnMut(Entry<'a>)) {
        self.line += 1;
        let line = self.line;
        self.reader.read(text, |part, content| {
            each(Entry {
                line,
                bytes: part.as_bytes(),
                content,
            });
        });
    }

    /// A line that is not UTF-8: what is wrong in it may be what a client has sent.
    #[cold]
    fn damaged<'a>(&mut self, bytes: &'a [u8], each: &mut impl FnMut(Entry<'a>)) {
        self.line += 1;
        let line = self.line;
        self.reader
            .read(&String::from_utf8_lossy(bytes), |_, content| {
                each(Entry {
                    line,
                    bytes,
                    content: content.map(Content::into_owned),
                });
            });
    }
}

impl Reader {
    /// Reads a line, and hands on what it tells, of which part of it.
    #[inline]
    fn read<'a>(
        &mut self,
        line: &'a str,
        mut each: impl FnMut(&'a str, Result<Content<'a>, LogReject>),
    ) {
        if line.trim_ascii().is_empty() {
            return;
        }
        let mut request = |part, request: Result<Request<'a>, LogReject>| {
            each(part, request.map(Content::Request));
        };
        match self {
            Self::Columns(columns) => {
                if let Some(read) = columns.read(line) {
                    request(line, read);
                }
            }
            Self::Alb => request(line, alb::read(line)),
            Self::Combined => request(line, combined::read(line)),
            Self::CloudFrontJson(tree) => {
                json::objects(line, |text| json::cloudfront(tree, text), request);
            }
            Self::Mapping(mapping) => json::objects(line, |text| mapping.read(text), request),
            Self::Flows(flows) => {
                if let Some(read) = flows.read(line) {
                    each(line, read.map(Content::Flow));
                }
            }
        }
    }
}

impl Reader {
    /// Heeds of a line what it says of those behind it.
    fn heed(&mut self, line: &[u8]) {
        let text = || String::from_utf8_lossy(line);
        match (self, line.first()) {
            (Self::Columns(columns), Some(b'#')) => _ = columns.heed(&text()),
            (Self::Flows(flows), Some(b'a'..=b'z')) => _ = flows.heed(&text()),
            _ => {}
        }
    }
}

/// Where each line is in a block, without its line break.
fn lines(block: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    let ends = memchr::memchr_iter(b'\n', block).chain([block.len()]);
    let lines = ends.map(move |end| {
        let is_return = end > start && block[end - 1] == b'\r';
        let line = start..end - usize::from(is_return);
        start = end + 1;
        line
    });
    // Behind the last line break there is no line.
    lines.filter(move |line| line.start < block.len())
}
