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
mod check;
mod conditions;
mod dead_letter;
mod deduplicate;
mod dry;
mod reshape;
mod size;
mod source;
mod trial;

use std::path::Path;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use crossbeam_channel::Sender;
use millstream::{DataStream, Environment};
use millstream_connectors::file_sink::{FileSink, PartitionColumns};
use millstream_connectors::formats::{
    Codec, Compressed, CsvLines, FileFormat, JsonLines, OrcFile, ParquetFile,
};
use millstream_connectors::hive::HiveSource;
use millstream_connectors::kafka::{KafkaSink, KafkaSinkOptions, KafkaSource, Output, Timing};
use millstream_connectors::objects::{S3Settings, Stores};
use millstream_connectors::print::PrintSink;
use millstream_connectors::rows::letters::{Letter, Line};
use millstream_connectors::rows::{Parsed, Rows};
use millstream_core::Result;
use millstream_core::options::reference::Hidden;
use millstream_sql::Query;

use crate::parameters::{
    BadRecords, DeadLetters, FileCompression, FileSinkSettings, IngestSettings, SinkFormat,
    SinkSettings, SourceSettings,
};
use around::Around;
use bad_records::{Answered, Judged, Limits};
pub(crate) use dry::SHOWN;
use reshape::Reshape;
use source::Plan;

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
    let stores = stores(environment)?;
    let Plan {
        source,
        query,
        unique,
        around,
        checked,
    } = source::plan(settings, letters, &stores)?;
    let columns = match &query {
        Some(query) => Some(Arc::clone(query.output_schema())),
        None => source.batch_schema(),
    };
    let kafka = match &settings.sink {
        SinkSettings::Kafka(options) => {
            let sink = kafka_sink(options, environment)?;
            Some(match settings.errors.place() {
                Some(DeadLetters::WithOutput { topic, create }) => {
                    sink.with_letters(topic, *create)
                }
                _ => sink,
            })
        }
        SinkSettings::File(_) | SinkSettings::Print => None,
    };
    let merge = settings.merge.as_ref();
    let read = source.batch_schema();
    let reshape =
        merge.map(|merge| Reshape::new(merge.clone(), columns.as_deref(), kafka.is_some()));
    let reshape = reshape.transpose()?;
    let hidden = settings.sql.as_ref().map(|sql| sql.hidden.clone());
    let hidden = hidden.unwrap_or_default();
    if let Some(columns) = &columns {
        // Columns may be called after what is not to be shown.
        trial::try_sink(columns, reshape.as_ref(), &settings.sink, kafka.as_ref())
            .map_err(|error| hidden.hide_in(error))?;
    }
    let known = Columns {
        read: source.batch_schema(),
        written: written(reshape.as_ref(), columns)?,
    };
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
    let sized = kafka.as_ref().map(|kafka| size::Sized {
        sink: kafka.clone(),
        more: merge.map_or(0, |merge| merge.field.len()),
    });
    let sorting = Sorting {
        errors: &settings.errors,
        sized,
        job: Arc::clone(&job),
        environment,
        stores: stores.clone(),
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
            kafka,
            (environment, &job),
            stores,
        )?,
        Some(shown) => dry::Peek::new(shown, &settings.sink, kafka).end(rows),
    }
    Ok(known)
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
        SourceSettings::Text(_) | SourceSettings::Columns(_) | SourceSettings::Hive(_) => None,
        SourceSettings::Kafka(_) => {
            match source::plan(settings, None, &stores(environment)?)?.source {
                source::Planned::Kafka(source) => Some(source),
                _ => None,
            }
        }
    };
    let output = match &settings.sink {
        SinkSettings::Kafka(options) => Some((**options).clone()),
        SinkSettings::File(_) | SinkSettings::Print => None,
    };
    let letters = match (settings.errors.place(), &output) {
        (Some(DeadLetters::Topic(options)), _) => Some((**options).clone()),
        (Some(DeadLetters::WithOutput { topic, create }), Some(output)) => Some(KafkaSinkOptions {
            topic: topic.clone(),
            create: *create,
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
        SourceSettings::Text(_) | SourceSettings::Columns(_) | SourceSettings::Kafka(_) => Ok(None),
    }
}

/// The sink of Kafka: exactly once where the mode of checkpoints says so, and there are checkpoints.
fn kafka_sink(options: &KafkaSinkOptions, environment: &Environment) -> Result<KafkaSink> {
    use millstream::options as keys;
    let sink = KafkaSink::new(options.clone())?;
    let configuration = environment.configuration()?;
    let mode = configuration.require(&keys::CHECKPOINT_MODE)?;
    let interval = configuration.get(&keys::CHECKPOINT_INTERVAL)?;
    let interval = interval.filter(|interval| !interval.is_zero());
    let Some(interval) = interval.filter(|_| mode.eq_ignore_ascii_case("EXACTLY_ONCE")) else {
        return Ok(sink);
    };
    let sink = sink.exactly_once(Timing {
        interval,
        timeout: configuration.require(&keys::CHECKPOINT_TIMEOUT)?,
        restart: configuration.require(&keys::RESTART_FIXED_DELAY)?,
    })?;
    if let Some(longest) = sink.longest_interval() {
        environment.limit_checkpoint_interval(longest);
    }
    Ok(sink)
}

/// What lies behind `s3://`, as the job's options say.
///
/// # Errors
/// They are no settings of a store.
pub(crate) fn stores(environment: &Environment) -> Result<Stores> {
    Ok(Stores::new(S3Settings::of(&environment.configuration()?)?))
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
    job: Arc<str>,
    environment: &'a Environment,
    stores: Stores,
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
            // With the policy fail the sink itself says what is too large.
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
                let limits = Limits::new(*limits, None);
                bad_records::count(judged.clone(), limits)
                    .discard()
                    .name("Skipped")
                    .uid("skipped");
            }
            BadRecords::DeadLetter { place, limits } => {
                let limits = Limits::new(*limits, Some(place.to_string()));
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
                let sink = FileSink::new(path, dead_letter::lines()).stores(Some(self.stores));
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

fn file_sink(file: &FileSinkSettings) -> FileSink<Rows> {
    fn text<F: FileFormat<Rows>>(file: &FileSinkSettings, format: F) -> FileSink<Rows> {
        let codec = match file.compression {
            FileCompression::None => return FileSink::new(&file.path, format),
            FileCompression::Gzip => Codec::Gzip,
            FileCompression::Zstd => Codec::Zstd,
        };
        FileSink::new(&file.path, Compressed::new(format, codec))
    }
    let sink = match file.format {
        SinkFormat::Json => text(file, JsonLines),
        SinkFormat::Csv => text(file, CsvLines),
        SinkFormat::Parquet => FileSink::new(&file.path, ParquetFile::default()),
        SinkFormat::Orc => FileSink::new(&file.path, OrcFile::default()),
    };
    let sink = sink.max_file_bytes(file.rolling_size);
    if file.partition.is_empty() {
        return sink;
    }
    sink.partitioned(PartitionColumns::new(file.partition.clone()))
}

fn write(
    (rows, letters): Sorted,
    settings: &IngestSettings,
    kafka: Option<KafkaSink>,
    (environment, job): (&Environment, &str),
    stores: Stores,
) -> Result<()> {
    let configuration = environment.configuration()?;
    let parallelism = configuration.require(&millstream::options::PARALLELISM)?;
    let writers = settings.sink_parallelism(parallelism) as usize;
    let sink = match (&settings.sink, kafka) {
        (_, Some(kafka)) if let Some(letters) = letters => {
            let sink = kafka.output(job);
            let letters = letters
                .map(|letter| Output::Letter(Box::new(letter)))
                .name("Letters")
                .set_parallelism(1);
            rows.map(Output::Rows)
                .name("Output")
                .union(letters)
                .sink_to("kafka", sink)
        }
        (_, Some(kafka)) => rows.sink_to("kafka", kafka),
        (SinkSettings::Kafka(options), None) => {
            rows.sink_to("kafka", kafka_sink(options, environment)?)
        }
        (SinkSettings::Print, None) => rows.sink_to("print", PrintSink::rows()),
        (SinkSettings::File(file), None) => {
            rows.sink_to("file", file_sink(file).stores(Some(stores)))
        }
    };
    sink.uid("sink").set_parallelism(writers);
    Ok(())
}
