//! The actions of the command: one table for dispatch, help, completions, manual and guide.

mod cancel;
mod checkpoint;
mod checkpoints;
mod common;
mod completion;
mod dead_letters;
mod doctor;
mod exceptions;
mod explain;
mod files;
mod help;
mod infer;
mod info;
mod list;
mod logs;
mod manual;
mod operations;
mod restart;
mod savepoint;
mod server;
mod set;
mod stop;
mod transactions;

use std::process::ExitCode;

use clap::{Arg, ArgAction, Command, CommandFactory};
use millstream_core::{Error, Result, codes};

use crate::arguments::{self, Order, spell};
use crate::completing;
use crate::report::{self, Style};
use crate::run;

/// The name of the command.
const COMMAND: &str = "millstream";

/// The options of every action that may also stand before it.
const BEFORE_ACTION: [&str; 2] = ["--verbose", "--json"];

/// An action of the command.
struct Action {
    name: &'static str,
    /// Behind the command's name.
    syntax: &'static str,
    /// Finishes `Action "run" …`.
    meaning: &'static str,
    order: Order,
    /// Its options.
    command: fn() -> Command,
    perform: fn(Command, &[String]) -> Result<ExitCode>,
}

const ACTIONS: &[Action] = &[
    Action {
        name: "run",
        syntax: "run [OPTIONS] <ingest | package> [arguments]",
        meaning: "runs a job: the ingestion job, or a job package",
        order: Order::BeforeProgram,
        command: run::RunArguments::command,
        perform: |command, given| arguments::perform(command, given, run::perform),
    },
    Action {
        name: "run-application",
        syntax: "run-application [OPTIONS] <ingest | package> [arguments]",
        meaning: "runs a job and does not wait for it, as run --detached",
        order: Order::BeforeProgram,
        command: || {
            run::RunArguments::command()
                .name("millstream run-application")
                .about("Runs a job on a server, and does not wait for it")
                .override_usage(
                    "millstream run-application [OPTIONS] <ingest | package> [arguments]",
                )
        },
        perform: |command, given| arguments::perform(command, given, run::perform_application),
    },
    Action {
        name: "info",
        syntax: "info [OPTIONS] <ingest | package> [arguments]",
        meaning: "shows the execution plan of a job (JSON, or --text)",
        order: Order::BeforeProgram,
        command: || {
            info::InfoArguments::command()
                .name("millstream info")
                .about("Shows the execution plan of a job, which is not run")
                .override_usage("millstream info [OPTIONS] <ingest | package> [arguments]")
                .after_help("No server is needed.")
        },
        perform: |command, given| arguments::perform(command, given, info::perform),
    },
    Action {
        name: "infer",
        syntax: "infer [OPTIONS] <path | topic | table | query> [source parameters]",
        meaning: "finds out the types of columns, and prints a schema and a command",
        order: Order::AmongParameters,
        command: infer::InferArguments::command,
        perform: |command, given| arguments::perform(command, given, infer::perform),
    },
    Action {
        name: "list",
        syntax: "list [OPTIONS]",
        meaning: "lists running and scheduled jobs",
        order: Order::Anywhere,
        command: list::ListArguments::command,
        perform: |command, given| arguments::perform(command, given, list::perform),
    },
    Action {
        name: "savepoint",
        syntax: "savepoint [OPTIONS] <Job ID> [<target directory>]",
        meaning: "triggers savepoints for a running job or disposes existing ones",
        order: Order::Anywhere,
        command: savepoint::SavepointArguments::command,
        perform: |command, given| arguments::perform(command, given, savepoint::perform),
    },
    Action {
        name: "checkpoint",
        syntax: "checkpoint [OPTIONS] <Job ID>",
        meaning: "triggers checkpoints for a running job",
        order: Order::Anywhere,
        command: checkpoint::CheckpointArguments::command,
        perform: |command, given| arguments::perform(command, given, checkpoint::perform),
    },
    Action {
        name: "stop",
        syntax: "stop [OPTIONS] <Job ID>",
        meaning: "stops a running job with a savepoint",
        order: Order::Anywhere,
        command: stop::StopArguments::command,
        perform: |command, given| arguments::perform(command, given, stop::perform),
    },
    Action {
        name: "cancel",
        syntax: "cancel [OPTIONS] <Job ID>",
        meaning: "cancels a running job",
        order: Order::Anywhere,
        command: cancel::CancelArguments::command,
        perform: |command, given| arguments::perform(command, given, cancel::perform),
    },
    Action {
        name: "restart",
        syntax: "restart [OPTIONS] <Job ID>",
        meaning: "runs a job again, as a new job; one that runs is stopped first",
        order: Order::Anywhere,
        command: restart::RestartArguments::command,
        perform: |command, given| arguments::perform(command, given, restart::perform),
    },
    Action {
        name: "logs",
        syntax: "logs [OPTIONS] <Job ID>",
        meaning: "shows the log of a job, or what it has printed",
        order: Order::Anywhere,
        command: logs::LogsArguments::command,
        perform: |command, given| arguments::perform(command, given, logs::perform),
    },
    Action {
        name: "exceptions",
        syntax: "exceptions [OPTIONS] <Job ID>",
        meaning: "shows what went wrong in a job",
        order: Order::Anywhere,
        command: exceptions::ExceptionsArguments::command,
        perform: |command, given| arguments::perform(command, given, exceptions::perform),
    },
    Action {
        name: "checkpoints",
        syntax: "checkpoints [OPTIONS] <Job ID>",
        meaning: "shows the newest checkpoints and savepoints of a job",
        order: Order::Anywhere,
        command: checkpoints::CheckpointsArguments::command,
        perform: |command, given| arguments::perform(command, given, checkpoints::perform),
    },
    Action {
        name: "files",
        syntax: "files [OPTIONS] <Job ID> [reset <name>...]",
        meaning: "shows how far the files are that a job reads, or has files read again",
        order: Order::Anywhere,
        command: files::FilesArguments::command,
        perform: |command, given| arguments::perform(command, given, files::perform),
    },
    Action {
        name: "set",
        syntax: "set [OPTIONS] <Job ID> [<key>=<value>...]",
        meaning: "changes settings of a running job, or shows those that can be changed",
        order: Order::Anywhere,
        command: set::SetArguments::command,
        perform: |command, given| arguments::perform(command, given, set::perform),
    },
    Action {
        name: "operations",
        syntax: "operations [OPTIONS] [<trigger id> | <Job ID>]",
        meaning: "shows what became of savepoints, stops and the like",
        order: Order::Anywhere,
        command: operations::OperationsArguments::command,
        perform: |command, given| arguments::perform(command, given, operations::perform),
    },
    Action {
        name: "dead-letters",
        syntax: "dead-letters [OPTIONS] <list | show | replay | discard> <Job ID>",
        meaning: "lists, shows, replays or discards the records that a job set aside",
        order: Order::Anywhere,
        command: dead_letters::DeadLettersArguments::command,
        perform: |command, given| arguments::perform(command, given, dead_letters::perform),
    },
    Action {
        name: "transactions",
        syntax: "transactions [OPTIONS] <list | commit | abort> [<transactional id>...]",
        meaning: "lists transactions of Kafka, or ends one that was left open",
        order: Order::Anywhere,
        command: transactions::TransactionsArguments::command,
        perform: |command, given| arguments::perform(command, given, transactions::perform),
    },
    Action {
        name: "server",
        syntax: "server [OPTIONS] [stop | status | backup FILE | restore FILE]",
        meaning: "runs, stops or shows the session server, or makes and restores its backup",
        order: Order::Anywhere,
        command: server::ServerArguments::command,
        perform: |command, given| arguments::perform(command, given, server::perform),
    },
    Action {
        name: "doctor",
        syntax: "doctor [OPTIONS] [ingest <parameters>]",
        meaning: "checks configuration, directories and the server, or what a job reads and writes",
        order: Order::BeforeProgram,
        command: || {
            doctor::command()
                .name("millstream doctor")
                .about("Checks configuration, directories, permissions and the way to the server; with ingest and its parameters also whether the job would start: nothing is started or changed")
                .override_usage("millstream doctor [OPTIONS] [ingest <parameters>]")
                .after_help("The exit code is 1 where a check fails. A warning is no failure.\nWhat a job reads and writes is looked at from this machine and as this user, also where a server would run it.\nThe options of `run` are taken, too, so that its line can be checked as it stands; one that changes nothing of that is named.")
        },
        perform: |command, given| arguments::perform(command, given, doctor::perform),
    },
    Action {
        name: "explain",
        syntax: "explain [OPTIONS] [<code>]",
        meaning: "explains an error by its code, or lists all codes",
        order: Order::Anywhere,
        command: explain::ExplainArguments::command,
        perform: |command, given| arguments::perform(command, given, explain::perform),
    },
    Action {
        name: "completion",
        syntax: "completion <shell>",
        meaning: "prints what a shell needs to complete the command",
        order: Order::Anywhere,
        command: completion::CompletionArguments::command,
        perform: |command, given| arguments::perform(command, given, completion::perform),
    },
    Action {
        name: "man",
        syntax: "man <directory>",
        meaning: "writes the manual pages into a directory",
        order: Order::Anywhere,
        command: manual::ManualArguments::command,
        perform: |command, given| arguments::perform(command, given, manual::perform),
    },
];

