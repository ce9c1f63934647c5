//! Looking at, and ending, the server of this machine: `millstream server status` and `stop`.

use std::path::Path;
use std::time::Duration;

use millstream_core::options::format_duration;
use millstream_core::{Error, Result, codes};
use rustix::process::{Pid, Signal, kill_process};

use crate::data_directory::{self, RunningServer};

/// The server that uses the data directory.
///
/// # Errors
/// None does.
pub fn status(data_directory: &Path) -> Result<RunningServer> {
    data_directory::running(data_directory)?.ok_or_else(|| {
        Error::new(
            &codes::SERVER_ABSENT,
            format!("no server uses {}", data_directory.display()),
        )
        .next("start one with `millstream server`")
    })
}

/// Ends the server that uses the data directory, and waits until it is gone. Its jobs go on; the next server
/// finds them.
///
/// # Errors
/// None does, it belongs to another user, or it is still there after `patience`.
pub fn stop(data_directory: &Path, patience: Duration) -> Result<RunningServer> {
    let server = status(data_directory)?;
    let pid = i32::try_from(server.pid).ok().and_then(Pid::from_raw);
    let pid = pid.ok_or_else(|| {
        Error::new(
            &codes::SERVER_DIRECTORY,
            format!("server.json names the process {}", server.pid),
        )
        .next("end the server by hand")
    })?;
    kill_process(pid, Signal::TERM).map_err(|cause| {
        Error::new(
            &codes::SERVER_RUNNING,
            format!("process {} of the server can't be ended", server.pid),
        )
        .cause(cause)
        .next("ask as the user that started it")
    })?;
    wait_until_free(data_directory, patience, &server)?;
    Ok(server)
}

#[allow(
    clippy::disallowed_methods,
    reason = "another process is waited for, whose end its lock tells and nothing announces"
)]
fn wait_until_free(path: &Path, patience: Duration, server: &RunningServer) -> Result<()> {
    let step = Duration::from_millis(5);
    let mut waited = Duration::ZERO;
    while !data_directory::is_free(path)? {
        if waited >= patience {
            return Err(Error::new(
                &codes::SERVER_RUNNING,
                format!(
                    "process {} of the server did not end within {}",
                    server.pid,
                    format_duration(patience)
                ),
            )
            .next("it ends when the requests it answers have ended; wait, or end it with SIGKILL: jobs go on"));
        }
        std::thread::sleep(step);
        waited += step;
    }
    Ok(())
}
