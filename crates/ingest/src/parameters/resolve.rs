//! From what was given to settings. What is missing or wrong is found by [`super::problems`].

use std::time::Duration;

use millstream_connectors::files_source::{
    AfterCommit, Bad, Changed, Intake, Lost, OtherDirectory, Tidy,
};

use millstream_connectors::hive::MetastoreUrl;
use millstream_connectors::kafka::{Properties, Topics};
use millstream_core::options::FromOptionText;

use super::checks::{Check, Rules};
use super::choices::{
    self, BadFile, ChangedFile, ErrorPolicy, LostFile, OtherPath, SinkType, SourceType, WatchType,
};
use super::definition::Parameter;
use super::given::Given;
use super::job_options::JobOptions;
use super::places::place;
use super::settings::{
    BadRecordLimits, BadRecords, ColumnSource, DeadLetters, FileSinkSettings, IngestSettings,
    KafkaSettings, MergeSettings, SchemaText, SinkSettings, SourceSettings, SqlSettings,
    TableSource, TextSource,
};
use super::{dead_letters, elasticsearch_sink, hive, kafka_sink, kerberos, table, unique};

/// The settings; `None` where a value is missing or wrong, which [`super::problems`] reports.
pub(super) fn settings(given: &Given) -> Option<IngestSettings> {
    Some(IngestSettings {
        source: source(given)?,
        unique: unique::settings(given)?,
        sql: sql(given)?,
        merge: merge(given)?,
        sink: sink(given)?,
        sink_parallelism: given.get(&table::SINK_PARALLELISM).map(|number| number.0),
        errors: bad_records(given)?,
        checks: checks(given),
        options: JobOptions::new(given),
    })
}

fn source(given: &Given) -> Option<SourceSettings> {
    match given.get(&table::SOURCE_TYPE)? {
        SourceType::Kafka | SourceType::KafkaDeduplication => {
            kafka(given).map(SourceSettings::Kafka)
        }
        SourceType::Jdbc if hive::is_metastore(given) => {
            table_of_hive(given).map(|table| SourceSettings::Table(Box::new(table)))
        }
        SourceType::Jdbc => hive::options(given).map(|hive| SourceSettings::Hive(Box::new(hive))),
        format if format.is_columns() => columns(given, format).map(SourceSettings::Columns),
        format => text(given, format).map(SourceSettings::Text),
    }
}

fn kafka(given: &Given) -> Option<KafkaSettings> {
    let delimiter = given.get(&table::FIELD_DELIMITER);
    Some(KafkaSettings {
        brokers: given.get(&table::SOURCE_BROKERS)?,
        topics: match given.get(&table::SOURCE_TOPIC_PATTERN) {
            Some(pattern) => Topics::Pattern(pattern),
            None => Topics::Names(given.get(&table::SOURCE_TOPIC)?.0),
        },
        group: given.get(&table::GROUP_ID)?,
        reset: given.get(&table::OFFSET_RESET)?,
        end: given.get(&table::SOURCE_END)?,
        lost: given.get(&table::SOURCE_LOST)?,
        discovery: given
            .get(&table::PARTITION_DISCOVERY)
            .and_then(|interval| interval.0),
        properties: Properties::of_java(&kerberos::properties(given, &table::SOURCE_NATIVE))
            .ok()?,
        format: given.get(&table::SOURCE_FORMAT)?,
        field_delimiter: delimiter.map_or(',', |delimiter| delimiter.0),
        quote: given.get(&table::QUOTE)?.0,
        escape: given.get(&table::ESCAPE)?.0,
        schema: schema(given),
    })
}

