//! `millstream transactions`.

mod shown;

use std::process::ExitCode;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::thread::Builder;
use std::time::Duration;

use clap::Parser;
use millstream_core::{Error, Result, codes, counted};
use millstream_ingest::transactions::{Awaited, Described, Ended, Listed, State, Transactions};
use serde_json::json;

use super::common::note_superfluous;
use crate::arguments::Connection;
use crate::places::place;
use crate::{report, settings};
use shown::{as_json, state_name, table};

/// After this time whoever waits is told what for.
const SOON: Duration = Duration::from_secs(3);

/// Lists transactions of Kafka, and what snapshots wait for them; commits or aborts one that was left open.
#[derive(Debug, Parser)]
#[command(
    name = "millstream transactions",
    no_binary_name = true,
    override_usage = "\
millstream transactions [OPTIONS] list [BEGINNING]
       millstream transactions [OPTIONS] <commit | abort> <TRANSACTIONAL ID>...",
    after_help = "\
No server is needed. A job settles what its snapshot waits for by itself when it goes on; this is for what no job goes on from, and for what others \
have left open, which holds up every read_committed reader. Stop the job before: the transaction that a running job writes is open, too. \
The exit code is 1 where a transaction could not be ended as was asked."
)]
pub(crate) struct TransactionsArguments {
    /// Addresses of some brokers.
    #[arg(
        short,
        long,
        alias = "sink.kafka.brokers",
        alias = "bootstrap-server",
        value_name = "HOST:PORT,..."
    )]
    brokers: Option<String>,

    /// A property of Kafka by which we log in, as the job is given it (`security.protocol=SASL_SSL`); may be given several times. Values may be
    /// references: ${env:NAME}, ${file:PATH}.
    #[arg(short, long, value_name = "NAME=VALUE")]
    property: Vec<String>,

    /// Look into this snapshot, too. Those in the directories of checkpoints and savepoints of the configuration are looked into anyway. May be given
    /// several times.
    #[arg(short, long, value_name = "PATH")]
    snapshot: Vec<String>,

    /// List also what is not open.
    #[arg(short, long)]
    all: bool,

    /// Commit what no snapshot waits for, or abort what one waits for.
    #[arg(short, long)]
    force: bool,

    /// list, commit or abort. Then the beginning of the transactional ids that are listed, or those that are ended.
    #[arg(value_name = "list | commit | abort")]
    positional: Vec<String>,

    #[command(flatten)]
    connection: Connection,
}

/// Lists, commits or aborts.
pub(crate) fn perform(arguments: TransactionsArguments) -> Result<ExitCode> {
    let (verb, rest) = match arguments.positional.split_first() {
        Some((verb, rest)) => (verb.as_str(), rest),
        None => ("list", [].as_slice()),
    };
    let commit = match verb {
        "list" => None,
        "commit" => Some(true),
        "abort" => Some(false),
        other => {
            let message = format!("`transactions` can't {other}");
            return Err(Error::new(&codes::USAGE, message).next("say list, commit or abort"));
        }
    };
    if commit.is_some() && rest.is_empty() {
        let message = format!("`transactions {verb}` needs a transactional id");
        return Err(
            Error::new(&codes::USAGE, message).next("`millstream transactions list` shows them")
        );
    }
    let Some(brokers) = &arguments.brokers else {
        let message = "no brokers of Kafka are named";
        return Err(Error::new(&codes::USAGE, message).next("give --brokers HOST:PORT"));
    };
    let mut transactions = Transactions::open(brokers, &arguments.property)?;
    let awaited = awaited(&arguments)?;
    patiently(brokers, || match commit {
        None => list(&mut transactions, &awaited, &arguments, rest),
        Some(commit) => end_all(&mut transactions, &awaited, &arguments, rest, commit),
    })
}

/// Does `ask`, and says what is waited for where that takes its time.
fn patiently<T>(brokers: &str, ask: impl FnOnce() -> T) -> T {
    let (over, waits) = sync_channel::<()>(0);
    std::thread::scope(|scope| {
        let tell = move || {
            if waits.recv_timeout(SOON) == Err(RecvTimeoutError::Timeout) {
                report::progress(&format!("Still asking Kafka at {brokers}."));
            }
        };
        // Without a thread nothing is said, and asked all the same.
        drop(
            Builder::new()
                .name("waiting".to_owned())
                .spawn_scoped(scope, tell),
        );
        let answer = ask();
        drop(over);
        answer
    })
}

/// What snapshots wait for.
fn awaited(arguments: &TransactionsArguments) -> Result<Vec<Awaited>> {
    let configuration = settings::load(&arguments.connection)?;
    let snapshots: Result<Vec<String>> =
        arguments.snapshot.iter().map(|path| place(path)).collect();
    let found = millstream::prepared::prepared(&configuration, &snapshots?)?;
    for error in &found.unread {
        report::note(&format!("a snapshot is passed over: {error}"));
    }
    Ok(found.prepared.iter().filter_map(Awaited::of).collect())
}

