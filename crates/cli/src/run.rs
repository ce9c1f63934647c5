//! `millstream run`.

mod arguments;
mod options;
mod program;

use std::process::ExitCode;

use millstream::local::start_logging;
use millstream_core::Result;
use millstream_ingest::parameters;

use arguments::Parsed;
use program::Program;

use crate::report;

/// Runs a job until it ends.
pub(crate) fn perform(arguments: &[String]) -> Result<ExitCode> {
    let run = match arguments::parse(arguments)? {
        Parsed::Run(run) => run,
        Parsed::Help(text) => return Ok(report::output(&text)),
    };
    let program = program::find(&run)?;
    if let Program::Ingest { arguments } = &program
        && parameters::wants_help(arguments)
    {
        return Ok(report::output(&parameters::help()));
    }
    let (options, notes) = options::read(&run)?;
    for note in &notes {
        report::note(note);
    }
    match program {
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
