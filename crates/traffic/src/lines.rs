//! From blocks of lines to requests and flows, whatever log they are of. Lines are numbered
//! from 1 over all blocks, however those are cut.

use model::{Content, Log, LogDecoder};

/// Why a line is refused that no decoder has seen.
const TOO_LONG: Refusal = Refusal {
    reason: "line_too_long",
    message: std::borrow::Cow::Borrowed("the line: expected at most 1 MiB"),
};
const UNKNOWN: Refusal = Refusal {
    reason: "unknown_log",
    message: std::borrow::Cow::Borrowed(
        "the log: expected one that can be told by its first lines; LOG_FORMAT says what it is otherwise",
    ),
};

/// Why a line is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Refusal {
    /// For machines.
    pub(crate) reason: &'static str,
    /// One line, without anything of the content.
    pub(crate) message: std::borrow::Cow<'static, str>,
}

/// One line, and what it tells.
#[derive(Debug)]
pub(crate) struct Line<'a> {
    /// Its number.
    pub(crate) number: u64,
    /// Its bytes.
    pub(crate) bytes: &'a [u8],
    /// What it tells, or why nothing.
    pub(crate) content: Result<Content<'a>, Refusal>,
}

/// Reads one log's blocks, in their order.
#[derive(Debug)]
pub(crate) struct Lines {
    decoder: Decoder,
    /// Lines that the decoder has not seen.
    passed_over: u64,
    /// The lines of all blocks so far.
    number: u64,
}

#[derive(Debug)]
enum Decoder {
    /// The first block will tell.
    NotYet,
    Known(Box<LogDecoder>),
    Unknown,
}

impl Lines {
    /// A log at its beginning; `None` if its lines will tell what it is.
    pub(crate) fn new(log: Option<&Log>) -> Self {
        Self {
            decoder: log.map_or(Decoder::NotYet, |log| {
                Decoder::Known(Box::new(LogDecoder::new(log)))
            }),
            passed_over: 0,
            number: 0,
        }
    }

    /// How many lines there were.
    pub(crate) fn number(&self) -> u64 {
        self.number
    }

    /// Reads whole lines.
    pub(crate) fn read<'a>(&mut self, block: &'a [u8], mut each: impl FnMut(Line<'a>)) {
        let first = self.number + 1;
        let breaks = memchr::memchr_iter(b'\n', block).count() as u64;
        let is_open = block.last().is_some_and(|last| *last != b'\n');
        self.number += breaks + u64::from(is_open);
        if matches!(self.decoder, Decoder::NotYet) {
            self.decoder = match Log::recognise(block) {
                Some(log) => Decoder::Known(Box::new(LogDecoder::new(&log))),
                None => Decoder::Unknown,
            };
        }
        match &mut self.decoder {
            Decoder::Known(decoder) => {
                let passed_over = self.passed_over;
                decoder.decode(block, |entry| {
                    each(Line {
                        number: entry.line + passed_over,
                        bytes: entry.bytes,
                        content: entry.content.map_err(|reject| Refusal {
                            reason: reject.reason(),
                            message: reject.to_string().into(),
                        }),
                    });
                });
            }
            Decoder::Unknown | Decoder::NotYet => {
                let lines = block.split_inclusive(|b| *b == b'\n');
                for (number, bytes) in (first..).zip(lines) {
                    let content = Err(UNKNOWN);
                    each(Line {
                        number,
                        bytes: bytes.trim_ascii_end(),
                        content,
                    });
                }
            }
        }
    }

    /// Passes over a line that is too long.
    pub(crate) fn too_long<'a>(&mut self, beginning: &'a [u8], each: impl FnOnce(Line<'a>)) {
        self.passed_over += 1;
        self.number += 1;
        each(Line {
            number: self.number,
            bytes: beginning,
            content: Err(TOO_LONG),
        });
    }
}
