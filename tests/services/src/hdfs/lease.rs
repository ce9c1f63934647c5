//! Leases of files that somebody is writing.

use std::fs;

use super::Hdfs;
use crate::{Doing, Failure, Result};

/// Looks for the file itself: what Hadoop's own tool is told of may be closed by the time that the tool has started.
const RECOVER: &str = include_str!("RecoverLease.java");

/// How long it may take until a file is found, in seconds.
const PATIENCE: &str = "120";

impl Hdfs {
    /// Waits until somebody writes a hidden file in a directory, and has the NameNode take his lease and close the file; not in a
    /// realm. Answers its path.
    ///
    /// # Errors
    /// Nobody writes one, or Hadoop's client is refused.
    pub fn recover_lease(&self, directory: &str) -> Result<String> {
        let program = self.directory.path().join("RecoverLease.java");
        fs::write(&program, RECOVER).doing(|| format!("write {}", program.display()))?;
        let (program, url) = (program.display().to_string(), self.url(directory));
        let said = self.run(&program, &[&url, PATIENCE])?;
        let taken = said.lines().find_map(|line| line.strip_prefix("taken "));
        let none = || Failure::new(format!("no path of a file was printed: {said}"));
        taken.map(str::to_owned).ok_or_else(none)
    }
}
