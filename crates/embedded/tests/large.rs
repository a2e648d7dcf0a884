//! What is held in memory of a large object: alone in its process, since all of that is
//! counted.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};

use embedded::Services;
use peak_alloc::PeakAlloc;

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const BLOCK_BYTES: usize = 64 * 1024;
const BLOCKS: usize = 2_048;

/// Sends a request's head on a connection of its own.
fn ask(services: &Services, line: &str, length: usize) -> TcpStream {
    let address = &services.url()["http://".len()..];
    let mut stream = TcpStream::connect(address).expect("a connection");
    let head = format!(
        "{line} HTTP/1.1\r\nhost: s3\r\nconnection: close\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).expect("a head");
    stream
}

/// How many bytes are answered.
fn answered(mut stream: TcpStream) -> usize {
    let (mut block, mut bytes) = (vec![0; BLOCK_BYTES], 0);
    loop {
        match stream.read(&mut block).expect("an answer") {
            0 => return bytes,
            read => bytes += read,
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_object_goes_to_disk_and_back_without_being_held() {
    let any_port = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
    let services = Services::start(any_port, None).await.expect("services");
    answered(ask(&services, "PUT /logs", 0));
    let length = BLOCKS * BLOCK_BYTES;
    MEMORY.reset_peak_usage();
    let before = MEMORY.peak_usage();

    let mut stream = ask(&services, "PUT /logs/large", length);
    let block = vec![b'x'; BLOCK_BYTES];
    for _ in 0..BLOCKS {
        stream.write_all(&block).expect("a block that is taken");
    }
    answered(stream);
    let bytes = answered(ask(&services, "GET /logs/large", 0));
    assert!(bytes > length, "the head and {length} bytes: {bytes}");

    let held = MEMORY.peak_usage() - before;
    assert!(held < 8 * 1024 * 1024, "{held} bytes were held of {length}");
}
