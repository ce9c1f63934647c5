//! `millstream info`.

use std::path::Path;
use std::process::{Command, ExitCode, Stdio};

use clap::Parser;
use millstream::plan;
use millstream_core::{Error, Result, codes};
use millstream_ingest::{DESCRIPTION, parameters};
use serde::Deserialize;
use serde_json::Value;

use crate::report::note_without_effect;
use crate::run::{Program, RunArguments, Understood, not_started, package_command, understand};
use crate::{drawing, report};

/// Shows the execution plan of a job, which is not run.
#[derive(Debug, Parser)]
pub(crate) struct InfoArguments {
    /// Show the plan as a drawing instead of JSON.
    #[arg(long, conflicts_with = "json")]
    text: bool,

    #[command(flatten)]
    run: RunArguments,
}

/// What a package says of one of its entry points.
#[derive(Debug, Deserialize)]
struct Entry {
    name: String,
    description: String,
}

/// Shows a plan. No server is needed: the program declares its streams in a process of this machine.
pub(crate) fn perform(arguments: InfoArguments) -> Result<ExitCode> {
    let Some(understood) = understand(&arguments.run)? else {
        return Ok(report::output(&parameters::help()));
    };
    note_without_effect(
        &arguments.run.beside_the_plan(),
        "the plan of a job is the same with it",
    );
    let (plan, description) = plan_of(&understood)?;
    let json = arguments.run.connection().json;
    if json {
        return report::json(&plan);
    }
    let shown = if arguments.text {
        drawing::of(&plan)?
    } else {
        format!("{plan:#}\n")
    };
    let description = match description.as_str() {
        "" => "No description provided.",
        text => text,
    };
    Ok(report::output(&format!(
        "----------------------- Execution Plan -----------------------\n{shown}\
         --------------------------------------------------------------\n\n{description}\n"
    )))
}

fn plan_of(understood: &Understood) -> Result<(Value, String)> {
    match &understood.program {
        Program::Ingest { arguments } => {
            let environment = millstream_ingest::declare(arguments, &understood.options)?;
            let plan = plan::of(&environment.graph(millstream_ingest::NAME)?);
            let plan = serde_json::to_value(plan).map_err(|cause| {
                Error::new(&codes::INTERNAL, "the plan makes no JSON")
                    .cause(cause)
                    .next("report it with the command line")
            })?;
            Ok((plan, DESCRIPTION.to_owned()))
        }
        Program::Package { path, arguments } => {
            let mut command = package_command(path, &understood.options)?;
            command.arg("--millstream-plan").args(arguments);
            let plan = answer(path, command)?;
            let mut command = Command::new(path);
            command.arg("--millstream-describe");
            let entries: Vec<Entry> = answer(path, command)?;
            let class = understood.options.entry.as_deref();
            let entry = entries.into_iter().find(|entry| {
                let short = entry.name.rsplit('.').next();
                class.is_none_or(|class| class == entry.name || Some(class) == short)
            });
            let description = entry.map(|entry| entry.description);
            Ok((plan, description.unwrap_or_default()))
        }
    }
}

/// What a package answers.
fn answer<T: for<'de> Deserialize<'de>>(path: &Path, mut command: Command) -> Result<T> {
    let output = command
        .stdin(Stdio::null())
        .output()
        .map_err(|cause| not_started(path, &cause))?;
    if !output.status.success() {
        return Err(refused(path, &String::from_utf8_lossy(&output.stderr)));
    }
    serde_json::from_slice(&output.stdout).map_err(|cause| {
        let message = format!("{} does not answer as a job package does", path.display());
        Error::new(&codes::PACKAGE_INVALID, message)
            .cause(cause)
            .next("give an executable that links the millstream crate")
    })
}

/// The package's own error, which is the last line that it has printed.
fn refused(path: &Path, printed: &str) -> Error {
    let line = printed.lines().last().unwrap_or_default();
    let code = line
        .split_once(": ")
        .and_then(|(id, text)| Some((*codes::ALL.iter().find(|code| code.id == id)?, text)));
    match code {
        Some((code, text)) => {
            let error = Error::new(code, text);
            // Its next step stands in its line.
            match text.contains("; ") {
                true => error,
                false => error.next("mend the program, or its arguments"),
            }
        }
        None => {
            let message = format!("{} does not tell its plan", path.display());
            let error = Error::new(&codes::PACKAGE_INVALID, message);
            let error = if line.is_empty() {
                error
            } else {
                error.cause(line)
            };
            error.next("give an executable that links the millstream crate")
        }
    }
}
