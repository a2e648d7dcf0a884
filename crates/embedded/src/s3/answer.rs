//! Answers in XML: documents, and how S3 says no.

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse as _, Response};

use crate::protocol::{Failure, escaped, id};

/// An answer in XML.
pub(crate) fn document(name: &str, content: &str) -> Response {
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n\
         <{name} xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">{content}</{name}>"
    );
    ([(CONTENT_TYPE, "application/xml")], xml).into_response()
}

/// A text of a document, which may be none.
pub(crate) fn element(name: &str, text: Option<&str>) -> String {
    text.map_or_else(String::new, |text| {
        format!("<{name}>{}</{name}>", escaped(text))
    })
}

/// The answer to a request about `resource` that is refused.
pub(crate) fn refusal(failure: &Failure, resource: &str) -> Response {
    let code = match failure.code {
        "InternalFailure" => "InternalError",
        code => code,
    };
    let status = status(code);
    if status == StatusCode::NOT_MODIFIED {
        return status.into_response();
    }
    let xml = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<Error><Code>{code}</Code>\
         <Message>{}</Message><Resource>{}</Resource><RequestId>{}</RequestId></Error>",
        escaped(&failure.message),
        escaped(resource),
        id()
    );
    (status, [(CONTENT_TYPE, "application/xml")], xml).into_response()
}

fn status(code: &str) -> StatusCode {
    match code {
        "InternalError" => StatusCode::INTERNAL_SERVER_ERROR,
        "NotImplemented" => StatusCode::NOT_IMPLEMENTED,
        "NoSuchBucket" | "NoSuchKey" | "NoSuchUpload" => StatusCode::NOT_FOUND,
        "BucketNotEmpty" => StatusCode::CONFLICT,
        "InvalidRange" => StatusCode::RANGE_NOT_SATISFIABLE,
        "NotModified" => StatusCode::NOT_MODIFIED,
        "PreconditionFailed" => StatusCode::PRECONDITION_FAILED,
        _ => StatusCode::BAD_REQUEST,
    }
}
