//! Where the server logs no errors, the answer to a start that was refused names no lines of its log, but how to have them; the job that
//! could not be started is named in the audit all the same.

use std::fs;

use crate::common::server::{Server, endless};
use serde_json::json;

#[test]
fn at_a_level_without_errors() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let server = Server::started(directory, &["-Dmillstream.log.level=off"]);
    let script = format!(
        "#!/bin/sh\n\
         [ \"$1\" = --millstream-job ] || exec {} \"$@\"\n\
         echo 'it was about to begin' > \"$2/job.log\"\n\
         echo 'so it gives up' >&2\n\
         exit 3\n",
        env!("CARGO_BIN_EXE_millstream")
    );
    let package = server.upload("dying", &script);
    let job = "0123456789abcdef".repeat(2);
    let body = json!({
        "entryClass": "ingest",
        "programArgsList": endless(directory),
        "jobId": job,
    });
    let (status, answer) = server.call("POST", &format!("/jars/{package}/run"), Some(&body));
    assert_eq!(status, 503, "{answer}");
    let told = answer.to_string();
    for part in [
        "MS-2011: process ",
        "so it gives up",
        "millstream.log.level",
    ] {
        assert!(told.contains(part), "{part}: {told}");
    }
    assert!(!told.contains("in the server's log"), "not there: {told}");
    let log = fs::read_to_string(server.data.join("server.log")).expect("the log");
    assert!(log.lines().all(|line| line.contains(" audit ")), "{log}");
    let named = format!("Job {job} could not be started: MS-2011: process ");
    assert!(log.contains(&named), "{log}");
    server.end();
}
