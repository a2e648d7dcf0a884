//! A body on its way into a file, whatever its size: taken out of its chunks, and
//! compared with the digests that come with it.

use axum::body::Body;
use axum::http::HeaderMap;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use crc_fast::{CrcAlgorithm, Digest};
use http_body_util::BodyExt as _;
use md5::{Digest as _, Md5};
use tokio::fs::File;
use tokio::io::{AsyncWriteExt as _, BufWriter};

use super::chunks::Chunks;
use super::folder::{Folder, Pending};
use crate::protocol::Failure;

/// The most bytes of one request: 5 GiB.
const MOST_BYTES: u64 = 5 * 1024 * 1024 * 1024;
/// What is written at once.
const BLOCK_BYTES: usize = 256 * 1024;

/// A body that has come whole.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) file: Pending,
    pub(crate) size: u64,
    pub(crate) md5: [u8; 16],
    /// The header that names the checksum that came with it, and its value.
    pub(crate) checksum: Option<(String, String)>,
}

/// Writes a body into a new file.
pub(crate) async fn receive(
    folder: &Folder,
    headers: &HeaderMap,
    mut body: Body,
) -> Result<Received, Failure> {
    let mut sink = Sink::new(folder, headers).await?;
    let mut chunks = is_chunked(headers).then(Chunks::new);
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| incomplete(&format!("broke off: {error}")))?;
        let Some(mut input) = frame.data_ref().map(AsRef::as_ref) else {
            continue;
        };
        match &mut chunks {
            None => sink.take(input).await?,
            Some(chunks) => {
                while let Some(data) = chunks.data(&mut input).map_err(|why| incomplete(&why))? {
                    sink.take(data).await?;
                }
            }
        }
    }
    let trailers = match chunks {
        Some(chunks) => chunks.finish().map_err(|why| incomplete(&why))?,
        None => Vec::new(),
    };
    sink.finish(headers, &trailers).await
}

fn is_chunked(headers: &HeaderMap) -> bool {
    let has = |name: &str, text: &str| {
        let value = headers.get(name).and_then(|value| value.to_str().ok());
        value.is_some_and(|value| value.contains(text))
    };
    has("x-amz-content-sha256", "STREAMING-") || has("content-encoding", "aws-chunked")
}

fn incomplete(why: &str) -> Failure {
    Failure::new("IncompleteBody", format!("the body {why}"))
}

fn broken(error: &std::io::Error) -> Failure {
    Failure::new("InternalFailure", format!("the object's file: {error}"))
}

/// Where the data goes.
struct Sink {
    pending: Pending,
    file: BufWriter<File>,
    size: u64,
    md5: Md5,
    checksum: Option<Checksum>,
}

impl Sink {
    async fn new(folder: &Folder, headers: &HeaderMap) -> Result<Self, Failure> {
        let checksum = Checksum::of(headers)?;
        let pending = folder.begin();
        let file = File::create(&pending.path).await;
        let file = file.map_err(|error| broken(&error))?;
        Ok(Self {
            pending,
            file: BufWriter::with_capacity(BLOCK_BYTES, file),
            size: 0,
            md5: Md5::new(),
            checksum,
        })
    }

    async fn take(&mut self, data: &[u8]) -> Result<(), Failure> {
        self.size += data.len() as u64;
        if self.size > MOST_BYTES {
            let message = format!("an object has at most {MOST_BYTES} bytes");
            return Err(Failure::new("EntityTooLarge", message));
        }
        self.md5.update(data);
        if let Some(checksum) = &mut self.checksum {
            checksum.digest.update(data);
        }
        let written = self.file.write_all(data).await;
        written.map_err(|error| broken(&error))
    }

    async fn finish(
        mut self,
        headers: &HeaderMap,
        trailers: &[(String, String)],
    ) -> Result<Received, Failure> {
        let written = self.file.flush().await;
        written.map_err(|error| broken(&error))?;
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        if let Some(length) = header("x-amz-decoded-content-length")
            && length.parse() != Ok(self.size)
        {
            let why = format!("has {} bytes in its chunks, not {length}", self.size);
            return Err(incomplete(&why));
        }
        let md5: [u8; 16] = self.md5.finalize().into();
        let digest = BASE64_STANDARD.encode(md5);
        if header("content-md5").is_some_and(|expected| expected != digest) {
            let message = format!("Content-MD5 is not that of the body, {digest}");
            return Err(Failure::new("BadDigest", message));
        }
        let checksum = self.checksum.map(|checksum| {
            let trailer = trailers.iter().find(|(name, _)| name == checksum.header);
            let expected = trailer.map(|(_, value)| value.as_str());
            checksum.compare(header(checksum.header).or(expected))
        });
        Ok(Received {
            file: self.pending,
            size: self.size,
            md5,
            checksum: checksum.transpose()?,
        })
    }
}

/// A checksum that comes with the body, before or behind it.
struct Checksum {
    header: &'static str,
    digest: Digest,
    /// How many bytes it has.
    bytes: usize,
}

impl Checksum {
    /// The one that the headers name.
    fn of(headers: &HeaderMap) -> Result<Option<Self>, Failure> {
        let mut named = headers.get_all("x-amz-trailer").iter();
        let trailer = named.find_map(|value| value.to_str().ok());
        let is_checksum = |name: &&str| {
            name.starts_with("x-amz-checksum-")
                && !name.ends_with("-type")
                && !name.ends_with("-algorithm")
        };
        let header = headers.keys().map(|name| name.as_str());
        let Some(name) = header.chain(trailer).find(is_checksum) else {
            return Ok(None);
        };
        let (header, algorithm, bytes) = match name {
            "x-amz-checksum-crc32" => ("x-amz-checksum-crc32", CrcAlgorithm::Crc32IsoHdlc, 4),
            "x-amz-checksum-crc32c" => ("x-amz-checksum-crc32c", CrcAlgorithm::Crc32Iscsi, 4),
            "x-amz-checksum-crc64nvme" => ("x-amz-checksum-crc64nvme", CrcAlgorithm::Crc64Nvme, 8),
            _ => {
                let message =
                    format!("{name} is not there in the local stack, but those of CRC are");
                return Err(Failure::new("NotImplemented", message));
            }
        };
        Ok(Some(Self {
            header,
            digest: Digest::new(algorithm),
            bytes,
        }))
    }

    fn compare(&self, expected: Option<&str>) -> Result<(String, String), Failure> {
        let sum = self.digest.finalize().to_be_bytes();
        let sum = BASE64_STANDARD.encode(&sum[sum.len() - self.bytes..]);
        if expected == Some(sum.as_str()) {
            return Ok((self.header.to_owned(), sum));
        }
        let message = format!("{} is not that of the body, {sum}", self.header);
        Err(Failure::new("BadDigest", message))
    }
}
