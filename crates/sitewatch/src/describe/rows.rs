//! The rows of CSV, as decoding divides them: quoted as RFC 4180 says, and a quote that nobody
//! closes spoils its own line alone.

use csv::{ByteRecord, ReaderBuilder, Trim};

/// Line breaks that a quoted field may hold.
const LINES_OF_A_FIELD: usize = 100;
/// What a reader of a few lines needs.
const PIECE_BYTES: usize = 1 << 10;

/// Where in a line one is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Within {
    /// Before a field, or in the blanks that it begins with.
    Begin,
    Plain,
    Quoted,
    /// Behind a quote in a quoted field: another one belongs to the text.
    Closed,
}

/// The rows of a sample.
pub(super) fn rows(bytes: &[u8], delimiter: u8) -> impl Iterator<Item = ByteRecord> {
    pieces(bytes, delimiter).flat_map(move |piece| {
        let reader = ReaderBuilder::new()
            .delimiter(delimiter)
            .has_headers(false)
            .flexible(true)
            .trim(Trim::All)
            .buffer_capacity(PIECE_BYTES)
            .from_reader(piece);
        // Reading from memory does not fail, and rows of any length are taken.
        reader.into_byte_records().map_while(Result::ok)
    })
}

/// Lines, each with those behind it that a quoted field of it goes on in.
fn pieces(bytes: &[u8], delimiter: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = bytes;
    std::iter::from_fn(move || {
        let first = line_end(rest)?;
        let mut within = scan(Within::Begin, &rest[..first], delimiter);
        let mut end = first;
        for _ in 0..LINES_OF_A_FIELD {
            let Some(length) = line_end(&rest[end..]).filter(|_| within == Within::Quoted) else {
                break;
            };
            within = scan(within, &rest[end..end + length], delimiter);
            end += length;
        }
        let end = if within == Within::Quoted { first } else { end };
        let (piece, behind) = rest.split_at(end);
        rest = behind;
        Some(piece)
    })
}

/// Where a line ends, its break included; `None` if there is none.
fn line_end(bytes: &[u8]) -> Option<usize> {
    let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
    (end > 0).then_some(end)
}

/// Where one is behind a line.
fn scan(within: Within, line: &[u8], delimiter: u8) -> Within {
    line.iter()
        .fold(within, |within, byte| match (within, byte) {
            (Within::Begin | Within::Closed, b'"') => Within::Quoted,
            (Within::Quoted, b'"') => Within::Closed,
            (Within::Quoted, _) => Within::Quoted,
            (_, byte) if *byte == delimiter || *byte == b'\n' => Within::Begin,
            (Within::Begin, b' ') => Within::Begin,
            _ => Within::Plain,
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn second_column(text: &str) -> Vec<String> {
        let column = rows(text.as_bytes(), b';').filter_map(|row| Some(row.get(1)?.to_vec()));
        column
            .map(|cell| String::from_utf8(cell).expect("UTF-8"))
            .collect()
    }

    #[test]
    fn a_quote_belongs_to_its_field() {
        for (text, cells) in [
            ("1;5\" A\n2;\"B\nC\"\n", &["5\" A", "B\nC"][..]),
            ("1;\"a\"\"\nb\"\"\"\n2;c", &["a\"\nb\"", "c"]),
            ("1;\"a;b\"\n", &["a;b"]),
            ("", &[]),
        ] {
            assert_eq!(second_column(text), cells, "{text:?}");
        }
    }

    #[test]
    fn an_open_quote_spoils_its_own_line() {
        let cells = second_column(&("1;\"A\n".to_owned() + &"2;B\n".repeat(300)));
        assert_eq!(cells[1..], vec!["B"; 300]);
    }
}
