//! Processes of jobs on this machine.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::path::Path;
use std::process::{Command, Stdio};

/// Every job process on whose command line `wanted` stands: a data directory, or the id of a job.
pub(crate) fn naming(wanted: &str) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").expect("processes").flatten();
    processes
        .filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            let line = std::fs::read(entry.path().join("cmdline")).ok()?;
            let line = String::from_utf8_lossy(&line);
            (line.contains("--millstream-job") && line.contains(wanted)).then_some(pid)
        })
        .collect()
}

/// Every job process whose directory lies below `data`.
pub(crate) fn processes_of(data: &Path) -> Vec<u32> {
    naming(&data.display().to_string())
}

/// Kills processes, and waits until they are gone: until then they hold the locks of their jobs.
#[allow(clippy::disallowed_methods, reason = "tests wait with a deadline")]
pub(crate) fn kill_and_await(pids: &[u32]) {
    let began = std::time::Instant::now();
    pids.iter().copied().for_each(kill);
    while pids.iter().copied().any(is_there) {
        assert!(began.elapsed().as_secs() < 240, "{pids:?} do not end");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// SIGKILL. The process may be gone already.
pub(crate) fn kill(pid: u32) {
    signal_if_there("KILL", pid);
}

/// Sends a signal, such as `STOP`, to a process that is there.
#[track_caller]
pub(crate) fn signal(name: &str, pid: u32) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .status();
    assert!(sent.expect("kill runs").success(), "kill -{name}");
}

/// The same to one that may be gone already: what stands still gets a SIGHUP when the server that started it dies.
pub(crate) fn signal_if_there(name: &str, pid: u32) {
    let sent = Command::new("kill")
        .args([&format!("-{name}"), &pid.to_string()])
        .stderr(Stdio::null())
        .status();
    sent.expect("kill runs");
}

/// Whether a process is there. A zombie that nobody waits for has no command line, and is not.
pub(crate) fn is_there(pid: u32) -> bool {
    let line = std::fs::read(format!("/proc/{pid}/cmdline"));
    line.is_ok_and(|line| !line.is_empty())
}
