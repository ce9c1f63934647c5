//! `millstream dead-letters`.

mod remote;
mod shown;

use std::process::ExitCode;

use clap::Parser;
use millstream::local::start_logging;
use millstream_core::{Error, Result, codes, counted};
use millstream_ingest::letters::{Found, Letters, Replayed, Selection, State};
use serde_json::json;

use super::common::note_superfluous;
use crate::arguments::Connection;
use crate::report::note_without_effect;
use crate::{report, settings};
use shown::{Groups, as_json, text};

/// How many letters `show` shows, unless it is told.
const SHOWN: u64 = 20;
/// What is counted.
const LETTER: &str = "letter";

/// Lists the dead letters of a job, shows them, sends them through the job once more, or dismisses them.
#[derive(Debug, Parser)]
#[command(
    name = "millstream dead-letters",
    no_binary_name = true,
    override_usage = "millstream dead-letters [OPTIONS] <list | show | replay | discard> <JOB>",
    after_help = "\
With -m the server there is asked. Without it no server is needed, but the data directory of the job: the server's, or that of millstream.data-dir. \
`replay` runs a job of its own in this process, or in one beside the server, \
with the SQL, the schema and the sink of the job as it was run last; what fails again is set aside again. With a sink that is exactly once each letter is \
written once, whenever the process dies: replay again to go on. With another one a letter is written at most once; those of a replay that was interrupted are \
unclear, and sent again only with --unclear."
)]
pub(crate) struct DeadLettersArguments {
    /// Only those with this code, which `list` shows.
    #[arg(short, long, value_name = "CODE")]
    code: Option<String>,

    /// At most so many; of `show` 20 unless it is given.
    #[arg(short, long, value_name = "NUMBER")]
    limit: Option<u64>,

    /// With show: also those that were replayed or discarded.
    #[arg(short, long)]
    all: bool,

    /// With replay and discard: also those of which nobody knows whether a replay that was interrupted sent them.
    #[arg(short, long)]
    unclear: bool,

    /// With replay and discard: tell how many it would be, and do nothing.
    #[arg(long = "dry-run")]
    dry_run: bool,

    /// Discard without this is refused.
    #[arg(short, long)]
    force: bool,

