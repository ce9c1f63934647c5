//! `s3://` in the place of directories: text, compressed text, Parquet and ORC are read and written there, parted or not; what is
//! done with is moved or deleted; and what is wrong is told in one line.

use crate::common;

use std::io::Write;
use std::path::Path;

use crate::common::objects::{CSV, job, lines, url};
use crate::common::remote::{await_count, first_example, shell};
use crate::common::{ONCE, Said, command, running};
use millstream_services::seaweed::Seaweed;

/// One store for all, which takes seconds to start.
#[test]
fn objects_are_files() {
    let store = Seaweed::start().expect("an object store");
    texts_are_read_however_they_are_compressed(&store);
    columns_are_written_and_read(&store);
    partitions_are_directories(&store);
    large_objects_are_uploaded_in_parts(&store);
    what_is_done_with_is_taken_away(&store);
    what_is_new_is_found_while_the_job_runs(&store);
    one_object_is_read_where_one_is_named(&store);
    what_is_wrong_is_told_in_one_line(&store);
    doctor_looks_without_leaving_anything(&store);
    dead_letters_are_objects(&store);
    the_example_of_the_guide_runs(&store);
    assert_eq!(store.uploads().expect("a listing"), Vec::<String>::new());
}

fn place() -> tempfile::TempDir {
    tempfile::tempdir().expect("a directory")
}

#[track_caller]
fn ends_well(said: &Said) {
    assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
}

/// Runs a job once, from CSV.
#[track_caller]
fn run(store: &Seaweed, from: &str, to: &str, parameters: &[&str]) -> Said {
    let directory = place();
    let parameters = [&CSV[..], &[ONCE], parameters].concat();
    let said = running::run(job(store, directory.path(), (from, to), &[], &parameters));
    ends_well(&said);
    said
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("is compressed");
    encoder.finish().expect("is compressed")
}

fn texts_are_read_however_they_are_compressed(store: &Seaweed) {
    store
        .put("text/a.csv", b"id,name\n1,one\n")
        .expect("is put");
    store
        .put("text/b.csv.gz", &gzip("id,name\n2,two\n"))
        .expect("is put");
    let zstd = zstd::encode_all(&b"id,name\n3,three\n"[..], 1).expect("is compressed");
    store.put("text/c.csv.zst", &zstd).expect("is put");
    store
        .put("text/_hidden.csv", b"not,to,be\nread,at,all\n")
        .expect("is put");
    store.put("text/empty.csv", b"").expect("is put");
    run(store, "text", "text-out", &[]);
    let expected = [
        r#"{"id":"1","name":"one"}"#,
        r#"{"id":"2","name":"two"}"#,
        r#"{"id":"3","name":"three"}"#,
    ];
    assert_eq!(lines(store, "text-out"), expected);
    // Compressed output.
    run(store, "text", "text-gz", &["--sink.file.compression=gzip"]);
    let keys = store.keys("text-gz").expect("a listing");
    assert!(
        !keys.is_empty() && keys.iter().all(|key| key.ends_with(".json.gz")),
        "{keys:?}"
    );
}

fn columns_are_written_and_read(store: &Seaweed) {
    for format in ["parquet", "orc"] {
        let written = format!("columns-{format}");
        run(
            store,
            "text",
            &written,
            &[&format!("--sink.format={format}")],
        );
        let directory = place();
        let source = format!("--source.type={format}");
        let parameters = [source.as_str(), ONCE];
        let read = format!("{written}-read");
        let places = (written.as_str(), read.as_str());
        ends_well(&running::run(job(
            store,
            directory.path(),
            places,
            &[],
            &parameters,
        )));
        assert_eq!(lines(store, &read), lines(store, "text-out"), "{format}");
    }
}

