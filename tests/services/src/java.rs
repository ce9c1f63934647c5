//! Programs in Java that tests bring along, compiled as they are run.

use std::fs;
use std::process::Command;

use crate::maven::java;
use crate::{Doing, Failure, Result};

/// What the program `class`, whose source this is, prints.
///
/// # Errors
/// There is no Java that compiles, or the program fails.
pub fn printed(class: &str, source: &str) -> Result<String> {
    let work = tempfile::tempdir().doing(|| "make a directory".to_owned())?;
    let file = work.path().join(format!("{class}.java"));
    fs::write(&file, source).doing(|| format!("write {}", file.display()))?;
    let mut command = Command::new(java());
    command.arg("-Dstdout.encoding=UTF-8").arg(&file);
    said(&mut command)
}

/// What a program prints that ends well.
pub(crate) fn said(command: &mut Command) -> Result<String> {
    let output = command.output();
    let output = output.doing(|| format!("run {command:?} (scripts/setup test installs it)"))?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    Err(Failure::new(format!("{command:?} has failed: {said}")))
}
