//! The beginning of a file of orders: whole lines or whole objects, unpacked.

use std::fs::File;
use std::io::Read as _;
use std::path::Path;

use anyhow::{Context as _, bail};
use model::OrderFormat;

use crate::backtest::last_line_end;
use crate::unpack::unpacked;

/// How much is read.
const BYTES: usize = 1 << 20;
/// How much is read where no line or object ends before.
const MOST_BYTES: u64 = 4 << 20;
/// Marks of UTF-16, little and big end first.
const UTF_16: [&[u8]; 2] = [&[0xff, 0xfe], &[0xfe, 0xff]];
const BOM: &[u8] = "\u{feff}".as_bytes();

/// What is looked at.
pub(super) struct Sample {
    pub(super) bytes: Vec<u8>,
    /// Whether it is all of the file.
    pub(super) is_whole: bool,
    /// Whether it begins like JSON.
    pub(super) is_json: bool,
}

impl Sample {
    /// Reads a file's beginning.
    ///
    /// # Errors
    /// If it cannot be read, holds nothing, or is no text.
    pub(super) fn read(path: &Path) -> anyhow::Result<Self> {
        crate::input::size(path)?;
        let name = path.display();
        let unreadable = || format!("{name} cannot be read");
        let file = File::open(path).with_context(unreadable)?;
        let mut source = unpacked(file)
            .with_context(unreadable)?
            .take(MOST_BYTES + 1);
        let mut bytes = Vec::new();
        let mut limited = source.by_ref().take(BYTES as u64 + 1);
        limited.read_to_end(&mut bytes).with_context(unreadable)?;
        if UTF_16.iter().any(|mark| bytes.starts_with(mark)) {
            bail!("{name} is UTF-16: expected UTF-8; iconv -f UTF-16 -t UTF-8 converts it");
        }
        if bytes.contains(&0) {
            bail!("{name}: expected text, found zero bytes");
        }
        if bytes
            .strip_prefix(BOM)
            .unwrap_or(&bytes)
            .trim_ascii()
            .is_empty()
        {
            bail!("{name}: expected CSV or JSON, found nothing");
        }
        let mut sample = Self::of(bytes);
        if !sample.is_whole && !sample.cut() {
            source
                .read_to_end(&mut sample.bytes)
                .with_context(unreadable)?;
            sample.is_whole = sample.bytes.len() as u64 <= MOST_BYTES;
            if !sample.is_whole && !sample.cut() {
                bail!("{name}: no line and no JSON object ends in the first 4 MiB");
            }
        }
        Ok(sample)
    }

    /// What these bytes are, which may be cut anywhere if they are more than is looked at.
    pub(super) fn of(bytes: Vec<u8>) -> Self {
        let begin = bytes.strip_prefix(BOM).unwrap_or(&bytes).trim_ascii_start();
        Self {
            is_json: matches!(begin.first(), Some(b'{' | b'[')),
            is_whole: bytes.len() <= BYTES,
            bytes,
        }
    }

    /// Cuts off what is no whole line or object; false if nothing is whole.
    fn cut(&mut self) -> bool {
        let end = if self.is_json {
            OrderFormat::last_object_end(&self.bytes)
        } else {
            // A quote that nobody closes makes all behind it seem quoted.
            let is_late = |end: &usize| end * 2 > self.bytes.len();
            let end = last_line_end(&self.bytes).filter(is_late);
            end.or_else(|| memchr::memrchr(b'\n', &self.bytes).map(|at| at + 1))
        };
        if let Some(end) = end {
            self.bytes.truncate(end);
        }
        end.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str) -> Option<String> {
        let mut sample = Sample::of(text.as_bytes().to_vec());
        let is_cut = sample.cut();
        is_cut.then(|| String::from_utf8(sample.bytes).expect("UTF-8"))
    }

    #[test]
    fn a_sample_ends_with_a_whole_line_or_object() {
        for (text, whole) in [
            ("a;b\nc;d\ne;", Some("a;b\nc;d\n")),
            ("[\n{\"a\":1},\n{\"a\":", Some("[\n{\"a\":1}")),
            (
                "\u{feff}{\"a\":{\n\"b\":1}}{",
                Some("\u{feff}{\"a\":{\n\"b\":1}}"),
            ),
            ("a\n\"b\nc\nd\ne", Some("a\n\"b\nc\nd\n")),
            ("{\"a\":", None),
            ("abc", None),
        ] {
            assert_eq!(cut(text).as_deref(), whole, "{text}");
        }
    }
}
