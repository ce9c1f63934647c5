//! Whoever sends more than is read of a request hears the whole answer all the same, and no "connection reset".

use std::io::{Read, Write};
use std::net::TcpStream;

use crate::common::{PATIENCE, Server};

/// More than lies in a socket until somebody reads.
const BODY: usize = 1 << 20;

#[test]
fn by_a_client_that_sends_what_nobody_asked_for() {
    let server = Server::start(&[]);
    for _ in 0..8 {
        let mut stream = TcpStream::connect(server.address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a limit");
        stream.set_write_timeout(Some(PATIENCE)).expect("a limit");
        let head = format!(
            "GET /openapi.json HTTP/1.0\r\nhost: {}\r\ncontent-length: {BODY}\r\n\r\n",
            server.address
        );
        stream.write_all(head.as_bytes()).expect("is taken");
        let mut sending = stream.try_clone().expect("a second handle");
        let sent = std::thread::Builder::new()
            .spawn(move || sending.write_all(&vec![b' '; BODY]))
            .expect("a thread");
        let mut answer = Vec::new();
        stream.read_to_end(&mut answer).expect("no reset");
        let answer = String::from_utf8(answer).expect("text");
        let (head, body) = answer.split_once("\r\n\r\n").expect("an answer");
        let length = format!("content-length: {}", body.len());
        assert!(head.starts_with("HTTP/1.0 200"), "{head}");
        assert!(head.contains(&length), "{length}: {head}");
        sent.join().expect("no panic").expect("all of it is read");
    }
}
