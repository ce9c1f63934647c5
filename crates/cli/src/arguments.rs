//! How the options of every action are read: Flink's names, and long options with one dash as Flink takes them.

mod connection;
mod spelling;

use std::process::ExitCode;

use clap::error::ErrorKind;
use clap::{Command, FromArgMatches};
use millstream_core::{Error, Result, codes};

pub(crate) use connection::Connection;
pub(crate) use spelling::{Order, has_name, needs_value, spell, unknown_option};

use crate::report;

/// The option for ZooKeeper, which every action takes.
const ZOOKEEPER: &str = "zookeeper_namespace";

/// Reads spelled-out `arguments` as `command` says and performs an action with them; `--help` is answered here.
///
/// # Errors
/// One line that names the option ([`codes::USAGE`]), and those of the action.
pub(crate) fn perform<A: FromArgMatches>(
    command: Command,
    arguments: &[String],
    perform: fn(A) -> Result<ExitCode>,
) -> Result<ExitCode> {
    let name = command.get_name().to_owned();
    // As in Flink: of an option that is given twice the last counts.
    let matches = command
        .args_override_self(true)
        .try_get_matches_from(arguments);
    if let Ok(matches) = &matches
        && matches!(matches.try_get_one::<String>(ZOOKEEPER), Ok(Some(_)))
    {
        report::note("--zookeeperNamespace has no effect: there is no ZooKeeper");
    }
    match matches.and_then(|matches| A::from_arg_matches(&matches)) {
        Ok(parsed) => perform(parsed),
        Err(error) if error.kind() == ErrorKind::DisplayHelp => {
            Ok(report::output(&error.render().to_string()))
        }
        Err(error) => Err(not_understood(&error, &name)),
    }
}

fn not_understood(error: &clap::Error, name: &str) -> Error {
    let text = error.render().to_string();
    let line = text
        .lines()
        .next()
        .unwrap_or_default()
        .trim_start_matches("error: ");
    Error::new(&codes::USAGE, line).next(format!("see `{name} --help`"))
}
