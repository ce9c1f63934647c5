//! `millstream files` and `GET /jobs/:id/files`: how far every file is, which checkpoint committed it, and reading one again on
//! purpose.

use crate::common;

use crate::common::put;
use crate::common::server::Server;
use serde_json::{Value, json};

/// Files of `in`, which are looked for all the time, into `out`.
const FILES: [&str; 5] = [
    "--source.path=in",
    "--source.watch.interval=20",
    "--source.file.settle=0",
    "--sink.type=file",
    "--sink.path=out",
];

fn submit(server: &Server, name: &str, more: &[&str]) -> String {
    let options = ["-Dexecution.checkpointing.interval=20 ms"];
    server.submit_with(name, &options, &[&FILES[..], more].concat())
}

const CSV: [&str; 6] = [
    "--source.type=csv",
    "--stream.sql.schema.json={\"id\": \"Int\", \"name\": \"String\"}",
    "--stream.sql.enable=true",
    "--stream.sql=select id, name from t1",
    "--error.policy=skip",
    "--source.file.bad=skip",
];

/// The files that a query answers, by name.
fn files(server: &Server, job: &str, query: &str) -> Vec<Value> {
    let (status, answer) = server.call("GET", &format!("/jobs/{job}/files{query}"), None);
    let files = answer.get("files").and_then(Value::as_array).cloned();
    assert!(status == 200 || status == 404, "{answer}");
    files.unwrap_or_default()
}

fn await_files(
    server: &Server,
    job: &str,
    query: &str,
    is_wanted: impl Fn(&[Value]) -> bool,
) -> Vec<Value> {
    let mut found = Vec::new();
    server.await_that("files in their states", || {
        found = files(server, job, query);
        is_wanted(&found)
    });
    found
}

fn field<'a>(file: &'a Value, name: &str) -> &'a Value {
    file.get(name).expect(name)
}

fn is_done(files: &[Value], name: &str) -> bool {
    let file = files.iter().find(|file| field(file, "name") == name);
    file.is_some_and(|file| field(file, "state") == "done")
}

#[test]
fn every_file_has_its_state_its_numbers_and_its_checkpoint() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    put(path, "in/a.csv", "1,Ann\nx,Bob\n3,Cid\n");
    put(path, "in/broken.csv.gz", "this is no gzip");
    let mut server = Server::started(path, &[]);
    let job = submit(&server, "told", &CSV);
    let found = await_files(&server, &job, "", |files| is_done(files, "a.csv"));
    let done = found
        .iter()
        .find(|file| field(file, "name") == "a.csv")
        .expect("there");
    assert_eq!(field(done, "rows"), 3, "{done}");
    assert_eq!(field(done, "bad"), 1, "{done}");
    assert_eq!(field(done, "percent"), 100, "{done}");
    assert_eq!(field(done, "bytes"), 18, "{done}");
    let checkpoint = field(done, "checkpoint").as_u64().expect("a number");
    assert!(checkpoint >= 1, "{done}");
    let failed = await_files(&server, &job, "?state=failed", |files| !files.is_empty());
    assert_eq!(field(&failed[0], "name"), "broken.csv.gz");
    assert!(
        field(&failed[0], "reason")
            .as_str()
            .is_some_and(|why| why.contains("can't be read"))
    );

    // The job goes on in another process, under another server: nothing is told twice or forgotten.
    let process = server.job_process();
    server.suspend();
    common::processes::kill(process);
    put(path, "in/b.csv", "4,Dora\n");
    server.start();
    await_files(&server, &job, "", |files| is_done(files, "b.csv"));
    let again = files(&server, &job, "?name=a.csv");
    assert_eq!(again.len(), 1, "{again:?}");
    assert_eq!(
        (field(&again[0], "rows"), field(&again[0], "bad")),
        (&json!(3), &json!(1))
    );
    assert_eq!(field(&again[0], "checkpoint"), checkpoint);

    let shown = server.succeed(&["files", "told"]);
    assert!(
        shown.starts_with("Files of ") && shown.contains("2 done, 1 failed"),
        "{shown}"
    );
    assert!(shown.contains("a.csv"), "{shown}");
    let none = server.succeed(&["files", "--state", "done", "--name", "broken", "told"]);
    assert_eq!(none.lines().count(), 1, "{none}");
    server.end();
}

