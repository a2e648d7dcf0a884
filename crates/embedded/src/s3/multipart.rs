//! Uploads in parts, which SDKs make of large files by themselves.

use axum::body::Body;
use axum::http::header::ETAG;
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use rusqlite::params;

use super::answer::document;
use super::body::receive;
use super::headers::{add, hex, kept, quoted};
use super::parts::{etag, joined, named, part, upload};
use super::request::Target;
use super::rule::Event;
use super::store::Object;
use super::{S3, store, xml};
use crate::protocol::{Failure, escaped, id};
use crate::store::now;

/// The most parts of an upload.
const MOST_PARTS: u32 = 10_000;

impl S3 {
    pub(super) fn create_upload(
        &self,
        target: &Target,
        headers: &HeaderMap,
    ) -> Result<Response, Failure> {
        let (bucket, key, upload) = (&target.bucket, &target.key, id());
        let headers = serde_json::to_string(&kept(headers)).unwrap_or_default();
        self.database.transaction(|database| {
            store::require_bucket(database, bucket)?;
            let statement = "INSERT INTO uploads (id, bucket, key, headers) VALUES (?, ?, ?, ?)";
            database.execute(statement, params![upload, bucket, key, headers])?;
            Ok(())
        })?;
        let content = format!(
            "<Bucket>{bucket}</Bucket><Key>{}</Key><UploadId>{upload}</UploadId>",
            escaped(key)
        );
        Ok(document("InitiateMultipartUploadResult", &content))
    }

    pub(super) async fn upload_part(
        &self,
        target: &Target,
        headers: &HeaderMap,
        body: Body,
    ) -> Result<Response, Failure> {
        let number = target.query("partNumber").unwrap_or_default();
        let valid = number.parse().ok().filter(|n| (1..=MOST_PARTS).contains(n));
        let number = valid.ok_or_else(|| {
            let message = format!("partNumber is {number}: expected 1 to {MOST_PARTS}");
            Failure::new("InvalidArgument", message)
        })?;
        self.database
            .transaction(|database| upload(database, target).map(drop))?;
        let received = receive(&self.folder, headers, body).await?;
        let etag = hex(&received.md5);
        let replaced = self.database.transaction(|database| {
            upload(database, target)?;
            let id = target.query("uploadId").unwrap_or_default();
            let before = part(database, id, number)?;
            database.execute(
                "INSERT OR REPLACE INTO parts (upload, number, file, size, etag)
                 VALUES (?, ?, ?, ?, ?)",
                params![id, number, received.file.name, received.size, etag],
            )?;
            Ok(before.map(|part| part.file))
        })?;
        let mut answer = HeaderMap::from_iter([(ETAG, quoted(&etag))]);
        if let Some((name, value)) = &received.checksum {
            add(&mut answer, name, value);
        }
        received.file.keep();
        self.folder.remove(replaced);
        Ok(answer.into_response())
    }

    pub(super) async fn complete_upload(
        &self,
        target: &Target,
        headers: &HeaderMap,
        request: &xml::Element,
    ) -> Result<Response, Failure> {
        let (kept, parts) = self.database.transaction(|database| {
            let headers = upload(database, target)?;
            Ok((headers, named(database, target, request)?))
        })?;
        let paths = parts
            .iter()
            .map(|part| self.folder.path(&part.file))
            .collect();
        let file = joined(self.folder.begin(), paths).await?;
        let object = Object {
            key: target.key.clone(),
            file: file.name.clone(),
            size: parts.iter().map(|part| part.size).sum(),
            etag: etag(&parts),
            modified_at: now(),
            headers: kept,
            checksum: None,
        };
        self.commit(
            target,
            headers,
            &object,
            Event::CompleteMultipartUpload,
            file,
        )?;
        // Whoever completed or aborted it at the same time has forgotten it already.
        drop(self.abort_upload(target));
        let content = format!(
            "<Location>/{0}/{1}</Location><Bucket>{0}</Bucket><Key>{1}</Key><ETag>&quot;{2}&quot;</ETag>",
            target.bucket,
            escaped(&target.key),
            object.etag
        );
        Ok(document("CompleteMultipartUploadResult", &content))
    }

    /// Forgets an upload and its parts.
    pub(super) fn abort_upload(&self, target: &Target) -> Result<Response, Failure> {
        let files = self.database.transaction(|database| {
            upload(database, target)?;
            let id = target.query("uploadId").unwrap_or_default();
            let mut parts = database.prepare("SELECT file FROM parts WHERE upload = ?")?;
            let files = parts.query_map([id], |row| row.get(0))?;
            let files: Vec<String> = files.collect::<rusqlite::Result<_>>()?;
            database.execute("DELETE FROM uploads WHERE id = ?", [id])?;
            Ok(files)
        })?;
        self.folder.remove(files);
        Ok(StatusCode::NO_CONTENT.into_response())
    }
}
