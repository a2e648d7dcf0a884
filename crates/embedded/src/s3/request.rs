//! What a request to S3 asks for, by its method, path and query.

use std::borrow::Cow;
use std::collections::BTreeMap;

use axum::http::{HeaderMap, Method, Uri, header::AUTHORIZATION};
use percent_encoding::percent_decode_str;

use crate::protocol::Failure;

/// The most bytes that a key may have.
const MOST_KEY_BYTES: usize = 1_024;

/// Whether a request is signed for S3, in its headers or in its URL.
pub(crate) fn is_signed_for_s3(headers: &HeaderMap, uri: &Uri) -> bool {
    let header = headers.get(AUTHORIZATION).map(|value| value.as_bytes());
    let header = String::from_utf8_lossy(header.unwrap_or_default());
    let scope = |text: &str| text.contains("/s3/aws4_request");
    scope(&header)
        || form_urlencoded::parse(uri.query().unwrap_or_default().as_bytes())
            .any(|(name, value)| name == "X-Amz-Credential" && scope(&value))
}

/// A key as notifications and listings write it: a form's value, but for the slashes.
pub(crate) fn encoded_key(key: &str) -> String {
    let encoded = |part: &str| -> String {
        let pieces = form_urlencoded::byte_serialize(part.as_bytes());
        pieces.collect()
    };
    let parts: Vec<String> = key.split('/').map(encoded).collect();
    parts.join("/")
}

/// Whom a request is about.
#[derive(Debug, Default)]
pub(crate) struct Target {
    /// The bucket, or nothing.
    pub(crate) bucket: String,
    /// The object's key, or nothing.
    pub(crate) key: String,
    query: BTreeMap<String, String>,
}

impl Target {
    pub(crate) fn of(uri: &Uri) -> Result<Self, Failure> {
        let path = uri.path().strip_prefix('/').unwrap_or_default();
        let (bucket, key) = path.split_once('/').unwrap_or((path, ""));
        let (bucket, key) = (decoded(bucket)?.into_owned(), decoded(key)?.into_owned());
        if key.len() > MOST_KEY_BYTES {
            let message = format!("the key has {} bytes: at most {MOST_KEY_BYTES}", key.len());
            return Err(Failure::new("KeyTooLongError", message));
        }
        let query = uri.query().unwrap_or_default();
        Ok(Self {
            bucket,
            key,
            query: form_urlencoded::parse(query.as_bytes())
                .into_owned()
                .collect(),
        })
    }

    /// A parameter of the query.
    pub(crate) fn query(&self, name: &str) -> Option<&str> {
        self.query.get(name).map(String::as_str)
    }

    /// The names of the parameters that say what is asked for, in order.
    fn asked(&self) -> Vec<&str> {
        let names = self.query.keys().map(String::as_str);
        // Signatures, of both versions, and the SDKs' own notes.
        let noise = |name: &&str| {
            matches!(*name, "x-id" | "AWSAccessKeyId" | "Signature" | "Expires")
                || name.starts_with("X-Amz-")
        };
        names.filter(|name| !noise(name)).collect()
    }
}

/// What S3 does here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operation {
    ListBuckets,
    CreateBucket,
    HeadBucket,
    DeleteBucket,
    GetBucketLocation,
    ListObjects,
    GetNotification,
    PutNotification,
    DeleteObjects,
    PutObject,
    GetObject,
    HeadObject,
    DeleteObject,
    CreateUpload,
    UploadPart,
    CompleteUpload,
    AbortUpload,
}

impl Operation {
    pub(crate) fn of(method: &Method, target: &Target) -> Result<Self, Failure> {
        let asked = target.asked();
        let of_what = match (target.bucket.is_empty(), target.key.is_empty()) {
            (true, true) => "service",
            (false, true) => "bucket",
            // An object of no bucket is refused as one of a bucket that is not there.
            (_, false) => "object",
        };
        let operation = match (method.as_str(), of_what, &asked[..]) {
            ("GET", "service", []) => Self::ListBuckets,
            ("PUT", "bucket", []) => Self::CreateBucket,
            ("HEAD", "bucket", []) => Self::HeadBucket,
            ("DELETE", "bucket", []) => Self::DeleteBucket,
            ("GET", "bucket", ["location"]) => Self::GetBucketLocation,
            ("GET", "bucket", _) if target.query("list-type") == Some("2") => Self::ListObjects,
            ("GET", "bucket", ["notification"]) => Self::GetNotification,
            ("PUT", "bucket", ["notification"]) => Self::PutNotification,
            ("POST", "bucket", ["delete"]) => Self::DeleteObjects,
            ("PUT", "object", []) => Self::PutObject,
            ("GET", "object", []) => Self::GetObject,
            ("HEAD", "object", []) => Self::HeadObject,
            ("DELETE", "object", []) => Self::DeleteObject,
            ("POST", "object", ["uploads"]) => Self::CreateUpload,
            ("PUT", "object", ["partNumber", "uploadId"]) => Self::UploadPart,
            ("POST", "object", ["uploadId"]) => Self::CompleteUpload,
            ("DELETE", "object", ["uploadId"]) => Self::AbortUpload,
            _ => {
                let asked = asked.join("&");
                let message = format!(
                    "{method} of a {of_what} with ?{asked} is not there in the local stack"
                );
                return Err(Failure::new("NotImplemented", message));
            }
        };
        Ok(operation)
    }
}

fn decoded(text: &str) -> Result<Cow<'_, str>, Failure> {
    let decoded = percent_decode_str(text).decode_utf8();
    decoded.map_err(|_| Failure::new("InvalidURI", "the path is not UTF-8"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(uri: &str) -> Target {
        Target::of(&uri.parse().expect("a URI")).expect("a target")
    }

    #[test]
    fn a_key_is_what_the_path_says_and_nothing_is_resolved() {
        let target = target("/logs/a//../%2e%2E/b%20c+d%25/");
        assert_eq!(target.bucket, "logs");
        assert_eq!(target.key, "a//../../b c+d%/");
    }

    #[test]
    fn a_key_is_encoded_as_s3_encodes_it() {
        assert_eq!(
            encoded_key("year=2024/a b+c/£(1)%.gz"),
            "year%3D2024/a+b%2Bc/%C2%A3%281%29%25.gz"
        );
    }

    #[test]
    fn what_is_not_there_is_refused() {
        let refused = |method: Method, uri: &str| {
            let failure = Operation::of(&method, &target(uri)).expect_err("refused");
            failure.code
        };
        assert_eq!(refused(Method::GET, "/bucket?acl"), "NotImplemented");
        assert_eq!(
            refused(Method::PUT, "/bucket/key?tagging"),
            "NotImplemented"
        );
        assert_eq!(refused(Method::PATCH, "/bucket/key"), "NotImplemented");
        let signed = target("/bucket/key?X-Amz-Signature=a&x-id=GetObject");
        assert_eq!(
            Operation::of(&Method::GET, &signed),
            Ok(Operation::GetObject)
        );
        let long = format!("/b/{}", "%41".repeat(1_025))
            .parse()
            .expect("a URI");
        assert_eq!(Target::of(&long).expect_err("long").code, "KeyTooLongError");
        let bytes = "/b/%ff".parse().expect("a URI");
        assert_eq!(Target::of(&bytes).expect_err("bytes").code, "InvalidURI");
    }
}
