//! Job packages: an executable that links this crate and lists its entry points.
//!
//! Run by itself, a package is an ordinary program that runs its job in its own process. `millstream run
//! PATH` starts it with the [options](RunOptions) of the command line in an environment variable. Asked with
//! `--millstream-describe` it lists its entry points as JSON; with `--millstream-plan` it prints the plan of a job, and with
//! `--millstream-plan-of FILE` that of the submission in a file. A server starts it with `--millstream-job DIRECTORY`.

mod arguments;
mod command_line;

use std::io::Write;
use std::path::Path;
use std::process::ExitCode;

use millstream_core::options::JOB_NAME;
use millstream_core::{Error, Result, codes};
use millstream_protocol::link::JOB_ARGUMENT;
use serde::Serialize;

pub use arguments::Arguments;
use command_line::{CommandLine, Mode};

use crate::environment::Environment;
use crate::run::RunOptions;
use crate::{local, plan, service};

/// A parameter of a job.
#[derive(Debug, Clone, Copy, Serialize)]
pub struct Parameter {
    /// The name, given as `--name value`.
    pub name: &'static str,
    /// What it means, with its unit.
    pub meaning: &'static str,
    /// The default as text; `None`: it must be given, unless the meaning says otherwise.
    pub default: Option<&'static str>,
}

/// A job that a package offers.
#[derive(Clone, Copy, Serialize)]
pub struct EntryPoint {
    /// Its name, for example `com.example.WordCount`. The part behind the last dot is the job's name unless
    /// `pipeline.name` says otherwise.
    pub name: &'static str,
    /// What it does, in a line.
    pub description: &'static str,
    /// Its parameters.
    pub parameters: &'static [Parameter],
    /// Declares the job's streams.
    #[serde(skip)]
    pub build: fn(&Environment, &Arguments) -> Result<()>,
}

/// Runs a package: what its `main` calls. Answers the exit code: 0 where the job finished or was suspended, else 1 with
/// one line on standard error.
pub fn main(entries: &[EntryPoint]) -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    if let [argument, directory] = arguments.as_slice()
        && argument == JOB_ARGUMENT
    {
        return service::run(Path::new(directory), |arguments, options| {
            let (entry, environment) = declare(entries, arguments, options)?;
            environment.execute(job_name(entry))
        });
    }
    match run(entries, arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            millstream_log::say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

fn run(entries: &[EntryPoint], arguments: Vec<String>) -> Result<()> {
    let command = CommandLine::parse(arguments)?;
    match command.mode {
        Mode::Describe => print(&to_json(entries)?),
        Mode::Help => print(&help(entries)),
        Mode::Plan => {
            let (entry, environment) = declare(entries, &command.arguments, &command.options)?;
            print(&to_json(&plan::of(&environment.graph(job_name(entry))?))?)
        }
        Mode::PlanOf(file) => {
            let (arguments, options) = service::read_submission(&file)?;
            let (entry, environment) = declare(entries, &arguments, &options)?;
            let graph = environment.graph(job_name(entry))?;
            service::check_settings(&environment.configuration()?)?;
            print(&to_json(&service::plan_report(&graph))?)
        }
        Mode::Run => {
            local::start_logging(command.verbosity);
            let (entry, environment) = declare(entries, &command.arguments, &command.options)?;
            environment.execute(job_name(entry))
        }
    }
}

fn declare<'a>(
    entries: &'a [EntryPoint],
    arguments: &[String],
    options: &RunOptions,
) -> Result<(&'a EntryPoint, Environment)> {
    let entry = choose(entries, options.entry.as_deref())?;
    let arguments = Arguments::parse(entry, arguments)?;
    let environment = Environment::with_options(options.clone());
    (entry.build)(&environment, &arguments)?;
    Ok((entry, environment))
}

fn job_name(entry: &EntryPoint) -> &str {
    entry.name.rsplit('.').next().unwrap_or(entry.name)
}

fn choose<'a>(entries: &'a [EntryPoint], wanted: Option<&str>) -> Result<&'a EntryPoint> {
    let names = || {
        entries
            .iter()
            .map(|entry| entry.name)
            .collect::<Vec<_>>()
            .join(", ")
    };
    match (wanted, entries) {
        (None, [only]) => Ok(only),
        (None, _) => Err(Error::new(
            &codes::ENTRY_UNKNOWN,
            format!(
                "the package has {} entry points: {}",
                entries.len(),
                names()
            ),
        )
        .next("choose one with -c")),
        (Some(wanted), _) => entries
            .iter()
            .find(|entry| entry.name == wanted || job_name(entry) == wanted)
            .ok_or_else(|| {
                Error::new(
                    &codes::ENTRY_UNKNOWN,
                    format!("the package has no entry point `{wanted}`"),
                )
                .next(format!("it has {}", names()))
            }),
    }
}

fn to_json(value: &(impl Serialize + ?Sized)) -> Result<String> {
    serde_json::to_string_pretty(value)
        .map_err(|error| Error::new(&codes::INTERNAL, "JSON can't be written").cause(error))
}

fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}")
        .and_then(|()| out.flush())
        .map_err(|error| {
            Error::new(&codes::SINK_WRITE, "standard output can't be written").cause(error)
        })
}

fn help(entries: &[EntryPoint]) -> String {
    let mut text = String::from(command_line::USAGE);
    for entry in entries {
        text.push_str(&format!("\n{}\n  {}\n", entry.name, entry.description));
        for parameter in entry.parameters {
            let default = parameter
                .default
                .map_or_else(String::new, |d| format!(" (default: {d})"));
            text.push_str(&format!(
                "    --{:<20} {}{default}\n",
                parameter.name, parameter.meaning
            ));
        }
    }
    text.push_str(&format!(
        "\nOptions of the engine are set with -D, for example -D {}=\"my job\".",
        JOB_NAME.name
    ));
    text
}
