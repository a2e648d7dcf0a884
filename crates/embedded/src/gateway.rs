//! One address for all services: a request's own headers say whose it is.

use std::net::SocketAddr;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::uri::{Authority, PathAndQuery, Scheme, Uri};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse as _, Response};
use axum::routing::any;
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use tower::ServiceExt as _;

use crate::cloudwatch::{self, CloudWatch, Wire};
use crate::messaging::Messaging;
use crate::protocol::Form;
use crate::s3::{self, S3};

/// The largest request that a service other than DynamoDB, Kinesis and S3 takes, with
/// room to spare.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// DynamoDB has an address of its own.
#[derive(Debug, Clone)]
pub(crate) struct Dynamodb {
    address: SocketAddr,
    client: Client<HttpConnector, Body>,
}

impl Dynamodb {
    pub(crate) fn at(address: SocketAddr) -> Self {
        Self {
            address,
            client: Client::builder(TokioExecutor::new()).build_http(),
        }
    }

    async fn forward(&self, mut request: Request) -> Response {
        let mut parts = request.uri().clone().into_parts();
        let path = parts.path_and_query.take();
        let uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.address.to_string())
            .path_and_query(path.unwrap_or(PathAndQuery::from_static("/")));
        let Ok(uri) = uri.build() else {
            return StatusCode::BAD_REQUEST.into_response();
        };
        *request.uri_mut() = uri;
        match self.client.request(request).await {
            Ok(response) => response.map(Body::new),
            Err(_) => StatusCode::BAD_GATEWAY.into_response(),
        }
    }
}

/// Hands each request to its service.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    pub(crate) dynamodb: Dynamodb,
    pub(crate) kinesis: Router,
    pub(crate) messaging: Messaging,
    pub(crate) s3: S3,
    pub(crate) cloudwatch: CloudWatch,
}

/// Whose a request is.
#[derive(Debug, PartialEq, Eq)]
enum Service {
    Dynamodb,
    Kinesis,
    /// One of those that name their operations in a header.
    Json(String),
    /// One of those that take forms.
    Form,
    /// CloudWatch, and the operation.
    Metrics(Wire, String),
    S3,
}

impl Gateway {
    pub(crate) fn into_router(self) -> Router {
        Router::new().fallback(any(route)).with_state(self)
    }

    /// The services whose requests are small enough to be held.
    async fn hold(&self, service: Service, request: Request) -> Response {
        let host = host(&request);
        let (parts, body) = request.into_parts();
        let Ok(body) = to_bytes(body, MOST_BYTES).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        match service {
            Service::Json(target) => self.messaging.json(&target, &body, host),
            Service::Metrics(wire, operation) => {
                self.cloudwatch
                    .answer(wire, &operation, &parts.headers, &body)
            }
            _ if is_for_metrics(&parts.headers, &body) => {
                self.cloudwatch
                    .answer(Wire::Form, "", &parts.headers, &body)
            }
            _ => self.messaging.form(&Form::parse(&body)),
        }
    }
}

async fn route(State(gateway): State<Gateway>, request: Request) -> Response {
    match service(request.headers(), request.uri()) {
        Service::S3 => gateway.s3.answer(request).await,
        Service::Dynamodb => gateway.dynamodb.forward(request).await,
        Service::Kinesis => match gateway.kinesis.clone().oneshot(request).await {
            Ok(response) => response,
            Err(never) => match never {},
        },
        service => gateway.hold(service, request).await,
    }
}

/// A bucket may have any name and an object any type, so that a signature for S3 says
/// more than all else; what nobody else would send is S3's, too.
fn service(headers: &HeaderMap, uri: &Uri) -> Service {
    if s3::is_signed_for_s3(headers, uri) {
        return Service::S3;
    }
    if let Some(target) = header(headers, "x-amz-target") {
        return match target.split_once('.') {
            Some((service, _)) if service.starts_with("DynamoDB") => Service::Dynamodb,
            Some((service, _)) if service.starts_with("Kinesis_") => Service::Kinesis,
            Some((cloudwatch::SERVICE, operation)) => {
                Service::Metrics(Wire::Json, operation.to_owned())
            }
            _ => Service::Json(target.to_owned()),
        };
    }
    if header(headers, "smithy-protocol") == Some("rpc-v2-cbor") {
        let operation = uri.path().rsplit('/').next().unwrap_or_default();
        return Service::Metrics(Wire::Cbor, operation.to_owned());
    }
    let kind = header(headers, "content-type").unwrap_or_default();
    if kind.starts_with("application/x-www-form-urlencoded") {
        Service::Form
    } else {
        Service::S3
    }
}

/// A form that is compressed says by its signature whose it is, and any other itself.
fn is_for_metrics(headers: &HeaderMap, body: &[u8]) -> bool {
    let signed = header(headers, "authorization");
    signed.is_some_and(|text| text.contains("/monitoring/aws4_request"))
        || Form::parse(body).get("Version") == Some(cloudwatch::VERSION)
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The name by which the client reaches this address, for URLs that it is given.
fn host(request: &Request) -> Option<Authority> {
    header(request.headers(), "host")?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(uri: &str, headers: &[(&'static str, &str)]) -> Service {
        let headers = headers.iter().map(|(name, value)| {
            let value = value.parse().expect("a value");
            (axum::http::HeaderName::from_static(name), value)
        });
        service(&headers.collect(), &uri.parse().expect("a URI"))
    }

    #[test]
    fn a_request_is_told_by_its_signature_and_then_by_its_form() {
        let form = ("content-type", "application/x-www-form-urlencoded");
        let target = |target| [("x-amz-target", target)];
        let signed =
            "AWS4-HMAC-SHA256 Credential=a/20260101/us-east-1/s3/aws4_request, Signature=0";
        assert_eq!(of("/b/k", &[("authorization", signed), form]), Service::S3);
        let url = "/b/k?X-Amz-Credential=a%2F20260101%2Fus-east-1%2Fs3%2Faws4_request";
        assert_eq!(of(url, &[form]), Service::S3);
        assert_eq!(of("/b/k", &[]), Service::S3);
        assert_eq!(of("/", &[form]), Service::Form);
        assert_eq!(
            of("/", &target("DynamoDB_20120810.Scan")),
            Service::Dynamodb
        );
        assert_eq!(
            of("/", &target("Kinesis_20131202.PutRecord")),
            Service::Kinesis
        );
        let queue = "AmazonSQS.SendMessage";
        assert_eq!(of("/", &target(queue)), Service::Json(queue.to_owned()));
        let list = || "ListMetrics".to_owned();
        assert_eq!(
            of("/", &target("GraniteServiceVersion20100801.ListMetrics")),
            Service::Metrics(Wire::Json, list())
        );
        assert_eq!(
            of(
                "/service/GraniteServiceVersion20100801/operation/ListMetrics",
                &[("smithy-protocol", "rpc-v2-cbor")]
            ),
            Service::Metrics(Wire::Cbor, list())
        );
    }
}
