//! The parameters of the ingestion job.
//!
//! Each has one definition in the table that says its name, type, unit, default, meaning and since when it exists.
//! Parsing, checks, [`help`] and `docs/guide/ingest-parameters.md` are made from it.
//!
//! [`load`] takes the parameters from the environment, the arguments and a file (in this order of
//! precedence) and gives typed [`IngestSettings`], or all problems at once.

mod apart;
mod arguments;
mod checks;
mod choices;
mod databases;
mod dead_letters;
mod definition;
mod delimiter;
mod elasticsearch_sink;
mod given;
mod help;
mod hive;
mod job_options;
mod kafka;
mod kafka_sink;
mod kerberos;
mod notes;
mod paths;
mod places;
mod portable;
mod problems;
mod properties;
mod resolve;
mod settings;
mod table;
mod topics;
mod unique;
mod unknown;
mod value;

use std::path::Path;

use millstream_core::{Error, Result, codes};

pub use arguments::{split_program_args, wants_help};
pub(crate) use checks::whole;
pub use checks::{Check, Rule};
pub use choices::{
    FileCompression, KafkaFormat, SinkFormat, SinkType, SourceType, UniqueNull, UniqueTime,
};
pub use definition::{DefaultValue, ENVIRONMENT_PREFIX, Group, ParameterSummary, Scope};
pub use given::DEFAULT_FILE;
pub use help::{help, markdown_tables};
pub use job_options::JobOptions;
pub(crate) use paths::lies_among_input;
pub use portable::{Portable, portable};
pub use settings::{
    BadRecordLimits, BadRecords, ColumnSource, DeadLetters, FileSinkSettings, IngestSettings,
    KafkaSettings, MergeSettings, SchemaText, SinkSettings, SourceSettings, SqlSettings,
    TableSource, TextSource, UniqueSettings,
};
pub use table::{all, find};
pub use unknown::nearest;

/// Where parameters are taken from.
#[derive(Debug, Clone, Copy)]
pub struct Input<'a> {
    /// The environment variables; those that set no parameter are left alone.
    pub environment: &'a [(String, String)],
    /// The arguments behind `ingest`.
    pub arguments: &'a [String],
    /// The working directory: `application.properties` is looked for there, and `--config` is relative
    /// to it.
    pub directory: &'a Path,
}

/// Settings and what is worth telling about them.
#[derive(Debug, Clone, PartialEq)]
pub struct Loaded {
    /// What the job is asked to do.
    pub settings: IngestSettings,
    /// One line each, to be shown before the job starts.
    pub notes: Vec<String>,
}

/// Reads and checks the parameters.
///
/// # Errors
/// Everything that is wrong at once: a single problem as it is, several as one error with a line for
/// each below its first. Names that do not exist ([`codes::OPTION_UNKNOWN`]), values that do not fit
/// ([`codes::OPTION_VALUE`]), missing and contradictory parameters ([`codes::INGEST_PARAMETERS`]), sources and sinks
/// that are not there yet ([`codes::INGEST_UNSUPPORTED`]), a file that can't be read
/// ([`codes::CONFIG_FILE`]).
pub fn load(input: &Input<'_>) -> Result<Loaded> {
    let mut given = checked(input, given::References::Here)?;
    let settings = resolve::settings(&given).ok_or_else(|| {
        Error::new(
            &codes::INTERNAL,
            "the parameters passed every check and still make no settings",
        )
        .next("report it with the command line")
    })?;
    let mut notes = std::mem::take(&mut given.notes);
    notes.extend(notes::of(&given));
    if let SourceSettings::Kafka(kafka) = &settings.source {
        notes.extend_from_slice(kafka.properties.notes());
    }
    if let SinkSettings::Kafka(kafka) = &settings.sink {
        notes.extend_from_slice(kafka.properties.notes());
    }
    if let BadRecords::DeadLetter {
        place: DeadLetters::Topic(kafka),
        ..
    } = &settings.errors
    {
        let known = notes.clone();
        let own = kafka.properties.notes().iter();
        notes.extend(own.filter(|note| !known.contains(note)).cloned());
    }
    Ok(Loaded { settings, notes })
}

/// What was given, in which there is nothing wrong.
fn checked(input: &Input<'_>, references: given::References) -> Result<given::Given> {
    let mut given = given::Given::collect(input, references);
    let mut problems = std::mem::take(&mut given.problems);
    // What seems to be missing may stand in a file that could not be read.
    if problems
        .iter()
        .all(|problem| problem.code() != codes::CONFIG_FILE.id)
    {
        problems.extend(problems::of(&given));
    }
    if !problems.is_empty() {
        return Err(one_of(problems));
    }
    Ok(given)
}

/// One error for all `problems`.
fn one_of(mut problems: Vec<Error>) -> Error {
    if problems.len() == 1
        && let Some(only) = problems.pop()
    {
        return only;
    }
    let first = problems
        .first()
        .map_or(codes::INGEST_PARAMETERS.id, Error::code);
    let code = codes::ALL
        .iter()
        .find(|code| code.id == first && problems.iter().all(|problem| problem.code() == first))
        .unwrap_or(&&codes::INGEST_PARAMETERS);
    let mut message = format!(
        "{} problems with the parameters of the ingestion job:",
        problems.len()
    );
    for problem in &problems {
        let line = problem.to_string();
        let own = format!("{}: ", code.id);
        message.push_str("\n  ");
        message.push_str(line.strip_prefix(&own).unwrap_or(&line));
    }
    Error::new(code, message)
}

/// The error for parameters that contradict each other.
fn contradiction(message: String, next: &str) -> Error {
    Error::new(&codes::INGEST_PARAMETERS, message).next(next)
}
