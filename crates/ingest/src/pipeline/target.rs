//! The sink of the output, as the settings describe it.

mod by_key;

use std::sync::Arc;
use std::time::Duration;

use millstream::Environment;
use millstream_connectors::elasticsearch::{EsOptions, EsSink};
use millstream_connectors::file_sink::{FileSink, PartitionColumns};
use millstream_connectors::formats::{
    Codec, Compressed, CsvLines, FileFormat, JsonLines, OrcFile, ParquetFile,
};
use millstream_connectors::kafka::{KafkaSink, KafkaSinkOptions, Output, Timing};
use millstream_connectors::print::PrintSink;
use millstream_connectors::rows::Rows;
use millstream_core::{Configuration, Error, Result, codes};

use super::bad_records::{Known, Limits};
use super::refused::{self, Refused};
use super::remotes::Remotes;
use super::{Columns, Sorted, by_document};
use crate::parameters::{
    BadRecords, DeadLetters, FileCompression, FileSinkSettings, IngestSettings, SinkFormat,
    SinkSettings,
};

/// The sink of the output, where it is servers.
pub(super) enum Target {
    Kafka(KafkaSink),
    Elasticsearch(EsSink),
    /// It is on this machine.
    Here,
}

impl Target {
    /// The sink of Kafka, if it is that.
    pub(super) fn kafka(&self) -> Option<&KafkaSink> {
        match self {
            Self::Kafka(kafka) => Some(kafka),
            Self::Elasticsearch(_) | Self::Here => None,
        }
    }
}

/// The sink of the output of a job with these columns.
///
/// # Errors
/// The columns do not fit, or a setting of the sink can't be used.
pub(super) fn of(
    settings: &IngestSettings,
    kafka: Option<KafkaSink>,
    columns: &Columns,
    bad: &Arc<Known>,
    (environment, job): (&Environment, &Arc<str>),
) -> Result<Target> {
    match (&settings.sink, kafka) {
        (SinkSettings::Elasticsearch(options), _) => {
            let sink = es_sink(options, (&settings.errors, bad), (environment, job))?;
            Ok(Target::Elasticsearch(match &columns.written {
                Some(columns) => sink.with_columns(Arc::clone(columns))?,
                None => sink,
            }))
        }
        (_, Some(kafka)) => Ok(Target::Kafka(kafka)),
        (_, None) => Ok(Target::Here),
    }
}

/// The sink of Kafka: exactly once where the mode of checkpoints says so, and there are checkpoints.
pub(super) fn kafka_sink(
    options: &KafkaSinkOptions,
    environment: &Environment,
) -> Result<KafkaSink> {
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
        restart: longest_restart(&configuration)?,
    })?;
    if let Some(longest) = sink.longest_interval() {
        environment.limit_checkpoint_interval(longest);
    }
    Ok(sink)
}

/// How long a job waits at most between a failure and its restart, as its strategy says: for so long nobody commits.
fn longest_restart(configuration: &Configuration) -> Result<Duration> {
    use millstream::options as keys;
    let named = configuration.get(&keys::RESTART_STRATEGY)?;
    match named.unwrap_or_default().to_ascii_lowercase().as_str() {
        "none" | "off" | "disable" => Ok(Duration::ZERO),
        "fixed-delay" | "fixeddelay" => configuration.require(&keys::RESTART_FIXED_DELAY),
        "failure-rate" | "failurerate" => configuration.require(&keys::RESTART_RATE_DELAY),
        // What holds where none is named and there are checkpoints.
        _ => configuration.require(&keys::RESTART_EXPONENTIAL_MAX),
    }
}

/// The sink of Elasticsearch, which judges records that its servers refuse as those that are bad before.
fn es_sink(
    options: &EsOptions,
    (errors, known): (&BadRecords, &Arc<Known>),
    (environment, job): (&Environment, &Arc<str>),
) -> Result<EsSink> {
    let sink = EsSink::new(options.clone())?;
    let known = Arc::clone(known);
    Ok(match errors {
        BadRecords::Fail => sink,
        BadRecords::Skip(limits) => {
            let limits = Limits::new(*limits, None, known);
            sink.with_refusals(Arc::new(Refused::new(limits, None)))
        }
        BadRecords::DeadLetter { place, limits } => {
            let letters: refused::Letters = match place {
                DeadLetters::Files(path) => refused::files(path, job, super::remotes(environment)?),
                DeadLetters::Topic(options) => {
                    Box::new(kafka_sink(options, environment)?.letters(job))
                }
                DeadLetters::WithOutput { topic, .. } => {
                    let message = format!("dead letters in topic {topic} have no brokers");
                    return Err(Error::new(&codes::INTERNAL, message));
                }
            };
            let limits = Limits::new(*limits, Some(place.to_string()), known);
            sink.with_refusals(Arc::new(Refused::new(limits, Some(letters))))
        }
    })
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

/// Ends the streams in the sink of the output.
///
/// # Errors
/// An option of the job is wrong.
pub(super) fn write(
    (rows, letters): Sorted,
    settings: &IngestSettings,
    target: Target,
    (environment, job): (&Environment, &str),
    remotes: Remotes,
) -> Result<()> {
    let configuration = environment.configuration()?;
    let parallelism = configuration.require(&millstream::options::PARALLELISM)?;
    let writers = settings.sink_parallelism(parallelism) as usize;
    let both = (parallelism as usize, writers);
    let sink = match (&settings.sink, target) {
        (_, Target::Kafka(kafka)) if let Some(letters) = letters => {
            let rows = by_key::by_key(rows, &kafka, both)
                .map(Output::Rows)
                .name("Output");
            let rows = match writers {
                1 => rows,
                // Each goes on to the writer that it has met others of its key in.
                _ => rows.set_parallelism(writers),
            };
            let letters = letters
                .map(|letter| Output::Letter(Box::new(letter)))
                .name("Letters")
                .set_parallelism(1);
            rows.union(letters).sink_to("kafka", kafka.output(job))
        }
        (_, Target::Kafka(kafka)) => by_key::by_key(rows, &kafka, both).sink_to("kafka", kafka),
        (SinkSettings::Elasticsearch(options), Target::Elasticsearch(es)) => {
            let rows = match writers {
                1 => rows,
                _ => by_document::by_document(rows, &options.id, writers),
            };
            rows.sink_to("elasticsearch", es)
        }
        (_, Target::Elasticsearch(es)) => rows.sink_to("elasticsearch", es),
        (SinkSettings::Elasticsearch(_), Target::Here) => {
            return Err(Error::new(
                &codes::INTERNAL,
                "Elasticsearch is not on this machine",
            ));
        }
        (SinkSettings::Kafka(options), Target::Here) => {
            rows.sink_to("kafka", kafka_sink(options, environment)?)
        }
        (SinkSettings::Print, Target::Here) => rows.sink_to("print", PrintSink::rows()),
        (SinkSettings::File(file), Target::Here) => {
            let sink = file_sink(file)
                .stores(Some(remotes.stores))
                .clusters(Some(remotes.clusters));
            rows.sink_to("file", sink)
        }
    };
    sink.uid("sink").set_parallelism(writers);
    Ok(())
}
