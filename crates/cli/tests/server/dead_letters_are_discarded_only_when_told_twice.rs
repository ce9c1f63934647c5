//! `millstream dead-letters discard` needs --force, does nothing with --dry-run, and what it dismissed is neither shown nor
//! replayed any more. Jobs are found by their names and ids; what is not understood is refused in one line.

use std::path::Path;

use crate::common::server::Server;
use crate::common::{CSV_TO_FILES, ONCE, Said, ingest, lines, millstream_in, put, running};

fn letters(directory: &Path, data: &str, arguments: &[&str]) -> Said {
    let data = format!("-Dmillstream.data-dir={data}");
    let all = [&["dead-letters", &data], arguments].concat();
    millstream_in(directory, &[], &all)
}

const ASIDE: [&str; 4] = [
    "--error.policy=dead-letter",
    "--error.dead-letter.path=dead",
    "--stream.sql.enable=true",
    "--stream.sql.schema=struct<id:Int>",
];

#[test]
fn and_stay_so() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(directory, "in/a.csv", "id\n1\ntwo\n3,x\nfour\n");
    let parameters = [&[ONCE], &CSV_TO_FILES[..], &ASIDE].concat();
    let said = running::run(ingest(directory, &[], &parameters));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let ask = |arguments: &[&str]| letters(directory, "data", arguments);
    // A job without a server is known by its id for as long as its checkpoints, or their end, are.
    let id = said.err.split_once("JobID ").map(|(_, behind)| behind);
    let id = id.and_then(|behind| behind.get(..32)).expect("an id");
    let listed = ask(&["list", id]);
    assert_eq!(listed.code, Some(0), "{}", listed.err);

    let shown = ask(&["show", "job", "--code", "value"]);
    assert_eq!(shown.code, Some(0), "{}", shown.err);
    assert_eq!(shown.out.lines().count(), 4, "{}", shown.out);
    assert!(
        shown
            .out
            .contains("column `id`: `two` is not an Int\n    two\n"),
        "{}",
        shown.out
    );
    let one = ask(&["show", "job", "--limit=1", "--json"]);
    let one: serde_json::Value = serde_json::from_str(&one.out).expect("JSON");
    let one = one.as_array().expect("an array");
    assert_eq!(one.len(), 1);
    assert_eq!(
        one.first().map(|letter| &letter["state"]),
        Some(&"open".into())
    );

    let refused = ask(&["discard", "job", "--code=value"]);
    assert_eq!(refused.code, Some(1));
    let line = "MS-1003: 2 dead letters of job would never be replayed; give --force";
    assert!(refused.err.starts_with(line), "{}", refused.err);
    let dry = ask(&["discard", "job", "--code=value", "--dry-run"]);
    assert_eq!(dry.out, "2 letters would be discarded. Nothing was.\n");
    let all = ask(&["replay", "job", "--dry-run"]);
    assert_eq!(all.out, "3 letters would be replayed.\n");
    let done = ask(&["discard", "job", "--code=value", "--force"]);
    assert_eq!(
        (done.code, done.out.as_str()),
        (Some(0), "2 letters discarded.\n")
    );
    let again = ask(&["discard", "job", "--code=value", "--force"]);
    assert_eq!(again.out, "Nothing to discard.\n");
    let shown = ask(&["show", "job", "--code", "value"]);
    assert_eq!(shown.out, "No such dead letters.\n");
    let shown = ask(&["show", "job", "--code", "value", "--all"]);
    assert_eq!(
        shown.out.matches("discarded  value").count(),
        2,
        "{}",
        shown.out
    );
    let left = ask(&["replay", "job", "--dry-run"]);
    assert_eq!(left.out, "1 letter would be replayed.\n");
    assert_eq!(lines(&directory.join("dead")).len(), 3);
}

#[test]
fn jobs_of_a_server_are_known_by_their_ids() {
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    put(directory, "in/a.csv", "id\n1\ntwo\n");
    let server = Server::started(directory, &[]);
    let mut arguments = vec![
        "run",
        "-d",
        "-Dexecution.checkpointing.interval=20 ms",
        "ingest",
    ];
    arguments.extend(["--job.name=numbers", "--source.path=in", ONCE]);
    arguments.extend(CSV_TO_FILES);
    arguments.extend(ASIDE);
    let submitted = server.succeed(&arguments);
    let id = submitted.trim_end().rsplit(' ').next().expect("an id");
    let path = format!("/jobs/{id}");
    server.await_that("the job to finish", || {
        server.get(&path)["state"] == "FINISHED"
    });
    let begin = id.get(..8).expect("an id");
    for job in ["numbers", id, begin] {
        let said = letters(directory, "server", &["list", job]);
        assert_eq!(said.code, Some(0), "{job}: {}", said.err);
        assert!(
            said.out.starts_with("Dead letters of numbers in "),
            "{}",
            said.out
        );
    }
    server.end();
}

#[test]
fn what_is_not_understood_is_one_line() {
    let place = tempfile::tempdir().expect("a directory");
    for (arguments, line) in [
        (&[][..], "MS-1004: `dead-letters` is not told what to do"),
        (&["list"], "MS-1004: `dead-letters list` needs a job"),
        (&["burn", "job"], "MS-1004: `dead-letters` can't burn"),
        (
            &["list", "job"],
            "MS-8003: no job \"job\" has dead letters below ",
        ),
    ] {
        let said = letters(place.path(), "data", arguments);
        assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
        assert!(said.err.starts_with(line), "{}", said.err);
        assert_eq!(said.err.lines().count(), 1, "{}", said.err);
    }
}
