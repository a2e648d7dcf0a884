//! From files to what their lines tell, whatever log they are of, in bounded memory.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

use anyhow::{Context as _, bail};
use model::{Entry, Log, LogDecoder};
use traffic::{Block, Blocks};

use crate::progress::Progress;
use crate::unpack::unpacked;

/// A line that no decoder has seen.
pub(super) struct Unread {
    /// For machines.
    pub(super) reason: &'static str,
    /// In words.
    pub(super) message: &'static str,
    /// Its number in the file, from 1.
    pub(super) line: u64,
}

const TOO_LONG: (&str, &str) = ("line_too_long", "line: expected at most 1 MiB");
const DAMAGED: (&str, &str) = ("damaged", "gzip: expected whole data, it is damaged here");

/// What takes what is read.
pub(super) trait Sink {
    /// A line, with its number in the file.
    fn entry(&mut self, line: u64, entry: Entry<'_>);
    /// A line that no decoder has seen.
    fn unread(&mut self, unread: &Unread);
}

/// What a file was.
pub(super) struct Found {
    /// `None` for an empty file.
    pub(super) log: Option<Log>,
    /// How many lines it has, whatever they hold.
    pub(super) lines: u64,
}

/// Reads a file, or standard input for `-`, plain or packed.
///
/// # Errors
/// If it cannot be read, or nothing says what log it is.
pub(super) fn read(
    path: &Path,
    log: Option<&Log>,
    progress: &Progress,
    sink: &mut impl Sink,
) -> anyhow::Result<Found> {
    let name = path.display();
    let unreadable = || format!("{name} cannot be read");
    let input: Box<dyn Read + Send> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(progress.of(File::open(path).with_context(unreadable)?))
    };
    let mut lines = Lines {
        log: log.cloned(),
        decoder: log.map(LogDecoder::new),
        is_unknown: false,
        lines: 0,
        unread: 0,
        sink,
    };
    let mut reader = unpacked(input).with_context(unreadable)?;
    let mut blocks = Blocks::default();
    loop {
        let piece = reader.fill_buf().with_context(unreadable)?;
        if piece.is_empty() {
            break;
        }
        for slice in piece.chunks(Blocks::FEED) {
            blocks.feed(slice, &mut |block| lines.block(block));
        }
        let length = piece.len();
        reader.consume(length);
        progress.tick();
        if lines.is_unknown {
            break;
        }
    }
    blocks.end(&mut |block| lines.block(block));
    if lines.is_unknown {
        bail!(
            "{name}: its first lines do not tell for certain what log it is: say it with --log-format or --mapping"
        );
    }
    Ok(Found {
        log: lines.log,
        lines: lines.lines,
    })
}

/// The lines of a file, block by block.
struct Lines<'s, S> {
    log: Option<Log>,
    decoder: Option<LogDecoder>,
    is_unknown: bool,
    lines: u64,
    /// Those of them that the decoder has not seen.
    unread: u64,
    sink: &'s mut S,
}

impl<S: Sink> Lines<'_, S> {
    fn block(&mut self, block: Block<'_>) {
        match block {
            Block::Lines(lines) if !self.is_unknown => self.lines(lines),
            Block::Lines(_) => {}
            Block::TooLong(_) => self.unread(TOO_LONG),
            Block::Damaged => self.unread(DAMAGED),
        }
    }

    fn lines(&mut self, block: &[u8]) {
        if self.decoder.is_none() {
            self.log = Log::recognise(block);
            self.decoder = self.log.as_ref().map(LogDecoder::new);
        }
        let Some(decoder) = &mut self.decoder else {
            self.is_unknown = true;
            return;
        };
        let (sink, unread) = (&mut *self.sink, self.unread);
        decoder.decode(block, |entry| sink.entry(unread + entry.line, entry));
        let has_rest = block.last().is_some_and(|last| *last != b'\n');
        self.lines += memchr::memchr_iter(b'\n', block).count() as u64 + u64::from(has_rest);
    }

    fn unread(&mut self, (reason, message): (&'static str, &'static str)) {
        self.lines += 1;
        self.unread += 1;
        self.sink.unread(&Unread {
            reason,
            message,
            line: self.lines,
        });
    }
}

/// A log's name, as `--log-format` has it.
pub(super) const fn name(log: &Log) -> &'static str {
    match log {
        Log::CloudFront => "cloudfront",
        Log::CloudFrontJson => "cloudfront-json",
        Log::CloudFrontRealTime(_) => "cloudfront-real-time",
        Log::W3c => "w3c",
        Log::Alb => "alb",
        Log::Combined => "combined",
        Log::Akamai => "akamai",
        Log::VpcFlow(_) => "vpc-flow",
        Log::Described(_) => "described JSON",
    }
}
