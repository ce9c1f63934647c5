//! `millstream completion`.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use millstream_core::{Error, Result, codes};
use serde_json::json;

use super::COMMAND;
use super::explain::note_unasked;
use crate::arguments::Connection;
use crate::report;

/// Prints what a shell needs to complete the command: actions, options, jobs, -D keys, parameters of the ingestion job, error codes.
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

/// The script of every shell, with [`PLACEHOLDER`] for the command's name. They ask the command itself.
const SCRIPTS: &[(&str, &str)] = &[
    ("bash", include_str!("completion/bash")),
    ("zsh", include_str!("completion/zsh")),
    ("fish", include_str!("completion/fish")),
    ("elvish", include_str!("completion/elvish")),
    ("powershell", include_str!("completion/powershell")),
];

/// Where the command's name stands in a script.
const PLACEHOLDER: &str = "@name@";

/// Prints the completions.
pub(crate) fn perform(arguments: CompletionArguments) -> Result<ExitCode> {
    note_unasked(&arguments.connection)?;
    let given = arguments.shell.unwrap_or_default();
    let mut scripts = SCRIPTS.iter();
    let known = scripts.find(|(shell, _)| shell.eq_ignore_ascii_case(&given));
    let (shell, script) = known.ok_or_else(|| {
        let message = if given.is_empty() {
            "no shell is named".to_owned()
        } else {
            format!("there are no completions for `{given}`")
        };
        Error::new(&codes::USAGE, message).next("name bash, zsh, fish, elvish or powershell")
    })?;
    let script = script.replace(PLACEHOLDER, name());
    if arguments.connection.json {
        return report::json(&json!({ "shell": shell, "script": script }));
    }
    report::write(script.as_bytes())?;
    Ok(ExitCode::SUCCESS)
}

/// The name that is completed: Flink's where the command is called by it.
fn name() -> &'static str {
    let called = std::env::args_os().next().map(PathBuf::from);
    let is_flink = called.is_some_and(|path| path.file_name().is_some_and(|name| name == FLINK));
    if is_flink { FLINK } else { COMMAND }
}
