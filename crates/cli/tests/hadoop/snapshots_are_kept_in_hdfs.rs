//! Checkpoints and savepoints lie in HDFS: jobs go on from them, one job has them at a time, what is damaged, absent or away is told
//! apart, and the guide's example runs. Checkpoints that are given no place go where the CSP operator has them.

use crate::common;

use std::path::Path;
use std::process::Command;

use crate::common::objects::CSV;
use crate::common::remote::shell;
use crate::common::snapshots::Snapshots;
use crate::common::{ONCE, Running, command, running};
use millstream_services::hdfs::{Entry, Hdfs};

/// Where the CSP operator has checkpoints.
const USUAL: &str = "/tmp/csp/flink/checkpoints";

/// A job that says nothing of where its checkpoints go.
fn unsaid(hdfs: &Hdfs, directory: &Path, options: &[&str], parameters: &[&str]) -> Command {
    let mut unsaid = command(directory);
    unsaid
        .env("HADOOP_CONF_DIR", hdfs.configuration())
        .args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(options)
        .args(["ingest", "--job.name=unsaid", "--sink.type=print", ONCE])
        .arg(format!("--source.path={}", hdfs.url("/usual")))
        .args(CSV)
        .args(parameters);
    unsaid
}

fn where_nothing_is_said_they_go_where_the_operator_has_them(hdfs: &Hdfs) {
    hdfs.put("/usual/a.csv", b"id,name\n1,one\n")
        .expect("is put");
    // Directories of jobs, without the notes beside them.
    let usual = || {
        let entries = hdfs.list(USUAL).expect("a listing");
        let is_job = |entry: &&Entry| !entry.name.starts_with('_');
        entries.iter().filter(is_job).count()
    };
    let place = tempfile::tempdir().expect("a directory");
    let directory = place.path();
    let on_disk = || directory.join("data/checkpoints").exists();
    // The option wins over the parameter, and both over the usual place.
    for (option, parameter) in [
        ("-Dstate.checkpoints.dir=data/checkpoints", "--job.name=a"),
        (
            "-Dpipeline.name=b",
            "--stream.checkpoint.dir=data/checkpoints",
        ),
    ] {
        let said = running::run(unsaid(hdfs, directory, &[option], &[parameter]));
        assert_eq!(said.code, Some(0), "{}", said.err);
        assert!(on_disk() && usual() == 0, "{}", said.err);
        std::fs::remove_dir_all(directory.join("data")).expect("is removed");
    }
    let said = running::run(unsaid(hdfs, directory, &[], &[]));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let told = format!("checkpoints go to {}", hdfs.url(USUAL));
    assert!(said.err.contains(&told), "{}", said.err);
    assert!(!on_disk() && usual() == 1, "{}", said.err);
    // Settings that are to be there and are not are no reason to look elsewhere.
    let mut unset = unsaid(hdfs, directory, &[], &[]);
    unset.env("HADOOP_CONF_DIR", directory.join("none"));
    let said = running::run(unset);
    assert!(said.error().starts_with("MS-3016"), "{}", said.err);
}

fn doctor_leaves_nothing_there(hdfs: &Hdfs) {
    let place = tempfile::tempdir().expect("a directory");
    let look = |to: &str| {
        let mut doctor = command(place.path());
        doctor
            .env("HADOOP_CONF_DIR", hdfs.configuration())
            .args(["doctor", "-Dmillstream.data-dir=data"])
            .arg(format!("-Dstate.checkpoints.dir={to}"))
            .args(["ingest", "--source.type=csv", "--sink.type=print"])
            .arg(format!("--source.path={}", hdfs.url("/usual")));
        running::run(doctor)
    };
    let said = look("hdfs:///doctor/cp");
    let place = hdfs.url("/doctor/cp");
    assert!(said.out.contains(&place), "{}{}", said.out, said.err);
    assert!(!said.out.contains("MS-"), "{}", said.out);
    assert_eq!(hdfs.list("/doctor").expect("a listing"), []);
    let said = look("hdfs://127.0.0.1:1/cp");
    assert!(said.out.contains("MS-3008"), "{}{}", said.out, said.err);
    assert!(said.out.contains("NameNode"), "{}", said.out);
}

/// The example of the page under "Checkpoints and savepoints".
fn the_example_of_the_guide_runs(hdfs: &Hdfs) {
    let guide = include_str!("../../../../docs/guide/hdfs.md");
    let (_, part) = guide
        .split_once("## Checkpoints and savepoints")
        .expect("a part");
    let (_, example) = part.split_once("```sh\n").expect("an example");
    let example = example.split_once("```").expect("its end").0;
    let settings = hdfs.configuration().display().to_string();
    let user = format!("HADOOP_USER_NAME={}", hdfs.user());
    let example = example
        .replace("/etc/hadoop/conf", &settings)
        .replace("HADOOP_USER_NAME=csp", &user)
        .replace("/data/orders", "in");
    let place = tempfile::tempdir().expect("a directory");
    common::put(place.path(), "in/a.csv", "id,name\n1,one\n");
    let mut running = Running::start(shell(place.path(), &example));
    running.await_log("Completed checkpoint");
    let said = running.suspend();
    assert_eq!(said.code, Some(0), "{}", said.err);
    let savepoints = hdfs.list("/user/csp/savepoints").expect("a listing");
    assert_eq!(savepoints.len(), 1, "{}", said.err);
}

#[test]
fn snapshots_are_kept_in_hdfs() {
    let hdfs = Hdfs::start().expect("HDFS");
    let snapshots = Snapshots(&hdfs);
    snapshots.a_job_goes_on_from_what_lies_there();
    snapshots.a_savepoint_is_claimed();
    snapshots.what_cannot_be_gone_on_from_is_told_apart();
    snapshots.a_server_keeps_and_disposes_of_them();
    where_nothing_is_said_they_go_where_the_operator_has_them(&hdfs);
    doctor_leaves_nothing_there(&hdfs);
    the_example_of_the_guide_runs(&hdfs);
}
