//! The options of `run`, with Flink's names.

use clap::error::ErrorKind;
use clap::{Arg, ArgAction, CommandFactory, Parser};
use millstream_core::{Error, Result, codes};
use millstream_ingest::parameters::nearest;

/// Runs a job: the ingestion job, or a job package.
#[derive(Debug, Parser)]
#[command(
    name = "millstream run",
    no_binary_name = true,
    override_usage = "millstream run [OPTIONS] <ingest | package> [arguments]",
    after_help = "\
Long options may begin with one dash, as in Flink. What stands behind `ingest` or the package belongs to the program:
`millstream run ingest --help` shows the parameters of the ingestion job.

While it runs: SIGTERM stops the job with a savepoint, SIGINT cancels it."
)]
pub(super) struct RunArguments {
    /// Where the job runs: local, in this process. Flink's other targets are not there yet.
    #[arg(short, long, value_name = "TARGET")]
    pub(super) target: Option<String>,

    /// Savepoint or checkpoint to go on from: its directory or its _metadata; `latest`: the newest completed one
    /// of the job's name.
    #[arg(short = 's', long = "fromSavepoint", value_name = "PATH")]
    pub(super) from_savepoint: Option<String>,

    /// Drop state that no operator of the job takes, instead of refusing the savepoint.
    #[arg(short = 'n', long = "allowNonRestoredState")]
    pub(super) allow_non_restored_state: bool,

    /// Who owns the savepoint's files afterwards: NO_CLAIM (whoever made it; default), CLAIM (the job, which deletes it once
    /// it is replaced), LEGACY (deprecated).
    #[arg(
        long = "claimMode",
        visible_alias = "restoreMode",
        alias = "rm",
        value_name = "MODE"
    )]
    pub(super) claim_mode: Option<String>,

    /// How many subtasks each operator has that sets none itself.
    #[arg(short, long, value_name = "NUMBER")]
    pub(super) parallelism: Option<String>,

    /// Sets an option of the job. May be given several times.
    #[arg(short = 'D', value_name = "KEY=VALUE")]
    pub(super) settings: Vec<String>,

    /// Entry point of the package; com._4paradigm.csp.operator.Main is the ingestion job.
    #[arg(short, long, value_name = "CLASS")]
    pub(super) class: Option<String>,

    /// Refused: needs the session server.
    #[arg(short, long)]
    pub(super) detached: bool,

    /// Refused: needs the session server.
    #[arg(short = 'm', long, value_name = "HOST:PORT")]
    pub(super) jobmanager: Option<String>,

    /// Accepted: a local job ends with its process anyway.
    #[arg(long = "shutdownOnAttachedExit", alias = "sae")]
    pub(super) shutdown_on_attached_exit: bool,

    /// Accepted without effect: for Java.
    #[arg(short = 'C', long, value_name = "URL")]
    pub(super) classpath: Vec<String>,

    /// Refused: Python programs can't run here.
    #[arg(long, alias = "py", value_name = "FILE")]
    pub(super) python: Option<String>,

    /// Refused: Python programs can't run here.
    #[arg(long = "pyModule", alias = "pym", value_name = "MODULE")]
    pub(super) python_module: Option<String>,

    /// Accepted without effect, as --pyFiles, --pyExecutable, --pyClientExecutable, --pyRequirements and --pyPythonPath: for Python.
    #[arg(
        long = "pyArchives",
        aliases = ["pyarch", "pyFiles", "pyfs", "pyExecutable", "pyexec", "pyClientExecutable", "pyclientexec",
            "pyRequirements", "pyreq", "pyPythonPath", "pypath"],
        value_name = "VALUE",
        action = ArgAction::Append
    )]
    pub(super) python_settings: Vec<String>,

    /// Log more: -v debug lines, -vv everything. The environment variable MILLSTREAM_LOG wins.
    #[arg(short = 'v', action = ArgAction::Count)]
    pub(super) verbosity: u8,

    /// Show the cause of an error, and where its page is.
    #[arg(long)]
    pub(super) verbose: bool,

    /// `ingest`, or the path of a job package, and the program's own arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    pub(super) program: Vec<String>,
}

