//! A file as blocks of whole lines or JSON objects, unpacked on the way.

use std::fs::File;
use std::io::{self, BufRead, Read as _};
use std::path::Path;

use model::OrderFormat;

use crate::progress::Progress;
use crate::unpack::unpacked;

/// How much is unpacked before it is decoded: enough for the two to go on side by
/// side, on a core each.
const BLOCK: usize = 1 << 20;
/// No order is longer; what seems to be is broken JSON, and is cut at a line's end.
const LONGEST_OBJECT: usize = 4 << 20;

/// The blocks of a file, in their order.
pub(crate) struct Blocks {
    is_json: bool,
    source: Box<dyn BufRead + Send>,
    /// What was read behind the last whole line.
    rest: Vec<u8>,
    ended: bool,
    progress: Progress,
}

impl Blocks {
    /// Opens a file of orders that look like this.
    ///
    /// # Errors
    /// If it cannot be opened or read.
    pub(crate) fn open(path: &Path, format: &OrderFormat) -> io::Result<Self> {
        let file = File::open(path)?;
        let progress = Progress::new(file.metadata()?.len());
        let source = unpacked(progress.of(file))?;
        Ok(Self {
            is_json: format.is_json(),
            source,
            rest: Vec::new(),
            ended: false,
            progress,
        })
    }

    fn read(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut block = std::mem::take(&mut self.rest);
        loop {
            let wanted = (BLOCK as u64)
                .saturating_sub(block.len() as u64)
                .max(BLOCK as u64 / 2);
            let read = self.source.by_ref().take(wanted).read_to_end(&mut block)?;
            if (read as u64) < wanted {
                self.ended = true;
                self.progress.end();
                return Ok((!block.is_empty()).then_some(block));
            }
            let end = if self.is_json && block.len() < LONGEST_OBJECT {
                OrderFormat::last_object_end(&block)
            } else {
                last_line_end(&block)
            };
            if let Some(end) = end {
                self.rest = block.split_off(end);
                return Ok(Some(block));
            }
        }
    }
}

impl Iterator for Blocks {
    type Item = io::Result<Vec<u8>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        self.progress.tick();
        let block = self.read();
        if block.is_err() {
            self.ended = true;
            self.progress.end();
        }
        block.transpose()
    }
}

/// Where the last line ends that does not end inside quotes: a text may hold a line
/// break. If there is none by that count, because of a quote that nobody closed, the
/// last line end.
pub(crate) fn last_line_end(block: &[u8]) -> Option<usize> {
    let (mut outside, mut quoted) = (None, false);
    for at in memchr::memchr2_iter(b'"', b'\n', block) {
        match block[at] {
            b'"' => quoted = !quoted,
            _ if !quoted => outside = Some(at + 1),
            _ => {}
        }
    }
    outside.or_else(|| memchr::memrchr(b'\n', block).map(|at| at + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_ends_with_a_line_and_never_inside_quotes() {
        for (block, end) in [
            ("a\nb", Some(2)),
            ("a,\"b\nc\"\nd", Some(8)),
            ("a\nb,\"c\nd", Some(2)),
            ("7\" plate\nb\n", Some(11)),
            ("abc", None),
        ] {
            assert_eq!(last_line_end(block.as_bytes()), end, "{block:?}");
        }
    }
}
