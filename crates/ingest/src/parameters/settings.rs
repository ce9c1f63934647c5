//! What the ingestion job is asked to do, typed and checked.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use millstream_connectors::elasticsearch::EsOptions;
use millstream_connectors::files_source::{Intake, Tidy};
use millstream_connectors::hive::{HiveSourceOptions, MetastoreUrl};
use millstream_connectors::kafka::{
    End, KafkaSinkOptions, Lost, NewTopic, Properties, Reset, Topics,
};
use millstream_connectors::kerberos::Keys;
use millstream_core::options::reference::Hidden;

use super::checks::Check;
use super::choices::{
    FileCompression, KafkaFormat, SinkFormat, SourceType, UniqueNull, UniqueTime,
};
use super::job_options::JobOptions;

/// What the ingestion job is asked to do.
#[derive(Debug, Clone, PartialEq)]
pub struct IngestSettings {
    /// Where records come from.
    pub source: SourceSettings,
    /// What makes a record the same as an earlier one, where such records are left out.
    pub unique: Option<UniqueSettings>,
    /// The SQL they go through, if it is switched on.
    pub sql: Option<SqlSettings>,
    /// The nested field that flat columns are put into, if that is switched on.
    pub merge: Option<MergeSettings>,
    /// Where they go.
    pub sink: SinkSettings,
    /// How many subtasks write; `None`: [`IngestSettings::sink_parallelism`] decides.
    pub sink_parallelism: Option<u32>,
    /// What happens with bad records.
    pub errors: BadRecords,
    /// What values of columns have to be.
    pub checks: Vec<Check>,
    /// Name, parallelism, checkpoints and restarts, as the engine's options.
    pub options: JobOptions,
}

impl IngestSettings {
    /// How many subtasks write where `parallelism` subtasks read: as given, else as many with files, one with Kafka and Elasticsearch, as
    /// in the CSP operator, and one with `print`, whose lines would not be in order otherwise.
    pub fn sink_parallelism(&self, parallelism: u32) -> u32 {
        self.sink_parallelism.unwrap_or(match self.sink {
            SinkSettings::File(_) => parallelism,
            SinkSettings::Kafka(_) | SinkSettings::Elasticsearch(_) | SinkSettings::Print => 1,
        })
    }
}

/// Where records come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SourceSettings {
    /// Text files.
    Text(TextSource),
    /// Files of columns.
    Columns(ColumnSource),
    /// Kafka.
    Kafka(KafkaSettings),
    /// Hive.
    Hive(Box<HiveSourceOptions>),
    /// A table of Hive, by the metastore.
    Table(Box<TableSource>),
}

/// A table of Hive as a source, whose files are read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableSource {
    /// The metastore.
    pub url: MetastoreUrl,
    /// Whose keys show who reads, where the metastore asks by Kerberos.
    pub keys: Keys,
    /// `table` or `database.table`.
    pub table: String,
    /// Which partitions are read, as the metastore takes a filter; `None`: all.
    pub filter: Option<String>,
    /// How often new partitions and files are looked for; `None`: what is there is read, then the job finishes.
    pub watch_interval: Option<Duration>,
    /// How files are taken in, and what becomes of those with which something is wrong.
    pub intake: Intake,
    /// Larger files are cut into ranges of this many bytes.
    pub split_size: u64,
}

/// Kafka as a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KafkaSettings {
    /// Addresses of brokers, separated by commas.
    pub brokers: String,
    /// Which topics are read.
    pub topics: Topics,
    /// The consumer group.
    pub group: String,
    /// Where a partition begins for which the group has no offset.
    pub reset: Reset,
    /// Where reading ends.
    pub end: End,
    /// What happens when records are gone that were to be read.
    pub lost: Lost,
    /// Time between two looks for new partitions; `None`: one look at each start.
    pub discovery: Option<Duration>,
    /// Properties of the consumer.
    pub properties: Properties,
    /// What the value of a message is.
    pub format: KafkaFormat,
    /// What stands between two fields of CSV.
    pub field_delimiter: char,
    /// What quotes fields of CSV; `None`: nothing does.
    pub quote: Option<char>,
    /// Behind which any character of CSV means itself; `None`: there is none.
    pub escape: Option<char>,
    /// The columns; `None`: a value that is text is one column, and a record of another format goes on with the
    /// fields that it has.
    pub schema: Option<SchemaText>,
}

/// What makes a record the same as an earlier one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UniqueSettings {
    /// The fields that must be equal, `a.b` for one within another.
    pub keys: Vec<String>,
    /// Records that are as far apart are not the same.
    pub within: Duration,
    /// What the time of a record is taken from.
    pub time: UniqueTime,
    /// What happens with a record of which a field is null or missing.
    pub null: UniqueNull,
}

