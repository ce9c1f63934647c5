//! Processes of a round: found by what they were started with, signalled, and never left behind.

use std::fs::{self, File, OpenOptions};
use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use anyhow::{Context, Result};
use rustix::process::{Pid, Signal};

use crate::wait;

/// In the environment of every process of a round, and of those that it starts: the directory of all rounds.
pub(crate) const MARK: &str = "CHAOS_ROOT";

/// Sends a signal to those of the processes that carry the mark of `root`: an id may be another's by now.
pub(crate) fn signal(root: &Path, ids: &[u32], which: Signal) {
    for id in ids.iter().filter(|id| is_marked(root, **id)) {
        send(*id, which);
    }
}

/// Sends a signal; a process that has gone hears nothing.
fn send(id: u32, signal: Signal) {
    let pid = i32::try_from(id).ok().and_then(Pid::from_raw);
    if let Some(pid) = pid {
        // One that has gone is as good as killed.
        rustix::process::kill_process(pid, signal).ok();
    }
}

/// Whether the process carries the mark of `root`.
fn is_marked(root: &Path, id: u32) -> bool {
    let mark = format!("{MARK}={}\0", root.display());
    let environment = fs::read(format!("/proc/{id}/environ")).unwrap_or_default();
    contains(&environment, mark.as_bytes())
}

/// The ids of all processes but this one that are wanted.
fn find(is_wanted: impl Fn(u32) -> bool) -> Vec<u32> {
    let own = std::process::id();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    let ids = entries.filter_map(|entry| entry.file_name().to_str()?.parse::<u32>().ok());
    ids.filter(|id| *id != own && is_wanted(*id)).collect()
}

/// The processes whose command line has `first` and `second` as neighbours.
pub(crate) fn with_arguments(first: &str, second: &str) -> Vec<u32> {
    let wanted = format!("{first}\0{second}\0");
    let line = |id| fs::read(format!("/proc/{id}/cmdline")).unwrap_or_default();
    find(|id| contains(&line(id), wanted.as_bytes()))
}

/// Every process that carries the mark of `root`.
pub(crate) fn marked(root: &Path) -> Vec<u32> {
    find(|id| is_marked(root, id))
}

fn contains(bytes: &[u8], wanted: &[u8]) -> bool {
    bytes.windows(wanted.len()).any(|window| window == wanted)
}

/// Kills every process that carries the mark, until there is none.
pub(crate) fn kill_marked(root: &Path) -> Result<()> {
    wait::until(
        "killed processes to be gone",
        Duration::from_secs(30),
        || {
            let ids = marked(root);
            for id in &ids {
                send(*id, Signal::KILL);
            }
            Ok(ids.is_empty())
        },
    )
}

/// A child with its output in files.
pub(crate) struct Running {
    child: Child,
    pub(crate) out: PathBuf,
    pub(crate) err: PathBuf,
    status: Option<ExitStatus>,
}

impl Running {
    /// Starts `command` with its output in `logs/name.out` and `.err`, in a process group of its own.
    pub(crate) fn start(mut command: Command, logs: &Path, name: &str) -> Result<Self> {
        let (out, err) = (
            logs.join(format!("{name}.out")),
            logs.join(format!("{name}.err")),
        );
        let file = |path: &Path| -> Result<File> {
            Ok(OpenOptions::new().create(true).append(true).open(path)?)
        };
        let child = command
            .stdin(Stdio::null())
            .stdout(file(&out)?)
            .stderr(file(&err)?)
            .process_group(0)
            .spawn()
            .with_context(|| format!("start {:?}", command.get_program()))?;
        Ok(Self {
            child,
            out,
            err,
            status: None,
        })
    }

    /// Its id, while it runs.
    pub(crate) fn living(&mut self) -> Option<u32> {
        self.runs().ok()?.then(|| self.child.id())
    }

    /// How it ended; `None`: it runs.
    pub(crate) fn status(&mut self) -> Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.child.try_wait()?;
        }
        Ok(self.status)
    }

    pub(crate) fn runs(&mut self) -> Result<bool> {
        Ok(self.status()?.is_none())
    }

    pub(crate) fn signal(&mut self, which: Signal) -> Result<()> {
        if self.runs()? {
            send(self.child.id(), which);
        }
        Ok(())
    }

    /// Kills it and waits for its end.
    pub(crate) fn kill(&mut self) -> Result<()> {
        if self.runs()? {
            self.child.kill()?;
            self.status = Some(self.child.wait()?);
        }
        Ok(())
    }

    pub(crate) fn printed(&self) -> String {
        text(&self.out)
    }

    pub(crate) fn logged(&self) -> String {
        text(&self.err)
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It may have ended.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// What a file holds; nothing where it can't be read.
pub(crate) fn text(path: &Path) -> String {
    let mut bytes = Vec::new();
    if let Ok(mut file) = File::open(path) {
        drop(file.read_to_end(&mut bytes));
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
