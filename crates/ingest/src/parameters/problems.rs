//! What is missing, contradictory or not there yet: all of it, not only the first.

use millstream_connectors::files_source::Charset;
use millstream_core::{Error, codes};
use millstream_sql::schema;

use super::choices::{
    AfterCommit, BadFile, ChangedFile, FileCompression, SinkFormat, SinkType, SourceType, WatchType,
};
use super::definition::names;
use super::given::Given;
use super::settings::SchemaText;
use super::{
    apart, contradiction, dead_letters, elasticsearch_sink, hive, kafka, kafka_sink, paths,
    resolve, table, unique,
};

/// Reports what is missing, contradictory or not there yet.
pub(super) fn of(given: &Given) -> Vec<Error> {
    let mut problems = Vec::new();
    problems.extend(types(given));
    problems.extend(missing(given));
    problems.extend(hive::of(given));
    problems.extend(kafka::of(given));
    problems.extend(kafka_sink::of(given));
    problems.extend(elasticsearch_sink::of(given));
    problems.extend(dead_letters::of(given));
    problems.extend(unique::problems(given));
    problems.extend(paths::of(given));
    problems.extend(apart::of(given));
    problems.extend(texts(given));
    problems.extend(contradictions(given));
    problems.extend(of_columns(given));
    problems
}

/// What files of columns can't be, as a source or as a sink.
fn of_columns(given: &Given) -> Vec<Error> {
    let mut problems = Vec::new();
    let source = given.get(&table::SOURCE_TYPE);
    if source.is_some_and(SourceType::is_columns)
        && given.get(&table::FILE_CHANGED) == Some(ChangedFile::Append)
    {
        let message =
            "source.file.changed is append, and nothing can be appended to a file of columns";
        let next = "give another --source.file.changed";
        problems.push(contradiction(message.to_owned(), next));
    }
    let format = given.get(&table::SINK_FORMAT);
    let format = format.filter(|_| given.get(&table::SINK_TYPE) == Some(SinkType::File));
    let compression = given.get(&table::SINK_FILE_COMPRESSION);
    if let (Some(format @ (SinkFormat::Parquet | SinkFormat::Orc)), Some(compression)) =
        (format, compression)
        && compression != FileCompression::None
    {
        let (format, compression) = (format.name(), compression.name());
        let message = format!(
            "sink.file.compression is {compression}, and {format} compresses what is in it"
        );
        problems.push(contradiction(
            message,
            "leave sink.file.compression out, or give --sink.format json or csv",
        ));
    }
    problems
}

fn types(given: &Given) -> Vec<Error> {
    let source = given
        .get(&table::SOURCE_TYPE)
        .filter(|source| !source.available());
    let sink = given
        .get(&table::SINK_TYPE)
        .filter(|sink| !sink.available());
    let works = |name: &str, value: &str, now: String| {
        Error::new(
            &codes::INGEST_UNSUPPORTED,
            format!("{name} {value} is planned and not there yet"),
        )
        .next(format!("what works now is {now}"))
    };
    let sources = SourceType::ALL.iter().filter(|source| source.available());
    let sinks = SinkType::ALL.iter().filter(|sink| sink.available());
    let source = source.map(|source| {
        works(
            table::SOURCE_TYPE.name(),
            source.name(),
            names(sources.map(|s| s.name())),
        )
    });
    let sink = sink.map(|sink| {
        works(
            table::SINK_TYPE.name(),
            sink.name(),
            names(sinks.map(|s| s.name())),
        )
    });
    source.into_iter().chain(sink).collect()
}

fn missing(given: &Given) -> Vec<Error> {
    let absent = |name: &str| given.origin(name).is_none();
    let mut problems = Vec::new();
    let mut miss = |message: String, next: &str| {
        problems.push(Error::new(&codes::INGEST_PARAMETERS, message).next(next));
    };
    if absent(table::SOURCE_TYPE.name()) {
        miss(
            "source.type is not given".to_owned(),
            "give --source.type csv, tsv, txt, parquet, orc, jdbc or kafka",
        );
    }
    let source = given.get(&table::SOURCE_TYPE);
    if absent(table::SOURCE_PATH.name()) && source.is_none_or(|s| SourceType::FILES.contains(&s)) {
        miss(
            "source.path is not given".to_owned(),
            "give the directory that is read: --source.path <directory>",
        );
    }
    if absent(table::SINK_PATH.name()) && given.get(&table::SINK_TYPE) == Some(SinkType::File) {
        miss(
            "sink.path is not given, with sink.type file".to_owned(),
            "give the directory that is written: --sink.path <directory>",
        );
    }
    if absent(table::FILE_BAD_PATH.name())
        && given.get(&table::FILE_BAD) == Some(BadFile::Quarantine)
    {
        miss(
            "source.file.bad.path is not given, with source.file.bad quarantine".to_owned(),
            "give the directory for files that can't be read: --source.file.bad.path <directory>",
        );
    }
    if absent(table::AFTER_COMMIT_PATH.name())
        && given.get(&table::AFTER_COMMIT) == Some(AfterCommit::Move)
    {
        miss(
            "source.after.commit.path is not given, with source.after.commit move".to_owned(),
            "give the directory for files that are done with: --source.after.commit.path <directory>",
        );
    }
    if resolve::sql_is_on(given)
        && !source.is_some_and(SourceType::tells_columns)
        && absent(table::SQL_SCHEMA.name())
        && absent(table::SQL_SCHEMA_JSON.name())
    {
        miss(
            if absent(table::SQL_ENABLE.name()) {
                "there is SQL, and no schema".to_owned()
            } else {
                "stream.sql.enable is true, and there is no schema".to_owned()
            },
            "give --stream.sql.schema.json '{\"column\": \"type\", …}' or --stream.sql.schema 'struct<column:type,…>'",
        );
    }
    problems
}

