//! The print sink writes whole lines in Flink's format.

use std::io::{Read, Write};
use std::sync::{Arc, Mutex};

use arrow::array::{Int32Array, RecordBatch};
use millstream_connectors::print::PrintSink;
use millstream_core::{JobId, Lineage, Result};
use millstream_engine::connector::{
    Gauges, Notice, Prepared, Sink, SinkContext, SinkWriter, Waker, WriteStatus,
};

fn open<T: 'static>(
    sink: &PrintSink<T>,
    subtask: usize,
    parallelism: usize,
) -> Box<dyn SinkWriter<T>> {
    let context = SinkContext {
        job: JobId::from_bytes([1; 16]),
        uid: "sink".to_owned(),
        subtask,
        parallelism,
        lineage: Lineage::default(),
        run: 1,
        next_checkpoint: 1,
        restored: None,
        waker: Waker::none(),
        gauges: Gauges::default(),
        held_up: Notice::default(),
    };
    sink.open(context).expect("opens")
}

/// Writes records, and waits until they are printed.
fn print<T>(writer: &mut dyn SinkWriter<T>, mut records: Vec<T>) -> Result<()> {
    while !records.is_empty() {
        writer.write(&mut records)?;
        std::thread::yield_now();
    }
    while writer.prepare(1)? == Prepared::Pending {
        std::thread::yield_now();
    }
    Ok(())
}

/// What was printed, and in how many writes.
#[derive(Clone, Default)]
struct Paper(Arc<Mutex<Vec<String>>>);

impl Write for Paper {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        let text = String::from_utf8(bytes.to_vec()).expect("text");
        self.0.lock().expect("nobody panicked").push(text);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[test]
fn a_batch_of_records_is_printed_at_once_with_prefix_and_subtask() {
    let paper = Paper::default();
    let sink = PrintSink::new().prefix("counts").to(paper.clone());
    print(&mut *open(&sink, 1, 2), vec!["(a,1)", "(b,1)"]).expect("is printed");
    let sink = PrintSink::new().to(paper.clone());
    print(&mut *open(&sink, 0, 1), vec!["(a,2)"]).expect("is printed");
    let printed = paper.0.lock().expect("nobody panicked").clone();
    assert_eq!(printed, ["counts:2> (a,1)\ncounts:2> (b,1)\n", "(a,2)\n"]);
}

#[test]
fn rows_are_printed_as_json_each_behind_the_prefix() {
    let paper = Paper::default();
    let rows = RecordBatch::try_from_iter([("id", Arc::new(Int32Array::from(vec![1, 2])) as _)]);
    let sink = PrintSink::<RecordBatch>::rows().to(paper.clone());
    print(&mut *open(&sink, 0, 3), vec![rows.expect("a column")]).expect("is printed");
    let printed = paper.0.lock().expect("nobody panicked").concat();
    assert_eq!(printed, "1> {\"id\":1}\n1> {\"id\":2}\n");
}

#[test]
fn a_reader_that_has_gone_is_a_clear_error() {
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let sink = PrintSink::<String>::new().to(writer);
    let mut printer = open(&sink, 0, 1);
    print(&mut *printer, vec!["first".to_owned()]).expect("is printed");
    let mut line = [0; 6];
    reader.read_exact(&mut line).expect("is read");
    assert_eq!(&line, b"first\n");
    drop(reader);
    let error = print(&mut *printer, vec!["second".to_owned()]).expect_err("nobody reads");
    assert_eq!(error.code(), "MS-7016");
    assert!(error.to_string().contains("nobody reads"), "{error}");
}

#[test]
fn a_reader_that_does_not_read_fills_the_sink_and_holds_up_nobody() {
    let (mut reader, writer) = std::io::pipe().expect("a pipe");
    let sink = PrintSink::<String>::new().to(writer);
    let mut printer = open(&sink, 0, 1);
    let line = "x".repeat(100_000);
    let mut left = vec![line.clone(); 1_000];
    // Nothing of this waits for the reader.
    while printer.write(&mut left).expect("no failure") == WriteStatus::Taken {
        left.extend(vec![line.clone(); 1_000]);
    }
    assert!(!left.is_empty(), "what is left is the caller's");
    assert_eq!(printer.prepare(1).expect("no failure"), Prepared::Pending);
    let mut read = vec![0; line.len()];
    let (first, rest) = read.split_at_mut(1);
    reader.read_exact(first).expect("it is being printed");
    drop(printer);
    reader.read_exact(rest).expect("what was being printed");
    assert_eq!(read, line.as_bytes());
}
