//! Running the command as a user does.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

/// What the command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// Runs the command in an empty directory.
pub(crate) fn millstream<A: AsRef<OsStr>>(arguments: &[A]) -> Said {
    let directory = tempfile::tempdir().expect("temporary directory");
    millstream_in(directory.path(), &[], arguments)
}

/// Runs the command in `directory` with more environment variables.
pub(crate) fn millstream_in<A: AsRef<OsStr>>(
    directory: &Path,
    environment: &[(&str, &str)],
    arguments: &[A],
) -> Said {
    let output = Command::new(env!("CARGO_BIN_EXE_millstream"))
        .args(arguments)
        .current_dir(directory)
        .envs(environment.iter().copied())
        .output()
        .expect("the command can be started");
    Said {
        code: output.status.code(),
        out: String::from_utf8(output.stdout).expect("text"),
        err: String::from_utf8(output.stderr).expect("text"),
    }
}
