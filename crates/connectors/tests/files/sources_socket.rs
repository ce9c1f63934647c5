//! The socket source reads lines, connects again, invents nothing, and lets go at once.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use millstream_connectors::socket::SocketTextSource;
use millstream_core::{Error, JobId, Lineage};
use millstream_engine::connector::{
    Limit, Source, SourceContext, SourceOutput, SourceProgress, SourceReader, SourceStatus,
    StateEntry, Waker,
};

const PATIENCE: Duration = Duration::from_secs(240);

/// A reader that is polled as the engine polls.
struct Polled {
    reader: Box<dyn SourceReader<String>>,
    woken: Receiver<()>,
    limit: usize,
}

impl Polled {
    fn open(source: &SocketTextSource, restored: Option<Vec<StateEntry>>) -> Self {
        let (wake, woken) = sync_channel(1);
        let context = SourceContext {
            job: JobId::from_bytes([1; 16]),
            uid: "source".to_owned(),
            subtask: 0,
            parallelism: 1,
            lineage: Lineage::default(),
            run: 1,
            restored,
            snapshot: None,
            waker: Waker::new(move || wake.try_send(()).unwrap_or_default()),
            progress: SourceProgress::default(),
        };
        Self {
            reader: source.open(context).expect("opens"),
            woken,
            limit: 2,
        }
    }

    /// Reads until there are `count` lines or the source has ended.
    fn read(&mut self, count: usize) -> Result<Vec<String>, Error> {
        let mut lines = SourceOutput::new();
        while lines.records().len() < count {
            let limit = self.limit.min(count - lines.records().len());
            match self.reader.poll(&mut lines, Limit::records(limit))? {
                SourceStatus::Ready(_) => {}
                SourceStatus::Pending(_) => {
                    self.woken
                        .recv_timeout(PATIENCE)
                        .expect("the waker is called");
                }
                SourceStatus::Ended => break,
            }
        }
        Ok(lines.take().0)
    }
}

fn listen() -> (TcpListener, SocketTextSource) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    (listener, SocketTextSource::new("127.0.0.1", port))
}

fn accept(listener: &TcpListener) -> TcpStream {
    let (stream, _) = listener.accept().expect("a connection");
    stream.set_read_timeout(Some(PATIENCE)).expect("a timeout");
    stream
}

#[test]
fn lines_arrive_and_the_source_ends_with_the_connection() {
    let (listener, source) = listen();
    let mut polled = Polled::open(&source, None);
    let mut server = accept(&listener);
    server
        .write_all("a\r\nb b\n\nü".as_bytes())
        .expect("is sent");
    drop(server);
    assert_eq!(
        polled.read(usize::MAX).expect("is read"),
        ["a", "b b", "", "ü"]
    );
    let status = polled
        .reader
        .poll(&mut SourceOutput::new(), Limit::records(1))
        .expect("has ended");
    assert_eq!(status, SourceStatus::Ended, "what has ended stays ended");
    let entries = polled.reader.snapshot(1).expect("a position").entries;
    assert_eq!(entries[0].value["lines"], 4);
}

#[test]
fn a_restored_reader_counts_on() {
    let (listener, source) = listen();
    let restored = {
        let mut polled = Polled::open(&source, None);
        accept(&listener).write_all(b"a\nb\n").expect("is sent");
        polled.read(2).expect("is read");
        polled.reader.snapshot(1).expect("a position").entries
    };
    let mut polled = Polled::open(&source, Some(restored));
    accept(&listener).write_all(b"c\n").expect("is sent");
    polled.read(1).expect("is read");
    assert_eq!(
        polled.reader.snapshot(1).expect("a position").entries[0].value["lines"],
        3
    );
}

#[test]
fn a_dropped_reader_hangs_up_at_once_and_the_next_one_connects_anew() {
    let (listener, source) = listen();
    let mut first = Polled::open(&source, None);
    let mut server = accept(&listener);
    server.write_all(b"a\nnot com").expect("is sent");
    assert_eq!(first.read(1).expect("is read"), ["a"]);
    drop(first);
    let closed = server
        .read(&mut [0])
        .map(|bytes| bytes == 0)
        .unwrap_or(true);
    assert!(closed, "the server sees the end of the connection");
    let mut second = Polled::open(&source, None);
    accept(&listener).write_all(b"plete\nc\n").expect("is sent");
    assert_eq!(
        second.read(2).expect("is read"),
        ["plete", "c"],
        "nothing is glued or invented"
    );
}

#[test]
fn a_reader_can_be_dropped_while_nobody_polls_it() {
    let (listener, source) = listen();
    let polled = Polled::open(&source, None);
    let mut server = accept(&listener);
    let flood = std::thread::Builder::new();
    // Far more than the channel and the buffers of both sockets hold.
    let flood =
        flood.spawn(move || (0..2_000).try_for_each(|_| server.write_all(&[b'\n'; 65_536])));
    let flood = flood.expect("a thread");
    drop(polled);
    assert!(
        flood.join().expect("no panic").is_err(),
        "the server is told that nobody reads"
    );
}

#[test]
fn retries_connect_again_until_they_are_used_up() {
    let (listener, source) = listen();
    let source = source
        .max_retries(Some(1))
        .retry_interval(Duration::from_millis(1));
    let mut polled = Polled::open(&source, None);
    for line in ["a", "b", "c"] {
        // A connection that brought data begins the count anew.
        writeln!(accept(&listener), "{line}").expect("is sent");
        assert_eq!(polled.read(1).expect("is read"), [line]);
    }
    drop(accept(&listener));
    assert_eq!(polled.read(1).expect("the end is no error"), [""; 0]);
}

#[test]
fn a_server_that_is_not_there_is_an_error_after_the_retries() {
    let (listener, source) = listen();
    drop(listener);
    let source = source
        .max_retries(Some(2))
        .retry_interval(Duration::from_millis(1));
    let error = Polled::open(&source, None)
        .read(1)
        .expect_err("nobody listens");
    assert_eq!(error.code(), "MS-6007");
    assert!(error.to_string().contains("refused"), "{error}");
}

#[test]
fn a_line_without_end_fails_instead_of_filling_the_memory() {
    let (listener, source) = listen();
    let mut polled = Polled::open(&source.max_line_bytes(100), None);
    let mut server = accept(&listener);
    server.write_all(b"short\n").expect("is sent");
    assert_eq!(polled.read(1).expect("is read"), ["short"]);
    server.write_all(&[b'x'; 200]).expect("is sent");
    let error = polled.read(1).expect_err("too long");
    assert!(
        error.message().contains("a line is longer than 100 bytes"),
        "{error}"
    );
}
