//! A small Parquet file of one row group that unpacks to more than two gigabytes, nearly all of it values that repeat: it is read row by
//! row, and the process never holds more than a few batches of it.

use std::fs::{self, File};
use std::path::Path;
use std::sync::Arc;

use crate::common::running::Running;
use crate::common::{ingest, lines};
use arrow::array::{ArrayRef, Int64Array, RecordBatch, StringArray};
use parquet::arrow::ArrowWriter;
use parquet::file::properties::WriterProperties;
use parquet::file::reader::{FileReader, SerializedFileReader};

const ROWS: usize = 600_000;
/// The length of each text: all of them are more than 2^31 bytes.
const TEXT: usize = 4_096;
/// Texts that differ.
const TEXTS: usize = 32;
/// Rows that are written together.
const TOGETHER: usize = 2_000;
const _: () = assert!(ROWS * TEXT > 2 << 30);
/// The most memory that the job may take, in MB.
const MOST_MB: u64 = 400;

fn write(path: &Path) {
    let texts = (0..TEXTS).map(|number| format!("{number:<TEXT$}"));
    let texts: Vec<String> = texts.collect();
    let repeated = texts.iter().cycle().take(TOGETHER);
    let repeated: ArrayRef = Arc::new(StringArray::from_iter_values(repeated));
    let rows = |from: usize| {
        let ids = (from as i64)..((from + TOGETHER) as i64);
        let ids: ArrayRef = Arc::new(Int64Array::from_iter_values(ids));
        let columns = [("id", ids), ("body", Arc::clone(&repeated))];
        RecordBatch::try_from_iter(columns).expect("columns of one length")
    };
    let properties = WriterProperties::builder()
        .set_max_row_group_row_count(Some(ROWS))
        .build();
    let file = File::create(path).expect("is made");
    let writer = ArrowWriter::try_new(file, rows(0).schema(), Some(properties));
    let mut writer = writer.expect("a writer");
    for from in (0..ROWS).step_by(TOGETHER) {
        writer.write(&rows(from)).expect("is written");
    }
    writer.close().expect("is written");
}

/// The file is what it is meant to be: small, of one group.
fn check(path: &Path) {
    let file = File::open(path).expect("is there");
    let bytes = file.metadata().expect("is known").len();
    assert!(bytes < 64 << 20, "{bytes} bytes");
    let reader = SerializedFileReader::new(file).expect("a file of Parquet");
    assert_eq!(reader.metadata().num_row_groups(), 1);
}

/// The most memory that a process has taken, in MB.
fn most_mb(process: u32) -> u64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.expect("a number") / 1024
}

#[test]
fn of_a_row_group_that_repeats_itself() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    fs::create_dir(directory.join("in")).expect("is made");
    let path = directory.join("in/large.parquet");
    write(&path);
    check(&path);
    // No statistics tell which rows these are, so each text is decoded.
    let parameters = [
        "--source.type=parquet",
        "--stream.sql.enable=true",
        "--stream.sql=select id, length(body) as n from t1 where id % 100000 = 99999 and body like '1%'",
        "--sink.type=file",
        "--sink.path=out",
    ];
    let ids = (0..ROWS).filter(|id| id % 100_000 == 99_999);
    let begins = |id: &usize| (id % TOGETHER % TEXTS).to_string().starts_with('1');
    let truth = ids.filter(begins);
    let truth = truth.map(|id| format!("{{\"id\":{id},\"n\":{TEXT}}}"));
    let mut truth: Vec<String> = truth.collect();
    truth.sort();
    assert_eq!(truth.len(), 6);
    let output = directory.join("out");
    // It reads on when it has read all, so that its memory can be asked for.
    let mut running = Running::start(ingest(directory, &["-p", "1"], &parameters));
    running.await_that("the last rows", || lines(&output).len() >= truth.len());
    let most = most_mb(running.id());
    println!("{most} MB at most");
    let said = running.suspend();
    assert_eq!(lines(&output), truth, "{}", said.err);
    assert!(most < MOST_MB, "{most} MB");
}
