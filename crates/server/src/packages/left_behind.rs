//! What a program of a package has started and left behind: it is ended with the program.
//!
//! A group of processes is left by whoever calls `setsid`. What is inherited by everybody, and is left by nobody who does not mean to,
//! is the environment: every program is started with a mark of its own there, by which those that it started are found.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::sync::atomic::{AtomicU64, Ordering};

use rustix::process::{Pid, Signal, kill_process, kill_process_group};

/// The variable that has the mark.
pub(super) const VARIABLE: &str = "MILLSTREAM_ASKED";

/// A process that starts others while it is being looked for is looked for once more, so many times.
const LOOKS: usize = 5;

/// A value that no other program of this server has.
pub(super) fn mark() -> String {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    format!("{}-{number}", std::process::id())
}

/// Ends the group of a program, and everybody who has its mark. Where there is no `/proc` only the group ends.
pub(super) fn end(group: Option<Pid>, mark: &str) {
    if let Some(group) = group
        && kill_process_group(group, Signal::KILL).is_err()
    {
        tracing::trace!("The package has left nobody behind in its group.");
    }
    let variable = format!("{VARIABLE}={mark}");
    for _ in 0..LOOKS {
        let found = marked(variable.as_bytes());
        if found.is_empty() {
            return;
        }
        for process in found {
            if let Err(cause) = kill_process(process, Signal::KILL) {
                tracing::trace!("Process {process:?} of a package is gone: {cause}");
            }
        }
    }
}

/// The processes of this user that have a variable in their environment. One that has ended and waits to be looked at has none.
fn marked(variable: &[u8]) -> Vec<Pid> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let marked = entries.flatten().filter_map(|entry| {
        let name = entry.file_name();
        let id = std::str::from_utf8(name.as_bytes()).ok()?.parse().ok()?;
        let environment = fs::read(entry.path().join("environ")).ok()?;
        let mut variables = environment.split(|byte| *byte == 0);
        variables
            .any(|one| one == variable)
            .then(|| Pid::from_raw(id))?
    });
    marked.collect()
}
