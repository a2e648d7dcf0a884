//! `aws-chunked`: a body in chunks that may be signed, with headers behind it.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html>

/// The longest line of a chunk's size and signature, or of a header.
const MOST_LINE_BYTES: usize = 4_096;
/// The most headers behind a body.
const MOST_TRAILERS: usize = 16;

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Size,
    Data(u64),
    /// The line's end behind a chunk's data.
    End,
    Trailer,
    Nothing,
}

/// Takes a body apart as its bytes come. Signatures are not looked at.
#[derive(Debug)]
pub(crate) struct Chunks {
    next: Next,
    line: Vec<u8>,
    trailers: Vec<(String, String)>,
}

impl Chunks {
    pub(crate) fn new() -> Self {
        Self {
            next: Next::Size,
            line: Vec::new(),
            trailers: Vec::new(),
        }
    }

    /// The next data in `input`, which is taken off it; nothing if it is used up.
    pub(crate) fn data<'a>(&mut self, input: &mut &'a [u8]) -> Result<Option<&'a [u8]>, String> {
        while !input.is_empty() {
            if let Next::Data(left) = self.next {
                let most = usize::try_from(left).unwrap_or(usize::MAX);
                let (data, rest) = input.split_at(most.min(input.len()));
                *input = rest;
                let left = left - data.len() as u64;
                self.next = if left == 0 {
                    Next::End
                } else {
                    Next::Data(left)
                };
                return Ok(Some(data));
            }
            if self.next == Next::Nothing {
                return Err("goes on behind its end".to_owned());
            }
            self.take_line(input)?;
        }
        Ok(None)
    }

    fn take_line(&mut self, input: &mut &[u8]) -> Result<(), String> {
        let end = input.iter().position(|byte| *byte == b'\n');
        let (part, rest) = input.split_at(end.map_or(input.len(), |end| end + 1));
        *input = rest;
        self.line.extend_from_slice(part);
        if self.line.len() > MOST_LINE_BYTES {
            return Err("has a line that is too long".to_owned());
        }
        if end.is_none() {
            return Ok(());
        }
        let line = String::from_utf8(std::mem::take(&mut self.line));
        let line = line.map_err(|_| "has a line that is not UTF-8".to_owned())?;
        self.next = self.after(line.trim_end_matches(['\r', '\n']))?;
        Ok(())
    }

    fn after(&mut self, line: &str) -> Result<Next, String> {
        match self.next {
            Next::Size => {
                let size = line.split(';').next().unwrap_or_default();
                match u64::from_str_radix(size, 16) {
                    Ok(0) => Ok(Next::Trailer),
                    Ok(size) => Ok(Next::Data(size)),
                    Err(_) => Err("has a chunk whose size is no number".to_owned()),
                }
            }
            Next::End if line.is_empty() => Ok(Next::Size),
            Next::Trailer if line.is_empty() => Ok(Next::Nothing),
            Next::Trailer if self.trailers.len() < MOST_TRAILERS => {
                let (name, value) = line.split_once(':').ok_or("ends in what is no header")?;
                let name = name.trim().to_ascii_lowercase();
                self.trailers.push((name, value.trim().to_owned()));
                Ok(Next::Trailer)
            }
            Next::Trailer => Err("ends in too many headers".to_owned()),
            _ => Err("has a chunk that is longer than it says".to_owned()),
        }
    }

    /// The headers behind the body, which must have come to its end.
    pub(crate) fn finish(self) -> Result<Vec<(String, String)>, String> {
        match self.next {
            Next::Nothing => Ok(self.trailers),
            _ => Err("did not come to its end".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Read = Result<(Vec<u8>, Vec<(String, String)>), String>;

    /// Reads a body that comes in pieces of so many bytes.
    fn read(body: &[u8], piece: usize) -> Read {
        let (mut chunks, mut data) = (Chunks::new(), Vec::new());
        for mut input in body.chunks(piece) {
            while let Some(part) = chunks.data(&mut input)? {
                data.extend_from_slice(part);
            }
        }
        Ok((data, chunks.finish()?))
    }

    #[test]
    fn a_body_is_the_same_however_it_comes() {
        let body = b"a;chunk-signature=00\r\n0123\r\n6789\r\n1\r\nX\r\n0\r\n\
            x-amz-checksum-crc32:AAAAAA==\r\nx-amz-trailer-signature: ff\r\n\r\n";
        for piece in 1..=body.len() {
            let (data, trailers) = read(body, piece).expect("a body");
            assert_eq!(data, b"0123\r\n6789X");
            assert_eq!(trailers[0].0, "x-amz-checksum-crc32");
            assert_eq!(trailers[0].1, "AAAAAA==");
        }
        assert_eq!(read(b"0\r\n\r\n", 1), Ok((Vec::new(), Vec::new())));
    }

    #[test]
    fn a_broken_body_is_refused() {
        let long = format!("{}\r\n", "0".repeat(5_000));
        let many = format!("0\r\n{}\r\n", "a:b\r\n".repeat(17));
        for body in [
            "",
            "5\r\nabc",
            "5\r\nabcde",
            "5\r\nabcdefg\r\n0\r\n\r\n",
            "x\r\n",
            "-1\r\n",
            "0\r\n",
            "0\r\nnothing\r\n\r\n",
            "0\r\n\r\nmore",
            "11111111111111111\r\n",
            long.as_str(),
            many.as_str(),
        ] {
            assert!(read(body.as_bytes(), 7).is_err(), "{body:?}");
        }
    }
}
