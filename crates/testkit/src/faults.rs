//! Faults between the SDK and an endpoint: what a service under load does and an
//! emulator never does.

use std::io;
use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::{TokioExecutor, TokioIo};
use serde_json::{Value, json};

/// What happens to one call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// It goes through.
    None,
    /// It fails before it reaches the service, with this status and error code.
    Fails(u16, &'static str),
    /// It is carried out and the connection breaks before its answer.
    LosesAnswer,
    /// SQS takes no message of it and says that the sender is to blame.
    Blames,
    /// It is never answered.
    Hangs,
    /// Only each `n`-th item of it is taken: the others come back as
    /// `UnprocessedItems` (DynamoDB) or `Failed` (SQS).
    TakesEach(usize),
    /// Each `n`-th record of a PutRecords is throttled.
    ThrottlesEach(usize),
}

type Choose = dyn FnMut(&str, &Value) -> Fault + Send;
type Body = Full<Bytes>;

/// An HTTP proxy before an endpoint that asks for each call what is to happen.
#[derive(Debug)]
pub struct FaultProxy {
    url: String,
}

struct Shared {
    upstream: String,
    client: Client<HttpConnector, Body>,
    choose: Mutex<Box<Choose>>,
}

impl FaultProxy {
    /// Starts a proxy before `upstream`. `choose` is given each call's operation
    /// (`BatchWriteItem`) and content: its JSON, or its form as an object of texts. Of S3's
    /// and CloudWatch's the operation is all that is read.
    pub async fn start(
        upstream: &str,
        choose: impl FnMut(&str, &Value) -> Fault + Send + 'static,
    ) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0")
            .await
            .expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("a bound address"));
        let shared = Arc::new(Shared {
            upstream: upstream.to_owned(),
            client: Client::builder(TokioExecutor::new()).build_http(),
            choose: Mutex::new(Box::new(choose)),
        });
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let shared = Arc::clone(&shared);
                let service = service_fn(move |request| answer(Arc::clone(&shared), request));
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        Self { url }
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> &str {
        &self.url
    }
}

/// How a call and its answer are written.
#[derive(Debug, Clone, Copy)]
enum Protocol {
    /// Most services.
    Json,
    /// CloudWatch, whose SDK names the operation in the path.
    Cbor,
    /// S3, whose SDK names the operation in the query, and SNS, which takes forms.
    Xml,
}

async fn answer(shared: Arc<Shared>, request: Request<Incoming>) -> io::Result<Response<Body>> {
    let (parts, body) = request.into_parts();
    let body = body.collect().await.expect("a whole request").to_bytes();
    let target = parts
        .headers
        .get("x-amz-target")
        .and_then(|t| t.to_str().ok())
        .unwrap_or_default();
    let mut operation = target.rsplit('.').next().unwrap_or_default().to_owned();
    let mut content: Value = serde_json::from_slice(&body).unwrap_or(Value::Null);
    let mut protocol = Protocol::Json;
    if let Some((_, name)) = parts.uri.path().split_once("/operation/") {
        protocol = Protocol::Cbor;
        operation = name.to_owned();
    } else if let Some((_, name)) = parts.uri.query().and_then(|q| q.split_once("x-id=")) {
        protocol = Protocol::Xml;
        operation = name.to_owned();
    } else if target.is_empty() {
        protocol = Protocol::Xml;
        content = form_urlencoded::parse(&body)
            .map(|(name, value)| (name.into_owned(), Value::from(value)))
            .collect();
        operation = content["Action"].as_str().unwrap_or_default().to_owned();
    }
    let fault = (shared.choose.lock().expect("a choice"))(&operation, &content);
    let forward = |body: Bytes| {
        let mut request = Request::from_parts(parts.clone(), Full::new(body));
        let target = parts
            .uri
            .path_and_query()
            .map_or("/", |target| target.as_str());
        let url = format!("{}{target}", shared.upstream);
        *request.uri_mut() = url.parse().expect("a URL");
        request.headers_mut().remove("content-length");
        shared.client.request(request)
    };
    Ok(match fault {
        Fault::None => {
            let (parts, body) = forward(body).await.expect("an answer").into_parts();
            let body = body.collect().await.expect("a whole answer").to_bytes();
            Response::from_parts(parts, Full::new(body))
        }
        Fault::Fails(status, code) => error(status, code, protocol),
        Fault::LosesAnswer => {
            forward(body).await.expect("an answer");
            return Err(io::Error::other("the connection breaks"));
        }
        Fault::Hangs => std::future::pending().await,
        Fault::Blames => {
            let entries = content["Entries"].as_array().expect("messages");
            let failed = entries.iter().map(
                |entry| json!({"Id": entry["Id"], "SenderFault": true, "Code": "InvalidMessageContents"}),
            );
            let answer = json!({"Failed": failed.collect::<Vec<_>>()}).to_string();
            Response::new(Full::new(Bytes::from(answer)))
        }
        Fault::ThrottlesEach(n) => {
            let is_throttled = |index: &usize| (index + 1).is_multiple_of(n);
            let records = content["Records"].as_array().expect("records");
            let taken = records.iter().enumerate();
            let taken: Vec<&Value> = taken
                .filter(|(index, _)| !is_throttled(index))
                .map(|(_, record)| record)
                .collect();
            let mut taken_content = content.clone();
            taken_content["Records"] = json!(taken);
            let mut results = Vec::new();
            if !taken.is_empty() {
                let body = Bytes::from(taken_content.to_string());
                let body = forward(body).await.expect("an answer").into_body();
                let body = body.collect().await.expect("a whole answer").to_bytes();
                let answer: Value = serde_json::from_slice(&body).expect("an answer in JSON");
                results.clone_from(answer["Records"].as_array().expect("results"));
            }
            let mut results = results.into_iter();
            let throttled = json!({"ErrorCode": "ProvisionedThroughputExceededException", "ErrorMessage": "injected"});
            let merged = (0..records.len()).map(|index| {
                if is_throttled(&index) {
                    throttled.clone()
                } else {
                    results.next().expect("a result for each record")
                }
            });
            let merged: Vec<Value> = merged.collect();
            let failed = records.len() - taken.len();
            let answer = json!({"FailedRecordCount": failed, "Records": merged});
            Response::new(Full::new(Bytes::from(answer.to_string())))
        }
        Fault::TakesEach(n) => {
            let (taken, left) = split(&operation, &content, n);
            let mut answer = json!({});
            if let Some(taken) = taken {
                let body = Bytes::from(taken.to_string());
                let body = forward(body).await.expect("an answer").into_body();
                let body = body.collect().await.expect("a whole answer").to_bytes();
                answer = serde_json::from_slice(&body).expect("an answer in JSON");
            }
            let field = if operation == "BatchWriteItem" {
                "UnprocessedItems"
            } else {
                "Failed"
            };
            answer[field] = left;
            Response::new(Full::new(Bytes::from(answer.to_string())))
        }
    })
}

