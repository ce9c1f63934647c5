//! A server of the test's: what it answers is up to the test, or is as Elasticsearch 8 does that has no index and takes everything.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;

use crate::common::running::PATIENCE;
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// What was asked: the line, who logs in, what the body is, and the body.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) line: String,
    pub(crate) login: String,
    pub(crate) content: String,
    pub(crate) body: String,
}

impl Asked {
    pub(crate) fn is_bulk(&self) -> bool {
        self.line.contains("/_bulk")
    }

    /// How many documents a bulk has.
    pub(crate) fn documents(&self) -> usize {
        self.body.lines().count() / 2
    }
}

/// Listens, with the certificate if there is one, and answers until the test is over with a status and a body. `None`: the connection is
/// closed without an answer. The port.
pub(crate) fn listen(
    tls: Option<Arc<ServerConfig>>,
    answer: impl Fn(Asked) -> Option<(u16, String)> + Send + Sync + 'static,
) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let answer = Arc::new(answer);
    let serve = move || {
        for stream in listener.incoming().flatten() {
            let (answer, tls) = (Arc::clone(&answer), tls.clone());
            let serve_one = move || match tls {
                None => answer_all(stream, &*answer),
                Some(tls) => {
                    let connection = ServerConnection::new(tls).expect("a connection");
                    answer_all(StreamOwned::new(connection, stream), &*answer);
                }
            };
            drop(std::thread::Builder::new().spawn(serve_one));
        }
    };
    drop(std::thread::Builder::new().spawn(serve).expect("a thread"));
    port
}

fn answer_all(stream: impl Read + Write, answer: &impl Fn(Asked) -> Option<(u16, String)>) {
    let mut stream = BufReader::new(stream);
    while let Some(asked) = read(&mut stream) {
        let Some((status, body)) = answer(asked) else {
            return;
        };
        let head = format!(
            "HTTP/1.1 {status} x\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        let out = stream.get_mut();
        let sent = out.write_all(head.as_bytes());
        let sent = sent.and_then(|()| out.write_all(body.as_bytes()));
        if sent.and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

fn read(stream: &mut impl BufRead) -> Option<Asked> {
    let mut asked = Asked::default();
    stream.read_line(&mut asked.line).ok()?;
    let mut length = 0;
    loop {
        let mut line = String::new();
        stream.read_line(&mut line).ok()?;
        let Some((name, value)) = line.trim().split_once(':') else {
            break;
        };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "authorization" => value.trim().clone_into(&mut asked.login),
            "content-type" => value.trim().clone_into(&mut asked.content),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    asked.body = String::from_utf8(body).ok()?;
    (!asked.line.is_empty()).then_some(asked)
}

/// What Elasticsearch 8 answers that has no index and takes every document.
pub(crate) fn elasticsearch_8(asked: &Asked) -> (u16, String) {
    let takes_none = asked.line.starts_with("GET ") || asked.line.contains("/_refresh");
    if takes_none && !asked.body.is_empty() {
        return (400, r#"{"error":{"type":"illegal_argument_exception","reason":"the request does not support having a body"},"status":400}"#.to_owned());
    }
    if asked.line.starts_with("GET / ") {
        return (200, r#"{"version":{"number":"8.15.0"}}"#.to_owned());
    }
    match asked.is_bulk() {
        true => (200, items(&vec![TAKEN; asked.documents()])),
        false => (404, "{}".to_owned()),
    }
}

/// What is said of a document that was taken.
pub(crate) const TAKEN: &str = r#"{"index":{"status":201}}"#;

/// The answer to a bulk that says this of each document.
pub(crate) fn items(all: &[&str]) -> String {
    format!(r#"{{"errors":true,"items":[{}]}}"#, all.join(","))
}

/// Says nothing for longer than any request waits.
pub(crate) fn stand_still() {
    let (_sender, nothing) = sync_channel::<()>(1);
    let _ended = nothing.recv_timeout(PATIENCE);
}