/// What a command line asks for.
pub(super) enum Parsed {
    /// A run.
    Run(Box<RunArguments>),
    /// This text.
    Help(String),
}

/// Reads the arguments behind `run`.
///
/// # Errors
/// One line that names the option ([`codes::USAGE`], [`codes::OPTION_UNKNOWN`]).
pub(super) fn parse(arguments: &[String]) -> Result<Parsed> {
    let command = RunArguments::command();
    let normal = with_two_dashes(&command, arguments);
    match RunArguments::try_parse_from(normal) {
        Ok(run) => Ok(Parsed::Run(Box::new(run))),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            Ok(Parsed::Help(error.render().to_string()))
        }
        Err(error) => {
            let text = error.render().to_string();
            let line = text
                .lines()
                .next()
                .unwrap_or_default()
                .trim_start_matches("error: ");
            Err(Error::new(&codes::USAGE, line).next("see `millstream run --help`"))
        }
    }
}

/// The error for `given`, which stands where an option of `run` or the program is expected.
pub(super) fn unknown_option(given: &str) -> Error {
    let command = RunArguments::command();
    let names: Vec<&str> = command.get_arguments().flat_map(long_names).collect();
    let name = given
        .trim_start_matches('-')
        .split('=')
        .next()
        .unwrap_or_default();
    let error = Error::new(
        &codes::OPTION_UNKNOWN,
        format!("`run` has no option `{given}`"),
    );
    match nearest(name, &names).as_slice() {
        [] => {
            error.next("see `millstream run --help`; options of the program stand behind its name")
        }
        near => error.next(format!("did you mean --{}?", near.join(" or --"))),
    }
}

/// Flink takes long options with one dash too: those before the program get their second. A value glued to its short option
/// (`-Dkey=value`) becomes an argument of its own.
fn with_two_dashes(command: &clap::Command, arguments: &[String]) -> Vec<String> {
    let mut normal = Vec::with_capacity(arguments.len());
    let mut rest = arguments.iter();
    while let Some(argument) = rest.next() {
        let Some(body) = argument.strip_prefix('-').filter(|body| !body.is_empty()) else {
            // The program: what follows belongs to it.
            normal.push(argument.clone());
            break;
        };
        let long = body.starts_with('-');
        let body = body.strip_prefix('-').unwrap_or(body);
        let name = body.split('=').next().unwrap_or_default();
        let option = command
            .get_arguments()
            .find(|option| has_name(option, name));
        if let Some(option) = option {
            let short = !long && name.chars().count() == 1;
            normal.push(if short {
                argument.clone()
            } else {
                format!("--{body}")
            });
            if option.get_action().takes_values() && name == body {
                normal.extend(rest.next().cloned());
            }
        } else if let Some((option, value)) = glued(command, body).filter(|_| !long) {
            normal.extend([format!("-{option}"), value.to_owned()]);
        } else {
            normal.push(argument.clone());
        }
    }
    normal.extend(rest.cloned());
    normal
}

/// The short option at the beginning of `body` and the value behind it, if the option takes one.
fn glued<'a>(command: &clap::Command, body: &'a str) -> Option<(char, &'a str)> {
    let first = body.chars().next()?;
    let option = command
        .get_arguments()
        .find(|option| option.get_short() == Some(first))?;
    let value = body.strip_prefix(first).filter(|value| !value.is_empty())?;
    option.get_action().takes_values().then_some((first, value))
}

fn has_name(option: &Arg, name: &str) -> bool {
    let short = option
        .get_short()
        .is_some_and(|short| name.chars().eq([short]));
    short || long_names(option).any(|long| long == name)
}

fn long_names(option: &Arg) -> impl Iterator<Item = &str> {
    option
        .get_long()
        .into_iter()
        .chain(option.get_all_aliases().unwrap_or_default())
}
