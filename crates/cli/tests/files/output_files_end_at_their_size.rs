//! `sink.rolling.size`: a file that has reached it is ended and a new one begun, each a whole file of its format.

use std::fs;

use crate::common::{CSV_TO_FILES, ONCE, ingest, lines, put, running};

const ROWS: usize = 20_000;

#[test]
fn each_file_is_whole_and_about_that_large() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let mut input = String::from("id,name\n");
    for id in 0..ROWS {
        input.push_str(&format!("{id},name-{id}\n"));
    }
    put(directory, "in/a.csv", input);
    for format in ["json", "csv"] {
        let mut command = ingest(
            directory,
            &["-Dexecution.checkpointing.interval=1 h"],
            &CSV_TO_FILES,
        );
        let out = format!("--sink.path=out-{format}");
        command.args([
            ONCE,
            "--sink.rolling.size=64 kb",
            "--sink.format",
            format,
            &out,
        ]);
        let said = running::run(command);
        assert_eq!(said.code, Some(0), "{}", said.err);
        let out = directory.join(format!("out-{format}"));
        let mut sizes: Vec<u64> = fs::read_dir(&out)
            .expect("output")
            .map(|entry| {
                entry
                    .and_then(|entry| entry.metadata())
                    .expect("a file")
                    .len()
            })
            .collect();
        sizes.sort();
        // One is the last, and takes what is left. A batch of rows is not cut.
        sizes.remove(0);
        assert!(
            sizes.len() > 1 && sizes.iter().all(|size| *size >= 64 * 1024),
            "{format}: {sizes:?}"
        );
        let found = lines(&out);
        let headers = found.iter().filter(|line| *line == "id,name").count();
        let files = sizes.len() + 1;
        assert_eq!(
            headers,
            if format == "csv" { files } else { 0 },
            "each file names its columns"
        );
        assert_eq!(found.len(), ROWS + headers);
        let mut distinct = found;
        distinct.dedup();
        assert_eq!(distinct.len(), ROWS + usize::from(headers > 0), "{format}");
    }
}
