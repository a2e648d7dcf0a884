//! Objects: put, read, taken away.

use std::io::{Seek as _, SeekFrom};
use std::ops::Range;

use axum::body::{Body, Bytes};
use axum::http::header::{CONTENT_LENGTH, CONTENT_RANGE, ETAG};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use tokio::io::AsyncReadExt as _;

use super::answer::document;
use super::body::receive;
use super::conditions::{self, Purpose};
use super::folder::Pending;
use super::headers::{add, described, hex, kept, quoted};
use super::notification;
use super::request::Target;
use super::rule::Event;
use super::store::{self, Object};
use super::{S3, xml};
use crate::protocol::{Failure, escaped};
use crate::store::now;

/// What is read at once.
const BLOCK_BYTES: u64 = 256 * 1024;
/// The most keys of one DeleteObjects.
const MOST_KEYS: usize = 1_000;

impl S3 {
    pub(super) async fn put_object(
        &self,
        target: &Target,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response, Failure> {
        if headers.contains_key("x-amz-copy-source") {
            let message = "copies are not there in the local stack";
            return Err(Failure::new("NotImplemented", message));
        }
        // Before the body comes, and again when it is there.
        self.database
            .transaction(|database| store::require_bucket(database, &target.bucket))?;
        let received = receive(&self.folder, headers, body).await?;
        let object = Object {
            key: target.key.clone(),
            file: received.file.name.clone(),
            size: received.size,
            etag: hex(&received.md5),
            modified_at: now(),
            headers: kept(headers),
            checksum: received.checksum,
        };
        self.commit(target, headers, &object, Event::Put, received.file)?;
        let mut response = HeaderMap::from_iter([(ETAG, quoted(&object.etag))]);
        if let Some((name, value)) = &object.checksum {
            add(&mut response, name, value);
        }
        Ok(response.into_response())
    }

    /// Puts an object in its place and tells of it, both or neither.
    pub(super) fn commit(
        &self,
        target: &Target,
        headers: &HeaderMap,
        object: &Object,
        event: Event,
        file: Pending,
    ) -> Result<(), Failure> {
        let replaced = self.database.transaction(|database| {
            let before = Object::find(database, &target.bucket, &target.key)?;
            let etag = before.as_ref().map(|before| before.etag.as_str());
            conditions::check(headers, etag, Purpose::Write)?;
            object.put(database, &target.bucket)?;
            notification::tell(database, &target.bucket, object, event)?;
            Ok(before.map(|before| before.file))
        })?;
        file.keep();
        self.folder.remove(replaced);
        Ok(())
    }

    pub(super) fn get_object(
        &self,
        target: &Target,
        headers: &HeaderMap,
        head: bool,
    ) -> Result<Response, Failure> {
        // The file is opened before anybody can take it away.
        let (object, file) = self.database.transaction(|database| {
            let object = Object::find(database, &target.bucket, &target.key)?;
            let object = object.ok_or_else(|| missing(&target.key))?;
            let file = std::fs::File::open(self.folder.path(&object.file));
            Ok((object, file))
        })?;
        conditions::check(headers, Some(&object.etag), Purpose::Read)?;
        let range = conditions::range(headers, object.size)?;
        let wanted = headers.contains_key("x-amz-checksum-mode") && range.is_none();
        let mut answer = described(&object, wanted);
        let status = match &range {
            None => StatusCode::OK,
            Some(Range { start, end }) => {
                let text = format!("bytes {start}-{}/{}", end - 1, object.size);
                add(&mut answer, CONTENT_RANGE.as_str(), &text);
                StatusCode::PARTIAL_CONTENT
            }
        };
        let range = range.unwrap_or(0..object.size);
        answer.insert(CONTENT_LENGTH, (range.end - range.start).into());
        let body = match (head, file) {
            (true, _) => Body::empty(),
            (false, Ok(file)) => read(file, range)?,
            (false, Err(error)) => return Err(unreadable(&error)),
        };
        Ok((status, answer, body).into_response())
    }

    pub(super) fn delete_object(&self, target: &Target) -> Result<Response, Failure> {
        let file = self.database.transaction(|database| {
            store::require_bucket(database, &target.bucket)?;
            Ok(store::delete(database, &target.bucket, &target.key)?)
        })?;
        self.folder.remove(file);
        Ok(StatusCode::NO_CONTENT.into_response())
    }

    pub(super) fn delete_objects(
        &self,
        target: &Target,
        request: &xml::Element,
    ) -> Result<Response, Failure> {
        let keys: Option<Vec<&str>> = request
            .all("Object")
            .map(|object| object.text_of("Key"))
            .collect();
        let keys = keys.filter(|keys| !keys.is_empty() && keys.len() <= MOST_KEYS);
        let keys = keys.ok_or_else(|| {
            let message = format!("expected 1 to {MOST_KEYS} objects with a key");
            Failure::new("MalformedXML", message)
        })?;
        let files = self.database.transaction(|database| {
            store::require_bucket(database, &target.bucket)?;
            let delete = |key: &&str| store::delete(database, &target.bucket, key);
            let files: rusqlite::Result<Vec<_>> = keys.iter().map(delete).collect();
            Ok(files?)
        })?;
        self.folder.remove(files.into_iter().flatten());
        let deleted = |key: &&str| format!("<Deleted><Key>{}</Key></Deleted>", escaped(key));
        let deleted: String = match request.text_of("Quiet") {
            Some("true") => String::new(),
            _ => keys.iter().map(deleted).collect(),
        };
        Ok(document("DeleteResult", &deleted))
    }
}

fn missing(key: &str) -> Failure {
    Failure::new("NoSuchKey", format!("there is no object {key}"))
}

fn unreadable(error: &std::io::Error) -> Failure {
    Failure::new("InternalFailure", format!("the object's file: {error}"))
}

/// A file's bytes, block by block.
fn read(mut file: std::fs::File, range: Range<u64>) -> Result<Body, Failure> {
    let found = file.seek(SeekFrom::Start(range.start));
    found.map_err(|error| unreadable(&error))?;
    let file = tokio::fs::File::from_std(file).take(range.end - range.start);
    let blocks = stream::try_unfold(file, |mut file| async move {
        let most = file.limit().min(BLOCK_BYTES);
        let mut block = Vec::with_capacity(usize::try_from(most).unwrap_or_default());
        let read = (&mut file).take(most).read_to_end(&mut block).await?;
        // A file that is too short breaks the answer off, whose length is told already.
        std::io::Result::Ok((read > 0).then(|| (Bytes::from(block), file)))
    });
    Ok(Body::from_stream(blocks))
}
