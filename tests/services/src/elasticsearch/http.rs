//! Plain requests: independent of every client that is tested.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use crate::{Doing, Failure, Result};

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(120);

/// What a server has answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The status.
    pub status: u16,
    /// The body.
    pub body: String,
}

/// Asks who listens at `host:port`.
///
/// # Errors
/// Nobody does, or what is answered is no answer.
pub fn ask(address: &str, method: &str, path: &str, body: &str) -> Result<Answer> {
    let doing = || format!("{method} http://{address}{path}");
    let mut stream = TcpStream::connect(address).doing(doing)?;
    stream.set_read_timeout(Some(PATIENCE)).doing(doing)?;
    let content = match body.ends_with('\n') {
        true => "application/x-ndjson",
        false => "application/json",
    };
    let length = body.len();
    let head = format!(
        "{method} {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nContent-Type: {content}\r\nContent-Length: {length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).doing(doing)?;
    stream.write_all(body.as_bytes()).doing(doing)?;
    let mut said = Vec::new();
    stream.read_to_end(&mut said).doing(doing)?;
    let said = String::from_utf8_lossy(&said);
    let odd = || Failure::new(format!("{}: it answers `{said}`", doing()));
    let (head, body) = said.split_once("\r\n\r\n").ok_or_else(odd)?;
    let status = head
        .split(' ')
        .nth(1)
        .and_then(|status| status.parse().ok());
    let is_chunked = head
        .to_ascii_lowercase()
        .contains("transfer-encoding: chunked");
    Ok(Answer {
        status: status.ok_or_else(odd)?,
        body: if is_chunked {
            unchunked(body)
        } else {
            body.to_owned()
        },
    })
}

fn unchunked(body: &str) -> String {
    let mut out = String::new();
    let mut rest = body;
    while let Some((length, behind)) = rest.split_once("\r\n") {
        let length = usize::from_str_radix(length.trim(), 16).unwrap_or(0);
        let Some(piece) = behind.get(..length).filter(|_| length > 0) else {
            break;
        };
        out.push_str(piece);
        rest = behind
            .get(length..)
            .map_or("", |rest| rest.trim_start_matches("\r\n"));
    }
    out
}
