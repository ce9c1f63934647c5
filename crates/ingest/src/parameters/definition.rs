//! What a parameter is: one definition from which parsing, checks, help and the guide are made.

use millstream_core::options::FromOptionText;

use super::choices::{AfterCommit, BadFile, ErrorPolicy, SinkType, SourceType, WatchType};

/// The definition of a parameter whose value is a `T`.
#[derive(Debug)]
pub(super) struct Parameter<T: 'static> {
    summary: ParameterSummary,
    parse: fn(&str) -> Result<T, String>,
}

/// What is known of a parameter without its type.
#[derive(Debug, Clone, Copy)]
pub struct ParameterSummary {
    /// The name as given after `--`. A name that ends in `.*` stands for every name with that beginning.
    pub name: &'static str,
    /// The type in words that finish "give …".
    pub type_name: &'static str,
    /// The unit of a bare number, for example `ms`.
    pub unit: Option<&'static str>,
    /// What holds where nothing is given.
    pub default: DefaultValue,
    /// What it means.
    pub meaning: &'static str,
    /// A value that can be given.
    pub example: &'static str,
    /// The version that brought it.
    pub since: &'static str,
    /// The heading it stands under.
    pub group: Group,
    /// With which other choices it has an effect.
    pub scope: Scope,
    check: fn(&str) -> Result<(), String>,
}

/// What holds where a parameter is not given.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DefaultValue {
    /// Nothing: the parameter may be left out.
    None,
    /// This text, read like a given one.
    Text(&'static str),
    /// A value that depends on other parameters, in words.
    Depends(&'static str),
    /// The parameter must be given; the words say when, empty: always.
    Required(&'static str),
}

/// The heading that a parameter stands under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Group {
    /// The job as a whole.
    Job,
    /// Where records come from.
    Source,
    /// Databases as a source.
    Database,
    /// Kafka as a source.
    KafkaSource,
    /// Schema and SQL.
    Sql,
    /// Bad records.
    Errors,
    /// Where records go.
    Sink,
    /// Kafka as a sink.
    KafkaSink,
    /// Elasticsearch as a sink.
    Elasticsearch,
    /// Checkpoints.
    Checkpoint,
    /// Hadoop.
    Hadoop,
    /// Object stores.
    Objects,
    /// Kerberos.
    Kerberos,
}

impl Group {
    /// Every group in the order of help and guide.
    pub const ALL: &[Self] = &[
        Self::Job,
        Self::Source,
        Self::Sql,
        Self::Errors,
        Self::Sink,
        Self::Checkpoint,
        Self::Database,
        Self::KafkaSource,
        Self::KafkaSink,
        Self::Elasticsearch,
        Self::Objects,
        Self::Kerberos,
        Self::Hadoop,
    ];

    /// The heading.
    pub fn title(self) -> &'static str {
        match self {
            Self::Job => "Job",
            Self::Source => "Source",
            Self::Database => "Source: databases",
            Self::KafkaSource => "Source: Kafka",
            Self::Sql => "Schema and SQL",
            Self::Errors => "Bad records",
            Self::Sink => "Sink",
            Self::KafkaSink => "Sink: Kafka",
            Self::Elasticsearch => "Sink: Elasticsearch",
            Self::Checkpoint => "Checkpoints",
            Self::Hadoop => "Hadoop",
            Self::Objects => "Object stores",
            Self::Kerberos => "Kerberos",
        }
    }
}

