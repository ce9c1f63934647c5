//! From settings to streams.
//!
//! ```text
//! Source: csv -> (Check) -> (Key -> Deduplicate -> Unique) -> SQL -> Rows ------------------------> Sink: file
//!                   \-> Tally -> Bad records (1) -> Sink: dead letters
//! ```
//!
//! Dead letters that lie in the cluster of the output join the rows before the sink, which has both in one transaction.
//!
//! With `error.policy` fail, which is the default, there is no second branch: the first bad record fails the
//! job, and all of it is one vertex.

mod around;
mod bad_records;
mod by_document;
mod check;
mod conditions;
mod dead_letter;
mod deduplicate;
mod dry;
mod keyed;
mod refused;
mod remotes;
mod reshape;
mod size;
mod source;
mod target;
mod trial;

use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use crossbeam_channel::Sender;
use millstream::{DataStream, Environment};
use millstream_connectors::file_sink::FileSink;
use millstream_connectors::hive::{HiveSource, HiveTableSource};
use millstream_connectors::kafka::{Called, KafkaSink, KafkaSinkOptions, KafkaSource};
use millstream_connectors::rows::letters::{Letter, Line};
use millstream_connectors::rows::{Parsed, Rows};
use millstream_core::Result;
use millstream_core::options::reference::Hidden;
use millstream_sql::Query;

pub(crate) use self::remotes::Remotes;
pub(crate) use self::source::{NO_FILE_YET, check_replay};
use crate::parameters::{BadRecords, DeadLetters, IngestSettings, SinkSettings, SourceSettings};
use around::Around;
use bad_records::{Answered, Judged, Known, Limits};
pub(crate) use dry::SHOWN;
use reshape::Reshape;
use source::Plan;
use target::{kafka_sink, write};

/// The columns of a job, as far as they are known before the first record.
pub(crate) struct Columns {
    /// Those that the source hands out.
    pub(crate) read: Option<SchemaRef>,
    /// Those that are written.
    pub(crate) written: Option<SchemaRef>,
}

/// Declares the streams of the job on `environment`, and tells their columns.
///
/// # Errors
/// The source can't be read, the SQL does not fit its columns, or settings contradict each other.
pub(crate) fn declare(environment: &Environment, settings: &IngestSettings) -> Result<Columns> {
    declare_as(environment, settings, Ends::of(environment)?)
}

/// The same with the dead letters in the file at `letters` in the place of the input. `job`: whose letters they are.
///
/// # Errors
/// Those of [`declare`].
pub(crate) fn declare_again(
    environment: &Environment,
    settings: &IngestSettings,
    letters: &Path,
    job: &str,
) -> Result<Columns> {
    let ends = Ends {
        letters: Some(letters),
        job: job.into(),
        shown: None,
    };
    declare_as(environment, settings, ends)
}

/// The same; the first rows, as many as it has room for, go to `shown` instead of the sink.
///
/// # Errors
/// Those of [`declare`].
pub(crate) fn declare_to(
    environment: &Environment,
    settings: &IngestSettings,
    shown: Sender<String>,
) -> Result<Columns> {
    let ends = Ends {
        shown: Some(shown),
        ..Ends::of(environment)?
    };
    declare_as(environment, settings, ends)
}

/// Where records come from and go, if that is not what the settings say.
struct Ends<'a> {
    /// The file of dead letters that are in the place of the input.
    letters: Option<&'a Path>,
    /// The job whose dead letters are written, or read.
    job: Arc<str>,
    /// Who is shown the rows, in the place of the sink.
    shown: Option<Sender<String>>,
}

impl Ends<'_> {
    fn of(environment: &Environment) -> Result<Self> {
        Ok(Self {
            letters: None,
            job: job_name(environment)?,
            shown: None,
        })
    }
}

