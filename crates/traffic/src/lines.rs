//! From blocks of lines to requests and flows, whatever log they are of. Lines are numbered
//! from 1 over all blocks, however those are cut.

use model::{Content, Log, LogDecoder};

use crate::blocks::Block;

/// Why a line is refused that no decoder has seen.
const TOO_LONG: Refusal = Refusal {
    reason: "line_too_long",
    message: std::borrow::Cow::Borrowed("the line: expected at most 1 MiB"),
};
const DAMAGED: Refusal = Refusal {
    reason: "damaged_gzip",
    message: std::borrow::Cow::Borrowed("the object: expected whole gzip members"),
};
const UNKNOWN: Refusal = Refusal {
    reason: "unknown_log",
    message: std::borrow::Cow::Borrowed(
        "the log: expected one that can be told by its first lines; LOG_FORMAT says what it is otherwise",
    ),
};

/// Why a line is refused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// For machines.
    pub reason: &'static str,
    /// One line, without anything of the content.
    pub message: std::borrow::Cow<'static, str>,
}

/// One line, and what it tells.
#[derive(Debug)]
pub struct Line<'a> {
    /// Its number.
    pub number: u64,
    /// Its bytes; of one that is too long the beginning.
    pub bytes: &'a [u8],
    /// What it tells, or why nothing.
    pub content: Result<Content<'a>, Refusal>,
}

/// Reads one log's blocks, in their order.
#[derive(Debug)]
pub struct Lines {
    /// What they are of; none until they have told it.
    log: Option<Log>,
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
    #[must_use]
    pub fn new(log: Option<&Log>) -> Self {
        Self {
            log: log.cloned(),
            decoder: log.map_or(Decoder::NotYet, |log| {
                Decoder::Known(Box::new(LogDecoder::new(log)))
            }),
            passed_over: 0,
            number: 0,
        }
    }

    /// How many lines there were.
    #[must_use]
    pub const fn number(&self) -> u64 {
        self.number
    }

    /// What log it is; `None` before the first line, and if the lines do not tell.
    #[must_use]
    pub const fn log(&self) -> Option<&Log> {
        self.log.as_ref()
    }

    /// Whether there were lines and they did not tell what log it is.
    #[must_use]
    pub const fn is_unknown(&self) -> bool {
        matches!(self.decoder, Decoder::Unknown)
    }

    /// Reads a block of an object.
    pub fn block<'a>(&mut self, block: Block<'a>, each: impl FnMut(Line<'a>)) {
        self.block_behind(0, block, each);
    }

    /// Reads of a block what is behind the line of this number. With the lines before that
    /// little more is done than to count them.
    pub(crate) fn block_behind<'a>(
        &mut self,
        last: u64,
        block: Block<'a>,
        mut each: impl FnMut(Line<'a>),
    ) {
        let (bytes, refusal) = match block {
            Block::Lines(block) => {
                let rest = self.pass_over(block, last);
                if !rest.is_empty() {
                    self.read(rest, each);
                }
                return;
            }
            Block::TooLong(beginning) => {
                // The decoder does not see it.
                self.passed_over += 1;
                (beginning, TOO_LONG)
            }
            Block::Damaged => (&[][..], DAMAGED),
        };
        self.number += 1;
        if self.number > last {
            each(Line {
                number: self.number,
                bytes,
                content: Err(refusal),
            });
        }
    }

    /// Reads whole lines.
    pub(crate) fn read<'a>(&mut self, block: &'a [u8], mut each: impl FnMut(Line<'a>)) {
        let first = self.number + 1;
        let breaks = memchr::memchr_iter(b'\n', block).count() as u64;
        let is_open = block.last().is_some_and(|last| *last != b'\n');
        self.number += breaks + u64::from(is_open);
        self.recognise(block);
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

    /// Passes over the lines of a block up to the one of this number; what is left of it.
    fn pass_over<'a>(&mut self, block: &'a [u8], to: u64) -> &'a [u8] {
        let Some(last) = to.checked_sub(self.number + 1) else {
            return block;
        };
        self.recognise(block);
        let (mut number, mut end) = (0, block.len());
        for at in memchr::memchr_iter(b'\n', block) {
            number += 1;
            if number > last {
                end = at + 1;
                break;
            }
        }
        let (before, rest) = block.split_at(end);
        self.number += number + u64::from(before.last().is_some_and(|last| *last != b'\n'));
        if let Decoder::Known(decoder) = &mut self.decoder {
            decoder.pass_over(before);
        }
        rest
    }

    fn recognise(&mut self, beginning: &[u8]) {
        if matches!(self.decoder, Decoder::NotYet) {
            self.log = Log::recognise(beginning);
            self.decoder = match &self.log {
                Some(log) => Decoder::Known(Box::new(LogDecoder::new(log))),
                None => Decoder::Unknown,
            };
        }
    }
}
