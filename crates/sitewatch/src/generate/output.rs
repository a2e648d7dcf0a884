//! Where what is made goes to: a file or standard output.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

/// How much is written at once.
const BLOCK: usize = 1 << 18;

/// A file that is written, or standard output.
pub(super) struct Output {
    path: PathBuf,
    writer: BufWriter<Box<dyn Write>>,
}

impl Output {
    /// Begins a file, or standard output for `-`.
    ///
    /// # Errors
    /// If it cannot be made.
    pub(super) fn create(path: &Path) -> anyhow::Result<Self> {
        let file: Box<dyn Write> = if path == Path::new("-") {
            Box::new(io::stdout())
        } else {
            let unwritable = || format!("{} cannot be written", path.display());
            Box::new(File::create(path).with_context(unwritable)?)
        };
        Ok(Self {
            path: path.to_owned(),
            writer: BufWriter::with_capacity(BLOCK, file),
        })
    }

    /// Whether the reader still wants more.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn write(&mut self, bytes: &[u8]) -> anyhow::Result<bool> {
        let written = self.writer.write_all(bytes);
        self.wanted(written)
    }

    /// Writes what is left.
    ///
    /// # Errors
    /// As for [`Output::write`].
    pub(super) fn end(&mut self) -> anyhow::Result<bool> {
        let written = self.writer.flush();
        self.wanted(written)
    }

    /// A reader, `head` for one, may have seen enough.
    fn wanted(&self, written: io::Result<()>) -> anyhow::Result<bool> {
        match written {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(false),
            written => {
                let unwritable = || format!("{} cannot be written", self.path.display());
                written.with_context(unwritable).map(|()| true)
            }
        }
    }
}