fn declare_as(
    environment: &Environment,
    settings: &IngestSettings,
    ends: Ends<'_>,
) -> Result<Columns> {
    let Ends {
        letters,
        job,
        shown,
    } = ends;
    let remotes = remotes(environment)?;
    let Plan {
        source,
        query,
        unique,
        around,
        checked,
    } = source::plan(settings, letters, &remotes, &|| {
        environment.restored_of_source(source::UID)
    })?;
    let columns = match &query {
        Some(query) => Some(Arc::clone(query.output_schema())),
        None => source.batch_schema(),
    };
    let kafka = kafka_of(environment, settings)?;
    let merge = settings.merge.as_ref();
    let read = source.batch_schema();
    let reshape =
        merge.map(|merge| Reshape::new(merge.clone(), columns.as_deref(), kafka.is_some()));
    let reshape = reshape.transpose()?;
    let hidden = settings.sql.as_ref().map(|sql| sql.hidden.clone());
    let hidden = hidden.unwrap_or_default();
    let known = Columns {
        read: source.batch_schema(),
        written: written(reshape.as_ref(), columns.clone())?,
    };
    let bad = Arc::new(Known::default());
    let target = target::of(settings, kafka, &known, &bad, (environment, &job))
        .map_err(|error| hidden.hide_in(error))?;
    if let Some(columns) = &columns {
        // Columns may be called after what is not to be shown.
        trial::try_sink(columns, reshape.as_ref(), &settings.sink, &target)
            .map_err(|error| hidden.hide_in(error))?;
    }
    let source = match (&shown, environment.job_directory()) {
        (None, Some(job)) => source.with_book(&job),
        (None, None) => source,
        (Some(_), _) => source.only_looked_at(),
    };
    let mut parsed = source.add_to(environment);
    if !settings.checks.is_empty() {
        parsed = check::checked(parsed, &settings.checks, read.as_ref(), checked)?;
    }
    if let (Some(unique), Some(read)) = (unique, read) {
        parsed = deduplicate::unique(parsed, unique.settings, &read, unique.wanted)?;
    }
    let more = merge.map_or(0, |merge| reshape::bytes_around(&merge.field));
    let sized = size::Sized::of(&settings.sink, target.kafka(), more);
    let sorting = Sorting {
        errors: &settings.errors,
        sized,
        known: bad,
        job: Arc::clone(&job),
        environment,
        remotes: remotes.clone(),
    };
    let (rows, letters) = match query {
        None => sorting.sort(parsed)?,
        Some(query) => {
            let answered = with_sql(parsed, query, around, hidden, environment);
            sorting.sort(answered)?
        }
    };
    let rows = match reshape {
        None => rows,
        Some(mut reshape) => rows
            .flat_map(move |rows: Rows, out| reshape.nest(rows, out))
            .name("Nest"),
    };
    match shown {
        None => write(
            (rows, letters),
            settings,
            target,
            (environment, &job),
            remotes,
        )?,
        Some(shown) => dry::Peek::new(shown, &settings.sink, target).end(rows),
    }
    Ok(known)
}

/// The sink of Kafka, where records go there; dead letters go with them where they are for the same brokers.
fn kafka_of(environment: &Environment, settings: &IngestSettings) -> Result<Option<KafkaSink>> {
    Ok(match &settings.sink {
        SinkSettings::Kafka(options) => {
            let sink = kafka_sink(options, environment)?;
            Some(match settings.errors.place() {
                Some(DeadLetters::WithOutput { topic, create }) => {
                    sink.with_letters(topic, *create)
                }
                _ => sink,
            })
        }
        SinkSettings::File(_) | SinkSettings::Elasticsearch(_) | SinkSettings::Print => None,
    })
}

/// The columns that are written, nested where they are.
fn written(reshape: Option<&Reshape>, columns: Option<SchemaRef>) -> Result<Option<SchemaRef>> {
    match (reshape, columns) {
        (Some(reshape), Some(columns)) => {
            let none = RecordBatch::new_empty(columns);
            Ok(Some(reshape.apply(&none)?.schema()))
        }
        (_, columns) => Ok(columns),
    }
}

/// The end of the job that reads Kafka, and those that write it: the output's, and the dead letters'.
///
/// # Errors
/// A property is not taken.
pub(crate) fn ends(
    environment: &Environment,
    settings: &IngestSettings,
) -> Result<(Option<KafkaSource>, Vec<KafkaSink>)> {
    let source = match &settings.source {
        SourceSettings::Text(_)
        | SourceSettings::Columns(_)
        | SourceSettings::Hive(_)
        | SourceSettings::Table(_) => None,
        SourceSettings::Kafka(_) => {
            match source::plan(settings, None, &remotes(environment)?, &|| Ok(Vec::new()))?.source {
                source::Planned::Kafka(source) => Some(source),
                _ => None,
            }
        }
    };
    let output = match &settings.sink {
        SinkSettings::Kafka(options) => Some((**options).clone()),
        SinkSettings::File(_) | SinkSettings::Elasticsearch(_) | SinkSettings::Print => None,
    };
    let letters = match (settings.errors.place(), &output) {
        (Some(DeadLetters::Topic(options)), _) => Some((**options).clone()),
        (Some(DeadLetters::WithOutput { topic, create }), Some(output)) => Some(KafkaSinkOptions {
            topic: topic.clone(),
            create: *create,
            called: Called::DeadLetters,
            ..output.clone()
        }),
        _ => None,
    };
    let written = output.iter().chain(&letters);
    let sinks = written.map(|options| kafka_sink(options, environment));
    Ok((source, sinks.collect::<Result<_>>()?))
}

