//! A disk without space, below the checkpoints or below the output: the job fails with the place and the reason, or goes
//! on as the options say and has every record once when there is space again.
//!
//! The disk is a small one that is full, where this user may mount one, and a limit to the size of files anywhere.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, put};

/// How writing is made to fail, and what the system says then.
#[derive(Debug, Clone, Copy)]
enum Way {
    /// `full` is a disk of its own, without a free byte; where checkpoints lie there, with room for their owner and no more.
    SmallDisk,
    /// No file becomes larger than a snapshot without state, which is in the way where checkpoints are to fail.
    SmallFiles,
}

impl Way {
    fn possible() -> Vec<Self> {
        let mounts = Command::new("unshare").args(["-rm", "true"]).output();
        let may_mount = mounts.is_ok_and(|output| output.status.success());
        let disk = may_mount.then_some(Self::SmallDisk);
        disk.into_iter().chain([Self::SmallFiles]).collect()
    }

    fn reason(self) -> &'static str {
        match self {
            Self::SmallDisk => "No space left on device",
            Self::SmallFiles => "File too large",
        }
    }

    /// Starts `job` where nothing can be written to `full`.
    fn start(self, directory: &Path, job: &Command) -> Running {
        let for_checkpoints = job.get_args().any(|argument| argument == CHECKPOINTS_THERE);
        // In bytes, and in blocks of 512 bytes or 1 KiB.
        let (ballast, blocks) = if for_checkpoints {
            (57_344, 1)
        } else {
            (65_536, 16)
        };
        let (mut command, script) = match self {
            Self::SmallDisk => {
                let mut command = Command::new("unshare");
                command.args(["-rm", "sh"]);
                let script = format!(
                    "mount -t tmpfs -o size=64k none full && head -c {ballast} /dev/zero > full/.ballast && exec \"$@\""
                );
                (command, script)
            }
            Self::SmallFiles => (
                Command::new("sh"),
                format!("ulimit -S -f {blocks}; exec \"$@\""),
            ),
        };
        fs::create_dir(directory.join("full")).expect("created");
        command
            .args(["-c", &script, "sh"])
            .arg(job.get_program())
            .args(job.get_args())
            .current_dir(directory);
        Running::start(command)
    }

    /// Makes space for a job that runs.
    fn free(self, directory: &Path, job: &Running) {
        match self {
            Self::SmallDisk => {
                fs::remove_file(seen_by(job, &directory.join("full/.ballast"))).expect("removed");
            }
            Self::SmallFiles => {
                let id = job.id().to_string();
                let mut raise = Command::new("prlimit");
                raise.args(["--fsize=unlimited:", "--pid", &id]);
                assert!(raise.status().expect("prlimit").success());
            }
        }
    }
}

/// A path as the job sees it, whose disks are its own.
fn seen_by(job: &Running, path: &Path) -> PathBuf {
    let path = path.strip_prefix("/").expect("an absolute path");
    Path::new("/proc")
        .join(job.id().to_string())
        .join("root")
        .join(path)
}

/// A job over `rows` rows that keeps on running.
fn job(directory: &Path, rows: usize, parameters: &[&str]) -> Command {
    let input: String = (0..rows).map(|id| format!("{id},name {id}\n")).collect();
    put(directory, "in/a.csv", format!("id,name\n{input}"));
    let mut command = ingest(directory, &[], &CSV_TO_FILES);
    command.args(parameters);
    command
}

/// Small enough that the rows can be written when files are small.
const FEW: usize = 10;
const MANY: usize = 1_000;

const CHECKPOINTS_THERE: &str = "--stream.checkpoint.dir=full";
const OUTPUT_THERE: &str = "--sink.path=full";
const TOLERANT: &str = "--stream.checkpoint.tolerable.failure.num=1000000";

#[track_caller]
fn fails(parameters: &[&str], rows: usize, output: &str, code: &str, place: &str) {
    for way in Way::possible() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let directory = directory.path();
        let said = way
            .start(directory, &job(directory, rows, parameters))
            .end();
        assert_eq!(
            (said.code, said.out.as_str()),
            (Some(1), ""),
            "{way:?}: {}",
            said.err
        );
        let error = said.error();
        assert!(
            error.starts_with("MS-2001: job `job` failed: "),
            "{way:?}: {error}"
        );
        for part in [
            code,
            &directory.join(place).display().to_string(),
            way.reason(),
        ] {
            assert!(error.contains(part), "{way:?}, {part}: {error}");
        }
        assert!(
            lines(&directory.join(output)).is_empty(),
            "{way:?}: nothing is visible"
        );
    }
}

#[track_caller]
fn goes_on(parameters: &[&str], rows: usize, output: &str, trouble: &str) {
    for way in Way::possible() {
        let directory = tempfile::tempdir().expect("temporary directory");
        let directory = directory.path();
        let mut job = way.start(directory, &job(directory, rows, parameters));
        for _ in 0..2 {
            // A source that can't note what it has found waits, too, and says so.
            let line = job.await_log(trouble);
            assert!(
                line.contains("WARN") && line.contains(way.reason()),
                "{way:?}: {line}"
            );
        }
        let output = seen_by(&job, &directory.join(output));
        assert!(
            lines(&output).is_empty(),
            "{way:?}: nothing is visible before its checkpoint"
        );
        way.free(directory, &job);
        job.await_that("output", || !lines(&output).is_empty());
        // What comes twice would come by then.
        job.await_checkpoint();
        let mut expected: Vec<String> = (0..rows)
            .map(|id| format!("{{\"id\":\"{id}\",\"name\":\"name {id}\"}}"))
            .collect();
        expected.sort();
        assert_eq!(lines(&output), expected, "{way:?}");
        job.suspend();
    }
}

#[test]
fn checkpoints_that_are_not_tolerated_fail_the_job() {
    let intolerant = "--stream.checkpoint.tolerable.failure.num=0";
    fails(
        &[CHECKPOINTS_THERE, intolerant],
        FEW,
        "out",
        "MS-3008",
        "full",
    );
}

#[test]
fn checkpoints_that_are_tolerated_are_taken_when_there_is_space() {
    goes_on(&[CHECKPOINTS_THERE, TOLERANT], FEW, "out", "MS-3008");
}

#[test]
fn output_without_space_fails_the_job() {
    fails(
        &[OUTPUT_THERE, TOLERANT],
        MANY,
        "full",
        "MS-7001",
        "full/.part-",
    );
}

#[test]
fn output_is_written_once_when_a_restart_finds_space() {
    let restarts = [
        "--job.retry.maxNumberRestartAttempts=1000000",
        "--job.retry.backoffTimeMS=20",
    ];
    let parameters = [&[OUTPUT_THERE, TOLERANT], &restarts[..]].concat();
    goes_on(&parameters, MANY, "full", "full/.part-");
}
