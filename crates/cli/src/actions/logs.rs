//! `millstream logs`.

mod lines;

use std::io::Read;
use std::ops::ControlFlow;
use std::process::ExitCode;
use std::time::Duration;

use clap::Parser;
use millstream_core::{Error, Result, codes};
use serde_json::json;

use lines::Output;

use super::common::{missing, note_superfluous};
use crate::answers::{LogFile, Logs, Status};
use crate::arguments::Connection;
use crate::report;
use crate::report::note_without_effect;
use crate::session::Session;
use crate::waiting::Waiting;
use crate::{table, times};

/// Shows the log of a job, or what it has printed.
#[derive(Debug, Parser)]
#[command(
    name = "millstream logs",
    no_binary_name = true,
    override_usage = "millstream logs [OPTIONS] <JOB>"
)]
pub(crate) struct LogsArguments {
    /// Show what is added too, until the job ends or Ctrl-C; with --json one line for each.
    #[arg(short, long)]
    follow: bool,

    /// Show the last lines only.
    #[arg(short = 'n', long, value_name = "NUMBER")]
    lines: Option<usize>,

    /// The file: job.log (the log; default), job.out (what the job has printed), or another that --list shows.
    #[arg(long, value_name = "NAME")]
    file: Option<String>,

    /// Show which files there are.
    #[arg(long)]
    list: bool,

    /// The job: its id, the first digits of it (4 or more), or its name.
    #[arg(value_name = "JOB")]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// The file that is shown where none is named.
const LOG: &str = "job.log";
/// How often a log that is followed is looked at.
const AGAIN: Duration = Duration::from_millis(200);
/// So much is read for each line that is asked for, to begin with.
const USUAL_LINE: u64 = 256;

/// Shows a log.
pub(crate) fn perform(arguments: LogsArguments) -> Result<ExitCode> {
    let Some((job, superfluous)) = arguments.positional.split_first() else {
        return Err(missing("Missing JobID", "logs"));
    };
    note_superfluous(superfluous);
    let session = Session::open(&arguments.connection)?;
    let job = session.job(job)?;
    let Logs { logs } = session.client.get(&format!("/jobs/{job}/logs"))?;
    if arguments.list {
        note_without_effect(
            &[
                (arguments.follow, "--follow"),
                (arguments.lines.is_some(), "--lines"),
                (arguments.file.is_some(), "--file"),
            ],
            "the files are listed",
        );
        return list(&session, &logs);
    }
    let name = arguments.file.as_deref().unwrap_or(LOG);
    let size = size_of(name, &logs, &job)?;
    let file = File {
        session: &session,
        path: format!("/jobs/{job}/logs/{name}"),
    };
    let begin = match arguments.lines {
        Some(lines) => file.begin_of_last(lines, size)?,
        None => 0,
    };
    if arguments.follow {
        let mut output = Output::new(session.json);
        follow(&file, begin, &job, &mut output)?;
        output.end()?;
        return Ok(ExitCode::SUCCESS);
    }
    if session.json {
        let text = file.read(begin)?;
        let text = String::from_utf8_lossy(&text);
        return report::json(&json!({ "job": job, "name": name, "text": text }));
    }
    let mut output = Output::new(false);
    file.copy(begin, |bytes| output.write(bytes))?;
    output.end()?;
    Ok(ExitCode::SUCCESS)
}

fn list(session: &Session, logs: &[LogFile]) -> Result<ExitCode> {
    if session.json {
        return report::json(&json!(logs));
    }
    let mut rows = vec![["name", "size", "written"].map(str::to_owned)];
    rows.extend(logs.iter().map(|log| {
        [
            log.name.clone(),
            times::bytes(log.size),
            times::sortable(log.mtime),
        ]
    }));
    session.say(table::lines(&rows).trim_end())?;
    Ok(ExitCode::SUCCESS)
}

fn size_of(name: &str, logs: &[LogFile], job: &str) -> Result<u64> {
    let found = logs.iter().find(|log| log.name == name);
    found.map(|log| log.size).ok_or_else(|| {
        let names: Vec<&str> = logs.iter().map(|log| log.name.as_str()).collect();
        let message = format!("job {job} has no log file `{name}`");
        Error::new(&codes::LOG_UNKNOWN, message).next(format!("it has {}", names.join(", ")))
    })
}

/// Shows the file from byte `end` on, and what is added. Of a file that was put aside the rest is shown first, then the new one from
/// its begin. It ends with the job, with Ctrl-C, or when the reader has gone away.
fn follow(file: &File<'_>, mut end: u64, job: &str, output: &mut Output) -> Result<()> {
    let mut waiting = Waiting::for_interrupts()?;
    let status_path = format!("/jobs/{job}/status");
    loop {
        // Looked at first: what the job wrote before its end is there afterwards.
        let Status { status } = file.session.client.get(&status_path)?;
        let next = match file.copy(end, |bytes| output.write(bytes)) {
            // Between being put aside and being there again.
            Err(error) if error.code() == codes::LOG_UNKNOWN.id => end,
            copied => copied?,
        };
        if output.has_no_reader() {
            return Ok(());
        }
        if next != end {
            end = next;
            continue;
        }
        let Logs { logs } = file.session.client.get(&format!("/jobs/{job}/logs"))?;
        let name = file.path.rsplit('/').next().unwrap_or_default();
        if logs.iter().any(|log| log.name == name && log.size < end) {
            let aside = format!("{name}.1");
            if logs.iter().any(|log| log.name == aside && log.size >= end) {
                let path = format!("{}.1", file.path);
                File { path, ..*file }.copy(end, |bytes| output.write(bytes))?;
            }
            end = 0;
        } else if status.is_terminal() || waiting.pause(AGAIN) {
            return Ok(());
        }
    }
}

/// A log file over REST.
struct File<'a> {
    session: &'a Session,
    path: String,
}

