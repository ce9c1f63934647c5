//! `hdfs://` in the place of directories: text, compressed text, Parquet and ORC are read and written there, parted or not; what is
//! done with is moved or deleted; what others are still writing is waited for; and what is wrong is told in one line.

use crate::common;

use crate::common::hdfs::{hidden, job, lines, visible};
use crate::common::objects::CSV;
use crate::common::remote::files::{Files, ends_well, many_rows, place};
use crate::common::remote::{await_count, first_example, shell};
use crate::common::{ONCE, command, running};
use millstream_services::hdfs::Hdfs;

/// One pair of nodes for all, which take seconds to start.
#[test]
fn hdfs_is_a_disk() {
    let hdfs = Hdfs::start().expect("HDFS");
    let files = Files(&hdfs);
    put(&hdfs, "/text/d.csv._COPYING_", "id,name\n4,half of it");
    files.texts_are_read_however_they_are_compressed();
    assert_eq!(hidden(&hdfs, "/text-out"), Vec::<String>::new());
    columns_are_written_and_read(&hdfs);
    files.partitions_are_directories("a/b c:d", "a%2Fb c%3Ad");
    large_files_are_split(&hdfs);
    files.what_is_done_with_is_taken_away();
    files.what_is_new_is_found_while_the_job_runs();
    what_is_still_written_is_waited_for(&hdfs);
    no_record_is_cut_where_an_open_file_ends(&hdfs);
    growth_is_followed(&hdfs);
    every_name_leads_there(&hdfs);
    what_is_wrong_is_told_in_one_line(&hdfs);
    doctor_looks_without_leaving_anything(&hdfs);
    files.dead_letters_are_kept_there();
    the_example_of_the_guide_runs(&hdfs);
}

fn put(hdfs: &Hdfs, path: &str, text: &str) {
    hdfs.put(path, text.as_bytes()).expect("is put");
}

fn columns_are_written_and_read(hdfs: &Hdfs) {
    for format in ["parquet", "orc"] {
        let written = format!("columns-{format}");
        let files = Files(hdfs);
        files.run("text", &written, &[&format!("--sink.format={format}")]);
        let directory = place();
        let source = format!("--source.type={format}");
        let read = directory.path().join("out");
        let places = (
            &*hdfs.url(&format!("/{written}")),
            &*read.display().to_string(),
        );
        let parameters = [source.as_str(), ONCE];
        let said = running::run(job(hdfs, directory.path(), places, &[], &parameters));
        ends_well(&said);
        assert_eq!(common::lines(&read), lines(hdfs, "/text-out"), "{format}");
    }
}

fn large_files_are_split(hdfs: &Hdfs) {
    put(hdfs, "/large/a.csv", &many_rows(300_000));
    let directory = place();
    // Checkpoints would end files while they are small.
    let options = ["-p", "3", "-Dexecution.checkpointing.interval=1 h"];
    let parameters = [&CSV[..], &[ONCE, "--source.split.size=2000000"]].concat();
    let places = (&*hdfs.url("/large"), &*hdfs.url("/large-out"));
    let said = running::run(job(hdfs, directory.path(), places, &options, &parameters));
    ends_well(&said);
    assert_eq!(lines(hdfs, "/large-out").len(), 300_000);
    // One of each writer that has read a part: on a busy machine one may have read two.
    assert!(visible(hdfs, "/large-out").len() > 1, "read as a whole");
}

fn what_is_still_written_is_waited_for(hdfs: &Hdfs) {
    put(hdfs, "/open/a.csv", "id\n1\n");
    let mut open = hdfs.begin_file("/open/b.csv").expect("is begun");
    open.write(b"id\n2\n3\n").expect("is written");
    let directory = place();
    let places = (&*hdfs.url("/open"), &*hdfs.url("/open-out"));
    let running = common::Running::start(job(hdfs, directory.path(), places, &[], &CSV));
    Files(hdfs).await_lines("open-out", 1);
    open.write(b"4\n").expect("is written");
    assert_eq!(lines(hdfs, "/open-out").len(), 1);
    open.close().expect("is closed");
    Files(hdfs).await_lines("open-out", 4);
    running.signal("TERM");
    ends_well(&running.end());
    let numbers = [1, 2, 3, 4].map(|id| format!(r#"{{"id":"{id}"}}"#));
    assert_eq!(lines(hdfs, "/open-out"), numbers);
}

/// A source that looks once finds a file in which somebody is in the middle of a record.
fn no_record_is_cut_where_an_open_file_ends(hdfs: &Hdfs) {
    const ROWS: u64 = 20_000;
    put(hdfs, "/half/a.csv", "id,name\n0,zero\n");
    let beginning = "id,name\n1,one\n2,tw";
    put(hdfs, "/half/b.csv", beginning);
    let mut open = hdfs.begin_file("/half/b.csv").expect("is begun");
    let rows: String = (3..ROWS).map(|id| format!("{id},text\n")).collect();
    open.write(format!("o\n{rows}{ROWS},la").as_bytes())
        .expect("is written");
    // Hadoop's client takes a while to begin, and sends what it has in packets.
    await_count(1, || {
        let there = hdfs.get("/half/b.csv");
        usize::from(there.is_ok_and(|bytes| bytes.len() > beginning.len()))
    });
    let directory = place();
    let places = (&*hdfs.url("/half"), &*hdfs.url("/half-out"));
    let parameters = [&CSV[..], &[ONCE]].concat();
    let job = job(hdfs, directory.path(), places, &[], &parameters);
    let mut running = common::Running::start(job);
    running.await_log("/half/b.csv is still being written");
    // All others are read meanwhile.
    Files(hdfs).await_lines("half-out", 1);
    open.write(b"st\n").expect("is written");
    open.close().expect("is closed");
    ends_well(&running.end());
    let found = lines(hdfs, "/half-out");
    assert_eq!(found.len() as u64, ROWS + 1);
    for row in [
        r#"{"id":"2","name":"two"}"#,
        &format!(r#"{{"id":"{ROWS}","name":"last"}}"#),
    ] {
        assert!(found.iter().any(|line| line == row), "{row}");
    }
}

fn growth_is_followed(hdfs: &Hdfs) {
    put(hdfs, "/grows/a.csv", "id\n1\n");
    let directory = place();
    let places = (&*hdfs.url("/grows"), &*hdfs.url("/grows-out"));
    let parameters = [&CSV[..], &["--source.file.changed=append"]].concat();
    let running = common::Running::start(job(hdfs, directory.path(), places, &[], &parameters));
    Files(hdfs).await_lines("grows-out", 1);
    let mut open = hdfs.begin_file("/grows/a.csv").expect("is begun");
    open.write(b"2\n").expect("is written");
    open.close().expect("is closed");
    Files(hdfs).await_lines("grows-out", 2);
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
