//! What continuous integration runs says how long it took, with a warning in good time before its limit is reached. The last line
//! counts the tests as ever.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::Command;

use crate::common::put;
use crate::common::running::{self, Said};

/// Programs that take no time: what is asked for all of it is the file `now`, which the tests of `cargo` move on.
const PROGRAMS: [(&str, &str); 4] = [
    ("scripts/setup", "exit 0"),
    ("bin/make", "exec scripts/test"),
    ("bin/date", "[ \"$1\" != +%s ] || exec cat now"),
    (
        "bin/cargo",
        "echo $((1000 + TOOK)) >now\necho 'test result: ok. 3 passed; 0 failed; 0 ignored'",
    ),
];

/// Runs `.ci/run` as if it took so many seconds.
fn run(seconds: u32) -> Said {
    let directory = tempfile::tempdir().expect("temporary directory");
    let root = directory.path();
    let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    put(root, "now", "1000\n");
    for (name, lines) in PROGRAMS {
        put(root, name, format!("#!/bin/sh\n{lines}\n"));
        let executable = fs::Permissions::from_mode(0o755);
        fs::set_permissions(root.join(name), executable).expect("allowed");
    }
    for name in [".ci/run", "scripts/test"] {
        fs::create_dir_all(root.join(name).parent().expect("a directory")).expect("created");
        fs::copy(repository.join(name), root.join(name)).expect("copied");
    }
    let path = std::env::var("PATH").expect("a path");
    // By a shell: it was just written, and may still be open in a process that another test begins.
    let mut command = Command::new("bash");
    command
        .arg(root.join(".ci/run"))
        .env("PATH", format!("{}:{path}", root.join("bin").display()))
        .env("TOOK", seconds.to_string());
    running::run(command)
}

#[test]
fn in_seconds_with_a_warning_before_the_limit() {
    for (seconds, warnings) in [(5, 0), (4000, 0), (4001, 1), (9000, 1)] {
        let said = run(seconds);
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
        let lines: Vec<&str> = said.out.lines().collect();
        let took = format!("took {seconds} s");
        let told = lines.iter().filter(|line| **line == took);
        assert_eq!(told.count(), 1, "{}", said.out);
        let warned = lines.iter().filter(|line| line.starts_with("warning: "));
        assert_eq!(warned.count(), warnings, "{}", said.out);
        assert_eq!(lines.last(), Some(&"3 passed, 0 failed"));
    }
}
