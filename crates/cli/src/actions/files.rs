//! `millstream files`.

use std::process::ExitCode;

use clap::Parser;
use millstream_core::book::FileState;
use millstream_core::{Error, Result, address, codes, counted};
use serde_json::{Value, json};

use super::common::{missing, note_superfluous};
use crate::answers::{FileLine, Files};
use crate::arguments::Connection;
use crate::report::note_without_effect;
use crate::session::Session;
use crate::{report, table, times};

/// The word before the names of files that are to be read again.
const RESET: &str = "reset";

/// Shows how far the files are that a job reads, newest first, or has files read again.
#[derive(Debug, Parser)]
#[command(
    name = "millstream files",
    no_binary_name = true,
    override_usage = "millstream files [OPTIONS] <JOB> [reset <NAME>...]",
    after_help = "\
States: pending (to be read), reading, read (to its end, with no checkpoint behind it yet), done (a checkpoint is complete behind it), failed \
(can't be read, or was gone before it was read), quarantined (the same, and moved away). `reset` has a file read again that is done, failed or quarantined: its records are \
written once more. A file that was changed is found by itself (source.file.changed)."
)]
pub(crate) struct FilesArguments {
    /// Only files that are this far; may be several with commas between them.
    #[arg(short, long, value_name = "STATE", value_delimiter = ',')]
    state: Vec<String>,

    /// Only files with this in their names.
    #[arg(short, long, value_name = "TEXT")]
    name: Option<String>,

    /// At most so many.
    #[arg(short, long, value_name = "NUMBER", default_value_t = 50)]
    limit: u32,

    /// Goes on behind what was shown; the last line says with which number.
    #[arg(short, long, value_name = "NUMBER")]
    before: Option<u64>,

    /// The job: its id, the first digits of it (4 or more), or its name. Then reset and names of files.
    #[arg(value_name = "JOB [reset NAME...]")]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Shows files, or has them read again.
pub(crate) fn perform(arguments: FilesArguments) -> Result<ExitCode> {
    let Some((job, rest)) = arguments.positional.split_first() else {
        return Err(missing("Missing JobID", "files"));
    };
    let resets = match rest.split_first() {
        None => None,
        Some((word, [])) if word == RESET => {
            let message = "`files reset` is not told which file";
            return Err(Error::new(&codes::USAGE, message)
                .next("name it as `millstream files` shows it, below the directory"));
        }
        Some((word, names)) if word == RESET => Some(names),
        Some(_) => {
            note_superfluous(rest);
            None
        }
    };
    let session = Session::open(&arguments.connection)?;
    let job = session.job(job)?;
    if let Some(names) = resets {
        let given = [
            (!arguments.state.is_empty(), "--state"),
            (arguments.name.is_some(), "--name"),
            (arguments.before.is_some(), "--before"),
        ];
        note_without_effect(&given, "it is not for `reset`");
        return reset(&session, &job, names);
    }
    show(&session, &job, &arguments)
}

fn reset(session: &Session, job: &str, names: &[String]) -> Result<ExitCode> {
    let path = format!("/jobs/{job}/files/reset");
    for name in names {
        let _empty: Value = session.client.post(&path, &json!({ "name": name }))?;
        session.say(&format!("{name} is read again."))?;
    }
    session.finish(&json!({ "reset": names }))
}

fn show(session: &Session, job: &str, arguments: &FilesArguments) -> Result<ExitCode> {
    let mut path = format!("/jobs/{job}/files?limit={}", arguments.limit);
    for state in &arguments.state {
        if FileState::named(&state.to_ascii_lowercase()).is_none() {
            let names = FileState::ALL.map(FileState::name).join(", ");
            let message = format!("no file is {state}");
            return Err(Error::new(&codes::USAGE, message).next(format!("say one of {names}")));
        }
    }
    if !arguments.state.is_empty() {
        path.push_str(&format!("&state={}", arguments.state.join(",")));
    }
    if let Some(name) = &arguments.name {
        path.push_str(&format!("&name={}", address::piece(name)));
    }
    if let Some(before) = arguments.before {
        path.push_str(&format!("&before={before}"));
    }
    if session.json {
        let all: Value = session.client.get(&path)?;
        return report::json(&all);
    }
    let files: Files = session.client.get(&path)?;
    session.say(&summary(&files))?;
    if !files.files.is_empty() {
        let head = [
            "name",
            "state",
            "rows",
            "bad",
            "bytes",
            "checkpoint",
            "changed",
            "",
        ];
        let mut rows = vec![head.map(str::to_owned)];
        rows.extend(files.files.into_iter().map(row));
        session.say(table::lines(&rows).trim_end())?;
    }
    if let Some(next) = files.next {
        report::note(&format!("there are more; --before {next} shows them"));
    }
    Ok(ExitCode::SUCCESS)
}

fn summary(files: &Files) -> String {
    let counts = FileState::ALL.iter().filter_map(|state| {
        let count = *files.counts.get(state.name())?;
        (count > 0).then(|| format!("{count} {}", state.name()))
    });
    let mut counts: Vec<String> = counts.collect();
    if counts.is_empty() {
        counts.push("none yet".to_owned());
    }
    let mut text = format!("Files of {}: {}", files.directory, counts.join(", "));
    if files.waiting > 0 {
        let waiting = counted(files.waiting, "more file");
        text.push_str(&format!("; {waiting} there, not taken up yet"));
    }
    if files.missed > 0 {
        let missed = counted(files.missed, "file");
        text.push_str(&format!("; {missed} not noted, as too many came at once"));
    }
    text
}

fn row(file: FileLine) -> [String; 8] {
    let state = match file.state.as_str() {
        "reading" => format!("reading {} %", file.percent),
        state => state.to_owned(),
    };
    [
        file.name,
        state,
        file.rows.map_or("?".to_owned(), |rows| rows.to_string()),
        file.bad.to_string(),
        times::bytes(file.bytes),
        file.checkpoint
            .map(|checkpoint| checkpoint.to_string())
            .unwrap_or_default(),
        times::sortable(i64::try_from(file.changed).unwrap_or(i64::MAX)),
        file.reason.unwrap_or_default(),
    ]
}