    /// list, show, replay or discard. Then the job: its name, its id, or the first digits of that (4 or more).
    #[arg(value_name = "list | show | replay | discard")]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Lists, shows, replays or discards.
pub(crate) fn perform(arguments: DeadLettersArguments) -> Result<ExitCode> {
    let (verb, job) = match arguments.positional.as_slice() {
        [verb, job, superfluous @ ..] => {
            note_superfluous(superfluous);
            (verb.as_str(), job)
        }
        [verb] => {
            let message = format!("`dead-letters {verb}` needs a job");
            return Err(Error::new(&codes::USAGE, message).next("name it, or give its id"));
        }
        [] => {
            let message = "`dead-letters` is not told what to do";
            return Err(Error::new(&codes::USAGE, message)
                .next("say list, show, replay or discard, and the job"));
        }
    };
    let act = match verb {
        "list" => list,
        "show" => show,
        "replay" => replay,
        "discard" => discard,
        other => {
            let message = format!("`dead-letters` can't {other}");
            return Err(
                Error::new(&codes::USAGE, message).next("say list, show, replay or discard")
            );
        }
    };
    superfluous_options(&arguments, verb);
    if arguments.connection.jobmanager.is_some() {
        return remote::perform(verb, job, &arguments);
    }
    let configuration = settings::load(&arguments.connection)?;
    let letters = Letters::open(&configuration, job)?;
    act(&letters, &arguments)
}

fn superfluous_options(arguments: &DeadLettersArguments, verb: &str) {
    let changes = matches!(verb, "replay" | "discard");
    let given = [
        (arguments.all && verb != "show", "--all"),
        (arguments.unclear && !changes, "--unclear"),
        (arguments.dry_run && !changes, "--dry-run"),
        (arguments.force && verb != "discard", "--force"),
        (arguments.limit.is_some() && verb == "list", "--limit"),
    ];
    note_without_effect(&given, &format!("it is not for `{verb}`"));
}

fn selection(arguments: &DeadLettersArguments) -> Selection {
    Selection {
        code: arguments.code.clone(),
        limit: arguments.limit,
        unclear: arguments.unclear,
    }
}

fn is_code(arguments: &DeadLettersArguments, found: &Found) -> bool {
    let code = arguments.code.as_deref();
    code.is_none_or(|code| found.line.code() == code)
}

fn list(letters: &Letters, arguments: &DeadLettersArguments) -> Result<ExitCode> {
    let mut groups = Groups::default();
    letters.each(&mut |found| {
        if is_code(arguments, &found) {
            groups.add(found);
        }
        Ok(true)
    })?;
    if arguments.connection.json {
        return report::json(&groups.as_json());
    }
    let (job, place) = (letters.job(), letters.place());
    if groups.is_empty() {
        return Ok(report::output(&format!(
            "No dead letters of {job} in {place}.\n"
        )));
    }
    let table = groups.table();
    Ok(report::output(&format!(
        "Dead letters of {job} in {place}:\n{table}"
    )))
}

fn show(letters: &Letters, arguments: &DeadLettersArguments) -> Result<ExitCode> {
    let most = arguments.limit.unwrap_or(SHOWN);
    let mut shown = Vec::new();
    let mut more = false;
    letters.each(&mut |found| {
        let is_done = matches!(found.state, State::Replayed | State::Discarded);
        if (is_done && !arguments.all) || !is_code(arguments, &found) {
            return Ok(true);
        }
        more = shown.len() as u64 >= most;
        if !more {
            shown.push(found);
        }
        Ok(!more)
    })?;
    if arguments.connection.json {
        let all: Vec<_> = shown.iter().map(as_json).collect();
        return report::json(&json!(all));
    }
    if shown.is_empty() {
        return Ok(report::output("No such dead letters.\n"));
    }
    let texts: String = shown.iter().map(text).collect();
    report::say(&texts)?;
    if more {
        report::note(&format!("there are more than {most}; --limit shows others"));
    }
    Ok(ExitCode::SUCCESS)
}

fn replay(letters: &Letters, arguments: &DeadLettersArguments) -> Result<ExitCode> {
    if !arguments.dry_run {
        start_logging(0);
    }
    if letters.is_deduplicating() {
        report::note(
            "the job deduplicates, and a replay knows no keys that the job has seen: a letter that could not be read then may be the second of its key",
        );
    }
    let sent = letters.replay(&selection(arguments), arguments.dry_run)?;
    replayed(arguments, &sent)
}

/// Tells what came of a replay.
fn replayed(arguments: &DeadLettersArguments, replayed: &Replayed) -> Result<ExitCode> {
    let dry_run = arguments.dry_run;
    let Replayed {
        resumed,
        unclear,
        sent,
        again,
        cut,
    } = *replayed;
    if arguments.connection.json {
        return report::json(&json!({
            "dry-run": dry_run,
            "resumed": resumed,
            "unclear": unclear,
            "replayed": sent,
            "failed-again": again,
            "cut": cut,
        }));
    }
    let would = if dry_run { "would be " } else { "" };
    let mut told = String::new();
    if resumed > 0 {
        told.push_str(&format!(
            "{} of a replay that was interrupted {would}replayed to the end.\n",
            counted(resumed, LETTER)
        ));
    }
    if unclear > 0 {
        told.push_str(&format!(
            "{} of a replay that was interrupted may have been sent or not; --unclear sends again.\n",
            counted(unclear, LETTER)
        ));
    }
    if cut > 0 {
        told.push_str(&format!(
            "{} can't be replayed, as only the beginning was kept.\n",
            counted(cut, LETTER)
        ));
    }
    told.push_str(&match (sent, again) {
        (0, _) => "Nothing to replay.\n".to_owned(),
        (sent, Some(again @ 1..)) => format!(
            "{} replayed: {} went through, {again} failed again.\n",
            counted(sent, LETTER),
            sent.saturating_sub(again)
        ),
        (sent, _) => format!("{} {would}replayed.\n", counted(sent, LETTER)),
    });
    Ok(report::output(&told))
}

fn discard(letters: &Letters, arguments: &DeadLettersArguments) -> Result<ExitCode> {
    let selection = selection(arguments);
    if !arguments.dry_run && !arguments.force {
        let count = letters.discard(&selection, true)?;
        return Err(refuse_to_discard(count, letters.job()));
    }
    let count = letters.discard(&selection, arguments.dry_run)?;
    discarded(arguments, count)
}

/// The error of who would dismiss so many letters of a job without having said so twice.
fn refuse_to_discard(count: u64, job: &str) -> Error {
    let letters = counted(count, "dead letter");
    let message = format!("{letters} of {job} would never be replayed");
    Error::new(&codes::OPTION_CONFLICT, message)
        .next("give --force to discard them; `dead-letters show` shows them")
}

/// Tells how many were dismissed.
fn discarded(arguments: &DeadLettersArguments, count: u64) -> Result<ExitCode> {
    if arguments.connection.json {
        return report::json(&json!({ "dry-run": arguments.dry_run, "discarded": count }));
    }
    Ok(report::output(&match (count, arguments.dry_run) {
        (0, _) => "Nothing to discard.\n".to_owned(),
        (count, true) => format!(
            "{} would be discarded. Nothing was.\n",
            counted(count, LETTER)
        ),
        (count, false) => format!("{} discarded.\n", counted(count, LETTER)),
    }))
}
