//! A client of REST that sends exactly what it is told.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;

/// Far longer than anything takes: a test that waits so long has found something.
const PATIENCE: Duration = Duration::from_secs(240);

/// The header of a body that is JSON.
pub(crate) const JSON: (&str, &str) = ("content-type", "application/json");

/// What the server at `port` of this machine answers a client that does not say what it is, as Flink's does not: status, and
/// body. `None`: nobody answers.
pub(crate) fn try_send(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Option<(u16, String)> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).ok()?;
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in headers {
        head.push_str(&format!("{name}: {value}\r\n"));
    }
    stream
        .write_all(&[head.as_bytes(), b"\r\n", body].concat())
        .ok()?;
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).ok()?;
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.split(' ').nth(1)?.parse().ok()?;
    Some((status, body.to_owned()))
}

/// The same of a server that answers, to a program that says what it is.
#[track_caller]
pub(crate) fn send(
    port: u16,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> (u16, String) {
    let headers = [headers, &[("user-agent", "test")]].concat();
    try_send(port, method, path, &headers, body).expect("an answer")
}

/// One call of JSON; `None`: nobody answers.
pub(crate) fn try_call(port: u16, method: &str, path: &str, body: &Value) -> Option<(u16, Value)> {
    let (status, answer) = try_send(port, method, path, &[JSON], body.to_string().as_bytes())?;
    Some((status, serde_json::from_str(&answer).unwrap_or(Value::Null)))
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
    let (status, answer) = send(port, "POST", path, &[JSON], body.to_string().as_bytes());
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
