//! Where records come from, and the SQL over their columns.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use arrow::datatypes::{Schema, SchemaRef};
use millstream::{DataStream, Environment};
use millstream_connectors::files_source::{
    Charset, ColumnFileOptions, ColumnFileSource, ColumnFormat, FileSource, FileSourceOptions,
    Format, ReadSizes, Watch,
};
use millstream_connectors::hive::{
    HiveSource, HiveSourceOptions, HiveTableOptions, HiveTableSource, Login,
};
use millstream_connectors::kafka::{
    AROUND, KafkaSource, KafkaSourceOptions, LetterSource, ValueFormat, text_schema,
};
use millstream_connectors::rows::{Parsed, json_schema};
use millstream_core::columns::INEXACT_DECIMAL;
use millstream_core::{Error, ErrorKind, Result, book, codes};
use millstream_engine::connector::StateEntry;
use millstream_sql::{Query, schema};

use super::around::{Around, fields_besides};
use super::check;
use super::conditions::conditions;
use super::deduplicate;
use super::remotes::Remotes;
use crate::parameters::{
    ColumnSource, IngestSettings, KafkaFormat, KafkaSettings, SchemaText, SinkSettings,
    SourceSettings, SourceType, TableSource, TextSource, UniqueSettings,
};

/// The id by which the source finds its state.
pub(super) const UID: &str = "source";

/// Looks in the snapshot that the job goes on from for what its source has noted there.
type Restored<'a> = &'a dyn Fn() -> Result<Vec<StateEntry>>;

/// A source whose columns are known, or will be.
pub(super) enum Planned {
    Files(&'static str, Box<FileSource>),
    Columns(&'static str, Box<ColumnFileSource>),
    Kafka(KafkaSource),
    Hive(HiveSource),
    Table(Box<HiveTableSource>),
    /// Dead letters in the place of either.
    Letters(LetterSource),
}

/// Where records come from, and what they go through first.
pub(super) struct Plan<'a> {
    pub(super) source: Planned,
    /// The SQL over its columns.
    pub(super) query: Option<Query>,
    /// What goes past the SQL.
    pub(super) around: Around,
    pub(super) unique: Option<Unique<'a>>,
    /// The columns that go on behind the rules of columns, among those that are read; `None`: all.
    pub(super) checked: Option<Vec<usize>>,
}

/// How records that were there before are left out.
pub(super) struct Unique<'a> {
    pub(super) settings: &'a UniqueSettings,
    /// The columns that go on, among those that are read; `None`: all.
    pub(super) wanted: Option<Vec<usize>>,
}

/// The source, of which only those columns are decoded that the SQL reads or that records are told apart by. With `letters` the
/// dead letters in that file are in its place.
pub(super) fn plan<'a>(
    settings: &'a IngestSettings,
    letters: Option<&Path>,
    remotes: &Remotes,
    restored: Restored<'_>,
) -> Result<Plan<'a>> {
    let to_kafka = matches!(settings.sink, SinkSettings::Kafka(_));
    let Opened {
        source,
        besides,
        untold,
    } = opened(settings, letters, remotes, restored)?;
    let unique = |wanted| {
        let settings = settings.unique.as_ref();
        settings.map(|settings| Unique { settings, wanted })
    };
    let Some(sql) = &settings.sql else {
        return Ok(Plan {
            source: source.with_all_columns()?,
            query: None,
            around: Around::default(),
            unique: unique(None),
            checked: None,
        });
    };
    let columns = source.schema();
    let columns = columns.ok_or_else(|| untold.unwrap_or_else(|| no_columns(settings)))?;
    // Those that nobody has named are none of the table's.
    let named = columns
        .fields()
        .iter()
        .filter(|field| !besides.contains(field.name()));
    let table = Schema::new(named.cloned().collect::<Vec<_>>());
    let query = Query::plan(&sql.query, &sql.table, &table);
    let query = query.map_err(|error| sql.hidden.hide_in(error))?;
    let mut needed = query.columns_needed().to_vec();
    let around = match &settings.source {
        SourceSettings::Kafka(_) if to_kafka => around(&columns, &query, &mut needed),
        SourceSettings::Kafka(_)
        | SourceSettings::Text(_)
        | SourceSettings::Columns(_)
        | SourceSettings::Hive(_)
        | SourceSettings::Table(_) => Around::default(),
    };
    let mut read = needed.clone();
    if let Some(settings) = &settings.unique {
        read.extend(deduplicate::columns_of(settings, &columns)?);
    }
    read.extend(check::columns_of(&settings.checks, &columns)?);
    if read.len() > needed.len() {
        read.sort_unstable();
        read.dedup();
    }
    let place = |column: &usize| read.binary_search(column).ok();
    let wanted = (read != needed).then(|| needed.iter().filter_map(place).collect());
    // Whoever comes last takes the columns away that were read for it.
    let checked = wanted.clone().filter(|_| settings.unique.is_none());
    // Rules are held against rows behind the source: one that is not read would break none.
    let of_rows = settings.checks.is_empty();
    Ok(Plan {
        source: source.with_projection(read)?.with_query(&query, of_rows),
        unique: unique(wanted),
        checked,
        query: Some(query),
        around,
    })
}

