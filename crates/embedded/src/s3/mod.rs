//! S3: buckets whose objects are told of to queues as they are made.
//!
//! Objects' bytes lie in files of a folder, each under a random name, so that no key is
//! ever a path; what is known of them lies in the database, where an object and its
//! notification are one transaction. Buckets are addressed by path. There are no
//! versions, no rights and no copies.
//!
//! Source: <https://docs.aws.amazon.com/AmazonS3/latest/API/>

mod answer;
mod body;
mod buckets;
mod chunks;
mod conditions;
mod folder;
mod headers;
mod listing;
mod multipart;
mod notification;
mod objects;
mod parts;
mod request;
mod rule;
mod store;
mod xml;

use std::path::Path;
use std::sync::Arc;

use axum::body::{Body, to_bytes};
use axum::extract::Request;
use axum::http::request::Parts;
use axum::response::Response;

use crate::protocol::Failure;
use crate::services::StartError;
use crate::store::Database;
use folder::Folder;
pub(crate) use request::is_signed_for_s3;
use request::{Operation, Target};
pub(crate) use store::prepare;

/// The largest request in XML: 10,000 parts, or 1,000 keys of 1,024 bytes.
const MOST_XML_BYTES: usize = 4 * 1024 * 1024;

/// The service.
#[derive(Debug, Clone)]
pub(crate) struct S3 {
    database: Database,
    folder: Arc<Folder>,
}

impl S3 {
    /// Opens what is kept in `folder`, or begins anew in a folder that ends with this.
    pub(crate) fn open(database: Database, folder: Option<&Path>) -> Result<Self, StartError> {
        let state = |error: &dyn std::fmt::Display| StartError::state("S3", folder, error);
        let files = Folder::open(folder).map_err(|error| state(&error))?;
        let known = database.transaction(|database| Ok(store::files(database)?));
        let known = known.map_err(|failure| state(&failure.message))?;
        files.keep_only(&known).map_err(|error| state(&error))?;
        Ok(Self {
            database,
            folder: Arc::new(files),
        })
    }

    /// Answers any request, in S3's own form.
    pub(crate) async fn answer(&self, request: Request) -> Response {
        let (parts, body) = request.into_parts();
        let served = self.serve(&parts, body).await;
        served.unwrap_or_else(|failure| answer::refusal(&failure, parts.uri.path()))
    }

    async fn serve(&self, parts: &Parts, body: Body) -> Result<Response, Failure> {
        let target = Target::of(&parts.uri)?;
        let headers = &parts.headers;
        match Operation::of(&parts.method, &target)? {
            Operation::ListBuckets => self.list_buckets(),
            Operation::CreateBucket => self.create_bucket(&target),
            Operation::HeadBucket => self.head_bucket(&target),
            Operation::DeleteBucket => self.delete_bucket(&target),
            Operation::GetBucketLocation => self.bucket_location(&target),
            Operation::ListObjects => self.list_objects(&target),
            Operation::GetNotification => self.notification(&target),
            Operation::PutNotification => self.put_notification(&target, &xml(body).await?),
            Operation::DeleteObjects => self.delete_objects(&target, &xml(body).await?),
            Operation::PutObject => self.put_object(&target, headers, body).await,
            Operation::GetObject => self.get_object(&target, headers, false),
            Operation::HeadObject => self.get_object(&target, headers, true),
            Operation::DeleteObject => self.delete_object(&target),
            Operation::CreateUpload => self.create_upload(&target, headers),
            Operation::UploadPart => self.upload_part(&target, headers, body).await,
            Operation::CompleteUpload => {
                self.complete_upload(&target, headers, &xml(body).await?)
                    .await
            }
            Operation::AbortUpload => self.abort_upload(&target),
        }
    }
}

/// A request's document.
async fn xml(body: Body) -> Result<xml::Element, Failure> {
    let malformed = |what: &str| Failure::new("MalformedXML", format!("the document {what}"));
    let bytes = to_bytes(body, MOST_XML_BYTES).await;
    let bytes = bytes.map_err(|_| malformed("is too long, or did not come to its end"))?;
    let text = std::str::from_utf8(&bytes).map_err(|_| malformed("is not UTF-8"))?;
    xml::Element::parse(text).map_err(|what| malformed(&what))
}
