//! Processes of jobs: starting them, and what is left of them.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{FileTypeExt, OpenOptionsExt};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use millstream_core::{Error, Result, codes};
use millstream_process::regular;
use millstream_protocol::link::{
    ENDING_FILE, JOB_ARGUMENT, JobReport, LAUNCH_FILE, LEFT_OUT_FILE, LOCK_FILE, LOG_FILE, Launch,
    OUTCOME_FILE, OUTPUT_FILE, RESTORED_FILE, STARTED_FILE, STOP_FILE, SUBMISSION_FILE, StopBegun,
    Submission,
};
use millstream_protocol::supervision::{Outcome, is_outcome};
use millstream_storage::may_pass;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open, pidfd_send_signal};
use serde::de::DeserializeOwned;
use tokio::process::{Child, Command};

use crate::configuration::TOKEN_VARIABLE;
use crate::files::{self, Trouble};
use crate::whose;

/// The job's executable in its directory; a job of the built-in package has none.
pub(crate) const PROGRAM: &str = "program";
/// The executable of this process, also where its file was replaced since.
pub(crate) const RUNNING_PROGRAM: &str = "/proc/self/exe";
const LOCK: &str = LOCK_FILE;

/// Starts a process for the job of `directory`. It is in a process group of its own, so that what ends the server does
/// not end the job.
pub(super) fn launch(directory: &Path, launch: &Launch) -> Result<Child, Trouble> {
    let output = prepare(directory, launch)?;
    let program = directory.join(PROGRAM);
    // Where that could not be told, another program would be started in its place.
    let has_program = files::is_there(&program)?;
    if has_program {
        let next = "end the job and submit it again: somebody else may have changed its program";
        whose::check_program(&program, next)?;
    }
    let started = || -> io::Result<Child> {
        let mut command = if has_program {
            Command::new(&program)
        } else {
            let mut command = Command::new(RUNNING_PROGRAM);
            command.arg0("millstream");
            command
        };
        for (name, value) in SMALL {
            if std::env::var_os(name).is_none() {
                command.env(name, value);
            }
        }
        without_ingest_variables(&mut command)
            .arg(JOB_ARGUMENT)
            .arg(directory)
            .stdin(Stdio::null())
            .stdout(output.try_clone()?)
            .stderr(output)
            .process_group(0)
            .spawn()
    };
    started().map_err(|cause| {
        let error = Error::new(
            &codes::JOB_PROCESS,
            "a process can't be started for the job",
        )
        .cause(&cause)
        .next("see that the package is an executable of this machine, and that the machine has processes and memory left");
        Trouble {
            error,
            may_pass: may_pass(cause.kind()) && !is_no_program(&cause),
        }
    })
}

/// Puts into the job's directory what the process is told, and answers the file for what it prints. A directory that is there and in
/// which that or a file can't be written says nothing of its job, and may be made so that it can.
fn prepare(directory: &Path, launch: &Launch) -> Result<File, Trouble> {
    let prepared = || -> Result<File, Trouble> {
        // A start that failed for a reason that may pass has left one.
        files::remove(&directory.join(OUTCOME_FILE))?;
        files::write(&directory.join(LAUNCH_FILE), launch)?;
        // Where the process could not open these, it would end before it could say why.
        open_if_there(&directory.join(LOCK), OpenOptions::new().write(true))?;
        open_if_there(&directory.join(LOG_FILE), OpenOptions::new().append(true))?;
        let output = directory.join(OUTPUT_FILE);
        open(
            &output,
            OpenOptions::new().create(true).append(true).mode(0o600),
        )
    };
    prepared().map_err(|trouble| of_the_place(directory, trouble))
}

/// Trouble with a file of a job's directory that is there: it may be mended, and then nothing is wrong with the job.
fn of_the_place(directory: &Path, trouble: Trouble) -> Trouble {
    Trouble {
        may_pass: trouble.may_pass || directory.is_dir(),
        ..trouble
    }
}

/// Whether a process holds the lock of the job of `directory`. Ask only where none starts, as for any [lock](files::is_locked).
pub(super) fn is_alive(directory: &Path) -> Result<bool, Trouble> {
    files::is_locked(&directory.join(LOCK)).map_err(|trouble| of_the_place(directory, trouble))
}

fn open_if_there(path: &Path, options: &OpenOptions) -> Result<(), Trouble> {
    match files::is_there(path)? {
        true => open(path, options).map(drop),
        false => Ok(()),
    }
}

fn open(path: &Path, options: &OpenOptions) -> Result<File, Trouble> {
    // It would hold up who opens it, for ever.
    let opened = match fs::metadata(path) {
        Ok(about) if about.file_type().is_fifo() => {
            Err(io::Error::new(ErrorKind::InvalidInput, "it is a pipe"))
        }
        _ => options.open(path),
    };
    opened.map_err(|cause| Trouble::of(path, "opened", cause))
}