fn partitions_are_directories(store: &Seaweed) {
    let text = b"day,city,n\n2024-02-29,Rome,1\n2024-02-29,a/b c,2\n2024-03-01,,3\n";
    store.put("parted/a.csv", text).expect("is put");
    run(
        store,
        "parted",
        "parted-out",
        &["--sink.partition.columns=day,city"],
    );
    let keys = store.keys("parted-out").expect("a listing");
    let directories: Vec<&str> = keys
        .iter()
        .map(|key| key.rsplit_once('/').expect("a directory").0)
        .collect();
    let expected = [
        "parted-out/day=2024-02-29/city=Rome",
        "parted-out/day=2024-02-29/city=a%2Fb c",
        "parted-out/day=2024-03-01/city=__HIVE_DEFAULT_PARTITION__",
    ];
    assert_eq!(directories, expected);
    let expected = [r#"{"n":"1"}"#, r#"{"n":"2"}"#, r#"{"n":"3"}"#];
    assert_eq!(lines(store, "parted-out"), expected);
}

fn large_objects_are_uploaded_in_parts(store: &Seaweed) {
    let mut text = "id,name\n".to_owned();
    for id in 0..300_000 {
        text.push_str(&format!("{id},{}\n", "x".repeat(40)));
    }
    store.put("large/a.csv", text.as_bytes()).expect("is put");
    let directory = place();
    // Checkpoints would end objects while they are small.
    let options = ["-Dexecution.checkpointing.interval=1 h"];
    let parameters = [&CSV[..], &[ONCE, "--source.split.size=2000000"]].concat();
    let places = ("large", "large-out");
    ends_well(&running::run(job(
        store,
        directory.path(),
        places,
        &options,
        &parameters,
    )));
    let found = lines(store, "large-out");
    assert_eq!(found.len(), 300_000);
    let largest = store.keys("large-out").expect("a listing");
    let sizes = largest
        .iter()
        .map(|key| store.get(key).expect("is told").map_or(0, |it| it.len()));
    assert!(
        sizes.max() > Some(5 << 20),
        "at least one has more than one part"
    );
}

fn what_is_done_with_is_taken_away(store: &Seaweed) {
    for (name, policy) in [("moved", "move"), ("deleted", "delete")] {
        store
            .put(&format!("{name}/a.csv"), b"id\n1\n")
            .expect("is put");
        store
            .put(&format!("{name}/b.csv"), b"id\n2\n")
            .expect("is put");
        let policy = format!("--source.after.commit={policy}");
        let target = format!("--source.after.commit.path={}", url("moved/_done"));
        let mut parameters = vec![policy.as_str()];
        if name == "moved" {
            parameters.push(&target);
        }
        run(store, name, &format!("{name}-out"), &parameters);
        let out = lines(store, &format!("{name}-out"));
        assert_eq!(out, [r#"{"id":"1"}"#, r#"{"id":"2"}"#]);
        let left = store.keys(name).expect("a listing");
        let expected: &[&str] = match name {
            "moved" => &["moved/_done/a.csv", "moved/_done/b.csv"],
            _ => &[],
        };
        assert_eq!(left, expected, "{name}");
    }
}

fn what_is_new_is_found_while_the_job_runs(store: &Seaweed) {
    store.put("watched/a.csv", b"id\n1\n").expect("is put");
    let directory = place();
    let places = ("watched", "watched-out");
    let running = common::Running::start(job(store, directory.path(), places, &[], &CSV));
    await_lines(store, "watched-out", 1);
    store.put("watched/b.csv", b"id\n2\n").expect("is put");
    await_lines(store, "watched-out", 2);
    running.signal("TERM");
    ends_well(&running.end());
}

fn one_object_is_read_where_one_is_named(store: &Seaweed) {
    run(store, "text/a.csv", "one-out", &[]);
    assert_eq!(lines(store, "one-out"), [r#"{"id":"1","name":"one"}"#]);
}

fn what_is_wrong_is_told_in_one_line(store: &Seaweed) {
    let wrong = |options: &[&str], from: &str| {
        let directory = place();
        let parameters = [&CSV[..], &[ONCE, "--job.retry.maxNumberRestartAttempts=0"]].concat();
        let mut command = job(
            store,
            directory.path(),
            ("text", "out"),
            options,
            &parameters,
        );
        if !from.is_empty() {
            command = refuse(store, directory.path(), from);
        }
        let said = running::run(command);
        assert_ne!(said.code, Some(0), "{}", said.err);
        said.error().to_owned()
    };
    let told = wrong(&["-Ds3.secret-key=wrong"], "");
    assert!(
        told.contains("403") && told.contains("s3.secret-key"),
        "{told}"
    );
    let told = wrong(&[], "s3://no-such-bucket/in");
    assert!(
        told.contains("NoSuchBucket") && told.contains("bucket's name"),
        "{told}"
    );
    let told = wrong(&["-Ds3.connection.ssl.enabled=true"], "");
    assert!(told.contains("s3.connection.ssl.enabled"), "{told}");
    let told = wrong(&["-Ds3.endpoint=http://127.0.0.1:1"], "");
    assert!(told.contains("s3.endpoint is its address"), "{told}");
}

fn dead_letters_are_objects(store: &Seaweed) {
    store
        .put("bad/a.csv", b"id,name\n1,one\n2\n3,three\n")
        .expect("is put");
    let directory = place();
    let letters = format!("--error.dead-letter.path={}", url("bad-letters"));
    let parameters = [&CSV[..], &[ONCE, "--error.policy=dead-letter", &letters]].concat();
    let places = ("bad", "bad-out");
    ends_well(&running::run(job(
        store,
        directory.path(),
        places,
        &[],
        &parameters,
    )));
    let written = lines(store, "bad-letters");
    assert_eq!(written.len(), 1, "{written:?}");
    assert_eq!(lines(store, "bad-out").len(), 2);
    let mut list = command(directory.path());
    list.args(["dead-letters", "-Dmillstream.data-dir=data", "list", "job"]);
    let said = running::run(list);
    ends_well(&said);
    assert!(
        said.out
            .contains("Dead letters of job in s3://bucket/bad-letters:"),
        "{}",
        said.out
    );
}

/// A job that reads from somewhere else.
fn refuse(store: &Seaweed, directory: &Path, from: &str) -> std::process::Command {
    let mut command = command(directory);
    command
        .args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(store.options())
        .args(["ingest", "--job.name=job", "--sink.type=print", ONCE])
        .args(CSV)
        .arg(format!("--source.path={from}"));
    command
}

fn doctor_looks_without_leaving_anything(store: &Seaweed) {
    let directory = place();
    let doctor = |more: &[&str]| {
        let mut doctor = command(directory.path());
        doctor
            .args(["doctor", "-Dmillstream.data-dir=data"])
            .args(store.options())
            .args(more)
            .args(["ingest", "--job.name=job", "--sink.type=file"])
            .args(CSV)
            .arg(format!("--source.path={}", url("text")))
            .arg(format!("--sink.path={}", url("doctor-out")));
        running::run(doctor)
    };
    let said = doctor(&[]);
    ends_well(&said);
    assert!(
        said.out
            .contains("uploads can be begun, listed and aborted"),
        "{}",
        said.out
    );
    assert!(
        said.out.contains("5 names on the first page"),
        "{}",
        said.out
    );
    assert!(store.keys("doctor-out").expect("a listing").is_empty());
    let said = doctor(&["-Ds3.secret-key=wrong"]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(
        said.out.contains("s3.secret-key"),
        "{}{}",
        said.out,
        said.err
    );
}

fn the_example_of_the_guide_runs(store: &Seaweed) {
    let guide = include_str!("../../../../docs/guide/object-stores.md");
    store.put("orders/a.csv", b"id\n1\n").expect("is put");
    let directory = place();
    let mut shell = shell(directory.path(), first_example(guide));
    shell.env("ENDPOINT", store.endpoint());
    ends_well(&running::run(shell));
    assert_eq!(lines(store, "orders-json"), [r#"{"id":"1"}"#]);
}

/// Waits until so many lines are there.
#[track_caller]
fn await_lines(store: &Seaweed, below: &str, count: usize) {
    await_count(count, || lines(store, below).len());
}