/// With which other choices a parameter has an effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// With all.
    Always,
    /// With these source types.
    Source(&'static [SourceType]),
    /// With sources of files, tables of Hive by the metastore among them.
    Files,
    /// With queries of HiveServer2.
    HiveServer,
    /// With tables of Hive by the metastore.
    Metastore,
    /// With these sink types.
    Sink(&'static [SinkType]),
    /// When the source directory is watched.
    Watching,
    /// When rows of a database are split.
    Split,
    /// When SQL is switched on.
    Sql,
    /// When `sink.merge.enable` is true.
    Merge,
    /// When checkpoints are switched on.
    Checkpoints,
    /// When files that can't be read are moved away.
    Quarantine,
    /// When files that are done with are moved away.
    MovedAfterCommit,
    /// When bad records do not fail the job.
    BadRecordsTolerated,
    /// When bad records are written to the dead letters.
    DeadLetters,
    /// When those lie in a topic of Kafka.
    LetterTopic,
    /// When a path is in an object store.
    Objects,
    /// When a path is in HDFS.
    Hdfs,
    /// When something asks for Kerberos.
    Kerberos,
}

/// The choices that decide which parameters have an effect.
#[derive(Debug, Clone, Copy)]
pub(super) struct Chosen {
    pub(super) source: SourceType,
    pub(super) metastore: bool,
    pub(super) sink: SinkType,
    pub(super) watch: WatchType,
    pub(super) split: bool,
    pub(super) sql: bool,
    pub(super) merge: bool,
    pub(super) checkpoints: bool,
    pub(super) errors: ErrorPolicy,
    pub(super) letter_topic: bool,
    pub(super) bad_file: Option<BadFile>,
    pub(super) after_commit: AfterCommit,
    pub(super) objects: bool,
    pub(super) hdfs: bool,
    pub(super) kerberos: bool,
}

impl Scope {
    pub(super) fn holds(self, chosen: &Chosen) -> bool {
        match self {
            Self::Always => true,
            Self::Source(types) => types.contains(&chosen.source),
            Self::Files => SourceType::FILES.contains(&chosen.source) || chosen.metastore,
            Self::HiveServer => chosen.source == SourceType::Jdbc && !chosen.metastore,
            Self::Metastore => chosen.metastore,
            Self::Sink(types) => types.contains(&chosen.sink),
            Self::Watching => chosen.watch == WatchType::ProcessContinuously,
            Self::Split => chosen.split,
            Self::Sql => chosen.sql,
            Self::Merge => chosen.merge,
            Self::Checkpoints => chosen.checkpoints,
            Self::Quarantine => chosen.bad_file == Some(BadFile::Quarantine),
            Self::MovedAfterCommit => chosen.after_commit == AfterCommit::Move,
            Self::BadRecordsTolerated => chosen.errors != ErrorPolicy::Fail,
            Self::DeadLetters => chosen.errors == ErrorPolicy::DeadLetter,
            Self::LetterTopic => chosen.letter_topic && chosen.errors == ErrorPolicy::DeadLetter,
            Self::Objects => chosen.objects,
            Self::Hdfs => chosen.hdfs,
            Self::Kerberos => chosen.kerberos,
        }
    }

    /// The condition in words that follow "only with"; `None`: no condition.
    pub fn condition(self) -> Option<String> {
        Some(match self {
            Self::Always => return None,
            Self::Source(types) => {
                format!("`source.type` {}", names(types.iter().map(|t| t.name())))
            }
            Self::Files => format!(
                "`source.type` {}, and `source.db.type` hive-metastore",
                names(SourceType::FILES.iter().map(|t| t.name()))
            ),
            Self::HiveServer => "`source.type` jdbc and `source.db.type` hive".to_owned(),
            Self::Metastore => "`source.type` jdbc and `source.db.type` hive-metastore".to_owned(),
            Self::Sink(types) => format!("`sink.type` {}", names(types.iter().map(|t| t.name()))),
            Self::Watching => "`source.watch.type` PROCESS_CONTINUOUSLY".to_owned(),
            Self::Split => "`source.db.partition.column`".to_owned(),
            Self::Sql => "`stream.sql.enable` true".to_owned(),
            Self::Merge => "`sink.merge.enable` true".to_owned(),
            Self::Checkpoints => "`stream.checkpoint.enable` true".to_owned(),
            Self::Quarantine => "`source.file.bad` quarantine".to_owned(),
            Self::MovedAfterCommit => "`source.after.commit` move".to_owned(),
            Self::BadRecordsTolerated => "`error.policy` skip or dead-letter".to_owned(),
            Self::DeadLetters => "`error.policy` dead-letter".to_owned(),
            Self::LetterTopic => "`error.dead-letter.topic`".to_owned(),
            Self::Objects => "paths that begin with `s3://`".to_owned(),
            Self::Hdfs => {
                "paths that begin with `hdfs://`, or without `stream.checkpoint.dir`".to_owned()
            }
            Self::Kerberos => {
                "`principal=` in `source.db.url`, `sasl.mechanism` GSSAPI of Kafka, paths that begin with `hdfs://`, or without `stream.checkpoint.dir`".to_owned()
            }
        })
    }
}

/// `a`, `a or b`, `a, b or c`.
pub(super) fn names<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<&str> = names.collect();
    match names.split_last() {
        None => String::new(),
        Some((last, [])) => (*last).to_owned(),
        Some((last, rest)) => format!("{} or {last}", rest.join(", ")),
    }
}

