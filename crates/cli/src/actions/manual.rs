//! `millstream man`.

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::Parser;
use clap_mangen::Man;
use millstream_core::{Error, Result, codes};
use serde_json::json;

use super::explain::note_unasked;
use super::tree;
use crate::arguments::Connection;
use crate::report;

/// Writes the manual pages into a directory.
#[derive(Debug, Parser)]
#[command(
    name = "millstream man",
    no_binary_name = true,
    override_usage = "millstream man <DIRECTORY>",
    after_help = "For example: millstream man ~/.local/share/man/man1; man millstream-run"
)]
pub(crate) struct ManualArguments {
    /// Where the pages are written; made if it is not there.
    #[arg(value_name = "DIRECTORY")]
    directory: Option<PathBuf>,

    #[command(flatten)]
    connection: Connection,
}

/// Writes a page for the command and one for each action.
pub(crate) fn perform(arguments: ManualArguments) -> Result<ExitCode> {
    note_unasked(&arguments.connection)?;
    let directory = arguments.directory.ok_or_else(|| {
        Error::new(&codes::USAGE, "no directory is named")
            .next("give the directory that the pages are written to")
    })?;
    let failed = |cause: std::io::Error| {
        let message = format!("no manual can be written to {}", directory.display());
        Error::new(&codes::USAGE, message)
            .cause(cause)
            .next("name a directory that you may write to")
    };
    fs::create_dir_all(&directory).map_err(failed)?;
    let mut command = tree();
    // Gives every action the name of its page.
    command.build();
    let actions = command.get_subcommands().cloned();
    let mut written = Vec::new();
    for page in std::iter::once(command.clone()).chain(actions) {
        let path = Man::new(page).generate_to(&directory).map_err(failed)?;
        written.push(path.display().to_string());
    }
    if arguments.connection.json {
        return report::json(&json!(written));
    }
    Ok(report::output(&format!("{}\n", written.join("\n"))))
}
