//! The three ways in which clients speak to CloudWatch: CBOR (the SDKs of today), JSON,
//! and forms that are answered in XML (the SDKs of before). All become the same values:
//! times are numbers of seconds, or texts where a form has them.

use std::io::Read as _;

use axum::body::Bytes;
use axum::http::header::{CONTENT_ENCODING, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse as _, Response};
use serde_json::{Value, json};

use super::{cbor, query};
use crate::protocol::{Answer, Failure, Form, xml};

/// The service's name in addresses and headers.
pub(crate) const SERVICE: &str = "GraniteServiceVersion20100801";
/// The version that forms name.
pub(crate) const VERSION: &str = "2010-08-01";
/// The most bytes of a request as it is sent.
const MOST_BYTES: usize = 1024 * 1024;
/// The most bytes of what was compressed: 1,000 metrics with 150 values and counts each,
/// as a form, have less.
const MOST_INFLATED: u64 = 64 * 1024 * 1024;
const PROTOCOL: HeaderName = HeaderName::from_static("smithy-protocol");

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Wire {
    Cbor,
    Json,
    Form,
}

impl Wire {
    /// The operation and its parameters.
    pub(crate) fn read(
        self,
        operation: &str,
        headers: &HeaderMap,
        body: &Bytes,
    ) -> Result<(String, Value), Failure> {
        let too_large = || {
            let message = format!("a request has at most {MOST_BYTES} bytes");
            Failure::new("RequestEntityTooLarge", message)
        };
        if body.len() > MOST_BYTES {
            return Err(too_large());
        }
        let mut bytes = Vec::new();
        let compressed = headers
            .get(CONTENT_ENCODING)
            .is_some_and(|kind| kind == "gzip");
        if compressed {
            let read = flate2::read::GzDecoder::new(&body[..])
                .take(MOST_INFLATED + 1)
                .read_to_end(&mut bytes);
            read.map_err(|error| malformed(&format!("is no gzip: {error}")))?;
            if bytes.len() as u64 > MOST_INFLATED {
                return Err(too_large());
            }
        }
        let bytes = if compressed { &bytes[..] } else { &body[..] };
        let request = match self {
            Self::Form => return query::read(&Form::parse(bytes)),
            // Requests without parameters may have no body.
            _ if bytes.is_empty() => json!({}),
            Self::Cbor => cbor::read(bytes)?,
            Self::Json => serde_json::from_slice(bytes)
                .map_err(|error| malformed(&format!("is no JSON: {error}")))?,
        };
        Ok((operation.to_owned(), request))
    }

    pub(crate) fn response(self, operation: &str, answer: &Value) -> Response {
        match self {
            Self::Cbor => in_cbor(StatusCode::OK, answer),
            Self::Json => Answer(answer.clone()).into_response(),
            Self::Form => xml(operation, &query::content(answer)),
        }
    }

    pub(crate) fn refusal(self, failure: &Failure) -> Response {
        let (status, shape) = match failure.code {
            "InternalFailure" => (StatusCode::INTERNAL_SERVER_ERROR, "InternalServiceFault"),
            "RequestEntityTooLarge" => (StatusCode::PAYLOAD_TOO_LARGE, failure.code),
            "InvalidParameterValue" => (StatusCode::BAD_REQUEST, "InvalidParameterValueException"),
            "InvalidParameterCombination" => (
                StatusCode::BAD_REQUEST,
                "InvalidParameterCombinationException",
            ),
            "MissingParameter" => (StatusCode::BAD_REQUEST, "MissingRequiredParameterException"),
            other => (StatusCode::BAD_REQUEST, other),
        };
        // Its name in the protocol of forms, by which clients know it.
        let code = match failure.code {
            "InternalFailure" => "InternalServiceError",
            code => code,
        };
        let who = if status.is_server_error() {
            "Receiver"
        } else {
            "Sender"
        };
        let old = [("x-amzn-query-error", format!("{code};{who}"))];
        let body = json!({"__type": shape, "message": failure.message});
        match self {
            Self::Cbor => (old, in_cbor(status, &body)).into_response(),
            Self::Json => (status, old, Answer(body)).into_response(),
            Self::Form => failure.clone().into_xml(),
        }
    }
}

pub(crate) fn malformed(why: &str) -> Failure {
    Failure::new("SerializationException", format!("the request {why}"))
}

fn in_cbor(status: StatusCode, value: &Value) -> Response {
    let headers = [
        (PROTOCOL, "rpc-v2-cbor"),
        (CONTENT_TYPE, "application/cbor"),
    ];
    (status, headers, cbor::write(value)).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_request_is_refused() {
        let code = |wire: Wire, body: &[u8]| {
            let body = Bytes::copy_from_slice(body);
            let read = wire.read("ListMetrics", &HeaderMap::new(), &body);
            read.map_err(|failure| failure.code)
        };
        let none = Ok(("ListMetrics".to_owned(), json!({})));
        assert_eq!(code(Wire::Cbor, b""), none);
        assert_eq!(code(Wire::Cbor, b"\xbf\xff"), none, "of no told length");
        // Cut off, deep, of bytes, with a key that is none, with more behind it, and long.
        let deep = vec![0x81; 100_000];
        let long = b"\x9b\x7f\xff\xff\xff\xff\xff\xff\xff";
        for body in [
            &b"\xa1"[..],
            &deep,
            b"\x41a",
            b"\xa1\x01\x02",
            b"\xa0\xa0",
            long,
            b"\xff",
        ] {
            assert_eq!(code(Wire::Cbor, body), Err("SerializationException"));
        }
        assert_eq!(
            code(Wire::Cbor, b"\xf9\x7e\x00"),
            Err("InvalidParameterValue")
        );
        assert_eq!(code(Wire::Json, b"{"), Err("SerializationException"));
        let large = vec![b' '; MOST_BYTES + 1];
        assert_eq!(code(Wire::Json, &large), Err("RequestEntityTooLarge"));
    }
}
