//! Which program `run` runs: the ingestion job, or a job package.

use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use clap::CommandFactory;
use millstream::RunOptions;
use millstream::local::LEVEL_VARIABLE;
use millstream_core::{Error, Result, codes};
use millstream_ingest::{ENTRY_CLASS, NAME};

use super::arguments::RunArguments;
use crate::arguments::unknown_option;

/// What is run.
pub(crate) enum Program {
    /// The ingestion job with its own arguments.
    Ingest { arguments: Vec<String> },
    /// An executable that links the `millstream` crate, with its own arguments.
    Package {
        path: PathBuf,
        arguments: Vec<String>,
    },
}

/// Finds the program that `run` names.
///
/// # Errors
/// There is none, or it can't be run ([`codes::ENTRY_UNKNOWN`]); an unknown option stands in its place
/// ([`codes::OPTION_UNKNOWN`]).
pub(super) fn find(run: &RunArguments) -> Result<Program> {
    if run.python.is_some() || run.python_module.is_some() {
        let message = "Python programs can't be run";
        return Err(Error::new(&codes::ENTRY_UNKNOWN, message).next(WHAT_RUNS));
    }
    let class = run.class.as_deref();
    let ingest = class.is_some_and(|class| class == ENTRY_CLASS || class == NAME);
    if let Some(jar) = &run.jarfile {
        return of_file(jar, &run.program, class, ingest);
    }
    match run.program.split_first() {
        // `-c com._4paradigm.csp.operator.Main --source.type csv …`
        Some((first, _)) if first.starts_with('-') && ingest => Ok(Program::Ingest {
            arguments: run.program.clone(),
        }),
        Some((first, _)) if first.starts_with('-') => {
            Err(unknown_option(&RunArguments::command(), first))
        }
        Some((first, rest)) => of_file(first, rest, class, ingest),
        None if ingest => Ok(Program::Ingest {
            arguments: Vec::new(),
        }),
        None => Err(Error::new(&codes::USAGE, "`run` names no program").next(WHAT_RUNS)),
    }
}

/// The program that `name` says, with its arguments.
fn of_file(name: &str, arguments: &[String], class: Option<&str>, ingest: bool) -> Result<Program> {
    let arguments = arguments.to_vec();
    // Scripts for Flink name the operator's jar behind the class.
    let is_ingest = name == NAME || name == ENTRY_CLASS || (ingest && is_jar(name));
    match class {
        Some(class) if is_ingest && !ingest => Err(Error::new(
            &codes::ENTRY_UNKNOWN,
            format!("the ingestion job has no entry class {class}"),
        )
        .next(format!("leave --class out, or give {ENTRY_CLASS}"))),
        _ if is_ingest => Ok(Program::Ingest { arguments }),
        _ => Ok(Program::Package {
            path: package(Path::new(name))?,
            arguments,
        }),
    }
}

const WHAT_RUNS: &str = "give ingest or the path of an executable that links the millstream crate";

fn is_jar(path: &str) -> bool {
    Path::new(path)
        .extension()
        .is_some_and(|extension| extension.eq_ignore_ascii_case("jar"))
}

/// The path of a package that can be executed, such that no search path is asked for it.
fn package(path: &Path) -> Result<PathBuf> {
    let shown = path.display();
    let refused = |what: String| Err(Error::new(&codes::ENTRY_UNKNOWN, what).next(WHAT_RUNS));
    let Ok(metadata) = std::fs::metadata(path) else {
        let message = format!("there is no job package at {shown}");
        return Err(Error::new(&codes::ENTRY_UNKNOWN, message)
            .cause(format!("JAR file does not exist: {shown}"))
            .next(WHAT_RUNS));
    };
    if metadata.is_dir() {
        return refused(format!("{shown} is a directory, no job package"));
    }
    if is_jar(&path.to_string_lossy()) {
        return refused(format!("{shown} is a Java archive, which can't be run"));
    }
    std::path::absolute(path).or_else(|cause| refused(format!("{shown} can't be found ({cause})")))
}

/// Puts the package in the place of this process, so that signals and exit codes are its own. Returns only when that
/// fails.
pub(super) fn become_package(
    path: &Path,
    arguments: &[String],
    options: &RunOptions,
    verbosity: u8,
) -> Error {
    let mut command = match package_command(path, options) {
        Ok(command) => command,
        Err(error) => return error,
    };
    command.args(arguments);
    let level = match verbosity {
        0 => None,
        1 => Some("debug"),
        _ => Some("trace"),
    };
    // A level that the user has set wins, as in a package that is run by itself.
    if let Some(level) = level.filter(|_| std::env::var_os(LEVEL_VARIABLE).is_none()) {
        command.env(LEVEL_VARIABLE, level);
    }
    not_started(path, &command.exec())
}

/// The package as a command, with the options of `run` in its environment.
///
/// # Errors
/// The options make no JSON, which would be a mistake of this program.
pub(crate) fn package_command(path: &Path, options: &RunOptions) -> Result<Command> {
    let json = serde_json::to_string(options).map_err(|cause| {
        Error::new(&codes::INTERNAL, "the options of run make no JSON").cause(cause)
    })?;
    let mut command = Command::new(path);
    command.env(RunOptions::VARIABLE, json);
    Ok(command)
}

/// The error for a package that the system does not start.
pub(crate) fn not_started(path: &Path, cause: &std::io::Error) -> Error {
    let message = format!("the job package {} can't be started", path.display());
    Error::new(&codes::ENTRY_UNKNOWN, message)
        .cause(cause)
        .next(WHAT_RUNS)
}
