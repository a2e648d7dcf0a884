//! The built function as a process of its own: whole invocations through the Lambda
//! runtime API, from a process's start until it is ready, and its peak memory.
//!
//! Both the runtime API and the endpoint that takes the rows are served here and
//! answer at once: an emulator would be slower than the function. A time is from the
//! event's handing over to the answer's arrival, on loopback.
#![allow(missing_docs, reason = "Criterion's macros")]

use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::Response;
use axum::routing::{get, post};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

/// What Lambda gives a function of this timeout; far from any time measured here.
const TIMEOUT_MS: u128 = 60_000;

/// What Lambda and DynamoDB are to the function.
struct Services {
    events: UnboundedSender<Bytes>,
    /// A word for each time that the function asks for an event or answers one.
    heard: Receiver<Heard>,
    port: u16,
}

#[derive(Debug, PartialEq, Eq)]
enum Heard {
    Ready,
    Answered(String),
}

type Shared = Arc<(
    tokio::sync::Mutex<UnboundedReceiver<Bytes>>,
    Mutex<Sender<Heard>>,
)>;

impl Services {
    fn start() -> Self {
        let (events, next) = unbounded_channel();
        let (say, heard) = channel();
        let shared: Shared = Arc::new((tokio::sync::Mutex::new(next), Mutex::new(say)));
        let invocation = "/2018-06-01/runtime/invocation";
        let app = Router::new()
            .route(&format!("{invocation}/next"), get(next_event))
            .route(&format!("{invocation}/{{id}}/response"), post(answered))
            .route(
                "/",
                post(async |_: Bytes| json("{\"UnprocessedItems\":{}}".into())),
            )
            .with_state(shared);
        let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        listener.set_nonblocking(true).expect("a listener");
        std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(async {
                let listener = tokio::net::TcpListener::from_std(listener).expect("a listener");
                axum::serve(listener, app).await.expect("a server");
            });
        });
        Self {
            events,
            heard,
            port,
        }
    }

    /// A function that was started and has asked for its first event.
    fn function(&self) -> Function {
        let child = Command::new(env!("CARGO_BIN_EXE_orders"))
            .env_clear()
            .env("AWS_LAMBDA_RUNTIME_API", format!("127.0.0.1:{}", self.port))
            .env("AWS_LAMBDA_FUNCTION_NAME", "orders")
            .env("AWS_LAMBDA_FUNCTION_VERSION", "1")
            .env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256")
            .env(
                "AWS_ENDPOINT_URL",
                format!("http://127.0.0.1:{}", self.port),
            )
            .env("AWS_REGION", "us-east-1")
            .env("AWS_ACCESS_KEY_ID", "test")
            .env("AWS_SECRET_ACCESS_KEY", "test")
            .env("ORDERS_TABLE", "orders")
            .env(
                "REJECTS_QUEUE_URL",
                format!("http://127.0.0.1:{}/q", self.port),
            )
            .stdout(Stdio::null())
            .spawn();
        let function = Function(child.expect("the built function"));
        assert_eq!(self.hear(), Heard::Ready);
        function
    }

    fn hear(&self) -> Heard {
        let heard = self.heard.recv_timeout(Duration::from_secs(60));
        heard.expect("a word from the function")
    }

    /// Hands an event over and waits for the answer, which must be a success.
    fn invoke(&self, event: &Bytes) -> Duration {
        let start = Instant::now();
        self.events.send(event.clone()).expect("a server");
        let answer = self.hear();
        let taken = start.elapsed();
        assert_eq!(
            answer,
            Heard::Answered("{\"batchItemFailures\":[]}".to_owned())
        );
        assert_eq!(self.hear(), Heard::Ready);
        taken
    }
}

async fn next_event(State(shared): State<Shared>) -> Response<Body> {
    // Asked for before it is said that the function waits: a process that was ended
    // must not take the next one's event.
    let mut events = shared.0.lock().await;
    shared
        .1
        .lock()
        .expect("a sender")
        .send(Heard::Ready)
        .expect("a listener");
    let Some(event) = events.recv().await else {
        // The benchmark ends, and the function with it.
        return std::future::pending().await;
    };
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().expect("a time");
    let mut response = json(event.into());
    for (name, value) in [
        ("lambda-runtime-aws-request-id", "1".to_owned()),
        (
            "lambda-runtime-deadline-ms",
            (now.as_millis() + TIMEOUT_MS).to_string(),
        ),
        (
            "lambda-runtime-invoked-function-arn",
            "arn:aws:lambda:us-east-1:1:function:orders".to_owned(),
        ),
    ] {
        response
            .headers_mut()
            .insert(name, value.parse().expect("a header"));
    }
    response
}

async fn answered(State(shared): State<Shared>, body: Bytes) -> Response<Body> {
    let answer = String::from_utf8(body.to_vec()).expect("JSON");
    shared
        .1
        .lock()
        .expect("a sender")
        .send(Heard::Answered(answer))
        .expect("a listener");
    json("{}".into())
}

fn json(body: Body) -> Response<Body> {
    let response = Response::builder().header("content-type", "application/x-amz-json-1.0");
    response.body(body).expect("a response")
}

/// The built function, ended with this.
struct Function(Child);

impl Function {
    /// The most memory that the process ever held, in KB.
    fn peak_memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0.id()));
        let status = status.expect("a process on Linux");
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let number = line.and_then(|line| line.trim().strip_suffix(" kB"));
        number
            .and_then(|n| n.parse().ok())
            .expect("its peak memory")
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn line(n: usize) -> String {
    format!(
        "{},{}A,WHITE HANGING HEART T-LIGHT HOLDER,6,12/1/2010 8:26,2.55,17850,United Kingdom\r\n",
        536_365 + n / 20,
        85_123 + n % 900
    )
}

fn start(c: &mut Criterion) {
    let mut group = c.benchmark_group("process");
    group.sample_size(20);
    group.bench_function("start to ready", |b| {
        b.iter_custom(|times| {
            (0..times)
                .map(|_| {
                    let services = Services::start();
                    let start = Instant::now();
                    let function = services.function();
                    let taken = start.elapsed();
                    drop(function);
                    taken
                })
                .sum()
        });
    });
    group.finish();
    let services = Services::start();
    println!("memory/ready: {} KB", services.function().peak_memory());
}

fn invocations(c: &mut Criterion) {
    let mut group = c.benchmark_group("runtime API");
    group.sample_size(20);
    for (records, lines) in [(100_usize, 1), (1_000, 1), (10_000, 1), (480, 100)] {
        let payload = |record| {
            (0..lines)
                .map(|n| line(record * lines + n))
                .collect::<String>()
        };
        let payloads: Vec<String> = (0..records).map(payload).collect();
        let event = Bytes::from(testkit::event(1, &payloads));
        let name = format!("{records}x{lines} ({} KB)", event.len() / 1000);
        let services = Services::start();
        let function = services.function();
        group.throughput(Throughput::Elements((records * lines) as u64));
        group.bench_function(&name, |b| {
            b.iter_custom(|times| (0..times).map(|_| services.invoke(&event)).sum());
        });
        println!("memory/{name}: {} KB", function.peak_memory());
    }
    group.finish();
}

criterion_group!(benches, start, invocations);
criterion_main!(benches);
