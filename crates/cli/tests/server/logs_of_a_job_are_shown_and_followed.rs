//! The log of a job, and what it has printed, are shown by the command.

use crate::common::server::{Server, first_file};
use crate::common::{Running, put};

#[test]
fn printed_records_are_followed_to_the_end_of_the_job() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let out = server.succeed(&[
        "run",
        "-d",
        "-Dexecution.checkpointing.interval=20 ms",
        "ingest",
        "--job.name=printer",
        "--source.type=csv",
        "--source.path=in",
        "--source.watch.interval=20",
        "--sink.type=print",
    ]);
    let job = out.trim_end().rsplit(' ').next().expect("an id");
    let mut follow = Running::start(server.command(&["logs", "-f", "--file", "job.out", job]));
    follow.await_printed(|line| line.contains("Ann"));
    put(directory.path(), "in/2.csv", "2,Bob\n");
    follow.await_printed(|line| line.contains("Bob"));
    server.succeed(&["cancel", "printer"]);
    let said = follow.end();
    assert_eq!(said.code, Some(0), "{}", said.err);

    let log = server.succeed(&["logs", job]);
    assert!(log.contains("switched from"), "{log}");
    let last = server.succeed(&["logs", "-n", "2", job]);
    assert_eq!(last.lines().count(), 2, "{last}");
    assert!(log.ends_with(&last), "{last}");
    let list = server.json(&["logs", "--list", job]);
    let names: Vec<_> = list.as_array().expect("files").iter().collect();
    assert!(names.iter().any(|file| file["name"] == "job.log"), "{list}");
    let text = server.json(&["logs", "-n", "2", job]);
    assert_eq!(text["text"], last);

    let said = server.run(&["logs", "--file", "../server.log", job]);
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert!(
        said.err
            .contains("has no log file `../server.log`; it has "),
        "{}",
        said.err
    );
    server.end();
}

#[test]
fn a_file_that_is_put_aside_is_followed_into_the_next() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let job = server.submit("silent", &[]);
    // The job prints nothing: what is in the file is the test's.
    let place = directory.path().join("server/jobs").join(&job);
    let (output, aside) = (place.join("job.out"), place.join("job.out.1"));
    std::fs::write(&output, "the first line, which is long\n").expect("written");
    let mut follow = Running::start(server.command(&["logs", "-f", "--file", "job.out", &job]));
    assert_eq!(follow.await_print(), "the first line, which is long");
    // Appended and put aside before it can have been read: nobody can look in between.
    let both = "the first line, which is long\nthe last of the old file\n";
    let (next_old, next_new) = (place.join("old"), place.join("new"));
    std::fs::write(&next_old, both).expect("written");
    std::fs::write(&next_new, "the new file\n").expect("written");
    std::fs::rename(&next_old, &aside).expect("renamed");
    std::fs::rename(&next_new, &output).expect("renamed");
    assert_eq!(follow.await_print(), "the last of the old file");
    assert_eq!(follow.await_print(), "the new file");
    server.succeed(&["cancel", &job]);
    let said = follow.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    server.end();
}

#[test]
fn failures_and_checkpoints_are_shown() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let job = server.submit("orders", &[]);
    assert_eq!(server.succeed(&["exceptions", &job]), "No exceptions.\n");
    assert_eq!(server.json(&["exceptions", &job]), serde_json::json!([]));
    server.succeed(&["checkpoint", &job]);
    let shown = server.succeed(&["checkpoints", &job]);
    assert!(
        shown.contains(" triggered: ") && shown.contains("COMPLETED"),
        "{shown}"
    );
    let answer = server.json(&["checkpoints", &job]);
    assert!(answer["counts"]["completed"].as_u64() > Some(0), "{answer}");
    // One that can't be written is told with its reason, by the command and afterwards.
    let said = server.run(&["savepoint", &job, "/proc/nowhere"]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    let words = format!(": Failed to trigger a savepoint for the job {job}: ");
    assert!(said.error().contains(&words), "{}", said.err);
    let shown = server.succeed(&["checkpoints", &job]);
    let failed = shown.lines().find(|line| line.contains("  FAILED  "));
    assert!(
        failed.is_some_and(|line| line.contains("/proc/nowhere")),
        "{shown}"
    );
    server.end();
}

#[test]
fn what_went_wrong_in_a_job() {
    let directory = tempfile::tempdir().expect("temporary directory");
    first_file(directory.path());
    let server = Server::started(directory.path(), &[]);
    let out = server.succeed(&[
        "run",
        "-d",
        "ingest",
        "--job.name=bad",
        "--job.retry.maxNumberRestartAttempts=0",
        "--source.type=csv",
        "--source.path=in",
        "--source.firstLine.schema=true",
        "--sink.type=print",
        "--error.policy=fail",
        "--stream.sql.enable=true",
        "--stream.sql.schema.json={\"id\": \"Int\", \"name\": \"Int\"}",
        "--stream.sql=select id, name from t1",
    ]);
    let job = out.trim_end().rsplit(' ').next().expect("an id");
    server.await_status(job, "FAILED");
    let shown = server.succeed(&["exceptions", job]);
    let first = shown.lines().next().unwrap_or_default();
    assert!(first.contains("MS-") && shown.contains("1.csv"), "{shown}");
    let entries = server.json(&["exceptions", job]);
    assert!(entries[0]["timestamp"].is_u64(), "{entries}");
    server.end();
}
