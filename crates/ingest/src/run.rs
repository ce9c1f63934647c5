//! From a command line to the job.

use millstream::RunOptions;
use millstream::local::{declare_waiting, say};
use millstream_core::options::{JOB_NAME, KERBEROS_KEYTAB, KERBEROS_PRINCIPAL};
use millstream_core::{Configuration, Error, Result, codes};

use crate::parameters::{self, IngestSettings, Input, Loaded, Portable, SourceSettings};
use crate::pipeline::NO_FILE_YET;
use crate::{checkpoints, letters, pipeline};
use millstream::Environment;

/// The short name of the ingestion job.
pub const NAME: &str = "ingest";

/// The entry class under which users of the CSP operator know the ingestion job.
pub const ENTRY_CLASS: &str = "com._4paradigm.csp.operator.Main";

/// What the job does and with which options of the engine, and what is worth telling before it starts.
#[derive(Debug, Clone, PartialEq)]
pub struct Prepared {
    /// What the job is asked to do.
    pub settings: IngestSettings,
    /// Name, parallelism, checkpoints, restarts, and everything that the command line set.
    pub configuration: Configuration,
    /// One line each.
    pub notes: Vec<String>,
}

/// Reads the parameters from this process's environment, the program's `arguments` and the file in the working
/// directory or that of `--config`.
///
/// # Errors
/// Those of [`parameters::load`].
pub fn prepare(arguments: &[String], options: &RunOptions) -> Result<Prepared> {
    let Loaded {
        settings,
        mut notes,
    } = of_this_process(arguments, &options.configuration, parameters::load)?;
    let (mut configuration, overruled) = settings.options.under(&options.configuration);
    notes.extend(overruled);
    let job = checkpoints::job_of(options);
    notes.extend(checkpoints::place(&mut configuration, job)?);
    checkpoints::refuse_among_input(&configuration, &settings.source)?;
    Ok(Prepared {
        settings,
        configuration,
        notes,
    })
}

/// Writes down the parameters of this process's environment, of the program's `arguments` and of the file in the working
/// directory or that of `--config` as arguments that say the same to a process elsewhere.
///
/// # Errors
/// Those of [`parameters::load`].
pub fn portable(arguments: &[String]) -> Result<Portable> {
    of_this_process(arguments, &Configuration::default(), parameters::portable)
}

fn of_this_process<T>(
    arguments: &[String],
    configuration: &Configuration,
    read: fn(&Input<'_>) -> Result<T>,
) -> Result<T> {
    let directory = std::env::current_dir().map_err(|cause| {
        Error::new(
            &codes::CONFIG_FILE,
            "the working directory is not there any more",
        )
        .cause(cause)
    })?;
    let mut environment = environment();
    // Whose keys are used may be set for all jobs.
    for option in [&KERBEROS_KEYTAB, &KERBEROS_PRINCIPAL] {
        let set = configuration.get(option)?;
        environment.extend(set.map(|value| (option.name.to_owned(), value)));
    }
    read(&Input {
        environment: &environment,
        arguments,
        directory: &directory,
    })
}

/// Runs the ingestion job with the program's `arguments` until it ends. Notes about parameters go to standard error before it
/// starts. Where it goes on from what it did before, a watched directory that is away is waited for.
///
/// # Errors
/// Those of [`prepare`], and those of the job.
pub fn run(arguments: &[String], options: &RunOptions) -> Result<()> {
    let (settings, options) = told(arguments, options)?;
    let is_watching = match &settings.source {
        SourceSettings::Text(files) => files.watch_interval.is_some(),
        SourceSettings::Columns(columns) => columns.watch_interval.is_some(),
        SourceSettings::Table(table) => table.watch_interval.is_some(),
        SourceSettings::Kafka(_) | SourceSettings::Hive(_) => false,
    };
    let is_of_input = |error: &Error| {
        let of_input = [codes::SOURCE_PATH.id, codes::SOURCE_METASTORE.id];
        // What else is wrong with parameters no input mends.
        let has_no_file =
            error.code() == codes::INGEST_PARAMETERS.id && error.message().ends_with(NO_FILE_YET);
        is_watching && (has_no_file || of_input.contains(&error.code()))
    };
    let environment = declare_waiting(&options, is_of_input, || declared(&settings, &options))?;
    if settings.errors.place().is_some()
        && let Err(error) = note(arguments, &options)
    {
        tracing::warn!("`millstream dead-letters` will not know this job: {error}");
    }
    // The parameters always give the job a name, under `pipeline.name`, which wins.
    environment.execute(NAME)
}

/// Declares the streams of the ingestion job.
///
/// # Errors
/// Those of [`prepare`], and a source or sink that does not open.
pub fn declare(arguments: &[String], options: &RunOptions) -> Result<Environment> {
    let (settings, options) = told(arguments, options)?;
    declared(&settings, &options)
}

/// Notes how the job is run, for who will have to do with its dead letters.
fn note(arguments: &[String], options: &RunOptions) -> Result<()> {
    let name = options.configuration.get(&JOB_NAME)?.unwrap_or_default();
    let portable = portable(arguments)?;
    letters::note(&name, portable.arguments, options)
}

fn declared(settings: &IngestSettings, options: &RunOptions) -> Result<Environment> {
    let environment = Environment::with_options(options.clone());
    pipeline::declare(&environment, settings)?;
    Ok(environment)
}

/// Reads the parameters, and tells what is worth it.
fn told(arguments: &[String], options: &RunOptions) -> Result<(IngestSettings, RunOptions)> {
    let prepared = prepare(arguments, options)?;
    for note in &prepared.notes {
        say(&format!("WARNING: {note}"));
    }
    let options = RunOptions {
        entry: None,
        configuration: prepared.configuration,
        job_directory: options.job_directory.clone(),
        job: options.job,
    };
    Ok((prepared.settings, options))
}

/// The environment without variables that are no text: no parameter is among them.
fn environment() -> Vec<(String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}
