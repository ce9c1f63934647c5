//! `s3://` in the place of directories: text, compressed text, Parquet and ORC are read and written there, parted or not; what is
//! done with is moved or deleted; and what is wrong is told in one line.

use std::path::Path;

use crate::common::objects::{CSV, job, lines, url};
use crate::common::remote::files::{Files, ends_well, many_rows, place};
use crate::common::remote::{first_example, shell};
use crate::common::{ONCE, command, running};
use millstream_services::seaweed::Seaweed;

/// One store for all, which takes seconds to start.
#[test]
fn objects_are_files() {
    let store = Seaweed::start().expect("an object store");
    let files = Files(&store);
    files.texts_are_read_however_they_are_compressed();
    columns_are_written_and_read(&store);
    files.partitions_are_directories("a/b c", "a%2Fb c");
    large_objects_are_uploaded_in_parts(&store);
    files.what_is_done_with_is_taken_away();
    files.what_is_new_is_found_while_the_job_runs();
    one_object_is_read_where_one_is_named(&store);
    what_is_wrong_is_told_in_one_line(&store);
    doctor_looks_without_leaving_anything(&store);
    files.dead_letters_are_kept_there();
    the_example_of_the_guide_runs(&store);
    assert_eq!(store.uploads().expect("a listing"), Vec::<String>::new());
}

fn columns_are_written_and_read(store: &Seaweed) {
    for format in ["parquet", "orc"] {
        let written = format!("columns-{format}");
        let files = Files(store);
        files.run("text", &written, &[&format!("--sink.format={format}")]);
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

fn large_objects_are_uploaded_in_parts(store: &Seaweed) {
    let text = many_rows(300_000);
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

fn one_object_is_read_where_one_is_named(store: &Seaweed) {
    Files(store).run("text/a.csv", "one-out", &[]);
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
