//! `hdfs://` in the place of directories: text, compressed text, Parquet and ORC are read and written there, parted or not; what is
//! done with is moved or deleted; what others are still writing is waited for; and what is wrong is told in one line.

use crate::common;

use std::io::Write;

use crate::common::hdfs::{hidden, job, lines, visible};
use crate::common::objects::CSV;
use crate::common::remote::{await_count, first_example, shell};
use crate::common::{ONCE, Said, command, running};
use millstream_services::hdfs::Hdfs;

/// One pair of nodes for all, which take seconds to start.
#[test]
fn hdfs_is_a_disk() {
    let hdfs = Hdfs::start().expect("HDFS");
    texts_are_read_however_they_are_compressed(&hdfs);
    columns_are_written_and_read(&hdfs);
    partitions_are_directories(&hdfs);
    large_files_are_split(&hdfs);
    what_is_done_with_is_taken_away(&hdfs);
    what_is_new_is_found_while_the_job_runs(&hdfs);
    what_is_still_written_is_waited_for(&hdfs);
    growth_is_followed(&hdfs);
    every_name_leads_there(&hdfs);
    what_is_wrong_is_told_in_one_line(&hdfs);
    doctor_looks_without_leaving_anything(&hdfs);
    dead_letters_are_files(&hdfs);
    the_example_of_the_guide_runs(&hdfs);
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
fn run(hdfs: &Hdfs, from: &str, to: &str, parameters: &[&str]) -> Said {
    let directory = place();
    let parameters = [&CSV[..], &[ONCE], parameters].concat();
    let places = (&*hdfs.url(from), &*hdfs.url(to));
    let said = running::run(job(hdfs, directory.path(), places, &[], &parameters));
    ends_well(&said);
    said
}

fn put(hdfs: &Hdfs, path: &str, text: &str) {
    hdfs.put(path, text.as_bytes()).expect("is put");
}

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(text.as_bytes()).expect("is compressed");
    encoder.finish().expect("is compressed")
}

fn texts_are_read_however_they_are_compressed(hdfs: &Hdfs) {
    put(hdfs, "/text/a.csv", "id,name\n1,one\n");
    let zipped = gzip("id,name\n2,two\n");
    hdfs.put("/text/b.csv.gz", &zipped).expect("is put");
    let zstd = zstd::encode_all(&b"id,name\n3,three\n"[..], 1).expect("is compressed");
    hdfs.put("/text/c.csv.zst", &zstd).expect("is put");
    put(hdfs, "/text/_hidden.csv", "not,to,be\nread,at,all\n");
    put(hdfs, "/text/d.csv._COPYING_", "id,name\n4,half of it");
    put(hdfs, "/text/empty.csv", "");
    run(hdfs, "/text", "/text-out", &[]);
    let expected = [
        r#"{"id":"1","name":"one"}"#,
        r#"{"id":"2","name":"two"}"#,
        r#"{"id":"3","name":"three"}"#,
    ];
    assert_eq!(lines(hdfs, "/text-out"), expected);
    assert_eq!(hidden(hdfs, "/text-out"), Vec::<String>::new());
    // Compressed output.
    run(hdfs, "/text", "/text-gz", &["--sink.file.compression=gzip"]);
    let files = visible(hdfs, "/text-gz");
    assert!(
        !files.is_empty() && files.iter().all(|file| file.ends_with(".json.gz")),
        "{files:?}"
    );
}

fn columns_are_written_and_read(hdfs: &Hdfs) {
    for format in ["parquet", "orc"] {
        let written = format!("/columns-{format}");
        run(
            hdfs,
            "/text",
            &written,
            &[&format!("--sink.format={format}")],
        );
        let directory = place();
        let source = format!("--source.type={format}");
        let read = directory.path().join("out");
        let places = (&*hdfs.url(&written), &*read.display().to_string());
        let parameters = [source.as_str(), ONCE];
        let said = running::run(job(hdfs, directory.path(), places, &[], &parameters));
        ends_well(&said);
        assert_eq!(common::lines(&read), lines(hdfs, "/text-out"), "{format}");
    }
}