/// Text files as a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextSource {
    /// `csv`, `tsv` or `txt`.
    pub format: SourceType,
    /// The directory, or the file.
    pub path: PathBuf,
    /// Whether the directory is watched, and how often it is looked at; `None`: what is there is read, then
    /// the job finishes.
    pub watch_interval: Option<Duration>,
    /// How files are taken in, and what becomes of those with which something is wrong.
    pub intake: Intake,
    /// Whether the first line of each file names the columns.
    pub first_line_schema: bool,
    /// What ends a record.
    pub line_delimiter: String,
    /// What stands between two fields.
    pub field_delimiter: char,
    /// A label of the WHATWG Encoding Standard, not yet looked up.
    pub charset: String,
    /// What quotes fields; `None`: nothing does.
    pub quote: Option<char>,
    /// Behind which any character means itself; `None`: there is none.
    pub escape: Option<char>,
    /// Larger files are cut into ranges of this many bytes.
    pub split_size: u64,
    /// Longer records are bad records, in bytes.
    pub record_max_size: u64,
    /// The columns; `None`: every column is text, named by the first line or `_col0`, `_col1`, ….
    pub schema: Option<SchemaText>,
    /// So many lines at the beginning of each file are left out.
    pub skip_lines: u64,
    /// Lines that begin with this are left out.
    pub comment: Option<String>,
    /// What is done to fields before they become values.
    pub tidy: Tidy,
}

/// Files of columns as a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ColumnSource {
    /// `parquet` or `orc`.
    pub format: SourceType,
    /// The directory, or the file.
    pub path: PathBuf,
    /// Whether the directory is watched, and how often it is looked at; `None`: what is there is read, then
    /// the job finishes.
    pub watch_interval: Option<Duration>,
    /// How files are taken in, and what becomes of those with which something is wrong.
    pub intake: Intake,
    /// Larger files are cut into ranges of this many bytes.
    pub split_size: u64,
    /// The columns; `None`: those of the first file.
    pub schema: Option<SchemaText>,
}

/// The text of a schema, not yet parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SchemaText {
    /// `struct<id:Int,name:String>`.
    Struct(String),
    /// `{"id": "Int", "name": "String"}`, in order.
    Json(String),
}

/// The SQL that records go through.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlSettings {
    /// Name of the one table.
    pub table: String,
    /// The SELECT.
    pub query: String,
    /// What is shown of neither, nor of the schema.
    pub hidden: Hidden,
}

/// The nested field that flat columns are put into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MergeSettings {
    /// Its name.
    pub field: String,
    /// The columns that stay outside.
    pub exclude: Vec<String>,
    /// Whether they were given: then they must be there.
    pub exclude_given: bool,
}

/// Where records go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SinkSettings {
    /// Files in a directory.
    File(FileSinkSettings),
    /// Messages in a topic of Kafka.
    Kafka(Box<KafkaSinkOptions>),
    /// Documents of Elasticsearch or OpenSearch.
    Elasticsearch(Box<EsOptions>),
    /// Lines of JSON on standard output.
    Print,
}

/// Files as a sink.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileSinkSettings {
    /// The directory.
    pub path: PathBuf,
    /// How records are written.
    pub format: SinkFormat,
    /// How files of text are compressed.
    pub compression: FileCompression,
    /// The columns whose values name the directories into which files go, the first outermost.
    pub partition: Vec<String>,
    /// A file of this many bytes is ended.
    pub rolling_size: u64,
}

/// What happens with bad records.
#[derive(Debug, Clone, PartialEq)]
pub enum BadRecords {
    /// The first one fails the job.
    Fail,
    /// They are counted and left out.
    Skip(BadRecordLimits),
    /// They are counted and set aside.
    DeadLetter {
        /// Where they go.
        place: DeadLetters,
        /// How many are tolerated.
        limits: BadRecordLimits,
    },
}

impl BadRecords {
    /// Whether records have to be kept as they came, beside what becomes of them.
    pub fn keeps_records(&self) -> bool {
        matches!(self, Self::DeadLetter { .. })
    }

    /// Where dead letters go, if there are any.
    pub fn place(&self) -> Option<&DeadLetters> {
        match self {
            Self::DeadLetter { place, .. } => Some(place),
            Self::Fail | Self::Skip(_) => None,
        }
    }
}

/// Where dead letters go.
#[derive(Debug, Clone, PartialEq)]
pub enum DeadLetters {
    /// Into files of a directory.
    Files(PathBuf),
    /// Into a topic of Kafka, by the sink of the job: in the same transactions as its output.
    WithOutput {
        /// The topic.
        topic: String,
        /// How it is made where it is missing; `None`: it has to be there.
        create: Option<NewTopic>,
    },
    /// Into a topic of Kafka, by a sink of their own.
    Topic(Box<KafkaSinkOptions>),
}

impl fmt::Display for DeadLetters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Files(path) => write!(f, "{}", path.display()),
            Self::WithOutput { topic, .. } => write!(f, "topic {topic}"),
            Self::Topic(options) => write!(f, "topic {}", options.topic),
        }
    }
}

/// How many bad records are tolerated.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct BadRecordLimits {
    /// More than this fail the job.
    pub count: Option<u64>,
    /// A larger part of all records, 0 to 1, fails the job, from [`Self::RATIO_FROM`] records on and at the end.
    pub ratio: Option<f64>,
}

impl BadRecordLimits {
    /// With fewer records a ratio says nothing yet: the first one may be bad by chance.
    pub const RATIO_FROM: u64 = 1_000;
}