/// A source as it is opened.
struct Opened {
    source: Planned,
    /// The names of the columns that it reads besides those of the schema.
    besides: Vec<String>,
    /// Why it is not known what the job has read so far, if that is so.
    untold: Option<Error>,
}

fn opened(
    settings: &IngestSettings,
    letters: Option<&Path>,
    remotes: &Remotes,
    restored: Restored<'_>,
) -> Result<Opened> {
    let to_kafka = matches!(settings.sink, SinkSettings::Kafka(_));
    let keep_raw = settings.errors.keeps_records();
    let mut besides = Vec::new();
    let mut untold = None;
    let source = match &settings.source {
        SourceSettings::Text(text) => match letters {
            None => Planned::Files(text.format.name(), Box::new(open(text, keep_raw, remotes)?)),
            Some(letters) => Planned::Letters(letters_of(text, letters, remotes)?),
        },
        SourceSettings::Columns(columns) => match letters {
            None => {
                let (source, why) = open_columns(columns, remotes, restored)?;
                untold = why;
                Planned::Columns(columns.format.name(), Box::new(source))
            }
            Some(_) => return Err(no_letters(columns.format)),
        },
        SourceSettings::Hive(hive) => match letters {
            None => Planned::Hive(open_hive(hive)?),
            Some(_) => return Err(no_letters(SourceType::Jdbc)),
        },
        SourceSettings::Table(table) => match letters {
            None => Planned::Table(Box::new(open_table(table, keep_raw, remotes)?)),
            Some(_) => return Err(no_letters(SourceType::Jdbc)),
        },
        SourceSettings::Kafka(kafka) => {
            let (source, more) = kafka_source(kafka, to_kafka, keep_raw)?;
            besides = more;
            match letters {
                None => Planned::Kafka(source),
                Some(letters) => Planned::Letters(source.letters(letters)?),
            }
        }
    };
    Ok(Opened {
        source,
        besides,
        untold,
    })
}

/// How the error ends of a job whose first file would name its columns.
pub(crate) const NO_FILE_YET: &str = "holds no file yet";

/// The error of SQL over columns that nobody knows.
fn no_columns(settings: &IngestSettings) -> Error {
    let place = match &settings.source {
        SourceSettings::Text(text) => text.path.display().to_string(),
        SourceSettings::Columns(columns) => columns.path.display().to_string(),
        SourceSettings::Kafka(_) | SourceSettings::Hive(_) | SourceSettings::Table(_) => {
            "the source".to_owned()
        }
    };
    Error::new(
        &codes::INGEST_PARAMETERS,
        format!("the columns that stream.sql reads are not known: {place} {NO_FILE_YET}"),
    )
    .next("give stream.sql.schema or stream.sql.schema.json, or put a file there first")
}