impl File<'_> {
    /// Hands over everything from byte `begin` on, until `write` breaks off; answers where it ended.
    fn copy(
        &self,
        begin: u64,
        mut write: impl FnMut(&[u8]) -> Result<ControlFlow<()>>,
    ) -> Result<u64> {
        let Some(mut text) = self.session.client.text_from(&self.path, begin)? else {
            return Ok(begin);
        };
        let mut end = begin;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let count = text.read(&mut buffer).map_err(|cause| {
                let message = format!("{} broke off at byte {end}", self.path);
                Error::new(&codes::SERVER_ANSWER, message)
                    .cause(cause)
                    .next("ask again; `millstream doctor` looks at the way to the server")
            })?;
            let reader = match buffer.get(..count) {
                None | Some([]) => return Ok(end),
                Some(bytes) => write(bytes)?,
            };
            end += count as u64;
            if reader.is_break() {
                return Ok(end);
            }
        }
    }

    /// Everything from byte `begin` on.
    fn read(&self, begin: u64) -> Result<Vec<u8>> {
        let mut text = Vec::new();
        self.copy(begin, |bytes| {
            text.extend_from_slice(bytes);
            Ok(ControlFlow::Continue(()))
        })?;
        Ok(text)
    }

    /// Where the last `lines` lines of a file of `size` bytes begin.
    fn begin_of_last(&self, lines: usize, size: u64) -> Result<u64> {
        let mut span = USUAL_LINE.saturating_mul(lines as u64);
        loop {
            let begin = size.saturating_sub(span);
            let text = self.read(begin)?;
            match offset_of_last(&text, lines) {
                Some(offset) => return Ok(begin + offset as u64),
                None if begin == 0 => return Ok(0),
                None => span = span.saturating_mul(4),
            }
        }
    }
}

/// Where the last `lines` lines of `text` begin; `None`: there are not so many, or the first may not be whole.
fn offset_of_last(text: &[u8], lines: usize) -> Option<usize> {
    let body = text.strip_suffix(b"\n").unwrap_or(text);
    if lines == 0 {
        return Some(text.len());
    }
    body.iter()
        .enumerate()
        .rev()
        .filter(|(_, byte)| **byte == b'\n')
        .nth(lines - 1)
        .map(|(place, _)| place + 1)
}

#[cfg(test)]
mod tests {
    use super::offset_of_last;

    #[test]
    fn the_last_lines_are_whole() {
        let text = b"one\ntwo\nthree\n";
        assert_eq!(offset_of_last(text, 0), Some(14));
        assert_eq!(offset_of_last(text, 1), Some(8));
        assert_eq!(offset_of_last(text, 2), Some(4));
        assert_eq!(offset_of_last(text, 3), None);
        assert_eq!(offset_of_last(b"one\ntw", 1), Some(4));
    }
}
