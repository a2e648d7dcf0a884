//! Something in Lambda's place that answers as a test wants.

use std::sync::{Arc, Mutex};

use http_body_util::{BodyExt as _, Full};
use hyper::body::{Bytes, Incoming};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;

/// What it answers.
pub(crate) enum Answer {
    /// The function's payload.
    Payload(String),
    /// The function failed, as Lambda tells it.
    FunctionError,
    /// The function was not reached: a status and an error code.
    Error(u16, &'static str),
}

/// An invocation: the function, and its event.
pub(crate) type Call = (String, String);

/// Lambda's invoke API.
pub(crate) struct Lambda {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Lambda {
    pub(crate) async fn start(answer: impl Fn(&Call) -> Answer + Send + Sync + 'static) -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
        let listener = listener.expect("a free port");
        let url = format!("http://{}", listener.local_addr().expect("an address"));
        let calls = Arc::new(Mutex::new(Vec::new()));
        let (heard, answer) = (Arc::clone(&calls), Arc::new(answer));
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (heard, answer) = (Arc::clone(&heard), Arc::clone(&answer));
                let service = service_fn(move |request| {
                    let (heard, answer) = (Arc::clone(&heard), Arc::clone(&answer));
                    async move {
                        let call = read(request).await;
                        let response = respond(&answer(&call));
                        heard.lock().expect("calls").push(call);
                        Ok::<_, std::convert::Infallible>(response)
                    }
                });
                let connection = hyper::server::conn::http1::Builder::new()
                    .serve_connection(TokioIo::new(stream), service);
                tokio::spawn(connection);
            }
        });
        Self { url, calls }
    }

    /// What was invoked, in its order.
    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().expect("calls").clone()
    }
}

async fn read(request: Request<Incoming>) -> Call {
    let path = request.uri().path().to_owned();
    let function = path
        .strip_prefix("/2015-03-31/functions/")
        .and_then(|rest| rest.strip_suffix("/invocations"));
    let function = function.expect("an invocation").to_owned();
    let body = request.into_body().collect().await.expect("a request");
    let event = String::from_utf8(body.to_bytes().to_vec()).expect("UTF-8");
    (function, event)
}

fn respond(answer: &Answer) -> Response<Full<Bytes>> {
    let mut response = Response::builder();
    let body = match answer {
        Answer::Payload(payload) => payload.clone(),
        Answer::FunctionError => {
            response = response.header("x-amz-function-error", "Unhandled");
            "null".to_owned()
        }
        Answer::Error(status, code) => {
            response = response.status(*status).header("x-amzn-errortype", *code);
            format!(r#"{{"Message":"{}"}}"#, super::stage::SECRET)
        }
    };
    response
        .body(Full::new(Bytes::from(body)))
        .expect("a response")
}
