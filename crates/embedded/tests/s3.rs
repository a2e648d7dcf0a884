//! S3 as AWS's own SDK meets it, and as hostile clients do.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::path::Path;

use aws_config::SdkConfig;
use aws_sdk_s3::Client;
use aws_sdk_s3::error::ProvideErrorMetadata as _;
use aws_sdk_s3::primitives::ByteStream;
use aws_sdk_s3::types::{
    ChecksumMode, CompletedMultipartUpload, CompletedPart, Delete, Event, FilterRule,
    FilterRuleName, NotificationConfiguration, NotificationConfigurationFilter, ObjectIdentifier,
    QueueConfiguration, S3KeyFilter,
};
use embedded::Services;
use serde_json::{Value, json};

const ANY_PORT: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);
const QUEUE: &str = "arn:aws:sqs:us-east-1:000000000000:objects";

async fn start(data: Option<&Path>) -> (Services, SdkConfig, Client) {
    let services = Services::start(ANY_PORT, data).await.expect("services");
    let config = testkit::sdk_config(&services.url());
    let client = client(&config);
    (services, config, client)
}

fn client(config: &SdkConfig) -> Client {
    let config = aws_sdk_s3::config::Builder::from(config).force_path_style(true);
    Client::from_conf(config.build())
}

async fn bucket(s3: &Client) {
    s3.create_bucket()
        .bucket("logs")
        .send()
        .await
        .expect("a bucket");
}

async fn put(s3: &Client, key: &str, body: &[u8]) {
    let call = s3.put_object().bucket("logs").key(key);
    let body = ByteStream::from(body.to_vec());
    call.body(body).send().await.expect("an object");
}

async fn body(s3: &Client, key: &str) -> Vec<u8> {
    let call = s3.get_object().bucket("logs").key(key);
    let answer = call.send().await.expect("an object");
    let body = answer.body.collect().await.expect("a body");
    body.to_vec()
}

/// Lets a queue know of objects whose keys begin and end so.
async fn tell(s3: &Client, prefix: &str, suffix: &str) {
    let rule = |name: FilterRuleName, value: &str| FilterRule::builder().name(name).value(value);
    let key = S3KeyFilter::builder()
        .filter_rules(rule(FilterRuleName::Prefix, prefix).build())
        .filter_rules(rule(FilterRuleName::Suffix, suffix).build());
    let filter = NotificationConfigurationFilter::builder().key(key.build());
    let queue = QueueConfiguration::builder()
        .id("traffic")
        .queue_arn(QUEUE)
        .events(Event::S3ObjectCreated)
        .filter(filter.build());
    let rules =
        NotificationConfiguration::builder().queue_configurations(queue.build().expect("a rule"));
    let call = s3.put_bucket_notification_configuration().bucket("logs");
    let call = call.notification_configuration(rules.build());
    call.send().await.expect("a configuration");
}

async fn messages(config: &SdkConfig) -> Vec<Value> {
    let sqs = aws_sdk_sqs::Client::new(config);
    let url = format!(
        "{}/000000000000/objects",
        config.endpoint_url().expect("a URL")
    );
    let call = sqs
        .receive_message()
        .queue_url(url)
        .max_number_of_messages(10);
    let received = call.send().await.expect("messages");
    let bodies = received
        .messages()
        .iter()
        .filter_map(|message| message.body());
    bodies
        .map(|body| serde_json::from_str(body).expect("JSON"))
        .collect()
}

async fn queue(config: &SdkConfig) {
    let sqs = aws_sdk_sqs::Client::new(config);
    let call = sqs.create_queue().queue_name("objects");
    call.send().await.expect("a queue");
}