/// Performs the command line behind the command's name. Errors are told.
pub(crate) fn dispatch(arguments: &[String]) -> ExitCode {
    let is_before_action = |argument: &&String| BEFORE_ACTION.contains(&argument.as_str());
    let before = arguments.iter().take_while(is_before_action).count();
    let (before, behind) = arguments.split_at(before);
    // They are options of every action.
    let rest: Vec<String> = before
        .iter()
        .chain(behind.iter().skip(1))
        .cloned()
        .collect();
    let mut style = Style {
        verbose: before.iter().any(|argument| argument == "--verbose"),
        // Also of a line that can't be understood: who asks for JSON reads nothing else.
        json: asks_for_json(&rest),
    };
    let Some(first) = behind.first() else {
        return no_action(style);
    };
    match first.as_str() {
        "-h" | "--help" | "-help" => return report::output(&help::text()),
        "-v" | "--version" | "-version" => return report::output(&help::version()),
        _ => {}
    }
    if first == completing::ACTION {
        let words = behind.get(1..).unwrap_or_default();
        return completing::answer(words, &tree(), has_program);
    }
    let Some(action) = ACTIONS.iter().find(|action| action.name == first) else {
        return wrong_action(first, style);
    };
    let command = (action.command)();
    let result = spell(&command, &rest, action.order).and_then(|spelled| {
        style.verbose |= spelled.has_flag("verbose");
        // What stands behind a program is the program's.
        style.json = spelled.has_flag("json");
        (action.perform)(command, &spelled.arguments)
    });
    result.unwrap_or_else(|error| report::error(&error, style))
}

