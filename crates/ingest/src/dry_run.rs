//! A look at what a job would do: its columns, its plan and the first rows that it would write. It runs without a
//! checkpoint and without its sink, so that nothing outside of it changes.

use std::time::Duration;

use millstream::local::{self, Look, Looked};
use millstream::plan::{self, JobPlan};
use millstream::{Environment, RunOptions};
use millstream_connectors::elasticsearch::{EsOptions, EsSink};
use millstream_connectors::files_source::{AfterCommit, Bad};
use millstream_core::options::{CHECKPOINT_INTERVAL, PARALLELISM, RESTART_STRATEGY, RESTORE_PATH};
use millstream_core::{Configuration, Result};

use crate::checkpoints::is_of_place;
use crate::parameters::{BadRecords, IngestSettings, SinkSettings, SourceSettings};
use crate::pipeline::{self, SHOWN};
use crate::run::{NAME, Prepared, prepare};

/// How long the first row is waited for where the source does not end.
const FIRST: Duration = Duration::from_secs(15);
/// And each further one.
const NEXT: Duration = Duration::from_secs(5);

/// What a job would do.
#[derive(Debug)]
pub struct DryRun {
    /// Columns that the source hands out, with their types; `None`: known with the first record.
    pub read: Option<Vec<(String, String)>>,
    /// Columns that are written.
    pub written: Option<Vec<(String, String)>>,
    /// Its plan.
    pub plan: JobPlan,
    /// The first rows that would be written, as they would be where that is text.
    pub rows: Vec<String>,
    /// Why there are no more.
    pub end: Looked,
    /// What is worth telling.
    pub notes: Vec<String>,
}

/// Looks at what the job with these `arguments` would do.
///
/// # Errors
/// The job would not start.
pub fn dry_run(arguments: &[String], options: &RunOptions) -> Result<DryRun> {
    let Prepared {
        settings,
        configuration,
        mut notes,
    } = prepare(arguments, options)?;
    notes.retain(|note| !is_of_place(note));
    if configuration.is_set(&RESTORE_PATH) {
        let note = "--fromSavepoint has no effect with --dry-run: rows are read from where a new job begins";
        notes.push(note.to_owned());
    }
    let environment = environment(&configuration);
    let settings = without_effects(settings);
    let columns = pipeline::declare(&environment, &settings)?;
    let plan = plan::of(&environment.graph(NAME)?);
    if let SinkSettings::Elasticsearch(options) = &settings.sink {
        notes.extend(stale(options));
    }
    let harmless = without_letters(settings);
    let (shown, rows) = crossbeam_channel::bounded(SHOWN);
    let environment = self::environment(&quiet(&configuration));
    pipeline::declare_to(&environment, &harmless, shown)?;
    let graph = environment.graph(NAME)?;
    let configuration = environment.configuration()?;
    // It holds the other end of the channel of rows.
    drop(environment);
    let look = Look {
        wanted: SHOWN,
        first: FIRST,
        next: NEXT,
    };
    let (rows, end) = local::look(graph, configuration, &rows, &look)?;
    let named = |schema: arrow::datatypes::SchemaRef| {
        let fields = schema.fields().iter();
        fields
            .map(|field| {
                (
                    field.name().clone(),
                    millstream_core::type_names::type_in_words(field.data_type()),
                )
            })
            .collect()
    };
    Ok(DryRun {
        read: columns.read.map(named),
        written: columns.written.map(named),
        plan,
        rows,
        end,
        notes,
    })
}

/// What would be removed at the end, where that is asked for.
fn stale(options: &EsOptions) -> Option<String> {
    let counted = EsSink::new(options.clone()).and_then(|sink| sink.stale());
    match counted {
        Ok(None) => None,
        Ok(Some(count)) => Some(format!(
            "{count} documents of older versions are in index {} now; of these the ones that this run does not write again \
             would be removed at its end",
            options.index
        )),
        Err(error) => Some(format!(
            "how many documents would be removed is not known: {error}"
        )),
    }
}

/// What is looked at begins anew.
pub(crate) fn environment(configuration: &Configuration) -> Environment {
    let mut configuration = configuration.clone();
    configuration.set(RESTORE_PATH.name, "");
    Environment::with_options(RunOptions {
        entry: None,
        configuration,
        job_directory: None,
        job: None,
    })
}

/// One subtask each, so that rows come in their order; no checkpoints, no restarts.
pub(crate) fn quiet(configuration: &Configuration) -> Configuration {
    let mut quiet = configuration.clone();
    quiet.set(PARALLELISM.name, "1");
    quiet.set(CHECKPOINT_INTERVAL.name, "0 ms");
    quiet.set(RESTART_STRATEGY.name, "none");
    quiet
}

/// The same without what a source does on the outside, and without its patience: files stay where they are, no directory is made for
/// them, and one that ends within a record is read as it is. Nobody who looks waits for as long as that may take.
pub(crate) fn without_effects(mut settings: IngestSettings) -> IngestSettings {
    let intake = match &mut settings.source {
        SourceSettings::Text(text) => &mut text.intake,
        SourceSettings::Columns(columns) => &mut columns.intake,
        SourceSettings::Table(table) => &mut table.intake,
        SourceSettings::Kafka(_) | SourceSettings::Hive(_) => return settings,
    };
    intake.settle = Some(Duration::ZERO);
    intake.after_commit = AfterCommit::Keep;
    if let Some(Bad::Quarantine(_)) = intake.bad {
        intake.bad = Some(Bad::Skip);
    }
    settings
}

/// The same without files of bad records.
fn without_letters(mut settings: IngestSettings) -> IngestSettings {
    if let BadRecords::DeadLetter { limits, .. } = settings.errors {
        settings.errors = BadRecords::Skip(limits);
    }
    settings
}