#[test]
fn pages_follow_each_other() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    for number in 0..25 {
        put(
            path,
            &format!("in/{number:02}.csv"),
            format!("{number},n\n"),
        );
    }
    let server = Server::started(path, &[]);
    let job = submit(&server, "pages", &CSV);
    await_files(&server, &job, "?state=done&limit=100", |files| {
        files.len() == 25
    });
    let mut names = Vec::new();
    let mut query = "?limit=10".to_owned();
    let mut pages = 0;
    loop {
        let page = server.get(&format!("/jobs/{job}/files{query}"));
        let files = page["files"].as_array().expect("files");
        names.extend(
            files
                .iter()
                .map(|file| file["name"].as_str().expect("text").to_owned()),
        );
        pages += 1;
        match page["next"].as_u64() {
            Some(next) => query = format!("?limit=10&before={next}"),
            None => break,
        }
    }
    assert_eq!(pages, 3);
    names.sort();
    names.dedup();
    assert_eq!(names.len(), 25);
    let (status, answer) = server.call("GET", &format!("/jobs/{job}/files?state=gone"), None);
    assert_eq!(status, 400, "{answer}");
    let (status, answer) = server.call("GET", &format!("/jobs/{job}/files?limit=0"), None);
    assert_eq!(status, 400, "{answer}");
    let said = server.run(&["files", "--state", "gone", "pages"]);
    assert!(
        said.err
            .contains("say one of pending, reading, read, done, failed, quarantined"),
        "{}",
        said.err
    );
    server.end();
}

#[test]
fn a_file_is_read_again_once_when_asked() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    put(path, "in/a.csv", "1,Ann\n");
    put(path, "in/b.csv", "2,Bob\n");
    let mut server = Server::started(path, &[]);
    let job = submit(&server, "again", &CSV);
    let out = path.join("out");
    await_files(&server, &job, "?state=done", |files| files.len() == 2);
    let first = files(&server, &job, "?name=a.csv");
    let shown = server.succeed(&["files", "again", "reset", "a.csv"]);
    assert_eq!(shown, "a.csv is read again.\n");
    let row = r#"{"id":1,"name":"Ann"}"#;
    let rows = |out: &std::path::Path| {
        common::lines(out)
            .iter()
            .filter(|line| *line == row)
            .count()
    };
    server.await_that("the record once more", || rows(&out) == 2);
    let again = await_files(&server, &job, "?name=a.csv&state=done", |files| {
        files.len() == 1 && field(&files[0], "row") != field(&first[0], "row")
    });
    assert_eq!(field(&again[0], "rows"), 1, "{again:?}");
    // Nothing of the wish is left: a process that is killed does not read it a third time.
    let wishes = path.join(format!("server/jobs/{job}/files"));
    server.await_that("the wish to be fulfilled", || {
        let entries = std::fs::read_dir(&wishes).expect("listed").flatten();
        !entries
            .into_iter()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("reset-"))
    });
    let process = server.job_process();
    server.suspend();
    common::processes::kill(process);
    put(path, "in/c.csv", "3,Cid\n");
    server.start();
    await_files(&server, &job, "?state=done", |files| files.len() == 3);
    assert_eq!(rows(&out), 2);

    let said = server.run(&["files", "again", "reset", "nothing.csv"]);
    assert_eq!(said.code, Some(1));
    assert!(
        said.err.contains("MS-1015: No file \"nothing.csv\""),
        "{}",
        said.err
    );
    server.succeed(&["cancel", "again"]);
    let said = server.run(&["files", "again", "reset", "a.csv"]);
    assert!(
        said.err.contains("MS-2004: Job") && said.err.contains("has ended"),
        "{}",
        said.err
    );
    // What it has told stays to be seen.
    let shown = server.json(&["files", "again"]);
    assert_eq!(shown["counts"]["done"], 3, "{shown}");
    server.end();
}

#[test]
fn columns_are_told_of_and_other_jobs_say_that_they_read_no_files() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    put(path, "in/a.csv", "1,Ann\n2,Bob\n");
    // Files of columns of our own making.
    let made = common::ingest(
        path,
        &[],
        &[
            common::ONCE,
            "--source.type=csv",
            "--sink.type=file",
            "--sink.format=parquet",
            "--sink.path=columns",
        ],
    );
    assert_eq!(common::running::run(made).code, Some(0));
    let server = Server::started(path, &[]);
    let job = submit(
        &server,
        "columns",
        &["--source.type=parquet", "--source.path=columns"],
    );
    let found = await_files(&server, &job, "?state=done", |files| !files.is_empty());
    let rows: u64 = found
        .iter()
        .filter_map(|file| field(file, "rows").as_u64())
        .sum();
    assert_eq!(rows, 2, "{found:?}");
    let (status, answer) = server.call("GET", "/jobs/00000000000000000000000000000000/files", None);
    assert_eq!(status, 404, "{answer}");
    assert!(answer.to_string().contains("MS-2008"), "{answer}");
    server.end();
}
