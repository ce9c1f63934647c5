//! A job with timers that is killed, suspended into a savepoint and gone on with at another parallelism each time fires each
//! timer once, and none that was taken away.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

const COUNT: u64 = 24_000;
const KEYS: u64 = 20;
const DELAY: u64 = 3_000;

struct Places {
    _directory: tempfile::TempDir,
    data: PathBuf,
    output: PathBuf,
}

impl Places {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        Self {
            data: directory.path().join("data"),
            output: directory.path().join("output"),
            _directory: directory,
        }
    }

    fn start(&self, parallelism: usize, goes_on: bool) -> Child {
        let test = std::env::current_exe().expect("the test's own path");
        let target = test.parent().and_then(Path::parent);
        let program = target.expect("target/release").join("examples/timers");
        let mut command = Command::new(program);
        command
            .args(["-p", &parallelism.to_string()])
            .arg(format!("-Dmillstream.data-dir={}", self.data.display()))
            .args(["-D", "execution.checkpointing.interval=50 ms"])
            .args(["-D", "execution.checkpointing.min-pause=0 ms"]);
        if goes_on {
            command.args(["-s", "latest"]);
        }
        command
            .args(["--count", &COUNT.to_string(), "--output"])
            .arg(&self.output)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the example was built with the tests")
    }

    /// The committed lines.
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for entry in fs::read_dir(&self.output).into_iter().flatten().flatten() {
            let is_hidden = entry.file_name().to_string_lossy().starts_with('.');
            if !is_hidden {
                let text = fs::read_to_string(entry.path()).expect("lines");
                lines.extend(text.lines().map(str::to_owned));
            }
        }
        lines
    }

    /// Waits until `more` lines are there, with many still to come, while the job runs.
    fn await_lines(&self, job: &mut Child, more: usize) {
        let wanted = self.lines().len() + more;
        while self.lines().len() < wanted {
            let ended = job.try_wait().expect("a child");
            assert!(ended.is_none(), "it ended early: {ended:?}");
            pause();
        }
        let there = self.lines().len();
        assert!(there < COUNT as usize / 2, "{there} lines, nearly all");
    }
}

#[allow(clippy::disallowed_methods, reason = "waits for another process")]
fn pause() {
    std::thread::sleep(Duration::from_millis(5));
}

fn signal(job: &mut Child, name: &str) -> ExitStatus {
    let id = job.id().to_string();
    let sent = Command::new("kill").args([name, &id]).status();
    assert!(sent.expect("kill runs").success());
    job.wait().expect("it ends")
}

#[test]
fn each_once() {
    let places = Places::new();
    let mut first = places.start(2, false);
    places.await_lines(&mut first, 300);
    signal(&mut first, "-KILL");
    let mut second = places.start(3, true);
    places.await_lines(&mut second, 1_500);
    let suspended = signal(&mut second, "-TERM");
    assert!(suspended.success(), "{suspended}");
    let ended = places.start(1, true).wait().expect("it ends");
    assert!(ended.success(), "{ended}");

    let mut lines = places.lines();
    lines.sort_unstable();
    let line = |number| format!("{} {number} {}", number % KEYS, number + DELAY);
    let mut expected: Vec<String> = (0..COUNT).map(line).collect();
    expected.sort_unstable();
    let at = lines
        .iter()
        .zip(&expected)
        .position(|(line, other)| line != other);
    assert_eq!(lines.len(), expected.len());
    assert_eq!(at.map(|at| (&lines[at], &expected[at])), None);
}