fn text(given: &Given, format: SourceType) -> Option<TextSource> {
    let delimiter = given
        .get(&table::FIELD_DELIMITER)
        .map(|delimiter| delimiter.0);
    let usual = if format == SourceType::Tsv { '\t' } else { ',' };
    Some(TextSource {
        format,
        path: place(&given.get(&table::SOURCE_PATH)?).ok()?,
        watch_interval: watch_interval(given)?,
        intake: intake(given)?,
        first_line_schema: given.get(&table::FIRST_LINE_SCHEMA)?,
        line_delimiter: given.get(&table::LINE_DELIMITER)?.0,
        field_delimiter: delimiter.unwrap_or(usual),
        quote: given.get(&table::QUOTE)?.0,
        escape: given.get(&table::ESCAPE)?.0,
        charset: given.get(&table::CHARSET)?,
        split_size: given.get(&table::SPLIT_SIZE)?.0,
        record_max_size: given.get(&table::RECORD_MAX_SIZE)?.0,
        schema: schema(given),
        skip_lines: given.get(&table::SKIP_LINES)?,
        comment: given.get(&table::COMMENT),
        tidy: Tidy {
            trim: given.get(&table::TRIM)?,
            nulls: given
                .get(&table::NULLS)
                .map_or_else(Vec::new, |names| names.0),
        },
    })
}

fn table_of_hive(given: &Given) -> Option<TableSource> {
    Some(TableSource {
        url: MetastoreUrl::parse(&given.get(&table::DB_URL)?).ok()?,
        keys: kerberos::keys(given),
        table: given.get(&table::DB_TABLE)?,
        filter: given.get(&table::DB_PARTITION_FILTER),
        watch_interval: watch_interval(given)?,
        intake: intake(given)?,
        split_size: given.get(&table::SPLIT_SIZE)?.0,
    })
}

fn columns(given: &Given, format: SourceType) -> Option<ColumnSource> {
    Some(ColumnSource {
        format,
        path: place(&given.get(&table::SOURCE_PATH)?).ok()?,
        watch_interval: watch_interval(given)?,
        intake: intake(given)?,
        split_size: given.get(&table::SPLIT_SIZE)?.0,
        schema: schema(given),
    })
}

/// How often a directory is looked at that is watched; `Some(None)`: it isn't.
fn watch_interval(given: &Given) -> Option<Option<Duration>> {
    match given.get(&table::WATCH_TYPE)? {
        WatchType::ProcessContinuously => given.get(&table::WATCH_INTERVAL).map(Some),
        WatchType::ProcessOnce => Some(None),
    }
}

fn intake(given: &Given) -> Option<Intake> {
    let path = |parameter: &Parameter<String>| {
        let text = given.get(parameter)?;
        place(&text).ok()
    };
    let bad = match given.get(&table::FILE_BAD) {
        None => None,
        Some(BadFile::Fail) => Some(Bad::Fail),
        Some(BadFile::Skip) => Some(Bad::Skip),
        Some(BadFile::Quarantine) => Some(Bad::Quarantine(path(&table::FILE_BAD_PATH)?)),
    };
    Some(Intake {
        settle: given.get(&table::FILE_SETTLE),
        changed: match given.get(&table::FILE_CHANGED) {
            // An `insert overwrite` writes files of the same names and others: where those that were read are passed over, and the
            // others are not, rows are of two versions of the table.
            None if hive::is_metastore(given) => Changed::Fail,
            None | Some(ChangedFile::Ignore) => Changed::Ignore,
            Some(ChangedFile::Reread) => Changed::Reread,
            Some(ChangedFile::Append) => Changed::Append,
            Some(ChangedFile::Fail) => Changed::Fail,
        },
        bad,
        lost: match given.get(&table::FILE_LOST)? {
            LostFile::Fail => Lost::Fail,
            LostFile::Skip => Lost::Skip,
        },
        after_commit: match given.get(&table::AFTER_COMMIT)? {
            choices::AfterCommit::Keep => AfterCommit::Keep,
            choices::AfterCommit::Move => AfterCommit::Move(path(&table::AFTER_COMMIT_PATH)?),
            choices::AfterCommit::Delete => AfterCommit::Delete,
        },
        forget: given.get(&table::FILE_FORGET)?,
        other: match given.get(&table::PATH_OTHER)? {
            OtherPath::Fail => OtherDirectory::Fail,
            OtherPath::Accept => OtherDirectory::Accept,
        },
    })
}

/// The text of the schema that counts, if there is one.
pub(super) fn schema(given: &Given) -> Option<SchemaText> {
    if let Some(json) = given.get(&table::SQL_SCHEMA_JSON) {
        return Some(SchemaText::Json(json));
    }
    // As in the CSP operator this form belongs to SQL alone.
    let sql = sql_is_on(given);
    given
        .get(&table::SQL_SCHEMA)
        .filter(|_| sql)
        .map(SchemaText::Struct)
}

