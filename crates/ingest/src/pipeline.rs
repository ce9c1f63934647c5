//! From settings to streams.
//!
//! ```text
//! Source: csv -> (Key -> Deduplicate -> Unique) -> SQL -> Rows ------------------------> Sink: file
//!                   \-> Tally -> Bad records (1) -> Sink: dead letters
//! ```
//!
//! With `error.policy` fail, which is the default, there is no second branch: the first bad record fails the
//! job, and all of it is one vertex.

mod around;
mod bad_records;
mod dead_letter;
mod deduplicate;
mod dry;
mod reshape;
mod size;
mod source;
mod trial;

use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::SchemaRef;
use crossbeam_channel::Sender;
use millstream::{DataStream, Environment};
use millstream_connectors::file_sink::FileSink;
use millstream_connectors::formats::{CsvLines, JsonLines, ParquetFile};
use millstream_connectors::kafka::{KafkaSink, KafkaSinkOptions, KafkaSource, Timing};
use millstream_connectors::print::PrintSink;
use millstream_connectors::rows::{Parsed, Rows};
use millstream_core::Result;
use millstream_core::options::reference::Hidden;
use millstream_sql::Query;

use crate::parameters::{BadRecords, IngestSettings, SinkFormat, SinkSettings, SourceSettings};
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
    declare_to(environment, settings, None)
}

/// The same; `shown`: rows go there instead of the sink.
///
/// # Errors
/// Those of [`declare`].
pub(crate) fn declare_to(
    environment: &Environment,
    settings: &IngestSettings,
    shown: Option<Sender<String>>,
) -> Result<Columns> {
    let Plan {
        source,
        query,
        unique,
        around,
    } = source::plan(settings)?;
    let columns = match &query {
        Some(query) => Some(Arc::clone(query.output_schema())),
        None => source.batch_schema(),
    };
    let kafka = match &settings.sink {
        SinkSettings::Kafka(options) => Some(kafka_sink(options, environment)?),
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
    let source = match &shown {
        None => source,
        Some(_) => source.only_looked_at(),
    };
    let mut parsed = source.add_to(environment);
    if let (Some(unique), Some(read)) = (unique, read) {
        parsed = deduplicate::unique(parsed, unique.settings, &read, unique.wanted)?;
    }
    let sized = kafka.as_ref().map(|kafka| size::Sized {
        sink: kafka.clone(),
        more: merge.map_or(0, |merge| merge.field.len()),
    });
    let rows = match query {
        None => without_bad(parsed, &settings.errors, sized),
        Some(query) => {
            let answered = with_sql(parsed, query, around, hidden, environment);
            without_bad(answered, &settings.errors, sized)
        }
    };
    let rows = match reshape {
        None => rows,
        Some(mut reshape) => rows
            .flat_map(move |rows: Rows, out| reshape.nest(rows, out))
            .name("Nest"),
    };
    match shown {
        None => write(rows, settings, kafka, environment)?,
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

/// The end of the job that reads Kafka, and the one that writes it, as far as they do.
///
/// # Errors
/// A property is not taken.
pub(crate) fn ends(
    environment: &Environment,
    settings: &IngestSettings,
) -> Result<(Option<KafkaSource>, Option<KafkaSink>)> {
    let source = match &settings.source {
        SourceSettings::Text(_) => None,
        SourceSettings::Kafka(_) => match source::plan(settings)?.source {
            source::Planned::Kafka(source) => Some(source),
            source::Planned::Files(..) => None,
        },
    };
    let sink = match &settings.sink {
        SinkSettings::Kafka(options) => Some(kafka_sink(options, environment)?),
        SinkSettings::File(_) | SinkSettings::Print => None,
    };
    Ok((source, sink))
}

/// The sink of Kafka: exactly once where the mode of checkpoints says so, and there are checkpoints.
fn kafka_sink(options: &KafkaSinkOptions, environment: &Environment) -> Result<KafkaSink> {
    use millstream::options as keys;
    let sink = KafkaSink::new(options.clone())?;
    let configuration = environment.configuration()?;
    let mode = configuration.require(&keys::CHECKPOINT_MODE)?;
    let interval = configuration.get(&keys::CHECKPOINT_INTERVAL)?;
    let interval = interval.filter(|interval| !interval.is_zero());
    match interval.filter(|_| mode.eq_ignore_ascii_case("EXACTLY_ONCE")) {
        None => Ok(sink),
        Some(interval) => sink.exactly_once(Timing {
            interval,
            timeout: configuration.require(&keys::CHECKPOINT_TIMEOUT)?,
            restart: configuration.require(&keys::RESTART_FIXED_DELAY)?,
        }),
    }
}

/// The good rows; bad records go where `error.policy` says.
fn without_bad<J: Judged>(
    judged: DataStream<J>,
    errors: &BadRecords,
    sized: Option<size::Sized>,
) -> DataStream<Rows> {
    match sized.filter(|_| *errors != BadRecords::Fail) {
        None => by_policy(judged, errors),
        // With the policy fail the sink itself says what is too large.
        Some(sized) => by_policy(sized.judge(judged), errors),
    }
}

fn by_policy<J: Judged>(judged: DataStream<J>, errors: &BadRecords) -> DataStream<Rows> {
    let rows = match errors {
        BadRecords::Fail => {
            return judged
                .flat_map_counting(bad_records::fail_on_first)
                .name("Rows");
        }
        BadRecords::Skip(limits) => {
            let limits = Limits::new(*limits, None);
            bad_records::count(judged.clone(), limits)
                .discard()
                .name("Skipped")
                .uid("skipped");
            judged
        }
        BadRecords::DeadLetter { path, limits } => {
            let limits = Limits::new(*limits, Some(path.clone()));
            let letters = bad_records::count(judged.clone(), limits);
            let sink = FileSink::new(path, dead_letter::lines());
            letters
                .sink_to("Dead letters", sink)
                .uid("dead-letters")
                .set_parallelism(1);
            judged
        }
    };
    rows.flat_map_counting(bad_records::good_rows).name("Rows")
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

fn write(
    rows: DataStream<Rows>,
    settings: &IngestSettings,
    kafka: Option<KafkaSink>,
    environment: &Environment,
) -> Result<()> {
    let configuration = environment.configuration()?;
    let parallelism = configuration.require(&millstream::options::PARALLELISM)?;
    let writers = settings.sink_parallelism(parallelism) as usize;
    let sink = match (&settings.sink, kafka) {
        (_, Some(kafka)) => rows.sink_to("kafka", kafka),
        (SinkSettings::Kafka(options), None) => {
            rows.sink_to("kafka", kafka_sink(options, environment)?)
        }
        (SinkSettings::Print, None) => rows.sink_to("print", PrintSink::rows()),
        (SinkSettings::File(file), None) => {
            let sink = match file.format {
                SinkFormat::Json => FileSink::new(&file.path, JsonLines),
                SinkFormat::Csv => FileSink::new(&file.path, CsvLines),
                SinkFormat::Parquet => FileSink::new(&file.path, ParquetFile::default()),
            };
            let sink = sink.max_file_bytes(file.rolling_size);
            rows.sink_to("file", sink)
        }
    };
    sink.uid("sink").set_parallelism(writers);
    Ok(())
}
