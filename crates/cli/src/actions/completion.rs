//! `millstream completion`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, ValueEnum};
use clap_complete::Shell;
use millstream_core::{Error, Result, codes};
use serde_json::json;

use super::{COMMAND, tree};
use crate::arguments::Connection;
use crate::report;

/// Prints what a shell needs to complete the command's actions and options.
#[derive(Debug, Parser)]
#[command(
    name = "millstream completion",
    no_binary_name = true,
    override_usage = "millstream completion <SHELL>",
    after_help = "\
For example, in ~/.bashrc: source <(millstream completion bash). Called by the name flink the command prints what completes that name: \
source <(flink completion bash)"
)]
pub(crate) struct CompletionArguments {
    /// bash, zsh, fish, elvish or powershell.
    #[arg(value_name = "SHELL")]
    shell: Option<String>,

    #[command(flatten)]
    connection: Connection,
}

/// The name that Flink's users give the command.
const FLINK: &str = "flink";

/// Prints the completions.
pub(crate) fn perform(arguments: CompletionArguments) -> Result<ExitCode> {
    let given = arguments.shell.unwrap_or_default();
    let shell = Shell::from_str(&given, true).map_err(|_| {
        let message = if given.is_empty() {
            "no shell is named".to_owned()
        } else {
            format!("there are no completions for `{given}`")
        };
        Error::new(&codes::USAGE, message).next("name bash, zsh, fish, elvish or powershell")
    })?;
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut tree(), name(), &mut text);
    if arguments.connection.json {
        let script = String::from_utf8_lossy(&text);
        return report::json(&json!({ "shell": shell.to_string(), "script": script }));
    }
    report::write(&text)?;
    Ok(ExitCode::SUCCESS)
}

/// The name that is completed: Flink's where the command is called by it.
fn name() -> &'static str {
    let called = std::env::args_os().next().map(PathBuf::from);
    let is_flink = called.is_some_and(|path| path.file_name().is_some_and(|name| name == FLINK));
    if is_flink { FLINK } else { COMMAND }
}
