//! A file that grows while the job watches is taken up when it has stood still, at any parallelism: no record is cut, and none is
//! missing.

use std::fs::{self, File};
use std::io::Write;
use std::time::Duration;

use crate::common::{CSV_TO_FILES, Running, ingest, lines};

const ROWS: usize = 2_000;

#[test]
#[allow(clippy::disallowed_methods, reason = "a copy takes its time")]
fn by_all_readers() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    fs::create_dir(path.join("in")).expect("made");
    let settle = "--source.file.settle=3000";
    let parameters = [&CSV_TO_FILES[..], &[settle]].concat();
    let mut job = Running::start(ingest(path, &["-p", "8"], &parameters));
    let rows = (0..ROWS).map(|number| format!("{number},name {number}\n"));
    let text = "id,name\n".to_owned() + &rows.collect::<String>();
    let mut file = File::create(path.join("in/copy.csv")).expect("made");
    // Pieces that end in the middle of records, far quicker than what counts as standing still.
    for piece in text.as_bytes().chunks(text.len() / 10 + 1) {
        file.write_all(piece).expect("written");
        file.sync_data().expect("on the disk");
        std::thread::sleep(Duration::from_millis(100));
    }
    job.await_that("all rows", || lines(&path.join("out")).len() >= ROWS);
    job.await_checkpoint();
    let found = lines(&path.join("out"));
    let mut wanted: Vec<String> = (0..ROWS)
        .map(|number| format!("{{\"id\":\"{number}\",\"name\":\"name {number}\"}}"))
        .collect();
    wanted.sort();
    assert_eq!(found, wanted);
    let said = job.suspend();
    assert!(said.err.contains("(0 bad)"), "{}", said.err);
}
