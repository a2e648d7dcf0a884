//! From files to what their lines tell, whatever log they are of, in bounded memory.

use std::fs::File;
use std::io::{self, BufRead, Read};
use std::path::Path;

use anyhow::{Context as _, bail};
use model::Log;
use traffic::{Blocks, Line, Lines};

use crate::progress::Progress;
use crate::unpack::unpacked;

/// What a file was.
pub(super) struct Found {
    /// `None` for an empty file.
    pub(super) log: Option<Log>,
    /// How many lines it has, whatever they hold.
    pub(super) lines: u64,
}

/// Reads a file, or standard input for `-`, plain or packed, and hands on its lines.
///
/// # Errors
/// If it cannot be read, or nothing says what log it is.
pub(super) fn read(
    path: &Path,
    log: Option<&Log>,
    progress: &Progress,
    mut each: impl FnMut(Line<'_>),
) -> anyhow::Result<Found> {
    let name = path.display();
    let unreadable = || format!("{name} cannot be read");
    let input: Box<dyn Read + Send> = if path == Path::new("-") {
        Box::new(io::stdin())
    } else {
        Box::new(progress.of(File::open(path).with_context(unreadable)?))
    };
    let mut lines = Lines::new(log);
    let mut reader = unpacked(input).with_context(unreadable)?;
    let mut blocks = Blocks::default();
    while !lines.is_unknown() {
        let piece = reader.fill_buf().with_context(unreadable)?;
        if piece.is_empty() {
            break;
        }
        for slice in piece.chunks(Blocks::FEED) {
            blocks.feed(slice, &mut |block| lines.block(block, &mut each));
        }
        let length = piece.len();
        reader.consume(length);
        progress.tick();
    }
    blocks.end(&mut |block| lines.block(block, &mut each));
    if lines.is_unknown() {
        bail!(
            "{name}: its first lines do not tell for certain what log it is: say it with --log-format or --mapping"
        );
    }
    Ok(Found {
        log: lines.log().cloned(),
        lines: lines.number(),
    })
}
