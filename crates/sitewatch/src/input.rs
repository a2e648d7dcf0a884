//! Files of orders, plain or compressed, line by line.

use std::collections::VecDeque;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use model::OrderFormat;

use crate::packed::{LONGEST_LINE, Packed};

/// How much is read at once to find whole objects.
const BLOCK: u64 = 1024 * 1024;
/// Line breaks that a quoted field may hold; a quote that is not closed by then is
/// taken for a fault of its own line.
const LINES_OF_A_FIELD: usize = 100;

/// A file of orders.
pub(crate) struct Input {
    file: Packed,
    format: OrderFormat,
    kind: Kind,
    /// Lines that were read ahead.
    ahead: VecDeque<Vec<u8>>,
}

/// What a line of it is.
enum Kind {
    /// CSV, in which a field may hold line breaks, or a line of JSON.
    Either,
    Csv,
    /// A JSON object, over as many lines as it likes. What is read and cut off behind the
    /// last whole one.
    Objects(Vec<u8>),
}

/// How long a file is.
///
/// # Errors
/// If it is not there, or is no file.
pub(crate) fn size(path: &Path) -> anyhow::Result<u64> {
    let metadata = std::fs::metadata(path).with_context(|| path.display().to_string())?;
    if metadata.is_dir() {
        bail!("{}: expected a file, found a folder", path.display());
    }
    Ok(metadata.len())
}

/// How long files are together.
///
/// # Errors
/// For the first one that is not there, or is no file.
pub(crate) fn sizes(paths: &[PathBuf]) -> anyhow::Result<u64> {
    paths.iter().map(|path| size(path)).sum()
}

impl Input {
    /// Opens a file of orders that look like this, packed or not.
    ///
    /// # Errors
    /// If it cannot be read or is not text.
    pub(crate) fn open(path: &Path, format: &OrderFormat) -> anyhow::Result<Self> {
        let mut file = Packed::open(path)?;
        if file.ahead()?.contains(&0) {
            bail!("{}: expected text, found zero bytes", path.display());
        }
        Ok(Self {
            file,
            format: format.clone(),
            kind: match (format.is_described(), format.is_json()) {
                (false, _) => Kind::Either,
                (true, false) => Kind::Csv,
                (true, true) => Kind::Objects(Vec::new()),
            },
            ahead: VecDeque::new(),
        })
    }

    /// How much of the file was read.
    pub(crate) fn read_bytes(&self) -> u64 {
        self.file.read_bytes()
    }

    /// Looks at the first `lines`: one of them must be an order.
    ///
    /// # Errors
    /// If none is, with what is wrong with the first.
    pub(crate) fn judge(&mut self, lines: usize) -> anyhow::Result<()> {
        let mut read = VecDeque::new();
        let mut wrong = None;
        for number in 1..=lines {
            let Some(line) = self.next_line()? else {
                break;
            };
            let is_order = match self.format.first_good(&line) {
                Some(Ok(_)) => true,
                Some(Err(reject)) => {
                    wrong.get_or_insert((number, reject));
                    false
                }
                None => false,
            };
            read.push_back(line);
            if is_order {
                read.append(&mut self.ahead);
                self.ahead = read;
                return Ok(());
            }
        }
        let path = self.file.path().display();
        match wrong {
            Some((number, reject)) => {
                bail!(
                    "{path}: no orders; line {number}: {}",
                    self.format.explain(&reject)
                )
            }
            None => bail!("{path}: no orders: expected CSV or JSON lines, found nothing"),
        }
    }

    /// The next line with its line break; several where a quoted field spans them.
    ///
    /// # Errors
    /// If the file cannot be read or a line is longer than a record.
    pub(crate) fn next_line(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        if let Some(line) = self.ahead.pop_front() {
            return Ok(Some(line));
        }
        if let Kind::Objects(rest) = &mut self.kind {
            let block = std::mem::take(rest);
            return self.objects(block);
        }
        let Some(first) = self.file.line()? else {
            return Ok(None);
        };
        let is_open = |lines: &VecDeque<Vec<u8>>| {
            let quotes = lines.iter().flatten().filter(|byte| **byte == b'"');
            quotes.count() % 2 == 1
        };
        let is_json =
            matches!(self.kind, Kind::Either) && first.trim_ascii_start().first() == Some(&b'{');
        let mut lines = VecDeque::from([first]);
        if !is_json && is_open(&lines) {
            while lines.len() <= LINES_OF_A_FIELD && is_open(&lines) {
                match self.file.line()? {
                    Some(line) => lines.push_back(line),
                    None => break,
                }
            }
            if is_open(&lines) {
                self.ahead = lines;
                return Ok(self.ahead.pop_front());
            }
        }
        Ok(Some(lines.into_iter().flatten().collect()))
    }

    /// Reads on until an object ends, and takes all that do; the first of them. A last piece
    /// that is none is one, too.
    fn objects(&mut self, mut block: Vec<u8>) -> anyhow::Result<Option<Vec<u8>>> {
        loop {
            let is_end = self.file.block(BLOCK, &mut block)? == 0;
            let end = match OrderFormat::last_object_end(&block) {
                _ if is_end => block.len(),
                Some(end) => end,
                None if block.len() as u64 > LONGEST_LINE => {
                    memchr::memrchr(b'\n', &block).map_or(block.len(), |end| end + 1)
                }
                None => continue,
            };
            let rest = block.split_off(end);
            self.ahead.extend(self.objects_in(&block)?);
            // A block may hold nothing but blanks.
            if self.ahead.is_empty() && !is_end {
                block = rest;
                continue;
            }
            self.kind = Kind::Objects(rest);
            return Ok(self.ahead.pop_front());
        }
    }

    /// The objects in a block, and what is none.
    fn objects_in(&self, block: &[u8]) -> anyhow::Result<Vec<Vec<u8>>> {
        let mut objects: Vec<Vec<u8>> = Vec::new();
        let mut last = None;
        for decoded in self.format.decode(block) {
            // The lines of an order have the same bytes.
            if last.replace(decoded.bytes.as_ptr()) == Some(decoded.bytes.as_ptr()) {
                continue;
            }
            if decoded.bytes.len() as u64 > LONGEST_LINE {
                let path = self.file.path().display();
                bail!(
                    "{path}: an order, or what is none, is longer than 1 MiB, which no record holds"
                );
            }
            objects.push(decoded.bytes.to_vec());
        }
        Ok(objects)
    }
}