impl<T: FromOptionText> Parameter<T> {
    /// A parameter that may be left out, always has an effect, and is there since 0.1.0.
    pub(super) const fn new(group: Group, name: &'static str, meaning: &'static str) -> Self {
        Self {
            summary: ParameterSummary {
                name,
                type_name: T::TYPE_NAME,
                unit: None,
                default: DefaultValue::None,
                meaning,
                example: "",
                since: "0.1.0",
                group,
                scope: Scope::Always,
                check: check::<T>,
            },
            parse: T::from_option_text,
        }
    }

    pub(super) const fn default(mut self, text: &'static str) -> Self {
        self.summary.default = DefaultValue::Text(text);
        self
    }

    pub(super) const fn default_depends(mut self, words: &'static str) -> Self {
        self.summary.default = DefaultValue::Depends(words);
        self
    }

    pub(super) const fn required(mut self, when: &'static str) -> Self {
        self.summary.default = DefaultValue::Required(when);
        self
    }

    pub(super) const fn unit(mut self, unit: &'static str) -> Self {
        self.summary.unit = Some(unit);
        self
    }

    pub(super) const fn example(mut self, example: &'static str) -> Self {
        self.summary.example = example;
        self
    }

    pub(super) const fn only(mut self, scope: Scope) -> Self {
        self.summary.scope = scope;
        self
    }

    /// The definition without its type.
    pub(super) const fn summary(&self) -> ParameterSummary {
        self.summary
    }

    /// The name as given after `--`.
    pub(super) const fn name(&self) -> &'static str {
        self.summary.name
    }

    /// Reads `text` as a value: as it stands, else without the white space around it.
    ///
    /// # Errors
    /// Words that finish "which is not …".
    pub(super) fn read(&self, text: &str) -> Result<T, String> {
        (self.parse)(text).or_else(|_| (self.parse)(text.trim()))
    }
}

fn check<T: FromOptionText>(text: &str) -> Result<(), String> {
    T::from_option_text(text).map(drop)
}

impl ParameterSummary {
    /// Whether `given` is the name of this parameter.
    pub fn matches(&self, given: &str) -> bool {
        match self.name.strip_suffix('*') {
            Some(prefix) => given.len() > prefix.len() && given.starts_with(prefix),
            None => self.name == given,
        }
    }

    /// Whether `text` is a value of this parameter.
    ///
    /// # Errors
    /// Words that finish "which is not …".
    pub fn check(&self, text: &str) -> Result<(), String> {
        (self.check)(text).or_else(|_| (self.check)(text.trim()))
    }

    /// The environment variable that sets this parameter: `MILLSTREAM_INGEST_` and the name in capitals,
    /// each `.` and `-` as `_`.
    pub fn environment_variable(&self) -> String {
        environment_variable(self.name)
    }
}

/// The beginning of the environment variables that set parameters.
pub const ENVIRONMENT_PREFIX: &str = "MILLSTREAM_INGEST_";

pub(super) fn environment_variable(name: &str) -> String {
    format!(
        "{ENVIRONMENT_PREFIX}{}",
        name.to_ascii_uppercase().replace(['.', '-'], "_")
    )
}
