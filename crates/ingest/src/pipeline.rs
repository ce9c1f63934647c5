//! From settings to streams.
//!
//! ```text
//! Source: csv -> SQL -> Rows ------------------------> Sink: file
//!                   \-> Tally -> Bad records (1) -> Sink: dead letters
//! ```
//!
//! With `error.policy` fail, which is the default, there is no second branch: the first bad record fails the
//! job, and all of it is one vertex.

mod bad_records;
mod dead_letter;
mod reshape;
mod trial;

use std::sync::Arc;

use arrow::datatypes::Schema;
use millstream::{DataStream, Environment};
use millstream_connectors::file_sink::FileSink;
use millstream_connectors::files_source::{
    Charset, FileSource, FileSourceOptions, Format, ReadSizes, Watch,
};
use millstream_connectors::formats::{CsvLines, JsonLines, ParquetFile};
use millstream_connectors::print::PrintSink;
use millstream_connectors::rows::{Parsed, Rows};
use millstream_core::options::reference::Hidden;
use millstream_core::{Error, Result, codes};
use millstream_sql::{Query, schema};

use crate::parameters::{
    BadRecords, IngestSettings, SchemaText, SinkFormat, SinkSettings, TextSource,
};
use bad_records::{Answered, Judged, Limits};
use reshape::Reshape;

/// Declares the streams of the job on `environment`.
///
/// # Errors
/// The source can't be read, the SQL does not fit its columns, or settings contradict each other.
pub(crate) fn declare(environment: &Environment, settings: &IngestSettings) -> Result<()> {
    let source = open(&settings.source)?;
    let (source, query) = plan(source, settings)?;
    let columns = match &query {
        Some(query) => Some(Arc::clone(query.output_schema())),
        None => source.batch_schema(),
    };
    let reshape = settings
        .merge
        .as_ref()
        .map(|merge| Reshape::new(merge.clone(), columns.as_deref()));
    let reshape = reshape.transpose()?;
    let hidden = settings.sql.as_ref().map(|sql| sql.hidden.clone());
    let hidden = hidden.unwrap_or_default();
    if let Some(columns) = &columns {
        // Columns may be called after what is not to be shown.
        trial::try_sink(columns, reshape.as_ref(), &settings.sink)
            .map_err(|error| hidden.hide_in(error))?;
    }
    let format = settings.source.format.name();
    let parsed = environment.add_source(format, source).uid("source");
    let rows = match query {
        None => without_bad(parsed, &settings.errors),
        Some(query) => {
            let answered = with_sql(parsed, query, hidden, environment);
            without_bad(answered, &settings.errors)
        }
    };
    let rows = match reshape {
        None => rows,
        Some(mut reshape) => rows
            .flat_map(move |rows: Rows, out| reshape.nest(rows, out))
            .name("Nest"),
    };
    write(rows, settings, environment)
}

/// The good rows; bad records go where `error.policy` says.
fn without_bad<J: Judged>(judged: DataStream<J>, errors: &BadRecords) -> DataStream<Rows> {
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

fn open(source: &TextSource) -> Result<FileSource> {
    let options = FileSourceOptions {
        path: source.path.clone(),
        format: Format {
            field_delimiter: source.field_delimiter,
            line_delimiter: source.line_delimiter.clone(),
            quote: source.quote,
            escape: source.escape,
            header: source.first_line_schema,
            charset: Charset::parse(&source.charset)?,
        },
        schema: declared_schema(source)?.map(Arc::new),
        projection: None,
        watch: match source.watch_interval {
            None => Watch::Once,
            Some(interval) => Watch::Continuously { interval },
        },
        intake: source.intake.clone(),
        sizes: ReadSizes {
            split: source.split_size,
            record: usize::try_from(source.record_max_size).unwrap_or(usize::MAX),
            ..ReadSizes::default()
        },
    };
    FileSource::new(options)
}

fn declared_schema(source: &TextSource) -> Result<Option<Schema>> {
    match &source.schema {
        None => Ok(None),
        Some(SchemaText::Struct(text)) => schema::from_parameters(Some(text), None),
        Some(SchemaText::Json(text)) => schema::from_parameters(None, Some(text)),
    }
}

/// Plans the SQL over the source's columns, of which only those that the SQL reads are decoded from then on.
fn plan(source: FileSource, settings: &IngestSettings) -> Result<(FileSource, Option<Query>)> {
    let Some(sql) = &settings.sql else {
        return Ok((source, None));
    };
    let columns = source.schema().ok_or_else(|| {
        Error::new(
            &codes::INGEST_PARAMETERS,
            format!(
                "the columns that stream.sql reads are not known: {} holds no file yet",
                settings.source.path.display()
            ),
        )
        .next("give stream.sql.schema or stream.sql.schema.json, or put a file there first")
    })?;
    let query = Query::plan(&sql.query, &sql.table, &columns);
    let query = query.map_err(|error| sql.hidden.hide_in(error))?;
    let source = source.with_projection(query.columns_needed().to_vec())?;
    Ok((source, Some(query)))
}

fn with_sql(
    parsed: DataStream<Parsed>,
    query: Query,
    hidden: Hidden,
    environment: &Environment,
) -> DataStream<Answered> {
    let bad = environment.bad_records();
    parsed
        .flat_map_counting(move |parsed: Parsed, out, numbers| {
            let asked = bad_records::Asked {
                query: &query,
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
    environment: &Environment,
) -> Result<()> {
    let configuration = environment.configuration()?;
    let parallelism = configuration.require(&millstream::options::PARALLELISM)?;
    let writers = settings.sink_parallelism(parallelism) as usize;
    let sink = match &settings.sink {
        SinkSettings::Print => rows.sink_to("print", PrintSink::rows()),
        SinkSettings::File(file) => {
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
