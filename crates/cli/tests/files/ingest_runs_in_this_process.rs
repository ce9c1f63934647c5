//! `run ingest` does the job: records on standard output, the log on standard error.

use std::fs;

use crate::common::{millstream, millstream_in};

#[test]
fn records_and_log_go_their_own_ways() {
    let directory = tempfile::tempdir().expect("temporary directory");
    fs::create_dir(directory.path().join("in")).expect("created");
    fs::write(directory.path().join("in/a.csv"), "id,name,k1\n1,n1,v1\n").expect("written");
    let arguments = [
        "run",
        "--target",
        "local",
        "-Dmillstream.data-dir=data",
        "ingest",
        "--source.type csv --source.path in --source.firstLine.schema true --source.watch.type PROCESS_ONCE \
         --sink.type print --sink.merge.enable true --sink.format json",
    ];
    let said = millstream_in(directory.path(), &[], &arguments);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(
        said.out,
        "{\"id\":\"1\",\"feas\":{\"name\":\"n1\",\"k1\":\"v1\"}}\n"
    );
    let first = said.err.lines().next();
    assert_eq!(
        first,
        Some("WARNING: given, but without effect here: sink.format (only with sink.type file)")
    );
    assert!(
        said.err.contains("Job has been submitted with JobID"),
        "{}",
        said.err
    );
}

#[test]
fn a_source_that_is_not_there_fails_in_one_line() {
    let said = millstream(&[
        "run",
        "-tlocal",
        "-Dmillstream.data-dir=data",
        "ingest",
        "--source.type=csv",
        "--source.path=nowhere",
        "--sink.type=print",
        "--job.retry.maxNumberRestartAttempts=0",
    ]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    let last = said.err.lines().last().expect("an error");
    assert!(
        last.starts_with("MS-") && last.contains("nowhere"),
        "{}",
        said.err
    );
}
