//! What the disk does not allow fails the job with the file's name and the cause.

use crate::sinks_common::attempt::{Attempt, Run};
use millstream_connectors::file_sink::FileSink;
use millstream_connectors::formats::TextLines;
use millstream_engine::connector::Sink;

#[test]
fn a_target_that_is_a_file_is_refused_at_the_start() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let sink: FileSink<String> = FileSink::new(file.path().join("below"), TextLines);
    let error = Attempt::open(&sink).err().expect("refused");
    assert_eq!(error.code(), "MS-7017");
    let line = error.to_string();
    let expected = format!("{} is a file and no directory, ", file.path().display());
    assert!(line.contains(&expected), "{line}");
    assert!(line.contains("give the sink another path"), "{line}");
}

#[test]
fn a_target_that_an_earlier_run_may_have_had_is_waited_for_or_made() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().join("out");
    std::fs::write(&directory, "").expect("written");
    let sink: FileSink<String> = FileSink::new(&directory, TextLines);
    let again = Run::number(2);
    let error = Attempt::run(&sink, &again).err().expect("not now");
    assert_eq!(error.code(), "MS-7001");
    let line = error.to_string();
    assert!(line.contains("is a file and no directory"), "{line}");
    std::fs::remove_file(&directory).expect("removed");
    Attempt::run(&sink, &again).expect("it is made");
    assert!(directory.is_dir());
}

#[test]
fn a_target_is_refused_behind_an_attempt_of_the_process_that_failed_for_something_else() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let sink: FileSink<String> = FileSink::new(file.path(), TextLines);
    let first = sink.committer(Run::number(1).committer_context());
    drop(first.expect("a committer"));
    let error = Attempt::run(&sink, &Run::number(2)).err();
    assert_eq!(error.expect("refused").code(), "MS-7017");
}

#[test]
fn a_target_that_an_earlier_run_may_have_gone_on_at_is_waited_for_or_made() {
    let place = tempfile::tempdir().expect("a directory");
    let before: FileSink<String> = FileSink::new(place.path().join("before"), TextLines);
    let mut attempt = Attempt::open(&before).expect("opens");
    let entries = attempt.writer.snapshot(1).expect("a snapshot");
    drop(attempt);
    let again = Run {
        restored: Some(entries),
        from: Some(1),
        ..Run::number(2)
    };
    let directory = place.path().join("out");
    std::fs::write(&directory, "").expect("written");
    let sink: FileSink<String> = FileSink::new(&directory, TextLines);
    let error = Attempt::run(&sink, &again).err().expect("not now");
    assert_eq!(error.code(), "MS-7001");
    std::fs::remove_file(&directory).expect("removed");
    Attempt::run(&sink, &again).expect("it is made");
}

#[test]
fn what_is_no_directory_any_more_fails_the_write_by_name() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path().join("out");
    let sink: FileSink<String> = FileSink::new(&directory, TextLines);
    let mut attempt = Attempt::open(&sink).expect("opens");
    std::fs::remove_dir(&directory).expect("is empty");
    // A directory that is away would be waited for.
    std::fs::write(&directory, "").expect("written");
    let mut fail = || {
        attempt.write(vec!["x".to_owned()])?;
        attempt.prepare(1)
    };
    let error = fail().expect_err("there is no directory");
    assert_eq!(error.code(), "MS-7001");
    let path = directory.display().to_string();
    assert!(error.to_string().contains(&path), "{error}");
    assert_eq!(
        attempt
            .prepare(2)
            .expect_err("a failed writer stays failed")
            .code(),
        "MS-7001"
    );
}
