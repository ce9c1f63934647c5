//! Asking a program of a package about itself. It is anybody's program: it may hang, print without end and leave others behind.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use millstream_core::Result;
use millstream_core::options::format_duration;
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::not_a_package;
use crate::supervisor::{RUNNING_PROGRAM, without_ingest_variables};

/// A package that takes longer to describe or plan hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// No description is longer, in bytes.
const LONGEST: u64 = 16 << 20;

/// What a program has answered.
pub(super) struct Answer {
    pub(super) succeeded: bool,
    pub(super) output: Vec<u8>,
    pub(super) error: String,
}

/// Runs a program, or this one, and answers what it prints.
pub(super) async fn ask(program: Option<&Path>, arguments: &[&str]) -> Result<Answer> {
    let program = program.unwrap_or_else(|| Path::new(RUNNING_PROGRAM));
    let answered = tokio::time::timeout(PATIENCE, run(program, arguments)).await;
    answered
        .map_err(|_| not_a_package(format!("no answer within {}", format_duration(PATIENCE))))?
        .map_err(not_a_package)
}

/// A program that runs. It does not outlive the question, and neither does what it has started.
struct Asked {
    child: Child,
    group: Option<Pid>,
}

impl Drop for Asked {
    fn drop(&mut self) {
        if let Some(group) = self.group
            && kill_process_group(group, Signal::KILL).is_err()
        {
            tracing::trace!("The package has left nobody behind.");
        }
    }
}

async fn run(program: &Path, arguments: &[&str]) -> io::Result<Answer> {
    let mut asked = start(program, arguments).await?;
    let (output, error) = (asked.child.stdout.take(), asked.child.stderr.take());
    let (output, error) = tokio::try_join!(read(output), read(error))?;
    let ended: ExitStatus = asked.child.wait().await?;
    Ok(Answer {
        succeeded: ended.success(),
        output,
        error: String::from_utf8_lossy(&error).into_owned(),
    })
}

async fn start(program: &Path, arguments: &[&str]) -> io::Result<Asked> {
    loop {
        let mut command = Command::new(program);
        let started = without_ingest_variables(&mut command)
            .args(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .kill_on_drop(true)
            .spawn();
        match started {
            // A process that is being started at this moment still has the file open that was just written.
            Err(cause) if cause.kind() == io::ErrorKind::ExecutableFileBusy => {
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            started => {
                let child = started?;
                let id = child.id().and_then(|id| i32::try_from(id).ok());
                let group = id.and_then(Pid::from_raw);
                return Ok(Asked { child, group });
            }
        }
    }
}

async fn read(stream: Option<impl AsyncRead + Unpin>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream.take(LONGEST + 1).read_to_end(&mut bytes).await?;
    }
    if bytes.len() as u64 > LONGEST {
        return Err(io::Error::other(format!(
            "it prints more than {} MiB",
            LONGEST >> 20
        )));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(script: &str) -> Result<Answer> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build();
        runtime
            .expect("a runtime")
            .block_on(ask(Some(Path::new("/bin/sh")), &["-c", script]))
    }

    #[test]
    fn what_a_program_prints_is_its_answer() {
        let answer = asked("echo words; echo trouble >&2").expect("an answer");
        assert!(answer.succeeded);
        assert_eq!(answer.output, b"words\n");
        assert_eq!(answer.error, "trouble\n");
        let answer = asked("exit 3").expect("an answer");
        assert!(!answer.succeeded);
    }

    #[test]
    fn a_program_that_prints_without_end_is_ended() {
        for stream in ["", ">&2"] {
            let error = asked(&format!("exec cat /dev/zero {stream}"))
                .err()
                .expect("refused");
            let cause = error.cause_text().unwrap_or_default();
            assert!(cause.contains("more than 16 MiB"), "{error} {cause}");
        }
    }
}
