//! Values of options, and the arguments of actions.

use clap::Arg;
use millstream_core::codes;
use millstream_core::options::{self, FromOptionText, OptionSummary};
use millstream_ingest::{ENTRY_CLASS, NAME};

use super::Candidate;
use crate::answers::JobLine;
use crate::arguments::Connection;
use crate::jobs;
use crate::session::Session;

/// The values of options that have a fixed set of them, by the id of the option.
const CHOICES: &[(&str, &[&str])] = &[
    ("target", &["remote", "local"]),
    ("log_to", &["stdout", "file", "both"]),
    ("format", &["CANONICAL", "NATIVE"]),
    ("claim_mode", &["NO_CLAIM", "CLAIM", "LEGACY"]),
    ("on_lost_output", &["fail", "accept"]),
    ("from_savepoint", &["latest"]),
    ("from", &["latest"]),
    ("class", &[ENTRY_CLASS]),
    (
        "state",
        &[
            "pending",
            "reading",
            "read",
            "done",
            "failed",
            "quarantined",
        ],
    ),
];

/// The values that `option` takes; none: anything, or a path.
pub(super) fn of(option: &Arg, current: &str) -> Vec<Candidate> {
    let id = option.get_id().as_str();
    if id == "settings" {
        return settings(current);
    }
    let choices = CHOICES.iter().find(|(known, _)| *known == id);
    let choices = choices.map(|(_, choices)| choices.iter());
    let choices = choices.into_iter().flatten();
    choices.map(|choice| Candidate::new(*choice, "")).collect()
}

/// The keys of `-D`, or behind a key its values.
fn settings(current: &str) -> Vec<Candidate> {
    let all = || options::ALL.iter().chain(options::SERVER);
    let Some((key, _)) = current.split_once('=') else {
        let keys = all().map(|option| Candidate::new(format!("{}=", option.name), option.meaning));
        return keys.collect();
    };
    let is_meant = |option: &&OptionSummary| option.name == key || option.aliases.contains(&key);
    let values = all().find(is_meant).map(|option| of_type(option.type_name));
    let mut values = values.unwrap_or_default();
    for value in &mut values {
        value.value.insert_str(0, &format!("{key}="));
    }
    values
}

/// The values of a type that has few.
pub(super) fn of_type(name: &str) -> Vec<Candidate> {
    let names = match name.strip_prefix("one of ") {
        Some(names) => names.split(", ").collect(),
        None if name == bool::TYPE_NAME => vec!["true", "false"],
        None => Vec::new(),
    };
    names
        .into_iter()
        .map(|name| Candidate::new(name, ""))
        .collect()
}

/// What may stand as argument number `place` (from 0) of `action`; `connection` says which server knows of jobs.
pub(super) fn argument(
    action: &str,
    place: usize,
    current: &str,
    connection: &dyn Fn() -> Option<Connection>,
) -> Vec<Candidate> {
    let words: &[(&str, &str)] = match (action, place) {
        ("run" | "run-application" | "info" | "doctor", 0) => &[(NAME, "The ingestion job")],
        ("server", 0) => &[
            ("stop", "Ends the server of the data directory"),
            ("status", "Shows the server of the data directory"),
            ("backup", "Writes what the server knows into a file"),
            ("restore", "Makes a data directory of a backup"),
        ],
        ("dead-letters", 0) => &[
            ("list", "Groups them by what is wrong"),
            ("show", "Shows them"),
            ("replay", "Sends them through the job once more"),
            ("discard", "Marks them as dismissed"),
        ],
        ("dead-letters", 1) => return of_jobs(current, false, connection),
        ("transactions", 0) => &[
            ("list", "Lists them"),
            ("commit", "Commits those that were left open"),
            ("abort", "Aborts those that were left open"),
        ],
        ("completion", 0) => &[
            ("bash", ""),
            ("zsh", ""),
            ("fish", ""),
            ("elvish", ""),
            ("powershell", ""),
        ],
        ("explain", 0) => return error_codes(current),
        ("set", 1..) => {
            return options::live()
                .map(|option| Candidate::new(format!("{}=", option.name), option.meaning))
                .collect();
        }
        ("savepoint" | "checkpoint" | "stop" | "cancel" | "set", 0) => {
            return of_jobs(current, true, connection);
        }
        ("files", 1) => &[("reset", "Has files read again")],
        ("restart" | "logs" | "exceptions" | "checkpoints" | "files" | "operations", 0) => {
            return of_jobs(current, false, connection);
        }
        _ => &[],
    };
    let words = words.iter();
    words
        .map(|(word, meaning)| Candidate::new(*word, meaning))
        .collect()
}

/// The codes of errors, written as `current` begins: in small letters, or as the number alone.
fn error_codes(current: &str) -> Vec<Candidate> {
    let small = current.starts_with('m');
    let bare = current.starts_with(|c: char| c.is_ascii_digit());
    let written = |id: &str| match id.split_once('-') {
        Some((_, number)) if bare => number.to_owned(),
        _ if small => id.to_ascii_lowercase(),
        _ => id.to_owned(),
    };
    let all = codes::ALL.iter();
    all.map(|code| Candidate::new(written(code.id), code.title))
        .collect()
}

/// Names and ids of jobs: names that mean one job, ids where they are begun or no name does. A name that would be taken for an option is
/// one of these only where a word may begin so, behind `--`.
fn of_jobs(
    current: &str,
    going_on: bool,
    connection: &dyn Fn() -> Option<Connection>,
) -> Vec<Candidate> {
    let all = connection().and_then(|connection| {
        let session = Session::for_a_glance(&connection).ok()?;
        jobs::all(&session.client).ok()
    });
    let all = all.unwrap_or_default();
    let mut found = Vec::new();
    for job in all
        .iter()
        .filter(|job| !(going_on && job.state.is_terminal()))
    {
        let JobLine {
            jid, name, state, ..
        } = job;
        let is_option = name.starts_with('-') && !current.starts_with('-');
        let is_meant = !is_option && jobs::choose(name, &all).is_ok_and(|id| id == *jid);
        if is_meant {
            found.push(Candidate::new(name.as_str(), &format!("{state} {jid}")));
        }
        if !is_meant || (!current.is_empty() && jid.starts_with(current)) {
            found.push(Candidate::new(jid.as_str(), &format!("{state} {name}")));
        }
    }
    found
}
