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
    let is_there = |pid: &u32| {
        let line = std::fs::read(format!("/proc/{pid}/cmdline"));
        line.is_ok_and(|line| !line.is_empty())
    };
    while pids.iter().any(is_there) {
        assert!(began.elapsed().as_secs() < 240, "{pids:?} do not end");
        std::thread::sleep(std::time::Duration::from_millis(2));
    }
}

/// SIGKILL. The process may be gone already.
pub(crate) fn kill(pid: u32) {
    let killed = Command::new("kill")
        .args(["-KILL", &pid.to_string()])
        .stderr(Stdio::null())
        .status();
    killed.expect("kill runs");
}

/// Tells a process that its terminal is gone, or that it is to read its settings again.
pub(crate) fn hang_up(pid: u32) {
    let told = Command::new("kill")
        .args(["-HUP", &pid.to_string()])
        .status();
    assert!(told.expect("kill").success());
}