/// The source that reads Hive, if the job has one.
///
/// # Errors
/// Hive refuses it, or is away.
pub(crate) fn hive(settings: &IngestSettings) -> Result<Option<HiveSource>> {
    match &settings.source {
        SourceSettings::Hive(options) => HiveSource::new((**options).clone()).map(Some),
        SourceSettings::Text(_)
        | SourceSettings::Columns(_)
        | SourceSettings::Kafka(_)
        | SourceSettings::Table(_) => Ok(None),
    }
}

/// The table of Hive that is read by the metastore, if the job has one.
///
/// # Errors
/// It can't be read, or the metastore is away.
pub(crate) fn table(
    environment: &Environment,
    settings: &IngestSettings,
) -> Result<Option<HiveTableSource>> {
    match &settings.source {
        SourceSettings::Table(table) => {
            source::open_table(table, false, &remotes(environment)?).map(Some)
        }
        SourceSettings::Text(_)
        | SourceSettings::Columns(_)
        | SourceSettings::Kafka(_)
        | SourceSettings::Hive(_) => Ok(None),
    }
}

/// What lies behind `s3://` and `hdfs://`, as the job's options say.
///
/// # Errors
/// They are no settings of a store.
pub(crate) fn remotes(environment: &Environment) -> Result<Remotes> {
    Remotes::of(&environment.configuration()?)
}

/// The name of the job, as dead letters tell it.
fn job_name(environment: &Environment) -> Result<Arc<str>> {
    let name = environment
        .configuration()?
        .get(&millstream::options::JOB_NAME)?;
    Ok(name.unwrap_or_default().into())
}

/// Tells good rows from bad records, which go where `error.policy` says.
struct Sorting<'a> {
    errors: &'a BadRecords,
    sized: Option<size::Sized>,
    known: Arc<Known>,
    job: Arc<str>,
    environment: &'a Environment,
    remotes: Remotes,
}

/// Good rows, and the dead letters that are for the sink of the output.
type Sorted = (DataStream<Rows>, Option<DataStream<Letter>>);

impl Sorting<'_> {
    fn sort<J: Judged>(mut self, judged: DataStream<J>) -> Result<Sorted> {
        match self
            .sized
            .take()
            .filter(|_| *self.errors != BadRecords::Fail)
        {
            None => self.by_policy(judged),
            // With the policy fail the sink itself says what it can't take.
            Some(sized) => self.by_policy(sized.judge(judged)),
        }
    }

    fn by_policy<J: Judged>(self, judged: DataStream<J>) -> Result<Sorted> {
        let mut with_output = None;
        match self.errors {
            BadRecords::Fail => {
                let rows = judged.flat_map_counting(bad_records::fail_on_first);
                return Ok((rows.name("Rows"), None));
            }
            BadRecords::Skip(limits) => {
                let limits = Limits::new(*limits, None, Arc::clone(&self.known));
                bad_records::count(judged.clone(), limits)
                    .discard()
                    .name("Skipped")
                    .uid("skipped");
            }
            BadRecords::DeadLetter { place, limits } => {
                let known = Arc::clone(&self.known);
                let limits = Limits::new(*limits, Some(place.to_string()), known);
                let letters = bad_records::count(judged.clone(), limits);
                with_output = self.set_aside(letters, place)?;
            }
        }
        let rows = judged.flat_map_counting(bad_records::good_rows);
        Ok((rows.name("Rows"), with_output))
    }

    /// Writes letters where they go; those that are for the sink of the output are answered.
    fn set_aside(
        self,
        letters: DataStream<Letter>,
        place: &DeadLetters,
    ) -> Result<Option<DataStream<Letter>>> {
        let name = "Dead letters";
        let sink = match place {
            DeadLetters::WithOutput { .. } => return Ok(Some(letters)),
            DeadLetters::Topic(options) => {
                let sink = kafka_sink(options, self.environment)?;
                letters.sink_to(name, sink.letters(&self.job))
            }
            DeadLetters::Files(path) => {
                let job = self.job;
                let sink = FileSink::new(path, dead_letter::lines())
                    .stores(Some(self.remotes.stores))
                    .clusters(Some(self.remotes.clusters));
                letters
                    .map(move |letter| Line::of(&letter, &job).to_json())
                    .name("Lines")
                    .set_parallelism(1)
                    .sink_to(name, sink)
            }
        };
        sink.uid("dead-letters").set_parallelism(1);
        Ok(None)
    }
}

fn with_sql(
    parsed: DataStream<Parsed>,
    query: Query,
    around: Around,
    hidden: Hidden,
    environment: &Environment,
) -> DataStream<Answered> {
    let bad = environment.bad_records();
    parsed
        .flat_map_counting(move |parsed: Parsed, out, numbers| {
            let asked = bad_records::Asked {
                query: &query,
                around: &around,
                hidden: &hidden,
            };
            asked
                .evaluate(parsed, out, numbers)
                .map(|failed| bad.add(failed))
        })
        .name("SQL")
}
