//! Plain requests of bytes: independent of every client that is tested.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::{Doing, Failure, Result};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a node says before it answers.
const GO_ON: &[u8] = b"HTTP/1.1 100 ";

/// What a node has answered.
pub(super) struct Answer {
    status: u16,
    pub(super) body: Vec<u8>,
}

impl Answer {
    /// The body, if the node has done what it was asked.
    pub(super) fn accepted(self) -> Result<Vec<u8>> {
        if (200..300).contains(&self.status) {
            return Ok(self.body);
        }
        let said = String::from_utf8_lossy(&self.body);
        Err(Failure::new(format!(
            "HDFS answers {}: {said}",
            self.status
        )))
    }
}

/// Asks who listens at `host:port`.
pub(super) fn ask(address: &str, method: &str, path: &str, body: &[u8]) -> Result<Answer> {
    let doing = || format!("{method} http://{address}{path}");
    let mut stream = TcpStream::connect(address).doing(doing)?;
    stream.set_read_timeout(Some(PATIENCE)).doing(doing)?;
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/octet-stream\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).doing(doing)?;
    stream.write_all(body).doing(doing)?;
    let mut said = Vec::new();
    stream.read_to_end(&mut said).doing(doing)?;
    let odd = || Failure::new(format!("{}: that is no answer", doing()));
    if said.starts_with(GO_ON) {
        let end = position(&said, b"\r\n\r\n").ok_or_else(odd)?;
        said.drain(..end + 4);
    }
    let end = position(&said, b"\r\n\r\n").ok_or_else(odd)?;
    let head = String::from_utf8_lossy(said.get(..end).unwrap_or_default()).into_owned();
    let body = said.split_off(end + 4);
    let status = head.split(' ').nth(1);
    let status = status.and_then(|status| status.parse().ok());
    let is_chunked = head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked");
    Ok(Answer {
        status: status.ok_or_else(odd)?,
        body: if is_chunked { unchunked(&body) } else { body },
    })
}

fn position(bytes: &[u8], wanted: &[u8]) -> Option<usize> {
    bytes
        .windows(wanted.len())
        .position(|window| window == wanted)
}

fn unchunked(body: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    let mut rest = body;
    while let Some(end) = position(rest, b"\r\n") {
        let length = String::from_utf8_lossy(rest.get(..end).unwrap_or_default());
        let length = usize::from_str_radix(length.trim(), 16).unwrap_or(0);
        let behind = rest.get(end + 2..).unwrap_or_default();
        let Some(piece) = behind.get(..length).filter(|_| length > 0) else {
            break;
        };
        out.extend_from_slice(piece);
        rest = behind.get(length + 2..).unwrap_or_default();
    }
    out
}

/// A path as it stands in an address.
pub(super) fn escaped(path: &str) -> String {
    let mut text = String::new();
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            text.push(char::from(byte));
        } else {
            text.push_str(&format!("%{byte:02X}"));
        }
    }
    text
}
