//! Asking a program of a package about itself. It is anybody's program: it may hang, print without end and leave others behind.

use std::io;
use std::path::Path;
use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use millstream_core::Result;
use millstream_core::options::format_duration;
use rustix::process::Pid;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};

use super::{left_behind, not_a_package};
use crate::supervisor::{RUNNING_PROGRAM, without_ingest_variables};

/// A package that takes longer to describe or plan hangs.
const PATIENCE: Duration = Duration::from_secs(30);
/// No description is longer, in bytes.
const LONGEST: u64 = 16 << 20;

/// What a program has answered.
pub(crate) struct Answer {
    /// Whether it ended well.
    pub(crate) succeeded: bool,
    /// What it has printed.
    pub(crate) output: Vec<u8>,
    /// What it has complained of.
    pub(crate) error: String,
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
    others: Others,
}

/// Who was started by a program.
struct Others {
    group: Option<Pid>,
    mark: String,
}

impl Others {
    fn end(&self) {
        left_behind::end(self.group, &self.mark);
    }
}

impl Drop for Others {
    fn drop(&mut self) {
        self.end();
    }
}

/// Runs a program for as long as it takes, and answers what it prints. It ends with whoever waits for it.
pub(crate) async fn run(program: &Path, arguments: &[&str]) -> io::Result<Answer> {
    let Asked { mut child, others } = start(program, arguments).await?;
    let (output, error) = (child.stdout.take(), child.stderr.take());
    // Whoever is left behind may hold the ends of what is read here: nothing more is waited for once the program has ended.
    let ends = async {
        let ended = child.wait().await?;
        others.end();
        Ok::<ExitStatus, io::Error>(ended)
    };
    let (output, error, ended) = tokio::try_join!(read(output), read(error), ends)?;
    Ok(Answer {
        succeeded: ended.success(),
        output,
        error: String::from_utf8_lossy(&error).into_owned(),
    })
}

async fn start(program: &Path, arguments: &[&str]) -> io::Result<Asked> {
    loop {
        let mark = left_behind::mark();
        let mut command = Command::new(program);
        let started = without_ingest_variables(&mut command)
            .args(arguments)
            .env(left_behind::VARIABLE, &mark)
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
                let others = Others { group, mark };
                return Ok(Asked { child, others });
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

    /// Whether a process runs.
    fn runs(id: &str) -> bool {
        let stat = std::fs::read_to_string(format!("/proc/{id}/stat")).unwrap_or_default();
        let state = stat.rsplit_once(") ").map(|(_, rest)| rest.chars().next());
        !matches!(state, None | Some(Some('Z' | 'X')))
    }

    #[test]
    #[allow(clippy::disallowed_methods, reason = "tests wait with a deadline")]
    fn who_leaves_the_group_of_a_program_ends_with_it() {
        // The first one holds what is read; the second one nothing, and has a child.
        let script = "setsid sleep 1000 & echo $!; setsid sh -c 'sleep 1001; true' >/dev/null 2>&1 & echo $!";
        let answer = asked(script).expect("an answer, though somebody holds its output");
        let printed = String::from_utf8(answer.output).expect("numbers");
        let ids: Vec<&str> = printed.lines().collect();
        assert_eq!(ids.len(), 2, "{printed}");
        let patience = std::time::Instant::now() + Duration::from_secs(20);
        while ids.iter().any(|id| runs(id)) {
            assert!(
                std::time::Instant::now() < patience,
                "{ids:?} are still there"
            );
            std::thread::yield_now();
        }
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
