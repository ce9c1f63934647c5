//! The socket source keeps the promises of a source that can't be replayed; print and function sinks those of sinks that
//! have nothing to commit.

use std::io::Write;
use std::net::TcpListener;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use millstream_connectors::conformance::{SinkSuite, SinkTarget, SourceSuite};
use millstream_connectors::function_sink::FunctionSink;
use millstream_connectors::print::PrintSink;
use millstream_connectors::socket::SocketTextSource;
use millstream_engine::connector::{Committable, Sink, Source};

/// Serves the same lines to one connection after the other.
fn serve(lines: Vec<String>) -> Box<dyn Source<String>> {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let text = lines.join("\n") + "\n";
    let serve = std::thread::Builder::new().spawn(move || {
        for connection in listener.incoming() {
            // A reader that hangs up early has seen enough.
            let _gone = connection.and_then(|mut stream| stream.write_all(text.as_bytes()));
        }
    });
    drop(serve.expect("a thread"));
    Box::new(SocketTextSource::new("127.0.0.1", port))
}

#[test]
fn a_socket_is_read_once() {
    let lines: Vec<String> = (0..3_000)
        .map(|number| format!("line {number} {}", "x".repeat(number % 90)))
        .collect();
    let source = || serve(lines.clone());
    SourceSuite::new(&source, &|line| vec![line], lines.clone()).run_without_replay();
}

/// What a sink has shown.
#[derive(Clone, Default)]
struct Shown {
    text: Arc<Mutex<Vec<u8>>>,
}

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let mut text = self.text.lock().expect("nobody panicked");
        text.extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl Shown {
    fn numbers(&self) -> Vec<u64> {
        let text = self.text.lock().expect("nobody panicked").clone();
        let text = String::from_utf8(text).expect("text");
        let number = |line: &str| {
            let number = line.rsplit(' ').next().expect("a number");
            number.parse().expect("a number")
        };
        text.lines().map(number).collect()
    }
}

struct Target {
    shown: Shown,
    sink: fn(Shown) -> Box<dyn Sink<u64>>,
}

impl SinkTarget for Target {
    type Record = u64;

    fn sink(&self) -> Box<dyn Sink<u64>> {
        (self.sink)(self.shown.clone())
    }

    fn records(&self, numbers: Range<u64>) -> Vec<u64> {
        numbers.collect()
    }

    fn visible(&self) -> Vec<u64> {
        self.shown.numbers()
    }

    fn leftovers(&self) -> Vec<String> {
        Vec::new()
    }

    fn destroy(&self, _committable: &Committable) {}
}

fn check(sink: fn(Shown) -> Box<dyn Sink<u64>>) {
    let target = || Target {
        shown: Shown::default(),
        sink,
    };
    SinkSuite::new(&target).run_at_once();
}

#[test]
fn what_is_printed_is_printed_once() {
    check(|shown| Box::new(PrintSink::new().to(shown)));
}

#[test]
fn a_function_is_called_once_for_each_record() {
    check(|shown| {
        Box::new(FunctionSink::new(move |_, number: u64| {
            let mut shown = shown.clone();
            writeln!(shown, "{number}").expect("memory");
            Ok(())
        }))
    });
}
