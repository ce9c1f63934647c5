//! A client of REST that sends exactly what it is told.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// Far longer than anything takes: a test that waits so long has found something.
const PATIENCE: Duration = Duration::from_secs(240);

/// What the server at `port` of this machine answers: status, and body.
pub(crate) fn send(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> (u16, String) {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("a server");
    stream.set_read_timeout(Some(PATIENCE)).expect("set");
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nuser-agent: test\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream
        .write_all(&[head.as_bytes(), b"\r\n", body].concat())
        .expect("sent");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("an answer");
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").expect("an answer of HTTP");
    let status = head.split(' ').nth(1).and_then(|text| text.parse().ok());
    (status.expect("a status"), body.to_owned())
}

/// The JSON that `GET path` answers.
#[track_caller]
pub(crate) fn get(port: u16, path: &str) -> Value {
    let (status, body) = send(port, "GET", path, &[], b"");
    assert_eq!(status, 200, "{path}: {body}");
    serde_json::from_str(&body).expect("JSON")
}

/// The JSON that `POST path` answers.
#[track_caller]
pub(crate) fn post(port: u16, path: &str, body: &Value) -> Value {
    let headers = [("content-type", "application/json")];
    let (status, answer) = send(port, "POST", path, &headers, body.to_string().as_bytes());
    assert!((200..300).contains(&status), "{path}: {status} {answer}");
    serde_json::from_str(&answer).expect("JSON")
}

/// Uploads `content` as the package `name`.
pub(crate) fn upload(port: u16, name: &str, content: &[u8]) -> (u16, String) {
    let head = format!(
        "--boundary\r\nContent-Disposition: form-data; name=\"jarfile\"; filename=\"{name}\"\r\n\
         Content-Type: application/octet-stream\r\n\r\n"
    );
    let body = [head.as_bytes(), content, b"\r\n--boundary--\r\n"].concat();
    let form = [("content-type", "multipart/form-data; boundary=boundary")];
    send(port, "POST", "/jars/upload", &form, &body)
}
