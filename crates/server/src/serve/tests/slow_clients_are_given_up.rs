//! Connections over which nothing comes, and bodies that come too slowly or not at all, are closed. The server is a whole one, and
//! has less patience than it is started with elsewhere.

use std::io::{ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use millstream_core::{Configuration, Result};
use tempfile::TempDir;

use super::super::{ServerConfiguration, listen, serve_from};
use crate::data_directory::DataDirectory;
use crate::expiry::Limits;
use crate::logs::LogTo;
use crate::rest::RestSettings;

/// How long the server waits for a client to send on.
const SHORT: Duration = Duration::from_millis(300);
/// Nothing here takes so long.
const PATIENCE: Duration = Duration::from_secs(240);
/// Between two bytes of one who sends them one by one.
const PAUSE: Duration = Duration::from_millis(10);
/// A client that is held up before it has sent its request is given up, too, and tries again.
const TRIES: usize = 50;

struct Impatient {
    address: SocketAddr,
    thread: JoinHandle<Result<()>>,
    _data: TempDir,
}

impl Impatient {
    fn start() -> Self {
        let data = tempfile::tempdir().expect("a directory");
        let mut configuration = Configuration::new();
        configuration.set("millstream.data-dir", data.path().to_string_lossy());
        let mut settings = RestSettings::from_configuration(&configuration).expect("settings");
        settings.patience.head = SHORT;
        settings.patience.body = SHORT;
        let limits = Limits::from_configuration(&configuration).expect("limits");
        let directory = DataDirectory::open(data.path()).expect("a data directory");
        let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).expect("a port");
        let address = listener.local_addr().expect("its address");
        let same = configuration.clone();
        let server = ServerConfiguration {
            configuration,
            insecure: false,
            reload: Arc::new(move || Ok(same.clone())),
            log_to: LogTo::File,
            warnings: Vec::new(),
            commit: "test".to_owned(),
            ready: Box::new(|_| {}),
        };
        let thread = Builder::new()
            .spawn(move || serve_from(server, directory, listener, settings, limits))
            .expect("a thread");
        Self {
            address,
            thread,
            _data: data,
        }
    }

    /// What is answered to `request` until the server closes the connection; then `drip` is sent again and again until then.
    fn until_closed(&self, request: &str, drip: &[u8]) -> String {
        let mut stream = TcpStream::connect(self.address).expect("the server listens");
        let patience = if drip.is_empty() { PATIENCE } else { PAUSE };
        stream.set_read_timeout(Some(patience)).expect("a limit");
        drop(stream.write_all(request.as_bytes()));
        let mut answer = Vec::new();
        let mut bytes = [0; 4 << 10];
        let mut waited = Duration::ZERO;
        while waited < PATIENCE {
            match stream.read(&mut bytes) {
                Ok(0) => return String::from_utf8(answer).expect("text"),
                Ok(length) => answer.extend(bytes.iter().take(length)),
                Err(none) if none.kind() == ErrorKind::WouldBlock => {
                    waited += patience;
                    drop(stream.write_all(drip));
                }
                Err(closed) if closed.kind() == ErrorKind::ConnectionReset => {
                    return String::from_utf8(answer).expect("text");
                }
                Err(error) => panic!("{error}"),
            }
        }
        panic!("the connection stays open; answered so far: {answer:?}")
    }

    /// The same of a request that is answered.
    fn answer(&self, request: &str, drip: &[u8]) -> String {
        let mut answers = (0..TRIES).map(|_| self.until_closed(request, drip));
        let answer = answers.find(|answer| !answer.is_empty());
        answer.expect("an answer")
    }

    fn end(self) {
        self.answer("DELETE /cluster HTTP/1.0\r\nhost: localhost\r\n\r\n", b"");
        let ended = self.thread.join().expect("it does not panic");
        ended.expect("it ends well");
    }
}

#[test]
fn a_connection_that_lies_idle_is_closed() {
    let server = Impatient::start();
    for (request, drip) in [("", &b""[..]), ("GET /config HTTP/1.1\r\nx-", b"-")] {
        assert_eq!(server.until_closed(request, drip), "", "nothing was asked");
    }
    let request = "GET /config HTTP/1.1\r\nhost: localhost\r\n\r\n";
    let answer = server.answer(request, b"");
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    // It was not closed because of the answer.
    assert!(!answer.contains("connection: close"), "{answer}");
    server.end();
}

#[test]
fn a_body_that_comes_too_slowly_is_given_up() {
    let server = Impatient::start();
    let json = "POST /savepoint-disposal HTTP/1.1\r\nhost: localhost\r\nuser-agent: test\r\ncontent-length: 100000\r\n\r\n{";
    let chunked = "POST /jars/ingest/plan HTTP/1.1\r\nhost: localhost\r\nuser-agent: test\r\ntransfer-encoding: chunked\r\n\r\n";
    let upload = "POST /jars/upload HTTP/1.1\r\nhost: localhost\r\nuser-agent: test\r\ncontent-length: 100000\r\n\
        content-type: multipart/form-data; boundary=cut\r\n\r\n\
        --cut\r\nContent-Disposition: form-data; name=\"jarfile\"; filename=\"p\"\r\n\r\nx";
    for (request, drip) in [
        (json, &b""[..]),
        (json, b" "),
        (chunked, b""),
        (chunked, b"1\r\n \r\n"),
        (upload, b""),
        (upload, b"x"),
    ] {
        let answer = server.answer(request, drip);
        assert!(answer.starts_with("HTTP/1.1 408"), "{request}: {answer}");
        assert!(answer.contains("The body comes too slowly"), "{answer}");
        assert!(answer.contains("connection: close"), "{answer}");
    }
    server.end();
}