#[tokio::test]
async fn each_object_is_told_of_in_the_form_of_aws() {
    let (_services, config, s3) = start(None).await;
    bucket(&s3).await;
    queue(&config).await;
    tell(&s3, "cdn/", ".gz").await;
    let test = messages(&config).await;
    assert_eq!(test.len(), 1);
    assert_eq!(
        (&test[0]["Event"], &test[0]["Bucket"]),
        (&json!("s3:TestEvent"), &json!("logs"))
    );
    put(&s3, "cdn/not told", b"a").await;
    put(&s3, "other/a.gz", b"a").await;
    put(&s3, "cdn/a b+c=\u{a3}.gz", b"first").await;
    put(&s3, "cdn/a b+c=\u{a3}.gz", b"second").await;

    let told = messages(&config).await;
    assert_eq!(told.len(), 2);
    let record = &told[0]["Records"][0];
    for (name, value) in [
        ("eventVersion", "2.1"),
        ("eventSource", "aws:s3"),
        ("awsRegion", "us-east-1"),
        ("eventName", "ObjectCreated:Put"),
    ] {
        assert_eq!(record[name], value, "{name}");
    }
    assert!(
        record["eventTime"]
            .as_str()
            .is_some_and(|time| time.ends_with('Z'))
    );
    let s3 = &record["s3"];
    assert_eq!(s3["configurationId"], "traffic");
    assert_eq!(s3["bucket"]["name"], "logs");
    assert_eq!(s3["bucket"]["arn"], "arn:aws:s3:::logs");
    assert_eq!(s3["object"]["key"], "cdn/a+b%2Bc%3D%C2%A3.gz");
    assert_eq!(s3["object"]["size"], 5);
    // As `printf first | md5sum` says.
    assert_eq!(s3["object"]["eTag"], "8b04d5e3775d298e78455efc5ca404d5");
    let later = &told[1]["Records"][0]["s3"]["object"]["sequencer"];
    assert!(later.as_str() > s3["object"]["sequencer"].as_str());
}

#[tokio::test]
async fn an_object_is_read_whole_in_parts_and_as_it_was() {
    let (_services, _config, s3) = start(None).await;
    bucket(&s3).await;
    let call = s3.put_object().bucket("logs").key("a");
    let call = call.content_type("text/plain").metadata("edge", "LHR");
    let body = ByteStream::from_static(b"0123456789");
    let made = call.body(body).send().await.expect("an object");
    assert!(made.checksum_crc32().is_some(), "the SDK sends it");
    let etag = made.e_tag().expect("an ETag");

    let get = || s3.get_object().bucket("logs").key("a");
    // The SDK compares the body with the checksum that comes with it.
    let whole = get().checksum_mode(ChecksumMode::Enabled).if_match(etag);
    let whole = whole.send().await.expect("the object");
    assert_eq!(whole.checksum_crc32(), made.checksum_crc32());
    assert_eq!(whole.content_type(), Some("text/plain"));
    assert_eq!(whole.metadata().expect("metadata")["edge"], "LHR");
    let bytes = whole.body.collect().await.expect("a body").to_vec();
    assert_eq!(bytes, b"0123456789");
    let part = get().range("bytes=2-4").send().await.expect("a part");
    assert_eq!(part.content_range(), Some("bytes 2-4/10"));
    assert_eq!(part.body.collect().await.expect("a body").to_vec(), b"234");
    let head = s3.head_object().bucket("logs").key("a").send().await;
    let head = head.expect("a head");
    assert_eq!(
        (head.content_length(), head.e_tag()),
        (Some(10), Some(etag))
    );
    assert!(head.last_modified().expect("a time").secs() > 1_700_000_000);

    let code = |error: Option<&str>| error.map(str::to_owned);
    let old = get()
        .if_match("\"old\"")
        .send()
        .await
        .expect_err("another one");
    assert_eq!(code(old.code()).as_deref(), Some("PreconditionFailed"));
    let behind = get().range("bytes=10-").send().await.expect_err("none");
    assert_eq!(code(behind.code()).as_deref(), Some("InvalidRange"));
    let call = s3.put_object().bucket("logs").key("a").if_none_match("*");
    let there = call.send().await.expect_err("there is one");
    assert_eq!(code(there.code()).as_deref(), Some("PreconditionFailed"));
    s3.delete_object()
        .bucket("logs")
        .key("a")
        .send()
        .await
        .expect("gone");
    let gone = get().send().await.expect_err("gone").into_service_error();
    assert!(gone.is_no_such_key(), "{gone:?}");
    let call = s3.head_object().bucket("logs").key("a").send().await;
    assert!(call.expect_err("gone").into_service_error().is_not_found());
}

