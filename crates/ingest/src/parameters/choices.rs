//! Parameters with a fixed set of values. Values are read without regard to case, and `-` and `_`
//! mean the same.

use millstream_core::options::FromOptionText;

macro_rules! choices {
    ($($(#[$doc:meta])* $seen:vis $name:ident {
        $(#[$first_doc:meta])* $first:ident = $first_text:literal,
        $($(#[$variant_doc:meta])* $variant:ident = $text:literal,)*
    })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        $seen enum $name {
            $(#[$first_doc])* $first,
            $($(#[$variant_doc])* $variant,)*
        }

        impl $name {
            /// Every value.
            $seen const ALL: &[Self] = &[Self::$first, $(Self::$variant),*];

            /// The value as it is given.
            $seen fn name(self) -> &'static str {
                match self {
                    Self::$first => $first_text,
                    $(Self::$variant => $text,)*
                }
            }
        }

        impl FromOptionText for $name {
            const TYPE_NAME: &'static str = concat!("one of ", $first_text, $(", ", $text),*);

            fn from_option_text(text: &str) -> Result<Self, String> {
                let wanted = plain(text);
                let found = Self::ALL.iter().find(|choice| plain(choice.name()) == wanted);
                found.copied().ok_or_else(|| Self::TYPE_NAME.to_owned())
            }
        }
    )*};
}

fn plain(text: &str) -> String {
    text.to_ascii_lowercase().replace('-', "_")
}

choices! {
    /// `source.type`: where records come from.
    pub SourceType {
        /// Text with `,` between the fields.
        Csv = "csv",
        /// Text with a tab between the fields.
        Tsv = "tsv",
        /// Text with `,` between the fields unless said otherwise.
        Txt = "txt",
        /// Parquet files.
        Parquet = "parquet",
        /// ORC files.
        Orc = "orc",
        /// A database: Hive.
        Jdbc = "jdbc",
        /// Kafka.
        Kafka = "kafka",
        /// Kafka without records whose keys were seen before.
        KafkaDeduplication = "kafka_deduplication",
    }
    /// `sink.type`: where records go.
    pub SinkType {
        /// Files in a directory.
        File = "file",
        /// Lines on standard output.
        Print = "print",
        /// Kafka.
        Kafka = "kafka",
        /// Elasticsearch or OpenSearch.
        Es = "es",
    }
    /// `source.watch.type`: whether the job ends with the files that are there.
    pub(super) WatchType {
        /// Read what is there and what comes, until the job is stopped.
        ProcessContinuously = "PROCESS_CONTINUOUSLY",
        /// Read what is there, then finish.
        ProcessOnce = "PROCESS_ONCE",
    }
    /// `source.file.changed`: what happens with a file that changed after it was read.
    pub(super) ChangedFile {
        /// Report it and leave it.
        Ignore = "ignore",
        /// Read it again from its start.
        Reread = "reread",
        /// Read on behind what was read.
        Append = "append",
        /// Fail the job.
        Fail = "fail",
    }
    /// `source.file.bad`: what happens with what can't be read as a file.
    pub(super) BadFile {
        /// The job fails.
        Fail = "fail",
        /// It is left where it is and counted.
        Skip = "skip",
        /// It is moved away and counted.
        Quarantine = "quarantine",
    }
    /// `source.file.lost`: what happens when a file is gone before it was read to its end.
    pub(super) LostFile {
        /// The job fails.
        Fail = "fail",
        /// The job goes on without.
        Skip = "skip",
    }
    /// `source.after.commit`: what happens with a file that is done with.
    pub(super) AfterCommit {
        /// It stays.
        Keep = "keep",
        /// It is moved away.
        Move = "move",
        /// It is deleted.
        Delete = "delete",
    }
    /// `source.path.other`: what happens when no file of a snapshot is there.
    pub(super) OtherPath {
        /// The job fails.
        Fail = "fail",
        /// What is there is read.
        Accept = "accept",
    }
    /// `error.policy`: what happens with a bad record.
    pub(super) ErrorPolicy {
        /// The job fails.
        Fail = "fail",
        /// It is counted and left out.
        Skip = "skip",
        /// It is counted and written to the dead letters.
        DeadLetter = "dead-letter",
    }
    /// `sink.format`: how records are written to files.
    pub SinkFormat {
        /// One JSON object a line.
        Json = "json",
        /// CSV with a first line of names.
        Csv = "csv",
        /// Parquet.
        Parquet = "parquet",
        /// ORC.
        Orc = "orc",
    }
    /// `sink.file.compression`: how files of text are compressed.
    pub FileCompression {
        /// They are not.
        None = "none",
        /// As gzip does it.
        Gzip = "gzip",
        /// As Zstandard does it.
        Zstd = "zstd",
    }
    /// `stream.checkpoint.type`: the state backend.
    pub(super) CheckpointType {
        /// State in memory.
        Memory = "memory",
        /// State in memory.
        Fs = "fs",
        /// State in RocksDB (planned; until then in memory).
        Rocksdb = "rocksdb",
    }
    /// `stream.checkpoint.mode`.
    pub(super) CheckpointMode {
        /// Records may come again after a failure.
        AtLeastOnce = "AT_LEAST_ONCE",
        /// Each record counts once.
        ExactlyOnce = "EXACTLY_ONCE",
    }
    /// `source.db.type`.
    pub(super) DatabaseType {
        /// Apache Hive, over HiveServer2.
        Hive = "hive",
        /// Tables of Hive, by the metastore and their files.
        HiveMetastore = "hive-metastore",
    }
    /// `source.kafka.version`, `sink.kafka.version`.
    pub(super) KafkaVersion {
        /// 0.9.
        V09 = "0.9",
        /// 0.10.
        V010 = "0.10",
        /// 0.11.
        V011 = "0.11",
    }
    /// `source.kafka.format`: what the value of a message is.
    pub KafkaFormat {
        /// A JSON object.
        Json = "json",
        /// One record of delimited text.
        Csv = "csv",
        /// Text.
        Text = "text",
    }
    /// `unique.time`: what the time of a record is taken from, where records are deduplicated.
    pub UniqueTime {
        /// The record's own timestamp.
        Record = "record",
        /// The clock, when it is read.
        Clock = "clock",
    }
    /// `unique.null`: what happens with a record of which a part of the key is null or missing.
    pub UniqueNull {
        /// It goes on, and is the same as no other.
        Pass = "pass",
        /// Null is a value like any other.
        Value = "value",
    }
    /// `sink.es.bulk.flush.backoff.type`.
    pub(super) BackoffType {
        /// The same wait each time.
        Constant = "CONSTANT",
        /// Each wait longer than the one before.
        Exponential = "EXPONENTIAL",
    }
}

impl SourceType {
    /// The text types: `csv`, `tsv`, `txt`.
    pub const TEXT: &[Self] = &[Self::Csv, Self::Tsv, Self::Txt];
    /// The types that read a directory of files.
    pub const FILES: &[Self] = &[Self::Csv, Self::Tsv, Self::Txt, Self::Parquet, Self::Orc];

    /// The types that may hold delimited text.
    pub const DELIMITED: &[Self] = &[
        Self::Csv,
        Self::Tsv,
        Self::Txt,
        Self::Kafka,
        Self::KafkaDeduplication,
    ];
    /// The types that read Kafka.
    pub const KAFKA: &[Self] = &[Self::Kafka, Self::KafkaDeduplication];
    /// The types that read files of columns.
    pub const COLUMNS: &[Self] = &[Self::Parquet, Self::Orc];
    /// The types whose columns a schema may tell.
    pub const WITH_SCHEMA: &[Self] = &[
        Self::Csv,
        Self::Tsv,
        Self::Txt,
        Self::Parquet,
        Self::Orc,
        Self::Kafka,
        Self::KafkaDeduplication,
    ];

    /// Whether it reads Kafka.
    pub fn is_kafka(self) -> bool {
        Self::KAFKA.contains(&self)
    }

    /// Whether what it reads tells its columns and their types.
    pub fn tells_columns(self) -> bool {
        self.is_columns() || self == Self::Jdbc
    }

    /// Whether it reads files that hold their columns and their types.
    pub fn is_columns(self) -> bool {
        Self::COLUMNS.contains(&self)
    }

    /// Whether this source can be used now.
    pub fn available(self) -> bool {
        Self::FILES.contains(&self) || self.is_kafka() || self == Self::Jdbc
    }
}

impl SinkType {
    /// Whether this sink can be used now.
    pub fn available(self) -> bool {
        matches!(self, Self::File | Self::Print | Self::Kafka | Self::Es)
    }
}