fn list(
    transactions: &mut Transactions,
    awaited: &[Awaited],
    arguments: &TransactionsArguments,
    rest: &[String],
) -> Result<ExitCode> {
    let (beginning, superfluous) = match rest.split_first() {
        Some((beginning, superfluous)) => (beginning.as_str(), superfluous),
        None => ("", [].as_slice()),
    };
    note_superfluous(superfluous);
    let mut listed = transactions.list(beginning)?;
    if !arguments.all {
        listed.retain(|listed| is_open(listed.described.state));
    }
    // What a snapshot waits for and no coordinator knows any more.
    let mut forgotten = Vec::new();
    for one in awaited.iter().filter(|one| !one.committed) {
        let is_known = listed
            .iter()
            .any(|listed| one.is(&listed.id, &listed.described));
        if one.id.starts_with(beginning) && !is_known {
            forgotten.push((one, transactions.describe(&one.id)?));
        }
    }
    // Snapshots do not say to which cluster a job writes.
    if forgotten.iter().any(|(_, described)| described.is_none()) {
        report::note(
            "brokers of another cluster know nothing of a transaction either: what is forgotten may be open there, where its job writes to others than --brokers",
        );
    }
    if arguments.connection.json {
        return report::json(&as_json(&listed, &forgotten, awaited));
    }
    if listed.is_empty() && forgotten.is_empty() {
        return Ok(report::output("No open transactions.\n"));
    }
    Ok(report::output(&table(&listed, &forgotten, awaited)))
}

const fn is_open(state: State) -> bool {
    matches!(state, State::Ongoing | State::Committing | State::Aborting)
}

fn end_all(
    transactions: &mut Transactions,
    awaited: &[Awaited],
    arguments: &TransactionsArguments,
    ids: &[String],
    commit: bool,
) -> Result<ExitCode> {
    // All of them are looked at before the first is ended.
    let mut found = Vec::new();
    for id in ids {
        let described = transactions.describe(id)?.ok_or_else(|| {
            let message = format!("no coordinator knows the transactional id {id}");
            Error::new(&codes::USAGE, message)
                .next("`millstream transactions list --all` shows all")
        })?;
        if !arguments.force && described.state == State::Ongoing {
            check(id, &described, awaited, commit)?;
        }
        found.push(Listed {
            id: id.clone(),
            described,
        });
    }
    let mut failed = false;
    let mut told = Vec::new();
    for Listed { id, described } in &found {
        let ended = match described.state {
            State::Ongoing => transactions.end(id, described, commit)?,
            state => Ended::Before(state),
        };
        let (is_so, what) = outcome(&ended, commit);
        failed |= !is_so;
        if !arguments.connection.json {
            report::say(&format!("{id}: {what}\n"))?;
        }
        told.push(json!({ "id": id, "done": is_so, "what": what }));
    }
    if arguments.connection.json {
        report::json(&json!(told))?;
    }
    Ok(match failed {
        true => ExitCode::FAILURE,
        false => ExitCode::SUCCESS,
    })
}

/// Whether it is now as was asked, and what is told.
fn outcome(ended: &Ended, commit: bool) -> (bool, String) {
    match ended {
        Ended::Done if commit => (true, "committed".to_owned()),
        Ended::Done => (true, "aborted".to_owned()),
        Ended::Before(state @ (State::Committed | State::Committing)) => {
            (commit, format!("was {} before", state_name(*state)))
        }
        Ended::Before(state @ (State::Aborted | State::Aborting)) => {
            (!commit, format!("was {} before", state_name(*state)))
        }
        Ended::Before(_) | Ended::Other => (false, "has no such transaction open".to_owned()),
    }
}

/// Refuses what would lose output or write it twice.
fn check(id: &str, described: &Described, awaited: &[Awaited], commit: bool) -> Result<()> {
    let mut own = awaited.iter().filter(|one| one.is(id, described));
    match (own.next(), commit) {
        (None, true) => {
            let message = format!(
                "no snapshot that is found waits for the open transaction of {id}: whatever job began it would write its records again"
            );
            let next = "name the snapshot with --snapshot PATH, or give --force";
            Err(Error::new(&codes::OPTION_CONFLICT, message).next(next))
        }
        (Some(one), false) => {
            let (records, snapshot, job) = (one.records, &one.snapshot, &one.job);
            let message = format!(
                "{snapshot} of job `{job}` waits for the open transaction of {id}: its {} would be lost",
                counted(records, "record")
            );
            let next = "have the job go on, commit it, or give --force";
            Err(Error::new(&codes::OPTION_CONFLICT, message).next(next))
        }
        _ => Ok(()),
    }
}