#[tokio::test]
async fn every_key_is_kept_as_it_is() {
    let (_services, _config, s3) = start(None).await;
    bucket(&s3).await;
    let long = "x".repeat(1_024);
    let keys = [
        "../../../etc/passwd",
        "..",
        ".",
        "a/../b",
        "a//b",
        "a/",
        "/a",
        "%2e%2e/%",
        "a b+c",
        "\u{a3}\u{1f980}",
        "<&>\"'",
        "a?b#c",
        "a\\b",
        "service/GraniteServiceVersion20100801",
        long.as_str(),
    ];
    for key in keys {
        put(&s3, key, key.as_bytes()).await;
    }
    for key in keys {
        assert_eq!(body(&s3, key).await, key.as_bytes(), "{key}");
    }
    let listed = s3
        .list_objects_v2()
        .bucket("logs")
        .send()
        .await
        .expect("keys");
    let listed: Vec<_> = listed.contents().iter().filter_map(|o| o.key()).collect();
    let mut sorted = keys;
    sorted.sort_unstable();
    assert_eq!(listed, sorted);
    let call = s3.put_object().bucket("logs").key("x".repeat(1_025));
    assert_eq!(
        call.send().await.expect_err("too long").code(),
        Some("KeyTooLongError")
    );
    let all = keys.map(|key| ObjectIdentifier::builder().key(key).build().expect("a key"));
    let all = Delete::builder().set_objects(Some(all.to_vec())).build();
    let call = s3
        .delete_objects()
        .bucket("logs")
        .delete(all.expect("keys"));
    assert_eq!(call.send().await.expect("gone").deleted().len(), keys.len());
    s3.delete_bucket()
        .bucket("logs")
        .send()
        .await
        .expect("an empty bucket");
}

#[tokio::test]
async fn a_listing_comes_page_by_page() {
    let (_services, _config, s3) = start(None).await;
    bucket(&s3).await;
    for key in ["a", "b/1", "b/2", "b/3", "c", "d/1", "e"] {
        put(&s3, key, b"").await;
    }
    let pages = s3
        .list_objects_v2()
        .bucket("logs")
        .delimiter("/")
        .into_paginator();
    let pages = pages
        .page_size(2)
        .send()
        .collect::<Result<Vec<_>, _>>()
        .await;
    let (mut keys, mut prefixes) = (Vec::new(), Vec::new());
    let pages = pages.expect("pages");
    for page in &pages {
        assert!(page.key_count() <= Some(2));
        keys.extend(page.contents().iter().filter_map(|object| object.key()));
        prefixes.extend(
            page.common_prefixes()
                .iter()
                .filter_map(|prefix| prefix.prefix()),
        );
    }
    assert_eq!(
        (pages.len(), keys, prefixes),
        (3, vec!["a", "c", "e"], vec!["b/", "d/"])
    );
    let call = s3
        .list_objects_v2()
        .bucket("logs")
        .prefix("b/")
        .start_after("b/1");
    let found = call.send().await.expect("keys");
    let found: Vec<_> = found.contents().iter().filter_map(|o| o.key()).collect();
    assert_eq!(found, ["b/2", "b/3"]);
}

