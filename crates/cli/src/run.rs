//! `millstream run`, and what is like it.

mod arguments;
mod attached;
mod dry;
mod options;
mod program;
mod remote;

use std::process::ExitCode;

use millstream::RunOptions;
use millstream::local::start_logging;
use millstream_core::{Configuration, Error, Result, codes};
use millstream_ingest::parameters;

pub(crate) use arguments::RunArguments;
pub(crate) use program::{Program, not_started, package_command};

use dry::Asked;

use crate::session::{LOCAL, target};
use crate::{report, settings};

/// What is run and how, understood.
pub(crate) struct Understood {
    /// What is run.
    pub(crate) program: Program,
    /// The options of the job.
    pub(crate) options: RunOptions,
    /// The file's and `-D`'s.
    pub(crate) configuration: Configuration,
}

/// Runs a job.
pub(crate) fn perform(run: RunArguments) -> Result<ExitCode> {
    start(run, false)
}

fn start(run: RunArguments, is_application: bool) -> Result<ExitCode> {
    let Some(understood) = understand(&run)? else {
        return Ok(report::output(&parameters::help()));
    };
    let understood = match dry::asked(&run, understood) {
        Asked::Run(understood) => understood,
        Asked::Dry(understood) => return dry::perform(&run, &understood),
    };
    if target(&run.connection, &understood.configuration)? == LOCAL {
        return in_this_process(&run, understood, is_application);
    }
    let Understood {
        program,
        options,
        configuration,
    } = understood;
    remote::submit(&run, &program, options, &configuration)
}

/// Runs a job as `run --detached` does: its program always runs beside the server.
pub(crate) fn perform_application(mut run: RunArguments) -> Result<ExitCode> {
    run.detached = true;
    start(run, true)
}

/// Reads what `run` was given; `None`: the ingestion job's help is asked for.
///
/// # Errors
/// There is no such program, or an option can't be followed.
pub(crate) fn understand(run: &RunArguments) -> Result<Option<Understood>> {
    let program = program::find(run)?;
    if let Program::Ingest { arguments } = &program
        && parameters::wants_help(arguments)
    {
        return Ok(None);
    }
    let configuration = settings::load(&run.connection)?;
    // An unknown target is told before what else may be wrong.
    target(&run.connection, &configuration)?;
    let (options, notes) = options::read(run, &configuration)?;
    for note in &notes {
        report::note(note);
    }
    Ok(Some(Understood {
        program,
        options,
        configuration,
    }))
}

fn in_this_process(
    run: &RunArguments,
    understood: Understood,
    is_application: bool,
) -> Result<ExitCode> {
    let given = [
        (is_application, "run-application"),
        (run.detached, "--detached"),
        (run.connection.jobmanager.is_some(), "--jobmanager"),
        (run.connection.json, "--json"),
    ];
    if let Some((_, name)) = given.iter().find(|(given, _)| *given) {
        let message =
            format!("{name} needs a server, and --target local runs the job in this process");
        return Err(Error::new(&codes::OPTION_CONFLICT, message).next("leave one of them out"));
    }
    let mut options = understood.options;
    options
        .configuration
        .set(millstream_core::options::TARGET.name, LOCAL);
    match understood.program {
        Program::Ingest { arguments } => {
            start_logging(run.verbosity);
            millstream_ingest::run(&arguments, &options)?;
            Ok(ExitCode::SUCCESS)
        }
        Program::Package { path, arguments } => Err(program::become_package(
            &path,
            &arguments,
            &options,
            run.verbosity,
        )),
    }
}
