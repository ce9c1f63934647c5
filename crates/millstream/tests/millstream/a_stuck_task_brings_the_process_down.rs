//! A task that does not end after it was cancelled is warned about, and then brings its process down by name.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

#[test]
fn the_process_ends_and_names_the_task() {
    let test = std::env::current_exe().expect("the test's own path");
    let target = test
        .parent()
        .and_then(|deps| deps.parent())
        .expect("target/release");
    let directory = tempfile::tempdir().expect("a directory");
    let mut program = Command::new(target.join("examples").join("stuck"))
        .arg(format!(
            "-Dmillstream.data-dir={}",
            directory.path().display()
        ))
        .args([
            "-D",
            "task.cancellation.timeout=5 s",
            "-D",
            "task.cancellation.interval=200 ms",
        ])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example was built with the tests");
    let mut line = String::new();
    let mut output = BufReader::new(program.stdout.take().expect("piped"));
    output
        .read_line(&mut line)
        .expect("it says when it is stuck");
    assert_eq!(line, "stuck\n");
    let killed = Command::new("kill")
        .args(["-INT", &program.id().to_string()])
        .status();
    assert!(killed.expect("kill runs").success());
    let mut log = String::new();
    program
        .stderr
        .take()
        .expect("piped")
        .read_to_string(&mut log)
        .expect("text");
    let status = program.wait().expect("it ends");
    assert_eq!(status.code(), Some(239), "{log}");
    let warnings = log
        .lines()
        .filter(|line| line.contains("WARN") && line.contains("Never"));
    assert!(warnings.count() >= 1, "{log}");
    let error = log
        .lines()
        .find(|line| line.contains("ERROR"))
        .expect("a last word");
    assert!(error.contains("Source: Collection -> Never"), "{error}");
}