/// What goes past a query: what stands around a message, unless the query itself answers a column of that name.
/// Adds to the columns that are `wanted` what is not among them.
fn around(columns: &Schema, query: &Query, wanted: &mut Vec<usize>) -> Around {
    let own = wanted.len();
    let answered = query.output_schema();
    let mut places = Vec::new();
    for name in AROUND {
        let Ok(column) = columns.index_of(name) else {
            continue;
        };
        if answered.column_with_name(name).is_some() {
            continue;
        }
        let place = wanted.iter().position(|wanted| *wanted == column);
        places.push(place.unwrap_or_else(|| {
            wanted.push(column);
            wanted.len() - 1
        }));
    }
    Around::new(own, places)
}

impl Planned {
    fn schema(&self) -> Option<SchemaRef> {
        match self {
            Self::Files(_, source) => source.schema(),
            Self::Columns(_, source) => source.schema(),
            Self::Kafka(source) => Some(source.schema()),
            Self::Hive(source) => Some(source.schema()),
            Self::Table(source) => Some(source.schema()),
            Self::Letters(source) => Some(source.schema()),
        }
    }

    /// The columns of the batches that are handed out, if they are known.
    pub(super) fn batch_schema(&self) -> Option<SchemaRef> {
        match self {
            Self::Files(_, source) => source.batch_schema(),
            Self::Columns(_, source) => source.batch_schema(),
            Self::Kafka(source) => Some(source.batch_schema()),
            Self::Hive(source) => Some(source.batch_schema()),
            Self::Table(source) => Some(source.batch_schema()),
            Self::Letters(source) => Some(source.batch_schema()),
        }
    }

    fn with_projection(self, wanted: Vec<usize>) -> Result<Self> {
        Ok(match self {
            Self::Files(name, source) => {
                Self::Files(name, Box::new(source.with_projection(wanted)?))
            }
            Self::Columns(name, source) => {
                Self::Columns(name, Box::new(source.with_projection(wanted)?))
            }
            Self::Kafka(source) => Self::Kafka(source.with_projection(&wanted)?),
            Self::Hive(source) => Self::Hive(source.with_projection(&wanted)?),
            Self::Table(source) => Self::Table(Box::new(source.with_projection(&wanted)?)),
            Self::Letters(source) => Self::Letters(source.with_projection(&wanted)?),
        })
    }

    /// The same source, of which all columns can be read.
    fn with_all_columns(self) -> Result<Self> {
        Ok(match self {
            Self::Columns(name, source) => {
                Self::Columns(name, Box::new(source.with_all_columns()?))
            }
            other => other,
        })
    }

    /// The same source, told which rows the query leaves out, where files say of rows what they hold; without `of_rows` only whole
    /// partitions are.
    fn with_query(self, query: &Query, of_rows: bool) -> Self {
        match self {
            Self::Columns(name, source) => {
                let conditions = conditions(query, of_rows);
                Self::Columns(name, Box::new(source.with_conditions(conditions)))
            }
            Self::Table(source) => {
                let conditions = conditions(query, of_rows);
                Self::Table(Box::new(source.with_conditions(conditions)))
            }
            other => other,
        }
    }

    /// The same source, which notes what people are told of its files in the directory `job` of its job.
    pub(super) fn with_book(self, job: &Path) -> Self {
        let place = job.join(book::DIRECTORY);
        match self {
            Self::Files(name, source) => Self::Files(name, Box::new(source.with_book(place))),
            Self::Columns(name, source) => Self::Columns(name, Box::new(source.with_book(place))),
            Self::Table(source) => Self::Table(Box::new(source.with_book(place))),
            other => other,
        }
    }

    /// The same for a look: nobody is told what has been read.
    pub(super) fn only_looked_at(self) -> Self {
        match self {
            Self::Kafka(source) => Self::Kafka(source.without_commits()),
            other => other,
        }
    }

    /// The stream of its records.
    pub(super) fn add_to(self, environment: &Environment) -> DataStream<Parsed> {
        match self {
            Self::Files(name, source) => environment.add_source(name, *source),
            Self::Columns(name, source) => environment.add_source(name, *source),
            Self::Kafka(source) if has_checkpoints(environment) => {
                environment.add_source("kafka", source)
            }
            Self::Kafka(source) => environment.add_source("kafka", source.without_notes()),
            Self::Hive(source) => environment.add_source("hive", source),
            Self::Table(source) => environment.add_source("hive", *source),
            Self::Letters(source) => environment.add_source("dead letters", source),
        }
        .uid(UID)
    }
}

