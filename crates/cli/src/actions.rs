//! The actions of the command: one table for dispatch, help and refusals.

use std::process::ExitCode;

use millstream_core::{Error, Result, codes};

use crate::{report, run};

/// What an action does with the arguments behind its name.
type Perform = fn(&[String]) -> Result<ExitCode>;

/// An action of the command, as in Flink.
struct Action {
    name: &'static str,
    syntax: &'static str,
    meaning: &'static str,
    /// `None`: it comes with the session server.
    perform: Option<Perform>,
}

const ACTIONS: &[Action] = &[
    Action {
        name: "run",
        syntax: "run [OPTIONS] <ingest | package> [arguments]",
        meaning: "runs a job: the ingestion job, or a job package",
        perform: Some(run::perform),
    },
    planned(
        "info",
        "info [OPTIONS] <ingest | package> [arguments]",
        "shows the execution plan of a job (JSON)",
    ),
    planned("list", "list [OPTIONS]", "lists running and scheduled jobs"),
    planned(
        "savepoint",
        "savepoint [OPTIONS] <Job ID> [<target directory>]",
        "triggers or disposes of savepoints",
    ),
    planned(
        "checkpoint",
        "checkpoint [OPTIONS] <Job ID>",
        "triggers a checkpoint of a running job",
    ),
    planned(
        "stop",
        "stop [OPTIONS] <Job ID>",
        "stops a running job with a savepoint",
    ),
    planned(
        "cancel",
        "cancel [OPTIONS] <Job ID>",
        "cancels a running job",
    ),
    planned("server", "server [OPTIONS]", "runs the session server"),
];

const fn planned(name: &'static str, syntax: &'static str, meaning: &'static str) -> Action {
    Action {
        name,
        syntax,
        meaning,
        perform: None,
    }
}

/// Performs the command line behind the command's name.
///
/// # Errors
/// Those of the action, and [`codes::TARGET_UNSUPPORTED`] for one that is not there yet.
pub(crate) fn dispatch(arguments: &[String]) -> Result<ExitCode> {
    let arguments = match arguments {
        [first, rest @ ..] if first == "--verbose" => rest,
        all => all,
    };
    let Some((first, rest)) = arguments.split_first() else {
        report::output("Please specify an action.\n\n");
        report::output(&help());
        return Ok(ExitCode::FAILURE);
    };
    match first.as_str() {
        "-h" | "--help" => return Ok(report::output(&help())),
        "-v" | "--version" => return Ok(report::output(&version())),
        _ => {}
    }
    let Some(action) = ACTIONS.iter().find(|action| action.name == first) else {
        report::output(&not_an_action(first));
        return Ok(ExitCode::FAILURE);
    };
    match action.perform {
        Some(perform) => perform(rest),
        None => Err(Error::new(
            &codes::TARGET_UNSUPPORTED,
            format!("`{first}` comes with the session server, which is not there yet"),
        )
        .next(instead_of(action.name))),
    }
}

/// What can be done today where the action of that name would be used.
fn instead_of(action: &str) -> &'static str {
    match action {
        "savepoint" | "stop" => {
            "send SIGTERM to the process of `millstream run`: it stops the job with a savepoint and prints its path"
        }
        "cancel" => "send SIGINT to the process of `millstream run`",
        _ => "run the job in its own process with `millstream run --target local`",
    }
}

fn version() -> String {
    format!(
        "Version: {}, Commit ID: {}\n",
        env!("CARGO_PKG_VERSION"),
        env!("MILLSTREAM_COMMIT")
    )
}

fn names(there: bool) -> Vec<String> {
    ACTIONS
        .iter()
        .filter(|action| action.perform.is_some() == there)
        .map(|action| format!("\"{}\"", action.name))
        .collect()
}

fn not_an_action(given: &str) -> String {
    let valid = names(true);
    let verb = if valid.len() == 1 {
        "Valid action is"
    } else {
        "Valid actions are"
    };
    format!(
        "\"{given}\" is not a valid action.\n\n{verb} {}. With the session server come {}.\n\n\
        Specify the version option (-v or --version) to print Millstream version.\n\n\
        Specify the help option (-h or --help) to get help on the command.\n",
        valid.join(", "),
        names(false).join(", "),
    )
}

fn help() -> String {
    let mut text = "\
millstream <ACTION> [OPTIONS] [ARGUMENTS]

The following actions are available:

"
    .to_owned();
    let list = |text: &mut String, there: bool| {
        for action in ACTIONS
            .iter()
            .filter(|action| action.perform.is_some() == there)
        {
            let Action {
                name,
                meaning,
                syntax,
                ..
            } = action;
            text.push_str(&format!(
                "Action \"{name}\" {meaning}.\n\n  Syntax: {syntax}\n\n"
            ));
        }
    };
    list(&mut text, true);
    text.push_str(
        "The following actions come with the session server and are refused until then:\n\n",
    );
    list(&mut text, false);
    text.push_str(
        "\
\"millstream run --help\" shows the options of \"run\", \"millstream run ingest --help\" the parameters of the ingestion job.

Options before the action:

     -h,--help       Show this help.
     -v,--version    Print version and commit.
     --verbose       Show the cause of an error, and where its page is.
",
    );
    text
}
