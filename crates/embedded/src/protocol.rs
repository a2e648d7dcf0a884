//! Requests and answers of the services that are written here: JSON with a target
//! header (SQS, Secrets Manager), and forms that are answered in XML (SNS). What S3 and
//! CloudWatch have of their own is with them.

use std::collections::HashMap;

use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// Why a request is refused, by the service's own code.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: &'static str,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            message: message.into(),
        }
    }

    /// What a service does not do here.
    pub(crate) fn unknown(operation: &str) -> Self {
        Self::new(
            "UnknownOperationException",
            format!("{operation} is not there in the local stack"),
        )
    }
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::new("InternalFailure", error.to_string())
    }
}

impl Failure {
    fn status(&self) -> StatusCode {
        match self.code {
            "InternalFailure" => StatusCode::INTERNAL_SERVER_ERROR,
            "NotFound" => StatusCode::NOT_FOUND,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// As the services with forms answer.
    pub(crate) fn into_xml(self) -> Response {
        let xml = format!(
            "<ErrorResponse><Error><Type>Sender</Type><Code>{}</Code><Message>{}</Message></Error></ErrorResponse>",
            self.code,
            escaped(&self.message)
        );
        (self.status(), [(CONTENT_TYPE, "text/xml")], xml).into_response()
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let body = json!({"__type": self.code, "message": self.message}).to_string();
        let answer = (self.status(), [(CONTENT_TYPE, JSON)], body);
        // SQS had other names for its errors before it spoke JSON, and clients still
        // know them by those.
        let old = match self.code.strip_prefix("com.amazonaws.sqs#") {
            None => return answer.into_response(),
            Some("QueueDoesNotExist") => "NonExistentQueue",
            Some(name) => name,
        };
        let old = format!("AWS.SimpleQueueService.{old};Sender");
        ([("x-amzn-query-error", old)], answer).into_response()
    }
}

const JSON: &str = "application/x-amz-json-1.0";

/// An answer in JSON.
#[derive(Debug)]
pub(crate) struct Answer(pub(crate) Value);

impl IntoResponse for Answer {
    fn into_response(self) -> Response {
        ([(CONTENT_TYPE, JSON)], self.0.to_string()).into_response()
    }
}

/// A text of a request that must be there.
pub(crate) fn text<'a>(request: &'a Value, name: &str) -> Result<&'a str, Failure> {
    request[name].as_str().ok_or_else(|| {
        Failure::new(
            "MissingParameter",
            format!("{name} is missing, or is no text"),
        )
    })
}

/// A form's fields.
#[derive(Debug, Default)]
pub(crate) struct Form(HashMap<String, String>);

impl Form {
    pub(crate) fn parse(body: &[u8]) -> Self {
        let fields = form_urlencoded::parse(body);
        Self(fields.into_owned().collect())
    }

    /// All fields, in no order.
    pub(crate) fn fields(&self) -> impl Iterator<Item = (&str, &str)> {
        self.0.iter().map(|(name, value)| (&**name, &**value))
    }

    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// A field that must be there.
    pub(crate) fn text(&self, name: &str) -> Result<&str, Failure> {
        self.get(name)
            .ok_or_else(|| Failure::new("InvalidParameter", format!("{name} is missing")))
    }
}

/// An answer in XML: `<Action>Response` around `<Action>Result`.
pub(crate) fn xml(action: &str, result: &str) -> Response {
    let id = id();
    let xml = format!(
        "<{action}Response><{action}Result>{result}</{action}Result>\
         <ResponseMetadata><RequestId>{id}</RequestId></ResponseMetadata></{action}Response>"
    );
    ([(CONTENT_TYPE, "text/xml")], xml).into_response()
}

/// A text as XML's content. Control characters are written as S3 writes them, by their
/// numbers.
pub(crate) fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\n' | '\t' => escaped.push(character),
            _ if character.is_ascii_control() => {
                escaped.push_str(&format!("&#{};", u32::from(character)));
            }
            _ => escaped.push(character),
        }
    }
    escaped
}

/// Whether a name is one of [`id`]'s.
pub(crate) fn is_id(name: &str) -> bool {
    let form = "xxxxxxxx-xxxx-4xxx-8xxx-xxxxxxxxxxxx".bytes();
    let fits = |(wanted, byte): (u8, u8)| match wanted {
        b'x' => matches!(byte, b'0'..=b'9' | b'a'..=b'f'),
        wanted => byte == wanted,
    };
    name.len() == form.len() && form.zip(name.bytes()).all(fits)
}

/// A random UUID.
pub(crate) fn id() -> String {
    let id = fastrand::u128(..);
    format!(
        "{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}",
        id >> 96,
        id >> 80 & 0xffff,
        id >> 64 & 0xfff,
        id >> 48 & 0xfff,
        id & 0xffff_ffff_ffff
    )
}