/// Bytes that no compression and no repetition hides behind.
fn noise(length: usize, seed: u64) -> Vec<u8> {
    let mut state = seed;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

#[tokio::test]
async fn an_object_of_parts_is_their_sum() {
    let (_services, config, s3) = start(None).await;
    bucket(&s3).await;
    queue(&config).await;
    tell(&s3, "", "").await;
    let parts = [
        noise(5 * 1024 * 1024, 1),
        noise(5 * 1024 * 1024, 2),
        noise(3, 3),
    ];
    let call = s3.create_multipart_upload().bucket("logs").key("large");
    let upload = call
        .send()
        .await
        .expect("an upload")
        .upload_id
        .expect("an id");
    let mut done = CompletedMultipartUpload::builder();
    for (number, part) in (1..).zip(&parts) {
        let call = s3
            .upload_part()
            .bucket("logs")
            .key("large")
            .upload_id(&upload);
        let call = call
            .part_number(number)
            .body(ByteStream::from(part.clone()));
        let sent = call.send().await.expect("a part");
        let part = CompletedPart::builder()
            .part_number(number)
            .set_e_tag(sent.e_tag);
        done = done.parts(part.build());
    }
    let call = s3.complete_multipart_upload().bucket("logs").key("large");
    let call = call.upload_id(&upload).multipart_upload(done.build());
    let made = call.clone().send().await.expect("an object");
    assert!(made.e_tag().expect("an ETag").ends_with("-3\""));
    assert!(
        body(&s3, "large").await == parts.concat(),
        "the parts in their order"
    );
    let told = messages(&config).await;
    let record = &told[1]["Records"][0];
    assert_eq!(record["eventName"], "ObjectCreated:CompleteMultipartUpload");
    assert_eq!(record["s3"]["object"]["size"], 10 * 1024 * 1024 + 3);
    let again = call.send().await.expect_err("over");
    assert_eq!(again.code(), Some("NoSuchUpload"));
}

#[tokio::test]
async fn objects_and_rules_are_there_after_a_restart_and_leftovers_are_not() {
    let name = format!("sitewatch-embedded-s3-{}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    let (services, config, s3) = start(Some(&folder)).await;
    bucket(&s3).await;
    queue(&config).await;
    tell(&s3, "", "").await;
    put(&s3, "a", b"kept").await;
    services.stop().await;
    let left = folder.join("objects/01234567-89ab-4cde-8f01-23456789abcd");
    std::fs::write(left, b"half an object").expect("a file");
    // Who says `--data .` may have such a folder.
    let others = ["notes.txt", "01234567-89AB-4CDE-8F01-23456789ABCD"];
    let others = others.map(|name| folder.join("objects").join(name));
    for other in &others {
        std::fs::write(other, b"a user's").expect("a file");
    }

    let (services, config, s3) = start(Some(&folder)).await;
    assert_eq!(body(&s3, "a").await, b"kept");
    put(&s3, "a", b"replaced").await;
    assert_eq!(messages(&config).await.len(), 3, "the test and two objects");
    let files = std::fs::read_dir(folder.join("objects")).expect("a folder");
    let files: Vec<_> = files.map(|file| file.expect("a file").path()).collect();
    assert_eq!(files.len(), 3, "neither leftovers nor what was replaced");
    assert!(others.iter().all(|other| files.contains(other)));
    services.stop().await;
    std::fs::remove_dir_all(&folder).expect("nothing holds the folder");
}

#[tokio::test]
async fn what_is_not_there_is_refused_by_name() {
    let (_services, _config, s3) = start(None).await;
    let large = ByteStream::from(noise(8 * 1024 * 1024, 1));
    let call = s3.put_object().bucket("none").key("a").body(large);
    assert_eq!(
        call.send().await.expect_err("no bucket").code(),
        Some("NoSuchBucket")
    );
    bucket(&s3).await;
    bucket(&s3).await;
    for name in ["ab", "Logs", "-logs", "lo_gs"] {
        let error = s3.create_bucket().bucket(name).send().await;
        assert_eq!(
            error.expect_err("no name").code(),
            Some("InvalidBucketName"),
            "{name}"
        );
    }
    let call = s3.get_bucket_acl().bucket("logs").send().await;
    assert_eq!(
        call.expect_err("no rights here").code(),
        Some("NotImplemented")
    );
    let queue = QueueConfiguration::builder()
        .queue_arn(QUEUE)
        .events(Event::S3ObjectCreated);
    let rules =
        NotificationConfiguration::builder().queue_configurations(queue.build().expect("a rule"));
    let call = s3.put_bucket_notification_configuration().bucket("logs");
    let call = call.notification_configuration(rules.build()).send().await;
    assert_eq!(call.expect_err("no queue").code(), Some("InvalidArgument"));
    put(&s3, "a", b"").await;
    let full = s3.delete_bucket().bucket("logs").send().await;
    assert_eq!(full.expect_err("not empty").code(), Some("BucketNotEmpty"));
}

/// A connection on which a request has been written.
fn connect(services: &Services, request: &[u8]) -> TcpStream {
    let address = &services.url()["http://".len()..];
    let mut stream = TcpStream::connect(address).expect("a connection");
    stream.write_all(request).expect("a request");
    stream
}

/// What is answered to a request that asks for the connection's end.
fn raw(services: &Services, request: &[u8]) -> String {
    let mut answer = Vec::new();
    let mut stream = connect(services, request);
    stream.read_to_end(&mut answer).expect("an answer");
    String::from_utf8_lossy(&answer).into_owned()
}

fn request(line: &str, headers: &str, body: &str) -> Vec<u8> {
    let length = body.len();
    format!("{line} HTTP/1.1\r\nhost: s3\r\nconnection: close\r\ncontent-length: {length}\r\n{headers}\r\n{body}")
        .into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_no_sdk_is_served_and_hostile_requests_are_refused() {
    let (services, _config, s3) = start(None).await;
    bucket(&s3).await;
    let ask = |line: &str, headers: &str, body: &str| raw(&services, &request(line, headers, body));
    assert!(ask("PUT /logs/plain%20a", "", "text").starts_with("HTTP/1.1 200"));
    let found = ask("GET /logs/plain%20a", "", "");
    assert!(
        found.starts_with("HTTP/1.1 200") && found.ends_with("\r\n\r\ntext"),
        "{found}"
    );
    let chunked = "x-amz-content-sha256: STREAMING-UNSIGNED-PAYLOAD-TRAILER\r\n\
        content-encoding: aws-chunked,gzip\r\nx-amz-trailer: x-amz-checksum-crc32\r\n";
    // The checksum is that of `text`.
    let body = |sum: &str| format!("4\r\ntext\r\n0\r\nx-amz-checksum-crc32:{sum}\r\n\r\n");
    assert!(ask("PUT /logs/c", chunked, &body("O4unxw==")).starts_with("HTTP/1.1 200"));
    let found = ask("GET /logs/c", "", "");
    assert!(
        found.contains("content-encoding: gzip\r\n") && found.ends_with("\r\n\r\ntext"),
        "{found}"
    );

    for (line, headers, body, code) in [
        ("PUT /logs/c", chunked, &*body("AAAAAA=="), "BadDigest"),
        ("PUT /logs/c", chunked, "4\r\nte", "IncompleteBody"),
        ("PUT /logs/c", chunked, "zz\r\n", "IncompleteBody"),
        (
            "PUT /logs/c",
            "x-amz-checksum-crc32: AAAA\r\n",
            "a",
            "BadDigest",
        ),
        (
            "PUT /logs/c",
            "x-amz-checksum-sha1: AAAA\r\n",
            "a",
            "NotImplemented",
        ),
        ("PUT /logs/c", "content-md5: AAAA\r\n", "a", "BadDigest"),
        (
            "PUT /logs/c",
            "x-amz-copy-source: /logs/a\r\n",
            "",
            "NotImplemented",
        ),
        ("PUT /logs/%ff", "", "a", "InvalidURI"),
        ("PUT /logs/c?acl", "", "a", "NotImplemented"),
        ("POST /logs?delete", "", "<Delete><Object>", "MalformedXML"),
        ("POST /logs?delete", "", "<Delete/>", "MalformedXML"),
        ("PUT /logs?notification", "", "no XML", "MalformedXML"),
        (
            "GET /logs?list-type=2&max-keys=x",
            "",
            "",
            "InvalidArgument",
        ),
        (
            "GET /logs?list-type=2&continuation-token=*",
            "",
            "",
            "InvalidArgument",
        ),
        (
            "PUT /logs/c?partNumber=0&uploadId=x",
            "",
            "a",
            "InvalidArgument",
        ),
        (
            "PUT /logs/c?partNumber=1&uploadId=x",
            "",
            "a",
            "NoSuchUpload",
        ),
        ("GET /%2e%2e/%2e%2e", "", "", "NoSuchBucket"),
        ("GET //a", "", "", "NoSuchBucket"),
        ("BREW /logs/c", "", "", "NotImplemented"),
    ] {
        let answer = ask(line, headers, body);
        assert!(
            answer.contains(&format!("<Code>{code}</Code>")),
            "{line} {body}: {answer}"
        );
        assert!(answer.contains("content-type: application/xml"), "{answer}");
    }
    // Nothing of what was refused is there.
    assert!(ask("GET /logs/c", "", "").ends_with("\r\n\r\ntext"));
    let broken = b"PUT /logs/broken HTTP/1.1\r\nhost: s3\r\ncontent-length: 100\r\n\r\nhalf";
    drop(connect(&services, broken));
    assert!(ask("GET /logs/broken", "", "").contains("<Code>NoSuchKey</Code>"));
    let waits = "expect: 100-continue\r\n";
    let answer = ask("PUT /logs/waits", waits, "a");
    assert!(
        answer.starts_with("HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200"),
        "{answer}"
    );
}
