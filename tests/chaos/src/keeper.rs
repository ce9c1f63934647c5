//! A process that outlives the harness for a moment: once the harness has gone, however, it kills what is left.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};

use anyhow::{Context, Result};

use crate::processes;

/// The first argument of the keeper.
pub(crate) const ACTION: &str = "keeper";

/// Holds the other end: the keeper acts when this has gone.
pub(crate) struct Keeper {
    child: Child,
    line: Option<ChildStdin>,
}

impl Keeper {
    /// Starts the keeper of `root`.
    pub(crate) fn start(root: &Path) -> Result<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .arg(ACTION)
            .arg(root)
            .stdin(Stdio::piped())
            // Ctrl-C is for the harness.
            .process_group(0)
            .spawn()
            .context("start the keeper")?;
        let line = child.stdin.take();
        Ok(Self { child, line })
    }
}

impl Drop for Keeper {
    fn drop(&mut self) {
        drop(self.line.take());
        drop(self.child.wait());
    }
}

/// What the keeper does: waits for the end of the harness, then kills.
pub(crate) fn keep(root: &Path) -> Result<()> {
    let mut nothing = Vec::new();
    std::io::stdin().read_to_end(&mut nothing)?;
    processes::kill_marked(root)
}
