//! Files as a source, and what happens with their bad records.

use std::time::Duration;

use millstream_connectors::kafka::Create;
use millstream_core::MemorySize;

use crate::parameters::choices::{ErrorPolicy, SourceType, WatchType};
use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};
use crate::parameters::delimiter::{Escape, FieldDelimiter, LineDelimiter, Quote};
use crate::parameters::value::Ratio;

const FILES: Scope = Scope::Source(SourceType::FILES);
const TEXT: Scope = Scope::Source(SourceType::TEXT);
/// Files of text, and messages of Kafka that are CSV.
const DELIMITED: Scope = Scope::Source(SourceType::DELIMITED);

parameters! {
    SOURCE_TYPE: SourceType = Parameter::new(Group::Source, "source.type",
        "Where records come from. kafka_deduplication is kafka without records that were there before. \
         jdbc is Hive.")
        .required("").example("csv");
    SOURCE_PATH: String = Parameter::new(Group::Source, "source.path",
        "Directory whose files are read, or one file: a path, a file: URL, or `s3://bucket/key` for objects. All files have the same columns; \
         directories within it are not read (`source.file.bad`); names that begin with `_` or `.` are left out; text in `.gz` \
         and `.zst` is decompressed.")
        .required("for files").only(FILES).example("/data/orders");
    WATCH_TYPE: WatchType = Parameter::new(Group::Source, "source.watch.type",
        "PROCESS_CONTINUOUSLY: read what is there and every file that comes (of a table: every partition, too), until the job is stopped. \
         PROCESS_ONCE: read what is there, then finish.")
        .default("PROCESS_CONTINUOUSLY").only(Scope::Files).example("PROCESS_ONCE");
    WATCH_INTERVAL: Duration = Parameter::new(Group::Source, "source.watch.interval",
        "Time between two looks for new files in `source.path`, or for new partitions and files of a table; not 0.")
        .default("60000").unit("ms").only(Scope::Watching).example("5000");
    FIRST_LINE_SCHEMA: bool = Parameter::new(Group::Source, "source.firstLine.schema",
        "Whether the first line of every file names the columns. If not, and without a schema, they are named \
         `_col0`, `_col1` and so on.")
        .default("false").only(TEXT).example("true");
    LINE_DELIMITER: LineDelimiter = Parameter::new(Group::Source, "source.line.delimiter",
        "What ends a record: characters, escapes or ASCII codes, see Delimiters. With `\\n` a `\\r` before it \
         belongs to the end of the line. auto: `\\n`, `\\r\\n` and `\\r` each end a record.")
        .default("\\n").only(TEXT).example("\\r\\n");
    FIELD_DELIMITER: FieldDelimiter = Parameter::new(Group::Source, "source.field.delimiter",
        "What stands between two fields: one character, an escape or an ASCII code, see Delimiters.")
        .default_depends("`,`; for tsv `\\t`").only(DELIMITED).example("\\u0001");
    QUOTE: Quote = Parameter::new(Group::Source, "source.quote",
        "What stands around a field that holds delimiters or line ends; twice in it for itself. none: quotes are \
         characters like any other, as in text files of Hive.")
        .default("\"").only(DELIMITED).example("none");
    ESCAPE: Escape = Parameter::new(Group::Source, "source.escape",
        "Behind this character any other means itself, in quotes and outside: a quote, a delimiter, a line end (one of two \
         characters where `source.line.delimiter` is `\\r\\n`). none: there is no such character.")
        .default("none").only(DELIMITED).example("\\\\");
    CHARSET: String = Parameter::new(Group::Source, "source.charset",
        "Encoding of the files, by any label of the WHATWG Encoding Standard (UTF-8, GBK, GB18030, Big5, \
         Shift_JIS, UTF-16LE, ISO-8859-1, …) or any name that Java has for one of them (UTF_8, MS936, …).")
        .default("UTF-8").only(TEXT).example("GBK");
    SPLIT_SIZE: MemorySize = Parameter::new(Group::Source, "source.split.size",
        "Files larger than this are cut into ranges of this size that subtasks read side by side. Compressed text \
         is never cut; of Parquet and ORC a row group or stripe is the least that is read alone. Smaller spreads better over \
         subtasks, larger costs less to look after.")
        .default("32 mb").unit("bytes").only(Scope::Files).example("64 mb");
    RECORD_MAX_SIZE: MemorySize = Parameter::new(Group::Source, "source.record.max.size",
        "A record longer than this is a bad record. One that has no end within twice this (at least 512 kb more) fails \
         the job, so it bounds the memory that a quote without its end can take.")
        .default("64 mb").unit("bytes").only(TEXT).example("8 mb");

    ERROR_POLICY: ErrorPolicy = Parameter::new(Group::Errors, "error.policy",
        "What happens with a bad record: a wrong number of columns, a quote that does not close or has text behind it, bytes that are not of the charset, a value that \
         does not fit its type, more bytes than `source.record.max.size`, SQL that fails on it. fail: the job fails and names the record. skip: it is left out \
         and counted. dead-letter: it is written to `error.dead-letter.path` or `error.dead-letter.topic` and counted.")
        .default("fail").example("dead-letter");
    DEAD_LETTER_PATH: String = Parameter::new(Group::Errors, "error.dead-letter.path",
        "Directory for bad records, or `s3://bucket/key`, one JSON object a line, see Dead letters. Written under the same checkpoints as the \
         output.")
        .required("with `error.policy` dead-letter, or `error.dead-letter.topic`").only(Scope::DeadLetters).example("/data/orders-bad");
    DEAD_LETTER_TOPIC: String = Parameter::new(Group::Errors, "error.dead-letter.topic",
        "Topic of Kafka for bad records, instead of `error.dead-letter.path`: the record as it came, with what is wrong in headers, see \
         Dead letters. Where the sink is Kafka and no brokers or properties are given for dead letters they are written by the sink, in \
         the transactions of the output; else by a sink of their own, under the same checkpoints.")
        .only(Scope::DeadLetters).example("orders-bad");
    DEAD_LETTER_BROKERS: String = Parameter::new(Group::Errors, "error.dead-letter.kafka.brokers",
        "Addresses of some brokers of that topic, separated by commas.")
        .default_depends("`sink.kafka.brokers`, else `source.kafka.brokers`").only(Scope::LetterTopic).example("kafka:9092");
    DEAD_LETTER_CREATE: Create = Parameter::new(Group::Errors, "error.dead-letter.kafka.create",
        "How that topic is made where it is missing, as `sink.kafka.create`. false: the job is refused.")
        .default("false").only(Scope::LetterTopic).example("partitions=1,replication=3");
    DEAD_LETTER_NATIVE: String = Parameter::new(Group::Errors, "error.dead-letter.kafka.*",
        "Any property of Kafka's producer for that topic, by its name in Java, after `error.dead-letter.kafka.`. With the brokers of the \
         sink its properties hold where none is given here; with those of the source its properties of security do.")
        .only(Scope::LetterTopic).example("error.dead-letter.kafka.security.protocol SASL_SSL");
    ERROR_MAX_COUNT: u64 = Parameter::new(Group::Errors, "error.max.count",
        "More bad records than this fail the job, counted since its first start. Not given: no limit.")
        .only(Scope::BadRecordsTolerated).example("1000");
    ERROR_MAX_RATIO: Ratio = Parameter::new(Group::Errors, "error.max.ratio",
        "A larger part of bad records among all records that were read fails the job. Looked at from 1,000 records on and at the \
         end of the input. Not given: no limit.")
        .only(Scope::BadRecordsTolerated).example("0.01");
}
