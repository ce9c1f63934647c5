//! An output directory that is a mount point, whose disk is unmounted for a while: the empty directory below it is not written to. The job
//! waits, says so, uses up no restart, and every record is there once when the disk is mounted again.

use std::fs;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{CSV_TO_FILES, ONCE, Running, assert_lines, ingest, lines, put, running};

/// What is said while nothing can be written.
const WAITS: &str = " now: the directory is away (another one stands there, on another mount";
/// Records of a file that is written before it is prepared: more than a buffer holds.
const MANY: u32 = 200_000;

/// Whether this user may mount disks of a job's own; where not, this can't be tried, and that is told.
fn may_mount() -> bool {
    let tried = Command::new("unshare").args(["-rm", "true"]).output();
    let may = tried.is_ok_and(|output| output.status.success());
    if !may {
        eprintln!("NOT TRIED: this user may not mount disks (unshare -rm)");
    }
    may
}

/// The output directory `out`, and `disk`, which a job has mounted there. Nobody else sees that: to all others `out` is what lies below.
struct Places {
    directory: PathBuf,
    disk: PathBuf,
    below: PathBuf,
}

impl Places {
    fn new(directory: &Path) -> Self {
        let (disk, below) = (directory.join("disk"), directory.join("out"));
        for path in [&disk, &below] {
            fs::create_dir(path).expect("made");
        }
        let directory = directory.to_owned();
        Self {
            directory,
            disk,
            below,
        }
    }

    fn mount(&self) -> String {
        let (disk, out) = (self.disk.display(), self.below.display());
        format!("mount --bind {disk} {out}")
    }

    /// A job with mounts of its own, which are made by these commands of the shell.
    fn job(&self, mounts: &str, options: &[&str], parameters: &[&str]) -> Command {
        let parameters = [&CSV_TO_FILES[..], parameters].concat();
        let job = ingest(&self.directory, options, &parameters);
        let script = format!("{mounts} && exec \"$@\"");
        let mut command = Command::new("unshare");
        command
            .args(["-rm", "sh", "-c", &script, "sh"])
            .arg(job.get_program())
            .args(job.get_args())
            .current_dir(&self.directory);
        command
    }

    /// Mounts or unmounts, as a job sees it.
    fn within(&self, job: &Running, command: &str) {
        let id = job.id().to_string();
        let mut shell = Command::new("nsenter");
        shell.args(["-t", &id, "-U", "-m", "--preserve-credentials"]);
        shell.args(["sh", "-c", command]);
        assert!(shell.status().expect("nsenter runs").success(), "{command}");
    }

    /// Files of the job may be open.
    fn take_away(&self, job: &Running) {
        self.within(job, &format!("umount -l {}", self.below.display()));
    }

    fn bring_back(&self, job: &Running) {
        self.assert_nothing_below();
        self.within(job, &self.mount());
    }

    fn put_records(&self, name: &str, ids: Range<u32>) {
        let rows: String = ids.map(|id| format!("{id}\n")).collect();
        put(&self.directory, name, format!("id\n{rows}"));
    }

    /// A job that fails with its first failure, and has committed record 0.
    fn started(&self) -> Running {
        self.started_with(&[])
    }

    fn started_with(&self, parameters: &[&str]) -> Running {
        self.put_records("in/0.csv", 0..1);
        let mut job = Running::start(self.job(&self.mount(), &[], parameters));
        job.await_that("record 0", || lines(&self.disk).len() == 1);
        job.await_checkpoint();
        job
    }

    #[track_caller]
    fn assert_nothing_below(&self) {
        let below = fs::read_dir(&self.below).expect("a listing");
        assert_eq!(below.count(), 0, "it is written to");
    }

    #[track_caller]
    fn assert_holds(&self, records: u32) {
        let rows = (0..records).map(|id| format!("{{\"id\":\"{id}\"}}"));
        assert_lines(&lines(&self.disk), rows);
        self.assert_nothing_below();
    }
}

#[test]
fn where_a_file_begins() {
    if !may_mount() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let places = Places::new(directory.path());
    let mut job = places.started();

    places.take_away(&job);
    places.put_records("in/1.csv", 1..5_000);
    let told = job.await_log(WAITS);
    assert!(told.contains("give the sink another path"), "{told}");
    places.put_records("in/2.csv", 5_000..6_000);
    places.bring_back(&job);
    job.await_that("all records", || lines(&places.disk).len() >= 6_000);
    let said = job.suspend();
    assert!(!said.err.contains("RESTARTING"), "{}", said.err);
    places.assert_holds(6_000);
}

#[test]
fn where_files_are_prepared_for_a_stop() {
    if !may_mount() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let places = Places::new(directory.path());
    places.put_records("in/0.csv", 0..MANY);
    // Nothing is prepared before the stop.
    let rarely = "-Dexecution.checkpointing.interval=1 h";
    let mut job = Running::start(places.job(&places.mount(), &[rarely], &[]));
    job.await_that("a file that is being written", || {
        let entries = fs::read_dir(&places.disk).into_iter().flatten().flatten();
        let mut names = entries.map(|entry| entry.file_name());
        names.any(|name| name.to_string_lossy().ends_with(".inprogress"))
    });

    places.take_away(&job);
    job.signal("TERM");
    job.await_log(WAITS);
    places.bring_back(&job);
    let said = job.end();
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert!(!said.err.contains("RESTARTING"), "{}", said.err);

    let said = running::run(places.job(&places.mount(), &["-s", "latest"], &[ONCE]));
    assert_eq!(said.code, Some(0), "{}", said.err);
    places.assert_holds(MANY);
}

#[test]
fn before_an_attempt_of_another_process_begins() {
    if !may_mount() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let places = Places::new(directory.path());
    places.started().kill();

    places.put_records("in/1.csv", 1..10);
    let mut job = Running::start(places.job("true", &["-s", "latest"], &[]));
    let told = job.await_log("seems not to be mounted");
    assert!(told.contains("mount it; if it is gone for good"), "{told}");
    places.bring_back(&job);
    job.await_that("all records", || lines(&places.disk).len() >= 10);
    let said = job.suspend();
    assert!(!said.err.contains("RESTARTING"), "{}", said.err);
    places.assert_holds(10);
}

/// Whose output disk is gone for good.
#[test]
fn and_one_that_people_say_is_the_directory_is_written_to() {
    if !may_mount() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    let places = Places::new(directory.path());
    // One restart: what the snapshots say of the directory is to be said anew.
    let mut job = places.started_with(&[
        "--job.retry.maxNumberRestartAttempts=1",
        "--job.retry.backoffTimeMS=20",
    ]);

    places.take_away(&job);
    places.put_records("in/1.csv", 1..10);
    let told = job.await_log(WAITS);
    let (_, name) = told.split_once("of the name ").expect("a name");
    let (name, _) = name.split_once(".empty").expect("a name");
    fs::write(places.below.join(format!("{name}.empty")), "").expect("written");
    job.await_that("the other records", || lines(&places.below).len() >= 9);
    job.suspend();
    assert_eq!(lines(&places.disk).len(), 1);
    assert_eq!(lines(&places.below).len(), 9);
}