/// The request with each `n`-th item only, and the others as the service gives
/// them back.
fn split(operation: &str, content: &Value, n: usize) -> (Option<Value>, Value) {
    let mut taken = content.clone();
    let part = |items: &Value| -> (Vec<Value>, Vec<Value>) {
        let items = items
            .as_array()
            .expect("a list of items")
            .iter()
            .cloned()
            .enumerate();
        let (taken, left): (Vec<_>, Vec<_>) = items.partition(|(index, _)| (index + 1) % n == 0);
        let values = |items: Vec<(usize, Value)>| items.into_iter().map(|(_, item)| item).collect();
        (values(taken), values(left))
    };
    match operation {
        "BatchWriteItem" => {
            let tables = content["RequestItems"].as_object().expect("tables");
            let table = tables.keys().next().expect("a table");
            let (some, left) = part(&content["RequestItems"][table]);
            taken["RequestItems"][table] = json!(some);
            (
                (!some.is_empty()).then_some(taken),
                json!({table.as_str(): left}),
            )
        }
        "SendMessageBatch" => {
            let (some, left) = part(&content["Entries"]);
            let failed = left.iter().map(
                |entry| json!({"Id": entry["Id"], "SenderFault": false, "Code": "InternalError"}),
            );
            taken["Entries"] = json!(some);
            ((!some.is_empty()).then_some(taken), failed.collect())
        }
        other => panic!("{other} does not answer per item"),
    }
}

fn error(status: u16, code: &str, protocol: Protocol) -> Response<Body> {
    let (body, kind) = match protocol {
        Protocol::Xml => {
            let error = format!("<Error><Code>{code}</Code><Message>injected</Message></Error>");
            let body = format!("<ErrorResponse>{error}</ErrorResponse>");
            (body.into_bytes(), "text/xml")
        }
        Protocol::Json => {
            let body = json!({"__type": code, "message": "injected"}).to_string();
            (body.into_bytes(), "application/x-amz-json-1.0")
        }
        Protocol::Cbor => (
            cbor(&[("__type", code), ("message", "injected")]),
            "application/cbor",
        ),
    };
    Response::builder()
        .status(status)
        .header("content-type", kind)
        .header("x-amzn-errortype", code)
        .header("smithy-protocol", "rpc-v2-cbor")
        .body(Full::new(Bytes::from(body)))
        .expect("a whole response")
}

/// A map of at most 23 texts of at most 255 bytes each (RFC 8949).
fn cbor(map: &[(&str, &str)]) -> Vec<u8> {
    let mut body = vec![0xA0 | map.len() as u8];
    for text in map.iter().flat_map(|(name, text)| [name, text]) {
        body.extend([0x78, text.len() as u8]);
        body.extend(text.bytes());
    }
    body
}
