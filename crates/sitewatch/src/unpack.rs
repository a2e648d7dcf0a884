//! Files that may be packed.

use std::io::{self, BufRead, BufReader, Read};

use flate2::bufread::MultiGzDecoder;

/// How much is read at once.
const BLOCK: usize = 1 << 20;

const ZSTD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];
const GZIP: &[u8] = &[0x1f, 0x8b];

/// What a file holds, unpacked on the way. How it is packed is told by its first
/// bytes, whatever its name.
///
/// # Errors
/// If it cannot be read.
pub(crate) fn unpacked(file: impl Read + Send + 'static) -> io::Result<Box<dyn BufRead + Send>> {
    let mut raw = BufReader::with_capacity(BLOCK, file);
    let first = raw.fill_buf()?;
    Ok(if first.starts_with(ZSTD) {
        Box::new(BufReader::new(zstd::Decoder::with_buffer(raw)?))
    } else if first.starts_with(GZIP) {
        Box::new(BufReader::new(MultiGzDecoder::new(raw)))
    } else {
        Box::new(raw)
    })
}