/// Whether the error of a start says that the file is no program of this machine, and stays none.
fn is_no_program(cause: &io::Error) -> bool {
    let number = cause.raw_os_error().map(Errno::from_raw_os_error);
    matches!(number, Some(Errno::NOEXEC | Errno::TOOBIG))
}

/// What keeps a process small whose threads come and go, unless the server's environment says otherwise: pools of memory that the C library
/// makes (one for each thread, though jobs take memory from an allocator of their own), what a thread that ends has free, and its stack.
const SMALL: [(&str, &str); 3] = [
    ("MALLOC_ARENA_MAX", "2"),
    ("MIMALLOC_ABANDONED_PAGE_PURGE", "1"),
    ("GLIBC_TUNABLES", "glibc.pthread.stack_cache_size=0"),
];

/// Parameters of the ingestion job in the environment, which win over arguments.
const INGEST_VARIABLES: &[u8] = b"MILLSTREAM_INGEST_";

/// Lets a program not see the ingestion parameters in the server's environment: they are those of whoever started the
/// server. Those of whoever submits a job are among its arguments. The server's token is none of its business either.
pub(crate) fn without_ingest_variables(command: &mut Command) -> &mut Command {
    command.env_remove(TOKEN_VARIABLE);
    for (name, _) in std::env::vars_os() {
        if name.as_bytes().starts_with(INGEST_VARIABLES) {
            command.env_remove(name);
        }
    }
    command
}

/// Kills the process of the job of `directory`, whoever has started it. `own`: a child of this server that was not waited
/// for; it goes with everything that it has started.
pub(super) fn kill(own: Option<u32>, directory: &Path) {
    let own = own.and_then(pid);
    if let Some(own) = own {
        note(own, kill_process_group(own, Signal::KILL));
    }
    for other in processes().filter(|other| Some(*other) != own) {
        // Once it is open, the number can't come to mean another process unnoticed.
        let Ok(process) = pidfd_open(other, PidfdFlags::empty()) else {
            continue;
        };
        if runs_job(other, directory) {
            note(other, pidfd_send_signal(process, Signal::KILL));
        }
    }
}

/// The process that runs the job of `directory`, whoever has started it; `None`: none can be found.
pub(super) fn running(directory: &Path) -> Option<u32> {
    let process = processes().find(|process| runs_job(*process, directory))?;
    u32::try_from(process.as_raw_pid()).ok()
}

/// The command that ends the process of the job of `directory`: the one of this number, or whichever holds the lock. A search for what
/// stands on command lines would find whoever looks at the directory, too.
pub(super) fn ended_by(directory: &Path, pid: Option<u32>) -> String {
    pid.map_or_else(
        || format!("`fuser -k {}`", directory.join(LOCK).display()),
        |pid| format!("`kill {pid}`"),
    )
}

/// The processes of this machine.
fn processes() -> impl Iterator<Item = Pid> {
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries.filter_map(|entry| pid(entry.file_name().to_str()?.parse().ok()?))
}

fn pid(number: u32) -> Option<Pid> {
    Pid::from_raw(i32::try_from(number).ok()?)
}

fn note(pid: Pid, result: rustix::io::Result<()>) {
    match result {
        Ok(()) => tracing::info!("Process {} is killed.", pid.as_raw_pid()),
        Err(cause) => tracing::warn!("Process {} can't be killed: {cause}", pid.as_raw_pid()),
    }
}

/// Whether the command line of a process says that it runs the job of `directory`.
fn runs_job(pid: Pid, directory: &Path) -> bool {
    directory_of(pid).is_some_and(|own| own.as_path() == directory)
}

/// The directory of the job that a process runs, as its command line says; `None`: it runs none.
fn directory_of(pid: Pid) -> Option<PathBuf> {
    let line = fs::read(format!("/proc/{}/cmdline", pid.as_raw_pid())).ok()?;
    let mut arguments = line.split(|byte| *byte == 0);
    arguments.find(|argument| *argument == JOB_ARGUMENT.as_bytes())?;
    Some(PathBuf::from(OsStr::from_bytes(arguments.next()?)))
}

/// The processes of jobs, whoever has started them, with the directories of the jobs.
pub(super) fn of_jobs() -> impl Iterator<Item = (u32, PathBuf)> {
    processes().filter_map(|process| {
        let number = u32::try_from(process.as_raw_pid()).ok()?;
        Some((number, directory_of(process)?))
    })
}

/// Waits for the end of the process, if this server has started one. May be given up while it waits.
pub(super) async fn exit(child: &mut Option<Child>) -> Option<ExitStatus> {
    match child {
        Some(child) => child.wait().await.ok(),
        None => std::future::pending().await,
    }
}

/// How [`describe`] begins of a process that was not killed.
pub(super) const BY_ITSELF: &str = "ended";

