//! An object's bytes, unpacked if they are gzip, as blocks of whole lines. Memory is bounded
//! whatever the object holds: a block, the longest line, and what 8 KiB of gzip unpack to.

use std::io::Write as _;
use std::mem;

use flate2::write::MultiGzDecoder;

/// A longer line is none: it is passed over.
pub const MAX_LINE: usize = 1024 * 1024;
/// Lines are handed on when there are so many bytes of them.
const BLOCK: usize = 128 * 1024;
/// What is unpacked at once: 8 MB at the very most, since deflate gains a thousandfold.
const SLICE: usize = 8 * 1024;
/// What is looked at once, so that a line that is too long is noticed early.
const PIECE: usize = 64 * 1024;
/// What is kept of a line that is too long.
const KEPT: usize = 16 * 1024;

/// What an object holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Block<'a> {
    /// Whole lines.
    Lines(&'a [u8]),
    /// The beginning of a line that is too long. The rest of it is passed over.
    TooLong(&'a [u8]),
    /// The object's gzip is broken off or damaged here; nothing comes after this.
    Damaged,
}

/// Takes an object's bytes in their order and hands on blocks.
#[derive(Debug, Default)]
pub struct Blocks {
    form: Form,
    buffer: Vec<u8>,
    /// In a line that is too long, up to its end.
    skips: bool,
}

#[derive(Debug)]
enum Form {
    /// The first byte alone does not tell.
    Unknown(Option<u8>),
    Plain,
    Gzip(Box<MultiGzDecoder<Vec<u8>>>),
    Damaged,
}

impl Default for Form {
    fn default() -> Self {
        Self::Unknown(None)
    }
}

impl Blocks {
    /// How many bytes may be fed at a time.
    pub const FEED: usize = SLICE;

    /// Takes the next bytes, [`Blocks::FEED`] at most, and hands on the blocks that they complete.
    pub fn feed(&mut self, bytes: &[u8], each: &mut impl FnMut(Block<'_>)) {
        match &mut self.form {
            Form::Unknown(first) => {
                let begins: Vec<u8> = first.iter().chain(bytes).copied().collect();
                match begins.as_slice() {
                    [] => {}
                    [single] => *first = Some(*single),
                    [0x1f, 0x8b, ..] => {
                        self.form = Form::Gzip(Box::new(MultiGzDecoder::new(Vec::new())));
                        self.unpack(&begins, each);
                    }
                    _ => {
                        self.form = Form::Plain;
                        self.take(&begins, each);
                    }
                }
            }
            Form::Plain => self.take(bytes, each),
            Form::Gzip(_) => self.unpack(bytes, each),
            Form::Damaged => {}
        }
    }

    /// Ends the object.
    pub fn end(&mut self, each: &mut impl FnMut(Block<'_>)) {
        match mem::replace(&mut self.form, Form::Plain) {
            Form::Unknown(first) => self.take(first.as_slice(), each),
            Form::Gzip(mut gzip) => {
                let whole = gzip.try_finish().is_ok();
                let rest = mem::take(gzip.get_mut());
                self.take(&rest, each);
                if !whole {
                    self.damaged(each);
                }
            }
            Form::Plain => {}
            Form::Damaged => return,
        }
        if !self.skips && !self.buffer.is_empty() {
            self.lines(self.buffer.len(), each);
        }
    }

    fn unpack(&mut self, bytes: &[u8], each: &mut impl FnMut(Block<'_>)) {
        let Form::Gzip(gzip) = &mut self.form else {
            return;
        };
        let whole = gzip.write_all(bytes).is_ok();
        let mut unpacked = mem::take(gzip.get_mut());
        self.take(&unpacked, each);
        unpacked.clear();
        // Its room is used again, unless it is the room of something hostile.
        if let (Form::Gzip(gzip), true) = (&mut self.form, unpacked.capacity() <= MAX_LINE) {
            *gzip.get_mut() = unpacked;
        }
        if !whole {
            self.damaged(each);
        }
    }

    /// Hands on the lines that are whole. What is behind them may be cut off anywhere.
    fn damaged(&mut self, each: &mut impl FnMut(Block<'_>)) {
        self.form = Form::Damaged;
        if let Some(end) = model::block_end(&self.buffer) {
            self.lines(end, each);
        }
        self.buffer.clear();
        each(Block::Damaged);
    }

    /// Takes bytes as they are.
    fn take(&mut self, bytes: &[u8], each: &mut impl FnMut(Block<'_>)) {
        for piece in bytes.chunks(PIECE) {
            let mut piece = piece;
            if self.skips {
                let Some(end) = memchr::memchr(b'\n', piece) else {
                    continue;
                };
                piece = &piece[end + 1..];
                self.skips = false;
            }
            self.buffer.extend_from_slice(piece);
            if self.buffer.len() >= BLOCK {
                self.cut(each);
            }
        }
    }

    /// Hands on what is whole in the buffer.
    fn cut(&mut self, each: &mut impl FnMut(Block<'_>)) {
        if let Some(end) = model::block_end(&self.buffer) {
            self.lines(end, each);
        } else if self.buffer.len() > MAX_LINE {
            each(Block::TooLong(&self.buffer[..KEPT]));
            self.buffer.clear();
            self.skips = true;
        }
    }

    /// Hands on the buffer up to `end`. Only its first line may be too long: before that
    /// line's end had come, the buffer held nothing else.
    fn lines(&mut self, end: usize, each: &mut impl FnMut(Block<'_>)) {
        let first = memchr::memchr(b'\n', &self.buffer[..end]).map_or(end, |at| at + 1);
        let mut start = 0;
        if first > MAX_LINE {
            each(Block::TooLong(&self.buffer[..KEPT]));
            start = first;
        }
        if start < end {
            each(Block::Lines(&self.buffer[start..end]));
        }
        self.buffer.drain(..end);
    }
}

#[cfg(test)]
mod tests {
    use flate2::Compression;
    use flate2::write::GzEncoder;
    use proptest::prelude::*;

    use super::*;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
        encoder.write_all(bytes).expect("a vector");
        encoder.finish().expect("a vector")
    }

    /// What comes of an object that is fed in pieces of these lengths: its lines, and what is
    /// wrong with it.
    fn read(bytes: &[u8], pieces: &[usize]) -> (Vec<u8>, Vec<&'static str>) {
        let (mut lines, mut wrong) = (Vec::new(), Vec::new());
        let mut each = |block: Block<'_>| match block {
            Block::Lines(block) => {
                assert!(!block.is_empty());
                lines.extend_from_slice(block);
            }
            Block::TooLong(beginning) => {
                assert_eq!(beginning.len(), KEPT);
                wrong.push("too long");
            }
            Block::Damaged => wrong.push("damaged"),
        };
        let mut blocks = Blocks::default();
        let mut rest = bytes;
        let mut pieces = pieces.iter().cycle();
        while !rest.is_empty() {
            let length = pieces.next().map_or(SLICE, |n| (*n).clamp(1, SLICE));
            let (piece, after) = rest.split_at(length.min(rest.len()));
            blocks.feed(piece, &mut each);
            rest = after;
        }
        blocks.end(&mut each);
        (lines, wrong)
    }

    proptest! {
        #[test]
        fn plain_or_packed_in_any_members_and_pieces_an_object_is_its_lines(
            members in prop::collection::vec("[a-z\\n]{0,300}", 0..6),
            pieces in prop::collection::vec(1_usize..200, 1..5),
        ) {
            let plain = members.concat().into_bytes();
            let packed: Vec<u8> = members.iter().flat_map(|m| gzip(m.as_bytes())).collect();
            prop_assert_eq!(read(&plain, &pieces), (plain.clone(), Vec::new()));
            prop_assert_eq!(read(&packed, &pieces), (plain, Vec::new()));
        }

        #[test]
        fn lines_that_are_too_long_are_passed_over_and_no_others(
            lengths in prop::collection::vec(prop_oneof![0_usize..9, MAX_LINE - 3..MAX_LINE + 3, 3 * MAX_LINE..3 * MAX_LINE + 1], 0..6),
            has_end: bool,
        ) {
            let mut object: Vec<u8> = Vec::new();
            let mut expected: Vec<u8> = Vec::new();
            let mut too_long = Vec::new();
            for (n, length) in lengths.iter().enumerate() {
                let mut line = vec![b'a' + n as u8; *length];
                if n + 1 < lengths.len() || has_end {
                    line.push(b'\n');
                }
                object.extend(&line);
                if line.len() > MAX_LINE {
                    too_long.push("too long");
                } else {
                    expected.extend(&line);
                }
            }
            let packed = gzip(&object);
            prop_assert_eq!(read(&object, &[SLICE]), (expected.clone(), too_long.clone()));
            prop_assert_eq!(read(&packed, &[SLICE]), (expected, too_long));
        }
    }

    #[test]
    fn of_a_damaged_or_cut_off_gzip_the_whole_lines_are_kept() {
        let packed = gzip(b"a\nb\nc");
        let lines = b"a\nb\n".to_vec();
        // Without the last bytes of its checksum.
        let cut = &packed[..packed.len() - 3];
        assert_eq!(read(cut, &[5]), (lines.clone(), vec!["damaged"]));
        let mut other = packed.clone();
        *other.last_mut().expect("bytes") ^= 1;
        assert_eq!(read(&other, &[5]), (lines.clone(), vec!["damaged"]));
        let trailing = [&packed[..], b"no gzip"].concat();
        assert_eq!(read(&trailing, &[5]), (lines, vec!["damaged"]));
    }

    #[test]
    fn memory_is_bounded_whatever_is_unpacked() {
        let bomb = gzip(&vec![b'x'; 64 * 1024 * 1024]);
        let mut blocks = Blocks::default();
        let mut too_long = 0;
        for slice in bomb.chunks(SLICE) {
            blocks.feed(slice, &mut |_| too_long += 1);
            assert!(blocks.buffer.capacity() <= 4 * MAX_LINE);
        }
        assert_eq!(too_long, 1);
    }
}