/// The source that reads Hive, which is asked for its columns.
fn open_hive(options: &HiveSourceOptions) -> Result<HiveSource> {
    let source = HiveSource::new(options.clone())?;
    if let Some(note) = source.note() {
        tracing::warn!("{note}.");
    }
    Ok(source)
}

/// The source that reads a table of Hive, which the metastore is asked for. `keep_raw`: records of text are kept as they came.
pub(super) fn open_table(
    table: &TableSource,
    keep_raw: bool,
    remotes: &Remotes,
) -> Result<HiveTableSource> {
    HiveTableSource::new(HiveTableOptions {
        url: table.url.clone(),
        login: Login {
            user: Login::NOBODY.to_owned(),
            password: Login::NOBODY.to_owned(),
            token: None,
            keys: table.keys.clone(),
        },
        table: table.table.clone(),
        filter: table.filter.clone(),
        watch: watch(table.watch_interval),
        intake: table.intake.clone(),
        sizes: ReadSizes {
            split: table.split_size,
            ..ReadSizes::default()
        },
        keep_raw,
        stores: Some(remotes.stores.clone()),
        clusters: Some(remotes.clusters.clone()),
    })
}

/// Whether dead letters of a job can take the place of its input.
///
/// # Errors
/// They are no records as they came.
pub(crate) fn check_replay(settings: &IngestSettings) -> Result<()> {
    match &settings.source {
        SourceSettings::Text(_) | SourceSettings::Kafka(_) => Ok(()),
        SourceSettings::Columns(columns) => Err(no_letters(columns.format)),
        SourceSettings::Hive(_) | SourceSettings::Table(_) => Err(no_letters(SourceType::Jdbc)),
    }
}

/// Files of columns hold no records of their own that could be set aside and read again.
fn no_letters(format: SourceType) -> Error {
    let message = format!("dead letters of {} are not replayed", format.name());
    Error::new(&codes::INGEST_UNSUPPORTED, message)
        .next("mend what the SQL refused, and read the files again with a job of its own")
}

/// What reads dead letters as the files are read that they come from.
fn letters_of(source: &TextSource, letters: &Path, remotes: &Remotes) -> Result<LetterSource> {
    let schema = match declared_schema(source.schema.as_ref())? {
        Some(schema) => Some(Arc::new(schema)),
        // The files that are there name the columns.
        None => open(source, false, remotes)?.schema(),
    };
    let schema = schema.ok_or_else(|| {
        let place = source.path.display();
        let message = format!(
            "the columns of dead letters are not known: {place} holds no file that names them"
        );
        Error::new(&codes::INGEST_PARAMETERS, message)
            .next("put a file there that the job has read, or give the job stream.sql.schema.json")
    })?;
    LetterSource::of_text(letters, format_of(source)?, &schema)
}

fn format_of(source: &TextSource) -> Result<Format> {
    Ok(Format {
        field_delimiter: source.field_delimiter,
        line_delimiter: source.line_delimiter.clone(),
        quote: source.quote,
        escape: source.escape,
        header: source.first_line_schema,
        charset: Charset::parse(&source.charset)?,
        skip_lines: source.skip_lines,
        comment: source.comment.clone(),
    })
}

fn open(source: &TextSource, keep_raw: bool, remotes: &Remotes) -> Result<FileSource> {
    let options = FileSourceOptions {
        path: source.path.clone(),
        format: format_of(source)?,
        schema: declared_schema(source.schema.as_ref())?.map(Arc::new),
        projection: None,
        watch: watch(source.watch_interval),
        intake: source.intake.clone(),
        sizes: ReadSizes {
            split: source.split_size,
            record: usize::try_from(source.record_max_size).unwrap_or(usize::MAX),
            ..ReadSizes::default()
        },
        tidy: source.tidy.clone(),
        keep_raw,
        stores: Some(remotes.stores.clone()),
        clusters: Some(remotes.clusters.clone()),
    };
    FileSource::new(options)
}

fn watch(interval: Option<Duration>) -> Watch {
    interval.map_or(Watch::Once, |interval| Watch::Continuously { interval })
}

