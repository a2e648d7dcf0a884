//! The parts of an upload, and the object that they become.

use std::fs::File;
use std::path::PathBuf;

use md5::{Digest as _, Md5};
use rusqlite::{Connection, OptionalExtension as _, params};

use super::folder::Pending;
use super::headers::hex;
use super::request::Target;
use super::store::{self, Headers};
use super::xml;
use crate::protocol::Failure;

/// The least bytes of a part that is not the last: 5 MiB.
const LEAST_BYTES: u64 = 5 * 1024 * 1024;
/// A part as it is kept.
#[derive(Debug)]
pub(crate) struct Part {
    pub(crate) file: String,
    pub(crate) size: u64,
    pub(crate) etag: String,
}

/// The headers of an upload, which must be one of that object.
pub(crate) fn upload(database: &Connection, target: &Target) -> Result<Headers, Failure> {
    store::require_bucket(database, &target.bucket)?;
    let id = target.query("uploadId").unwrap_or_default();
    let mut statement = database
        .prepare_cached("SELECT headers FROM uploads WHERE id = ? AND bucket = ? AND key = ?")?;
    let found = statement
        .query_row([id, &target.bucket, &target.key], |row| {
            row.get::<_, String>(0)
        })
        .optional()?;
    let headers = found.ok_or_else(|| {
        let message = format!("there is no upload {id} of that object");
        Failure::new("NoSuchUpload", message)
    })?;
    Ok(serde_json::from_str(&headers).unwrap_or_default())
}

/// A part of an upload, or nothing.
pub(crate) fn part(
    database: &Connection,
    upload: &str,
    number: u32,
) -> rusqlite::Result<Option<Part>> {
    let mut statement = database
        .prepare_cached("SELECT file, size, etag FROM parts WHERE upload = ? AND number = ?")?;
    let part = statement.query_row(params![upload, number], |row| {
        Ok(Part {
            file: row.get(0)?,
            size: row.get(1)?,
            etag: row.get(2)?,
        })
    });
    part.optional()
}

/// The parts that a request names, which must be there, in order and large enough.
pub(crate) fn named(
    database: &Connection,
    target: &Target,
    request: &xml::Element,
) -> Result<Vec<Part>, Failure> {
    let id = target.query("uploadId").unwrap_or_default();
    let (mut parts, mut last) = (Vec::<Part>::new(), 0);
    for element in request.all("Part") {
        let number = element.text_of("PartNumber").unwrap_or_default().trim();
        let etag = element
            .text_of("ETag")
            .unwrap_or_default()
            .trim()
            .trim_matches('"');
        let number: u32 = number
            .parse()
            .map_err(|_| Failure::new("MalformedXML", format!("the part's number is {number}")))?;
        if number <= last {
            let message = format!("part {number} comes behind part {last}");
            return Err(Failure::new("InvalidPartOrder", message));
        }
        last = number;
        let found = part(database, id, number)?.filter(|part| part.etag == etag);
        let found = found.ok_or_else(|| {
            let message = format!("there is no part {number} with the ETag {etag}");
            Failure::new("InvalidPart", message)
        })?;
        if parts.last().is_some_and(|part| part.size < LEAST_BYTES) {
            let message = format!("only the last part may have less than {LEAST_BYTES} bytes");
            return Err(Failure::new("EntityTooSmall", message));
        }
        parts.push(found);
    }
    if parts.is_empty() {
        return Err(Failure::new("MalformedXML", "no part is named"));
    }
    Ok(parts)
}

/// The digest of the parts' digests, and how many there are.
pub(crate) fn etag(parts: &[Part]) -> String {
    let mut digest = Md5::new();
    for part in parts {
        let pairs = part.etag.as_bytes().chunks(2);
        let byte = |pair| u8::from_str_radix(str::from_utf8(pair).unwrap_or_default(), 16);
        let bytes: Vec<u8> = pairs.map(|pair| byte(pair).unwrap_or_default()).collect();
        digest.update(bytes);
    }
    format!("{}-{}", hex(&digest.finalize()), parts.len())
}

/// One file of many, written where no request waits for it.
pub(crate) async fn joined(file: Pending, parts: Vec<PathBuf>) -> Result<Pending, Failure> {
    let copy = move || -> std::io::Result<Pending> {
        let mut whole = File::create(&file.path)?;
        for part in parts {
            std::io::copy(&mut File::open(part)?, &mut whole)?;
        }
        Ok(file)
    };
    let failed = |why: String| Failure::new("InternalFailure", format!("the object's file: {why}"));
    match tokio::task::spawn_blocking(copy).await {
        Ok(copied) => copied.map_err(|error| failed(error.to_string())),
        Err(error) => Err(failed(error.to_string())),
    }
}
