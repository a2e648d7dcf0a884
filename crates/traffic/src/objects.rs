//! The objects: S3, read as a stream.

use std::future::Future;

use aws_sdk_s3::Client;
use aws_sdk_s3::error::{ProvideErrorMetadata as _, SdkError};
use aws_sdk_s3::primitives::ByteStream;
use bytes::Bytes;
use function::aws::call_error;
use function::delivery::CallError;

use crate::notification::ObjectId;

/// Where objects are read.
pub trait Objects: Sync {
    /// An object's content.
    type Body: Chunks;

    /// Begins to read an object, in the version that is named and no other.
    fn open(&self, object: &ObjectId)
    -> impl Future<Output = Result<Self::Body, OpenError>> + Send;
}

/// An object's content, in its order.
pub trait Chunks: Send {
    /// The next bytes of it, some kilobytes; `None` behind the last ones.
    fn next(&mut self) -> impl Future<Output = Result<Option<Bytes>, CallError>> + Send;
}

/// An object that cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// It is not there any more, or another one is in its place.
    #[error("the object is gone, or another one is in its place")]
    Gone,
    /// Anything else.
    #[error(transparent)]
    Failed(#[from] CallError),
}

/// S3. A reader without the right to list a bucket is told that an object is forbidden
/// where it is gone.
#[derive(Debug, Clone)]
pub struct S3(Client);

impl S3 {
    /// S3, reached by `client`.
    #[must_use]
    pub fn new(client: Client) -> Self {
        Self(client)
    }
}

impl Objects for S3 {
    type Body = ByteStream;

    async fn open(&self, object: &ObjectId) -> Result<ByteStream, OpenError> {
        let mut call = self.0.get_object().bucket(&object.bucket).key(&object.key);
        call = match &object.version_id {
            Some(version) => call.version_id(version),
            None if object.etag.is_empty() => call,
            None => call.if_match(format!("\"{}\"", object.etag)),
        };
        match call.send().await {
            Ok(answer) => Ok(answer.body),
            Err(error) if is_gone(&error) => Err(OpenError::Gone),
            Err(error) => Err(OpenError::Failed(call_error(error))),
        }
    }
}

fn is_gone<E: aws_sdk_s3::error::ProvideErrorMetadata>(
    error: &SdkError<E, aws_sdk_s3::config::http::HttpResponse>,
) -> bool {
    let status = error.raw_response().map(|raw| raw.status().as_u16());
    let code = error.code().unwrap_or_default();
    matches!(code, "NoSuchKey" | "NoSuchVersion" | "PreconditionFailed") || status == Some(412)
}

impl Chunks for ByteStream {
    async fn next(&mut self) -> Result<Option<Bytes>, CallError> {
        let next = ByteStream::next(self).await.transpose();
        next.map_err(|error| CallError::Retryable(Box::new(error)))
    }
}