/// What became of a process, as the end of a sentence.
pub(super) fn describe(how: Option<ExitStatus>) -> String {
    let Some(how) = how else {
        return "went away".to_owned();
    };
    match (how.signal(), how.code()) {
        (Some(signal), _) => format!("was killed by signal {signal}"),
        (None, Some(code)) => format!("{BY_ITSELF} with exit status {code}"),
        (None, None) => "went away".to_owned(),
    }
}

/// Whether a process has begun to run the job, so that there may be output.
pub(super) fn has_started(directory: &Path) -> Result<bool, Trouble> {
    files::is_there(&directory.join(STARTED_FILE))
}

/// Whether what a process reads before it begins the job is lost: it is not there, or can't be understood. What can't be read may be, once
/// that is mended.
pub(super) fn is_damaged(directory: &Path) -> bool {
    let submission = directory.join(SUBMISSION_FILE);
    matches!(files::is_there(&submission), Ok(false))
        || is_garbled::<Submission>(&submission)
        || [RESTORED_FILE, LEFT_OUT_FILE]
            .iter()
            .any(|name| is_garbled::<String>(&directory.join(name)))
}

fn is_garbled<T: DeserializeOwned>(path: &Path) -> bool {
    let mut bytes = Vec::new();
    match regular::open(path) {
        Ok(Some(mut file)) => {
            file.read_to_end(&mut bytes).is_ok() && serde_json::from_slice::<T>(&bytes).is_err()
        }
        // A pipe or a directory may be taken away.
        Ok(None) | Err(_) => false,
    }
}

/// The stop whose savepoint a process had triggered, and whose end it had not told.
pub(super) fn stop_begun(directory: &Path) -> Result<Option<StopBegun>, Trouble> {
    let stop: Option<StopBegun> = files::read(&directory.join(STOP_FILE))?;
    Ok(stop.filter(|stop| !stop.ended))
}

/// Makes what a process has left that was about to tell the job's end the outcome, where it is one. No process may run.
/// Answers whether it was.
pub(super) fn settle_ending(directory: &Path) -> Result<bool, Trouble> {
    let outcome = directory.join(OUTCOME_FILE);
    let is_it = !files::is_there(&outcome)? && is_ending(directory)?;
    if is_it {
        files::rename(&directory.join(ENDING_FILE), &outcome)?;
    }
    Ok(is_it)
}

/// Leaves how a job has ended, as its server has decided. What a process has left that ended the job stands; what one has left that could
/// not start it does not, where the job has ended otherwise. Answers whether an outcome lies there: not where a process still runs, which
/// may leave its own.
pub(super) fn leave_outcome(directory: &Path, decided: &JobReport) -> Result<bool, Trouble> {
    if is_alive(directory)? {
        return Ok(false);
    }
    let outcome = directory.join(OUTCOME_FILE);
    let left = files::read::<JobReport>(&outcome)?;
    let stands = left.is_some_and(|left| {
        let left = Outcome::of(&left);
        left.was_built || (left.status == decided.status && !left.may_pass)
    });
    if !stands {
        files::write(&outcome, decided)?;
    }
    Ok(true)
}

/// Whether what a process has left that was about to tell the job's end is the outcome, if there is no other.
pub(super) fn is_ending(directory: &Path) -> Result<bool, Trouble> {
    let Some(left) = files::read::<JobReport>(&directory.join(ENDING_FILE))? else {
        return Ok(false);
    };
    let stop = stop_begun(directory)?;
    Ok(is_outcome(&left.operations, stop.as_ref()))
}

/// The last line that the process has printed, as the end of a sentence; empty where there is none.
pub(super) fn last_words(directory: &Path) -> String {
    let tail = tail(&directory.join(OUTPUT_FILE)).unwrap_or_default();
    let text = String::from_utf8_lossy(&tail);
    let last = text.lines().rev().find(|line| !line.trim().is_empty());
    last.map_or_else(String::new, |line| {
        let line: String = line.trim().chars().take(300).collect();
        format!("; the last line of its output: {line}")
    })
}

/// The last lines of the job's log and of what the process has printed, each with the name of its file.
pub(super) fn last_lines(directory: &Path) -> Vec<String> {
    const LINES: usize = 20;
    let of = |name: &'static str| {
        // One that is not there holds nothing.
        let tail = tail(&directory.join(name)).unwrap_or_default();
        let text = String::from_utf8_lossy(&tail);
        let lines = text.lines().filter(|line| !line.trim().is_empty());
        let lines: Vec<String> = lines.map(|line| format!("{name}: {line}")).collect();
        let surplus = lines.len().saturating_sub(LINES);
        lines.into_iter().skip(surplus)
    };
    [LOG_FILE, OUTPUT_FILE].into_iter().flat_map(of).collect()
}

fn tail(path: &Path) -> io::Result<Vec<u8>> {
    const BYTES: u64 = 4_096;
    let mut file = regular::open_required(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(BYTES)))?;
    let mut bytes = Vec::new();
    file.take(BYTES).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests;