/// Files of columns, and why it is not known what the job has read of them so far, if that is so. Whoever goes on from the snapshot
/// says so as well: it matters here only where no file tells the columns.
fn open_columns(
    source: &ColumnSource,
    remotes: &Remotes,
    restored: Restored<'_>,
) -> Result<(ColumnFileSource, Option<Error>)> {
    let format = match source.format {
        SourceType::Orc => ColumnFormat::Orc,
        _ => ColumnFormat::Parquet,
    };
    let opened = ColumnFileSource::new(ColumnFileOptions {
        path: source.path.clone(),
        format,
        schema: declared_schema(source.schema.as_ref())?.map(Arc::new),
        watch: watch(source.watch_interval),
        intake: source.intake.clone(),
        sizes: ReadSizes {
            split: source.split_size,
            ..ReadSizes::default()
        },
        stores: Some(remotes.stores.clone()),
        clusters: Some(remotes.clusters.clone()),
    })?;
    match opened.clone().going_on_from(restored) {
        Ok(source) => Ok((source, None)),
        Err(error) => {
            // Anything else ends the job, and is told then.
            if error.kind() == ErrorKind::Unavailable {
                tracing::warn!("It is not known which columns have been read so far: {error}");
            }
            Ok((opened, Some(error)))
        }
    }
}

/// Whether the job takes checkpoints. What the configuration does not say is told when it is built.
fn has_checkpoints(environment: &Environment) -> bool {
    let interval = environment
        .configuration()
        .and_then(|configuration| configuration.get(&millstream::options::CHECKPOINT_INTERVAL));
    interval.is_ok_and(|interval| interval.is_some_and(|interval| !interval.is_zero()))
}

/// The source, and the names of the columns that it reads for a sink of Kafka besides those of the schema.
fn kafka_source(
    kafka: &KafkaSettings,
    to_kafka: bool,
    keep_raw: bool,
) -> Result<(KafkaSource, Vec<String>)> {
    let schema = declared_schema(kafka.schema.as_ref())?;
    let mut schema = match (schema, kafka.format) {
        (Some(schema), _) => Arc::new(schema),
        (None, KafkaFormat::Text) => text_schema(),
        (None, KafkaFormat::Json | KafkaFormat::Csv) => json_schema(),
    };
    let mut besides = Vec::new();
    if to_kafka {
        let more = fields_besides(&schema);
        besides.extend(more.iter().map(|field| field.name().clone()));
        let fields = schema
            .fields()
            .iter()
            .cloned()
            .chain(more.into_iter().map(Arc::new));
        let fields: Vec<_> = fields.collect();
        schema = Arc::new(Schema::new_with_metadata(fields, schema.metadata().clone()));
    }
    let source = KafkaSource::new(KafkaSourceOptions {
        brokers: kafka.brokers.clone(),
        topics: kafka.topics.clone(),
        group: kafka.group.clone(),
        reset: kafka.reset,
        end: kafka.end.clone(),
        lost: kafka.lost,
        discovery: kafka.discovery,
        properties: kafka.properties.clone(),
        format: match kafka.format {
            KafkaFormat::Json => ValueFormat::Json,
            KafkaFormat::Csv => ValueFormat::Csv(Format {
                field_delimiter: kafka.field_delimiter,
                quote: kafka.quote,
                escape: kafka.escape,
                ..Format::csv()
            }),
            KafkaFormat::Text => ValueFormat::Text,
        },
        schema,
        keep_raw,
    })?;
    Ok((source, besides))
}

fn declared_schema(text: Option<&SchemaText>) -> Result<Option<Schema>> {
    let declared = match text {
        None => return Ok(None),
        Some(SchemaText::Struct(text)) => schema::from_parameters(Some(text), None)?,
        Some(SchemaText::Json(text)) => schema::from_parameters(None, Some(text))?,
    };
    for field in declared.iter().flat_map(Schema::fields) {
        if let Some(name) = field.metadata().get(INEXACT_DECIMAL) {
            tracing::warn!(
                "Column `{}`: {name} without digits is a Double, as in the CSP operator; write {name}(p,s) for exact numbers.",
                field.name()
            );
        }
    }
    Ok(declared)
}
