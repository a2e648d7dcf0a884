//! A call as DynamoDB receives it: a body of our own under the SDK's signature. No
//! local endpoint checks signatures; AWS refuses every call with a wrong one.

use std::time::SystemTime;

use aws_sdk_dynamodb::config::{BehaviorVersion, Credentials, Region};
use aws_sdk_dynamodb::{Client, Config};
use aws_sigv4::http_request::{SignableBody, SignableRequest, SigningSettings, sign};
use aws_sigv4::sign::v4;
use axum::Router;
use axum::body::Bytes;
use axum::http::HeaderMap;
use axum::routing::post;
use chrono::{NaiveDateTime, TimeZone as _, Utc};
use function::delivery::{Outcome, Target as _};
use function::env::TableName;
use orders::{DynamoTable, Row, batch_write_item_body};
use tokio::sync::mpsc::unbounded_channel;

const LINE: &str = "536365,85123A,\"6\"\" £ HOLDER\",6,12/1/2010 8:26,2.55,17850,United Kingdom";

/// The signature of a POST to `url` with these headers, of those that are signed,
/// and this body.
fn signature(credentials: Credentials, url: &str, headers: &HeaderMap, body: &[u8]) -> String {
    let text = |name: &str| headers[name].to_str().expect("a text");
    let at = NaiveDateTime::parse_from_str(text("x-amz-date"), "%Y%m%dT%H%M%SZ");
    let signed = part(text("authorization"), "SignedHeaders=").split(';');
    let signed: Vec<_> = signed.map(|name| (name, text(name))).collect();
    let identity = credentials.into();
    let how = v4::SigningParams::builder()
        .identity(&identity)
        .region("us-east-1")
        .name("dynamodb")
        .time(SystemTime::from(
            Utc.from_utc_datetime(&at.expect("a time")),
        ))
        .settings(SigningSettings::default())
        .build();
    let body = SignableBody::Bytes(body);
    let request = SignableRequest::new("POST", url, signed.into_iter(), body);
    let signed = sign(
        request.expect("a request"),
        &how.expect("all is set").into(),
    );
    signed.expect("a signature").signature().to_owned()
}

/// What stands behind `name` in an Authorization header.
fn part<'a>(authorization: &'a str, name: &str) -> &'a str {
    let (_, value) = authorization.split_once(name).expect(name);
    value.split(',').next().unwrap_or_default()
}

#[tokio::test]
async fn what_is_signed_and_counted_is_the_body_with_the_rows() {
    let (tell, mut told) = unbounded_channel();
    let answer = async move |headers: HeaderMap, body: Bytes| {
        tell.send((headers, body)).expect("a listener");
        "{}"
    };
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await;
    let listener = listener.expect("a free port");
    let url = format!("http://{}/", listener.local_addr().expect("an address"));
    tokio::spawn(async {
        let app = Router::new().route("/", post(answer));
        axum::serve(listener, app).await
    });

    let credentials = Credentials::new("AKIDEXAMPLE", "secret", None, None, "test");
    let config = Config::builder()
        .behavior_version(BehaviorVersion::latest())
        .region(Region::new("us-east-1"))
        .credentials_provider(credentials.clone())
        .endpoint_url(&url)
        .build();
    let name = TableName::parse("WebsiteOrders").expect("a name");
    let table = DynamoTable::new(Client::from_conf(config), name.clone());
    let line = model::decode(LINE.as_bytes()).next().expect("a line").line;
    let row = Row::new(line.expect("a good line"), Utc::now().into());
    let outcomes = table.call(&[&row]).await.expect("an answer");
    assert_eq!(outcomes, [Outcome::Done]);

    let (headers, body) = told.recv().await.expect("a call");
    assert_eq!(body, batch_write_item_body(&name, &[&row]));
    assert_eq!(headers["content-length"], body.len().to_string());
    let authorization = headers["authorization"].to_str().expect("a text");
    let sent = part(authorization, "Signature=");
    assert_eq!(sent, signature(credentials.clone(), &url, &headers, &body));
    assert_ne!(sent, signature(credentials, &url, &headers, b"{}"));
}
