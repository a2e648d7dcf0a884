//! The headers that an object keeps, and those that it is answered with.

use axum::http::header::{ACCEPT_RANGES, CONTENT_TYPE, ETAG, LAST_MODIFIED};
use axum::http::{HeaderMap, HeaderName, HeaderValue};
use chrono::DateTime;

use super::store::{Headers, Object};

/// The headers that are kept with an object, beside its own metadata.
const KEPT: [&str; 6] = [
    "cache-control",
    "content-disposition",
    "content-encoding",
    "content-language",
    "content-type",
    "expires",
];

/// The headers of a request that its object keeps.
pub(crate) fn kept(headers: &HeaderMap) -> Headers {
    let is_kept = |name: &str| KEPT.contains(&name) || name.starts_with("x-amz-meta-");
    let mut kept = Headers::new();
    for (name, value) in headers {
        let mut value = String::from_utf8_lossy(value.as_bytes()).into_owned();
        if name.as_str() == "content-encoding" {
            value = without_chunks(&value);
        }
        if is_kept(name.as_str()) && !value.is_empty() {
            kept.insert(name.to_string(), value);
        }
    }
    kept
}

/// How the body came is not how it is. SDKs differ in where they say it.
fn without_chunks(encodings: &str) -> String {
    let encodings = encodings.split(',').map(str::trim);
    let kept: Vec<&str> = encodings.filter(|one| *one != "aws-chunked").collect();
    kept.join(",")
}

/// What an object is answered with, but for what its range says.
pub(crate) fn described(object: &Object, with_checksum: bool) -> HeaderMap {
    let mut headers = HeaderMap::new();
    headers.insert(
        CONTENT_TYPE,
        HeaderValue::from_static("binary/octet-stream"),
    );
    headers.insert(ACCEPT_RANGES, HeaderValue::from_static("bytes"));
    headers.insert(ETAG, quoted(&object.etag));
    let modified = DateTime::from_timestamp_millis(object.modified_at).unwrap_or_default();
    let modified = modified.format("%a, %d %b %Y %H:%M:%S GMT").to_string();
    add(&mut headers, LAST_MODIFIED.as_str(), &modified);
    let checksum = object.checksum.iter().filter(|_| with_checksum);
    let all = object
        .headers
        .iter()
        .chain(checksum.map(|(name, value)| (name, value)));
    for (name, value) in all {
        add(&mut headers, name, value);
    }
    headers
}

/// Adds a header, whose name and value have come as ones.
pub(crate) fn add(headers: &mut HeaderMap, name: &str, value: &str) {
    if let (Ok(name), Ok(value)) = (
        HeaderName::try_from(name),
        HeaderValue::from_bytes(value.as_bytes()),
    ) {
        headers.insert(name, value);
    }
}

pub(crate) fn quoted(etag: &str) -> HeaderValue {
    HeaderValue::try_from(format!("\"{etag}\"")).unwrap_or(HeaderValue::from_static("\"\""))
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_object_is_not_encoded_as_its_body_came() {
        for (encodings, expected) in [
            ("aws-chunked", ""),
            ("aws-chunked,gzip", "gzip"),
            ("gzip,aws-chunked", "gzip"),
            ("gzip, br", "gzip,br"),
        ] {
            assert_eq!(without_chunks(encodings), expected, "{encodings}");
        }
    }
}