/// Whether what stands behind an action's options is a program with arguments of its own.
fn has_program(name: &str) -> bool {
    let mut actions = ACTIONS.iter();
    actions.any(|action| action.name == name && action.order != Order::Anywhere)
}

fn asks_for_json(arguments: &[String]) -> bool {
    let own = arguments.iter().take_while(|argument| *argument != "--");
    own.map(String::as_str)
        .any(|argument| ["--json", "-json"].contains(&argument))
}

/// Flink's answer to a line without an action.
fn no_action(style: Style) -> ExitCode {
    if style.json {
        return report::error(&usage("no action is named"), style);
    }
    report::output("Please specify an action.\n\n");
    report::output(&help::text());
    ExitCode::FAILURE
}

/// Flink's answer to an action that there is not.
fn wrong_action(given: &str, style: Style) -> ExitCode {
    if style.json {
        let error = usage(&format!("\"{given}\" is not a valid action"));
        return report::error(&error, style);
    }
    report::output(&help::not_an_action(given));
    ExitCode::FAILURE
}

fn usage(message: &str) -> Error {
    Error::new(&codes::USAGE, message).next(format!("name {}", help::actions()))
}

/// All actions with their options below the command.
fn tree() -> Command {
    Command::new(COMMAND)
        .about("A stateful stream processor in one binary")
        .version(env!("CARGO_PKG_VERSION"))
        // As `dispatch` takes them.
        .disable_help_subcommand(true)
        .disable_version_flag(true)
        .arg(
            Arg::new("version")
                .short('v')
                .long("version")
                .action(ArgAction::Version)
                .help("Print version and commit"),
        )
        .args(
            [
                (
                    "verbose",
                    "Show the cause of an error, and what its code means",
                ),
                ("json", "Print one JSON value on standard output"),
            ]
            .map(|(name, help)| {
                let option = Arg::new(name).long(name).help(help);
                option.action(ArgAction::SetTrue)
            }),
        )
        .subcommands(
            ACTIONS
                .iter()
                .map(|action| (action.command)().name(action.name)),
        )
}

#[cfg(test)]
mod tests;
