//! A server of its own for a test, and a client that sends exactly what it is told.

#![allow(dead_code, reason = "every test uses a part of it")]
#![allow(clippy::disallowed_methods, reason = "tests wait with a deadline")]

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::{Arc, mpsc};
use std::thread::{Builder, JoinHandle};
use std::time::{Duration, Instant};

use millstream_core::{Configuration, Result};
use millstream_server::logs::LogTo;
use millstream_server::{ServerConfiguration, serve};
use serde_json::Value;
use tempfile::TempDir;

/// Nothing here takes so long.
pub(crate) const PATIENCE: Duration = Duration::from_secs(240);
/// Between two questions.
const PAUSE: Duration = Duration::from_millis(5);

/// A server that runs in this process. It ends when it is told to over REST.
pub(crate) struct Server {
    /// Where it listens.
    pub(crate) address: SocketAddr,
    thread: Option<JoinHandle<Result<()>>>,
    token: Option<String>,
    /// Its data directory.
    pub(crate) data: TempDir,
}

/// What was answered.
#[derive(Debug)]
pub(crate) struct Answer {
    /// The status.
    pub(crate) status: u16,
    /// The headers, names in lower case.
    pub(crate) headers: Vec<(String, String)>,
    /// The body.
    pub(crate) body: String,
}

impl Server {
    /// Starts a server on any port of loopback.
    pub(crate) fn start(options: &[(&str, &str)]) -> Self {
        Self::start_on(tempfile::tempdir().expect("a directory"), options)
    }

    /// Starts a server that keeps nobody out.
    pub(crate) fn start_insecure(options: &[(&str, &str)]) -> Self {
        Self::start_as(tempfile::tempdir().expect("a directory"), options, true)
    }

    /// Starts a server on a data directory that may be that of one before it.
    pub(crate) fn start_on(data: TempDir, options: &[(&str, &str)]) -> Self {
        Self::start_as(data, options, false)
    }

    fn start_as(data: TempDir, options: &[(&str, &str)], insecure: bool) -> Self {
        let mut configuration = Configuration::new();
        configuration.set("rest.port", "0");
        configuration.set("millstream.data-dir", data.path().to_string_lossy());
        for (key, value) in options {
            configuration.set(*key, *value);
        }
        let token = configuration.text("rest.auth.token").map(str::to_owned);
        let (ready, is_ready) = mpsc::sync_channel(1);
        let same = configuration.clone();
        let server = ServerConfiguration {
            configuration,
            insecure,
            reload: Arc::new(move || Ok(same.clone())),
            log_to: LogTo::File,
            warnings: Vec::new(),
            commit: "test".to_owned(),
            ready: Box::new(move |running| {
                ready.send(running.address.clone()).expect("the test waits");
            }),
        };
        let thread = Builder::new()
            .spawn(move || serve(server))
            .expect("a thread");
        let address = is_ready
            .recv_timeout(PATIENCE)
            .expect("the server is ready");
        let (_, address) = address.split_once("://").expect("a URL");
        Self {
            address: address.parse().expect("an address"),
            thread: Some(thread),
            token,
            data,
        }
    }

    /// The port that it listens at.
    pub(crate) fn port(&self) -> u16 {
        self.address.port()
    }

    /// Sends a request with the token and the headers that programs send.
    pub(crate) fn ask(&self, method: &str, path: &str, body: &str) -> Answer {
        let token = self.token.as_ref();
        let token = token.map(|token| ("authorization", format!("Bearer {token}")));
        let mut headers = vec![
            ("host", self.address.to_string()),
            ("user-agent", "test".to_owned()),
        ];
        headers.extend(token);
        let headers: Vec<_> = headers.iter().map(|(k, v)| (*k, v.as_str())).collect();
        self.send(method, path, &headers, body.as_bytes())
    }

    /// Sends a request with these headers and no others.
    pub(crate) fn send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut stream = TcpStream::connect(self.address).expect("the server listens");
        stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
        let mut request = format!(
            "{method} {path} HTTP/1.0\r\ncontent-length: {}\r\n",
            body.len()
        );
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str("\r\n");
        // A server that has refused the request need not read the rest of its head, nor its body. What it has not read when it
        // hangs up would take the end of its answer along, so a small body goes with the head.
        drop(stream.write_all(&[request.as_bytes(), body].concat()));
        let mut answer = Vec::new();
        drop(stream.read_to_end(&mut answer));
        Answer::parse(&String::from_utf8_lossy(&answer))
    }

    /// Asks until the answer is as wanted.
    pub(crate) fn await_answer(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let began = Instant::now();
        loop {
            let answer = self.ask("GET", path, "").json();
            if wanted(&answer) {
                return answer;
            }
            assert!(began.elapsed() < PATIENCE, "{path} stays {answer}");
            std::thread::sleep(PAUSE);
        }
    }

    /// Tells the server to end, and waits until it has. Answers its data directory.
    pub(crate) fn end(self) -> TempDir {
        assert_eq!(self.ask("DELETE", "/cluster", "").status, 200);
        self.ended()
    }

    /// Waits until a server that was told to end has. Answers its data directory.
    pub(crate) fn ended(mut self) -> TempDir {
        let thread = self.thread.take().expect("it runs");
        thread
            .join()
            .expect("it does not panic")
            .expect("it ends well");
        self.data
    }
}

/// Waits for a condition.
pub(crate) fn await_that(what: &str, mut condition: impl FnMut() -> bool) {
    let began = Instant::now();
    while !condition() {
        assert!(began.elapsed() < PATIENCE, "waited in vain for {what}");
        std::thread::sleep(PAUSE);
    }
}

impl Answer {
    fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\r\n\r\n").expect("an answer of HTTP");
        let mut lines = head.lines();
        let status = lines.next().and_then(|line| line.split(' ').nth(1));
        let headers = lines.filter_map(|line| {
            let (name, value) = line.split_once(": ")?;
            Some((name.to_lowercase(), value.to_owned()))
        });
        Self {
            status: status.and_then(|s| s.parse().ok()).expect("a status"),
            headers: headers.collect(),
            body: body.to_owned(),
        }
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).expect("the body is JSON")
    }

    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let mut headers = self.headers.iter();
        headers
            .find(|(own, _)| own == name)
            .map(|(_, value)| value.as_str())
    }
}