/// Texts that only their users can judge: the charset's name and the schema.
fn texts(given: &Given) -> Vec<Error> {
    let charset = given.get(&table::CHARSET);
    let charset = charset.and_then(|label| Charset::parse(&label).err());
    let charset = charset.map(|error| located(&error, table::CHARSET.name(), given));
    let schema = match resolve::schema(given) {
        None => None,
        Some(SchemaText::Struct(text)) => schema::from_parameters(Some(&text), None)
            .err()
            .map(|error| located(&error, table::SQL_SCHEMA.name(), given)),
        Some(SchemaText::Json(text)) => schema::from_parameters(None, Some(&text))
            .err()
            .map(|error| located(&error, table::SQL_SCHEMA_JSON.name(), given)),
    };
    charset.into_iter().chain(schema).collect()
}

/// The error of a text that was given as the parameter `name`.
fn located(error: &Error, name: &str, given: &Given) -> Error {
    let code = codes::ALL.iter().find(|code| code.id == error.code());
    let origin = given.origin(name).map(ToString::to_string);
    let message = error.message();
    let message = message
        .strip_prefix("schema: ")
        .or_else(|| message.strip_prefix("schema, "))
        .unwrap_or(message);
    let message = given.shown(name, message);
    let message = format!("{name}{}: {message}", origin.unwrap_or_default());
    Error::new(code.unwrap_or(&&codes::INGEST_PARAMETERS), message).next(error.next_step())
}

fn contradictions(given: &Given) -> Vec<Error> {
    let mut problems = Vec::new();
    let (field, line) = (
        given.get(&table::FIELD_DELIMITER),
        given.get(&table::LINE_DELIMITER),
    );
    let tab = given.get(&table::SOURCE_TYPE) == Some(SourceType::Tsv);
    let field = field.map_or(if tab { '\t' } else { ',' }, |delimiter| delimiter.0);
    let line = line.map(|line| line.0).unwrap_or_default();
    if line.contains(field) {
        let field = field.escape_default();
        let message = format!("source.line.delimiter holds the field delimiter `{field}`");
        problems.push(contradiction(message, "give two different delimiters"));
    }
    let quote = given.get(&table::QUOTE).and_then(|quote| quote.0);
    let escape = given.get(&table::ESCAPE).and_then(|escape| escape.0);
    for (name, sign) in [("source.quote", quote), ("source.escape", escape)] {
        if let Some(sign) = sign.filter(|sign| *sign == field || line.contains(*sign)) {
            let message = format!("{name} `{}` is also a delimiter", sign.escape_default());
            problems.push(contradiction(message, "give another one, or none"));
        }
    }
    let checkpoints = given.get(&table::CHECKPOINT_ENABLE);
    if checkpoints == Some(true)
        && given
            .get(&table::CHECKPOINT_INTERVAL)
            .is_some_and(|i| i.is_zero())
    {
        let message =
            "stream.checkpoint.interval is 0, and stream.checkpoint.enable true".to_owned();
        problems.push(contradiction(
            message,
            "give an interval, or --stream.checkpoint.enable false",
        ));
    }
    if checkpoints == Some(false)
        && given
            .get(&table::SOURCE_TYPE)
            .is_none_or(|source| SourceType::FILES.contains(&source) || hive::is_metastore(given))
        && given.get(&table::WATCH_TYPE) == Some(WatchType::ProcessContinuously)
    {
        let file = given.get(&table::SINK_TYPE) == Some(SinkType::File);
        let letters = dead_letters::are_files(given);
        let written = [
            (file, "sink.type file"),
            (letters, "error.policy dead-letter"),
        ];
        if let Some((_, what)) = written.into_iter().find(|(is_so, _)| *is_so) {
            let message = format!(
                "stream.checkpoint.enable is false, source.watch.type PROCESS_CONTINUOUSLY and {what}: files \
                 become visible at checkpoints, so none ever would"
            );
            let next = "leave checkpoints on, or give --source.watch.type PROCESS_ONCE";
            problems.push(contradiction(message, next));
        }
    }
    if given
        .get(&table::WATCH_INTERVAL)
        .is_some_and(|interval| interval.is_zero())
    {
        let message = format!("{} is 0", table::WATCH_INTERVAL.name());
        problems.push(contradiction(message, "give a time such as 1 s"));
    }
    let taken_away =
        given.get(&table::AFTER_COMMIT).unwrap_or(AfterCommit::Keep) != AfterCommit::Keep;
    if taken_away && given.get(&table::FILE_CHANGED) == Some(ChangedFile::Append) {
        let message = "source.file.changed is append, so no file is ever done with, and source.after.commit is not keep";
        problems.push(contradiction(message.to_owned(), "give one of them only"));
    }
    if taken_away && given.get(&table::CHECKPOINT_ENABLE) == Some(false) {
        let message = "source.after.commit is not keep, and stream.checkpoint.enable false: files are taken away behind checkpoints";
        problems.push(contradiction(message.to_owned(), "leave checkpoints on"));
    }
    for parameter in [
        &table::SPLIT_SIZE,
        &table::RECORD_MAX_SIZE,
        &table::SINK_ROLLING_SIZE,
    ] {
        if given.get(parameter).is_some_and(|size| size.0 == 0) {
            let message = format!("{} is 0", parameter.name());
            problems.push(contradiction(message, "give a size such as 32 mb"));
        }
    }
    problems
}
