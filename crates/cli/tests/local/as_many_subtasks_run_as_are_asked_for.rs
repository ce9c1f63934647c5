//! `stream.parallelism` and `stream.sink.parallelism` say how many subtasks read and how many write.

use crate::common::{CSV_TO_FILES, ONCE, ingest, lines, put, running};

#[test]
fn readers_and_writers() {
    for (parameters, reads, writes) in [
        (
            &["--stream.parallelism=3", "--stream.sink.parallelism=2"][..],
            3,
            2,
        ),
        (&["--stream.parallelism=2"][..], 2, 2),
        (&["--stream.sink.parallelism=4"][..], 1, 4),
    ] {
        let directory = tempfile::tempdir().expect("temporary directory");
        for file in 0..4 {
            put(
                directory.path(),
                &format!("in/{file}.csv"),
                format!("id\n{file}\n"),
            );
        }
        let mut job = ingest(directory.path(), &[], &CSV_TO_FILES);
        job.arg(ONCE).args(parameters);
        let said = running::run(job);
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert_eq!(lines(&directory.path().join("out")).len(), 4);
        let subtasks = |part: &str| {
            let running = said.err.lines().filter(|line| {
                line.contains(part) && line.contains("switched from INITIALIZING to RUNNING.")
            });
            running.count()
        };
        assert_eq!(subtasks("Source: csv"), reads, "{}", said.err);
        assert_eq!(subtasks("Sink: file"), writes, "{}", said.err);
    }
}