fn partitions_are_directories(hdfs: &Hdfs) {
    let text = "day,city,n\n2024-02-29,Rome,1\n2024-02-29,a/b c:d,2\n2024-03-01,,3\n";
    put(hdfs, "/parted/a.csv", text);
    let columns = "--sink.partition.columns=day,city";
    run(hdfs, "/parted", "/parted-out", &[columns]);
    let files = visible(hdfs, "/parted-out");
    let directories: Vec<&str> = files
        .iter()
        .map(|file| file.rsplit_once('/').expect("a directory").0)
        .collect();
    let expected = [
        "/parted-out/day=2024-02-29/city=Rome",
        "/parted-out/day=2024-02-29/city=a%2Fb c%3Ad",
        "/parted-out/day=2024-03-01/city=__HIVE_DEFAULT_PARTITION__",
    ];
    assert_eq!(directories, expected);
    let expected = [r#"{"n":"1"}"#, r#"{"n":"2"}"#, r#"{"n":"3"}"#];
    assert_eq!(lines(hdfs, "/parted-out"), expected);
}

fn large_files_are_split(hdfs: &Hdfs) {
    let mut text = "id,name\n".to_owned();
    for id in 0..300_000 {
        text.push_str(&format!("{id},{}\n", "x".repeat(40)));
    }
    put(hdfs, "/large/a.csv", &text);
    let directory = place();
    // Checkpoints would end files while they are small.
    let options = ["-p", "3", "-Dexecution.checkpointing.interval=1 h"];
    let parameters = [&CSV[..], &[ONCE, "--source.split.size=2000000"]].concat();
    let places = (&*hdfs.url("/large"), &*hdfs.url("/large-out"));
    let said = running::run(job(hdfs, directory.path(), places, &options, &parameters));
    ends_well(&said);
    assert_eq!(lines(hdfs, "/large-out").len(), 300_000);
    assert_eq!(visible(hdfs, "/large-out").len(), 3, "one of each writer");
}

fn what_is_done_with_is_taken_away(hdfs: &Hdfs) {
    for (name, policy) in [("/moved", "move"), ("/deleted", "delete")] {
        put(hdfs, &format!("{name}/a.csv"), "id\n1\n");
        put(hdfs, &format!("{name}/b.csv"), "id\n2\n");
        let policy = format!("--source.after.commit={policy}");
        let target = format!("--source.after.commit.path={}", hdfs.url("/moved/_done"));
        let mut parameters = vec![policy.as_str()];
        if name == "/moved" {
            parameters.push(&target);
        }
        run(hdfs, name, &format!("{name}-out"), &parameters);
        let out = lines(hdfs, &format!("{name}-out"));
        assert_eq!(out, [r#"{"id":"1"}"#, r#"{"id":"2"}"#]);
        let left = hdfs.files(name).expect("a listing");
        let expected: &[&str] = match name {
            "/moved" => &["/moved/_done/a.csv", "/moved/_done/b.csv"],
            _ => &[],
        };
        assert_eq!(left, expected, "{name}");
    }
}

fn what_is_new_is_found_while_the_job_runs(hdfs: &Hdfs) {
    put(hdfs, "/watched/a.csv", "id\n1\n");
    let directory = place();
    let places = (&*hdfs.url("/watched"), &*hdfs.url("/watched-out"));
    let running = common::Running::start(job(hdfs, directory.path(), places, &[], &CSV));
    await_lines(hdfs, "/watched-out", 1);
    put(hdfs, "/watched/b.csv", "id\n2\n");
    await_lines(hdfs, "/watched-out", 2);
    running.signal("TERM");
    ends_well(&running.end());
}

fn what_is_still_written_is_waited_for(hdfs: &Hdfs) {
    put(hdfs, "/open/a.csv", "id\n1\n");
    let mut open = hdfs.begin_file("/open/b.csv").expect("is begun");
    open.write(b"id\n2\n3\n").expect("is written");
    let directory = place();
    let places = (&*hdfs.url("/open"), &*hdfs.url("/open-out"));
    let running = common::Running::start(job(hdfs, directory.path(), places, &[], &CSV));
    await_lines(hdfs, "/open-out", 1);
    open.write(b"4\n").expect("is written");
    assert_eq!(lines(hdfs, "/open-out").len(), 1);
    open.close().expect("is closed");
    await_lines(hdfs, "/open-out", 4);
    running.signal("TERM");
    ends_well(&running.end());
    let numbers = [1, 2, 3, 4].map(|id| format!(r#"{{"id":"{id}"}}"#));
    assert_eq!(lines(hdfs, "/open-out"), numbers);
}

fn growth_is_followed(hdfs: &Hdfs) {
    put(hdfs, "/grows/a.csv", "id\n1\n");
    let directory = place();
    let places = (&*hdfs.url("/grows"), &*hdfs.url("/grows-out"));
    let parameters = [&CSV[..], &["--source.file.changed=append"]].concat();
    let running = common::Running::start(job(hdfs, directory.path(), places, &[], &parameters));
    await_lines(hdfs, "/grows-out", 1);
    let mut open = hdfs.begin_file("/grows/a.csv").expect("is begun");
    open.write(b"2\n").expect("is written");
    open.close().expect("is closed");
    await_lines(hdfs, "/grows-out", 2);
    running.signal("TERM");
    ends_well(&running.end());
    let expected = [r#"{"id":"1"}"#, r#"{"id":"2"}"#];
    assert_eq!(lines(hdfs, "/grows-out"), expected);
}

/// One file, of the file system that `core-site.xml` names, and of a name service whose first NameNode is away.
fn every_name_leads_there(hdfs: &Hdfs) {
    for (number, beginning) in ["hdfs://", "hdfs://cluster"].into_iter().enumerate() {
        let directory = place();
        let out = format!("/named-{number}");
        let from = format!("{beginning}/text/a.csv");
        let places = (&*from, &*format!("{beginning}{out}"));
        let parameters = [&CSV[..], &[ONCE]].concat();
        let said = running::run(job(hdfs, directory.path(), places, &[], &parameters));
        ends_well(&said);
        assert_eq!(lines(hdfs, &out), [r#"{"id":"1","name":"one"}"#]);
    }
}

fn what_is_wrong_is_told_in_one_line(hdfs: &Hdfs) {
    hdfs.make_private("/private").expect("is made");
    put(hdfs, "/private/a.csv", "id\n1\n");
    let wrong = |from: &str, to: &str, more: &str| {
        let directory = place();
        let parameters = [
            &CSV[..],
            &[ONCE, "--job.retry.maxNumberRestartAttempts=0", more],
        ]
        .concat();
        let said = running::run(job(hdfs, directory.path(), (from, to), &[], &parameters));
        assert_ne!(said.code, Some(0), "{}", said.err);
        said.error().to_owned()
    };
    let nobody = format!("--hadoop.user.name={}", hdfs.nobody());
    let told = wrong(&hdfs.url("/private"), &hdfs.url("/out"), &nobody);
    assert!(
        told.contains("user=nobody")
            && told.contains("/private")
            && told.contains("hadoop.user.name"),
        "{told}"
    );
    let told = wrong(&hdfs.url("/text"), &hdfs.url("/private/out"), &nobody);
    assert!(
        told.contains("user=nobody") && told.contains("/private"),
        "{told}"
    );
    let told = wrong(&hdfs.url("/none"), &hdfs.url("/out"), "--job.name=job");
    assert!(told.contains("/none can't be read"), "{told}");
    let told = wrong("hdfs://127.0.0.1:1/in", &hdfs.url("/out"), "--job.name=job");
    assert!(told.contains("NameNode and DataNodes run"), "{told}");
    // Without settings a path that names nobody leads nowhere.
    let directory = place();
    let mut unset = command(directory.path());
    unset
        .args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args([
            "ingest",
            "--sink.type=print",
            ONCE,
            "--source.path=hdfs:///in",
        ])
        .args(CSV);
    let said = running::run(unset);
    assert!(said.error().contains("fs.defaultFS"), "{}", said.err);
}

fn dead_letters_are_files(hdfs: &Hdfs) {
    put(hdfs, "/bad/a.csv", "id,name\n1,one\n2\n3,three\n");
    let directory = place();
    let letters = format!("--error.dead-letter.path={}", hdfs.url("/bad-letters"));
    let parameters = [&CSV[..], &[ONCE, "--error.policy=dead-letter", &letters]].concat();
    let places = (&*hdfs.url("/bad"), &*hdfs.url("/bad-out"));
    let said = running::run(job(hdfs, directory.path(), places, &[], &parameters));
    ends_well(&said);
    let written = lines(hdfs, "/bad-letters");
    assert_eq!(written.len(), 1, "{written:?}");
    assert_eq!(lines(hdfs, "/bad-out").len(), 2);
    let mut list = command(directory.path());
    list.args(["dead-letters", "-Dmillstream.data-dir=data", "list", "job"]);
    let said = running::run(list);
    ends_well(&said);
    let heading = format!("Dead letters of job in {}:", hdfs.url("/bad-letters"));
    assert!(said.out.contains(&heading), "{}", said.out);
}

fn doctor_looks_without_leaving_anything(hdfs: &Hdfs) {
    let directory = place();
    let look = |action: &[&str], more: &[&str]| {
        let mut doctor = command(directory.path());
        doctor
            .args(action)
            .arg("-Dmillstream.data-dir=data")
            .args(["ingest", "--job.name=job", "--sink.type=file", ONCE])
            .args(CSV)
            .arg(format!("--source.path={}", hdfs.url("/text")))
            .arg(format!("--sink.path={}", hdfs.url("/doctor-out")))
            .args(more);
        running::run(doctor)
    };
    let said = look(&["doctor"], &[]);
    ends_well(&said);
    assert!(said.out.contains("6 names"), "{}", said.out);
    assert!(
        said.out
            .contains("not there yet; files can be made and removed"),
        "{}",
        said.out
    );
    let said = look(&["run", "--target", "local", "--dry-run"], &[]);
    ends_well(&said);
    assert!(
        said.out.contains(r#"{"id":"1","name":"one"}"#),
        "{}",
        said.out
    );
    assert!(hdfs.list("/doctor-out").expect("a listing").is_empty());
    let left = hdfs.list("/").expect("a listing");
    assert!(
        left.iter().all(|entry| !entry.name.starts_with('.')),
        "{left:?}"
    );
    let nobody = format!("--hadoop.user.name={}", hdfs.nobody());
    let said = look(&["doctor"], &[&nobody]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(said.out.contains("user=nobody"), "{}{}", said.out, said.err);
}

fn the_example_of_the_guide_runs(hdfs: &Hdfs) {
    let guide = include_str!("../../../../docs/guide/hdfs.md");
    put(hdfs, "/user/csp/orders/a.csv", "id\n1\n");
    let directory = place();
    let configuration = hdfs.configuration();
    let example = first_example(guide);
    let example = example.replace("/etc/hadoop/conf", &configuration.display().to_string());
    let example = example.replace(
        "HADOOP_USER_NAME=csp",
        &format!("HADOOP_USER_NAME={}", hdfs.user()),
    );
    let shell = shell(directory.path(), &example);
    ends_well(&running::run(shell));
    assert_eq!(lines(hdfs, "/user/csp/orders-json"), [r#"{"id":"1"}"#]);
}

/// Waits until so many lines are there.
#[track_caller]
fn await_lines(hdfs: &Hdfs, below: &str, count: usize) {
    await_count(count, || lines(hdfs, below).len());
}