/// Whether records go through SQL: as was said, else from Kafka where there is SQL or a schema, as in the CSP operator,
/// whose `kafka` is its job for SQL.
pub(super) fn sql_is_on(given: &Given) -> bool {
    given.get(&table::SQL_ENABLE).unwrap_or_else(|| {
        let told = [
            table::SQL.name(),
            table::SQL_TABLE.name(),
            table::SQL_SCHEMA.name(),
            table::SQL_SCHEMA_JSON.name(),
        ];
        let source = given.get(&table::SOURCE_TYPE);
        source.is_some_and(SourceType::is_kafka)
            && told.iter().any(|name| given.origin(name).is_some())
    })
}

fn sql(given: &Given) -> Option<Option<SqlSettings>> {
    if !sql_is_on(given) {
        return Some(None);
    }
    let table = given.get(&table::SQL_TABLE)?;
    let query = given
        .get(&table::SQL)
        .unwrap_or_else(|| format!("select * from {table}"));
    let hidden = given.hidden(&[
        table::SQL.name(),
        table::SQL_TABLE.name(),
        table::SQL_SCHEMA.name(),
        table::SQL_SCHEMA_JSON.name(),
    ]);
    Some(Some(SqlSettings {
        table,
        query,
        hidden,
    }))
}

fn merge(given: &Given) -> Option<Option<MergeSettings>> {
    if !given.get(&table::MERGE_ENABLE)? {
        return Some(None);
    }
    let field = given.get(&table::MERGE_NESTED_FIELD)?;
    let exclude = given.get(&table::MERGE_EXCLUDE_FIELDS)?.0;
    let exclude_given = given.origin(table::MERGE_EXCLUDE_FIELDS.name()).is_some();
    Some(Some(MergeSettings {
        field,
        exclude,
        exclude_given,
    }))
}

fn sink(given: &Given) -> Option<SinkSettings> {
    match given.get(&table::SINK_TYPE)? {
        SinkType::File => Some(SinkSettings::File(FileSinkSettings {
            path: place(&given.get(&table::SINK_PATH)?).ok()?,
            format: given.get(&table::SINK_FORMAT)?,
            compression: given.get(&table::SINK_FILE_COMPRESSION)?,
            partition: given
                .get(&table::SINK_PARTITION_COLUMNS)
                .map_or_else(Vec::new, |names| names.0),
            rolling_size: given.get(&table::SINK_ROLLING_SIZE)?.0,
        })),
        SinkType::Print => Some(SinkSettings::Print),
        SinkType::Kafka => {
            kafka_sink::options(given).map(|kafka| SinkSettings::Kafka(Box::new(kafka)))
        }
        SinkType::Es => {
            elasticsearch_sink::options(given).map(|es| SinkSettings::Elasticsearch(Box::new(es)))
        }
    }
}

fn checks(given: &Given) -> Vec<Check> {
    let texts = given.under(&table::CHECK).into_iter();
    let checks = texts.filter_map(|(column, text)| {
        let Rules(rules) = Rules::from_option_text(&text).ok()?;
        Some(Check { column, rules })
    });
    checks.collect()
}

fn bad_records(given: &Given) -> Option<BadRecords> {
    let limits = BadRecordLimits {
        count: given.get(&table::ERROR_MAX_COUNT),
        ratio: given.get(&table::ERROR_MAX_RATIO).map(|ratio| ratio.0),
    };
    Some(match given.get(&table::ERROR_POLICY)? {
        ErrorPolicy::Fail => BadRecords::Fail,
        ErrorPolicy::Skip => BadRecords::Skip(limits),
        ErrorPolicy::DeadLetter => {
            let letters = match given.get(&table::DEAD_LETTER_TOPIC) {
                Some(topic) => dead_letters::topic(given, topic)?,
                None => DeadLetters::Files(place(&given.get(&table::DEAD_LETTER_PATH)?).ok()?),
            };
            BadRecords::DeadLetter {
                place: letters,
                limits,
            }
        }
    })
}
