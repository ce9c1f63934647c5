//! A job whose process ends before it has begun it is refused, and nothing of it is kept: what the process has logged and printed last
//! stands in the server's log, which the error names.

use std::fs;

use crate::common::server::Server;
use serde_json::json;

#[test]
fn with_what_its_process_has_said_last() {
    let directory = tempfile::tempdir().expect("a directory");
    let server = Server::started(directory.path(), &[]);
    let script = format!(
        "#!/bin/sh\n\
         [ \"$1\" = --millstream-job ] || exec {} \"$@\"\n\
         echo 'it was about to begin' > \"$2/job.log\"\n\
         echo 'a library is missing'\n\
         echo 'so it gives up' >&2\n\
         exit 3\n",
        env!("CARGO_BIN_EXE_millstream")
    );
    let package = server.upload("dying", &script);
    let (status, answer) = server.run_package(&package, &json!({}));
    assert_eq!(status, 503, "{answer}");
    let told = answer.to_string();
    for part in [
        "MS-2011: process ",
        "ended with exit status 3; the last line of its output: so it gives up",
        "in the server's log",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("millstream logs"), "it is gone: {told}");
    let left = fs::read_dir(server.data.join("jobs")).expect("a directory");
    assert_eq!(left.count(), 0, "nothing is left of it");
    let log = fs::read_to_string(server.data.join("server.log")).expect("the log");
    for part in [
        "could not be started: MS-2011: process ",
        ", job.log: it was about to begin",
        ", job.out: a library is missing",
        ", job.out: so it gives up",
    ] {
        let mut lines = log.lines().filter(|line| line.contains(" ERROR "));
        assert!(lines.any(|line| line.contains(part)), "{part}: {log}");
    }
    server.end();
}
