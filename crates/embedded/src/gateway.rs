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

use crate::messaging::Messaging;
use crate::protocol::{Failure, Form};

/// The largest request that SQS, SNS or Secrets Manager takes, with room to spare.
const MOST_BYTES: usize = 4 * 1024 * 1024;

/// Hands each request to its service.
#[derive(Debug, Clone)]
pub(crate) struct Gateway {
    dynamodb: SocketAddr,
    client: Client<HttpConnector, Body>,
    kinesis: Router,
    messaging: Messaging,
}

impl Gateway {
    pub(crate) fn new(dynamodb: SocketAddr, kinesis: Router, messaging: Messaging) -> Self {
        Self {
            dynamodb,
            client: Client::builder(TokioExecutor::new()).build_http(),
            kinesis,
            messaging,
        }
    }

    pub(crate) fn into_router(self) -> Router {
        Router::new().fallback(any(route)).with_state(self)
    }

    /// DynamoDB has an address of its own.
    async fn forward(&self, mut request: Request) -> Response {
        let mut parts = request.uri().clone().into_parts();
        let path = parts.path_and_query.take();
        let uri = Uri::builder()
            .scheme(Scheme::HTTP)
            .authority(self.dynamodb.to_string())
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

    async fn message(&self, target: Option<&str>, request: Request) -> Response {
        let host = host(&request);
        let Ok(body) = to_bytes(request.into_body(), MOST_BYTES).await else {
            return StatusCode::PAYLOAD_TOO_LARGE.into_response();
        };
        match target {
            Some(target) => self.messaging.json(target, &body, host).into_response(),
            None => self.messaging.form(&Form::parse(&body)),
        }
    }
}

async fn route(State(gateway): State<Gateway>, request: Request) -> Response {
    let target = header(request.headers(), "x-amz-target").map(str::to_owned);
    let is_form = header(request.headers(), "content-type")
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    match target.as_deref() {
        Some(target) if target.starts_with("DynamoDB") => gateway.forward(request).await,
        Some(target) if target.starts_with("Kinesis_") => {
            match gateway.kinesis.clone().oneshot(request).await {
                Ok(response) => response,
                Err(never) => match never {},
            }
        }
        Some(target) => gateway.message(Some(target), request).await,
        None if is_form => gateway.message(None, request).await,
        None => Failure::new(
            "UnknownOperationException",
            "DynamoDB, Kinesis, SNS, SQS and Secrets Manager are here, and nothing else",
        )
        .into_response(),
    }
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The name by which the client reaches this address, for URLs that it is given.
fn host(request: &Request) -> Option<Authority> {
    header(request.headers(), "host")?.parse().ok()
}
