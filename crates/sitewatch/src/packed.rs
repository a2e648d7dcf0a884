//! A file of lines, packed or not, of which it is known how much is read.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use anyhow::{Context as _, bail};

use crate::unpack::unpacked;

/// The longest line: what a Kinesis record holds.
pub(crate) const LONGEST_LINE: u64 = 1024 * 1024;

/// An open file.
pub(crate) struct Packed {
    path: PathBuf,
    reader: Box<dyn BufRead + Send>,
    read: Arc<AtomicU64>,
}

/// A file that counts what is read of it.
struct Counted(File, Arc<AtomicU64>);

impl Read for Counted {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.0.read(buffer)?;
        self.1.fetch_add(read as u64, Ordering::Relaxed);
        Ok(read)
    }
}

impl Packed {
    /// Opens a file.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn open(path: &Path) -> anyhow::Result<Self> {
        let named = || path.display().to_string();
        let read = Arc::new(AtomicU64::new(0));
        let file = Counted(File::open(path).with_context(named)?, Arc::clone(&read));
        Ok(Self {
            path: path.to_owned(),
            reader: unpacked(file).with_context(named)?,
            read,
        })
    }

    /// Its path.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// How much of it was read, as it lies on the disk.
    pub(crate) fn read_bytes(&self) -> u64 {
        self.read.load(Ordering::Relaxed)
    }

    /// The next bytes, some kilobytes; they are read again. None at its end.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn ahead(&mut self) -> anyhow::Result<&[u8]> {
        let ahead = self.reader.fill_buf();
        ahead.with_context(|| self.path.display().to_string())
    }

    /// Adds as many of the next bytes to a block; how many there were.
    ///
    /// # Errors
    /// If it cannot be read.
    pub(crate) fn block(&mut self, most: u64, block: &mut Vec<u8>) -> anyhow::Result<usize> {
        let read = self.reader.by_ref().take(most).read_to_end(block);
        read.with_context(|| self.path.display().to_string())
    }

    /// The next line with its line break; `None` at the end.
    ///
    /// # Errors
    /// If it cannot be read, or a line is longer than a record.
    pub(crate) fn line(&mut self) -> anyhow::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let mut limited = self.reader.by_ref().take(LONGEST_LINE + 1);
        let read = limited.read_until(b'\n', &mut line);
        read.with_context(|| self.path.display().to_string())?;
        if line.len() as u64 > LONGEST_LINE {
            bail!(
                "{}: a line is longer than 1 MiB, which no record holds",
                self.path.display()
            );
        }
        Ok((!line.is_empty()).then_some(line))
    }
}
