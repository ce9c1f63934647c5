//! What the sink is to write is written once into memory before the job starts: a type that it does not know must
//! not wait for the first record.

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use millstream_connectors::file_sink::PartitionColumns;
use millstream_connectors::formats::{CsvLines, FileFormat, JsonLines, OrcFile, ParquetFile};
use millstream_connectors::kafka::MessageFormat;
use millstream_connectors::rows::is_json;
use millstream_core::type_names::type_in_words;
use millstream_core::{Error, Result, codes};
use millstream_sql::{guarded, sample_rows};

use super::reshape::Reshape;
use super::target::Target;
use crate::parameters::{SinkFormat, SinkSettings};

/// Writes rows with the columns of `schema` as the sink of `settings` will.
///
/// # Errors
/// SQL_INVALID with the column that can't be written.
pub(super) fn try_sink(
    schema: &Schema,
    reshape: Option<&Reshape>,
    settings: &SinkSettings,
    target: &Target,
) -> Result<()> {
    let broken =
        |error| Error::new(&codes::INTERNAL, "rows for a trial can't be made").cause(error);
    let panicked =
        |told: String| Error::new(&codes::INTERNAL, "rows for a trial can't be made").cause(told);
    let rows = guarded(|| sample_rows(schema)).map_err(panicked)?;
    let rows = rows.map_err(broken)?;
    // Nesting hands values on as they are, but names and types are others.
    let rows = match reshape {
        Some(reshape) => reshape.apply(&rows)?,
        None => rows,
    };
    match settings {
        SinkSettings::Kafka(options) => {
            match options.format {
                MessageFormat::Json => try_format("JSON", &JsonLines, &rows)?,
                MessageFormat::Csv => try_format("CSV", &CsvLines, &rows)?,
                MessageFormat::Text => {}
            }
            let kafka = target.kafka();
            kafka.map_or(Ok(()), |kafka| kafka.try_rows(&rows))
        }
        // Objects as they came have no columns that could be tried.
        SinkSettings::Elasticsearch(_) if is_json(schema) => Ok(()),
        SinkSettings::Elasticsearch(_) => {
            try_format("JSON", &JsonLines, &rows)?;
            match target {
                Target::Elasticsearch(es) => es.try_rows(&rows),
                Target::Kafka(_) | Target::Here => Ok(()),
            }
        }
        SinkSettings::Print => try_format("JSON", &JsonLines, &rows),
        SinkSettings::File(file) => {
            let rows = without_partition(&file.partition, rows)?;
            match file.format {
                SinkFormat::Json => try_format("JSON", &JsonLines, &rows),
                SinkFormat::Csv => try_format("CSV", &CsvLines, &rows),
                SinkFormat::Parquet => try_format("Parquet", &ParquetFile::default(), &rows),
                SinkFormat::Orc => try_format("ORC", &OrcFile::default(), &rows),
            }
        }
    }
}

/// The columns that are written, where others name directories.
fn without_partition(partition: &[String], rows: RecordBatch) -> Result<RecordBatch> {
    if partition.is_empty() {
        return Ok(rows);
    }
    PartitionColumns::new(partition.to_vec()).check(rows.schema_ref())?;
    let fields = rows.schema_ref().fields().iter().enumerate();
    let left = fields.filter(|(_, field)| !partition.contains(field.name()));
    let left: Vec<usize> = left.map(|(place, _)| place).collect();
    rows.project(&left).map_err(|error| {
        Error::new(&codes::INTERNAL, "columns can't be taken out of rows").cause(error)
    })
}

fn try_format(name: &str, format: &impl FileFormat<RecordBatch>, rows: &RecordBatch) -> Result<()> {
    let Err(error) = encode(format, rows) else {
        return Ok(());
    };
    // Which column it is, is known when each is written alone.
    let columns = rows.schema();
    for (place, column) in columns.fields().iter().enumerate() {
        let alone = rows.project(&[place]).ok();
        if alone.is_some_and(|alone| encode(format, &alone).is_err()) {
            let message = format!(
                "column `{}` of type {} can't be written as {name}",
                column.name(),
                type_in_words(column.data_type())
            );
            return Err(Error::new(&codes::SQL_INVALID, message)
                .cause(error)
                .next("cast the column to string in the SQL, or give another sink.format"));
        }
    }
    Err(error)
}

fn encode(format: &impl FileFormat<RecordBatch>, rows: &RecordBatch) -> Result<()> {
    let work = || {
        let mut encoder = format.encoder();
        let mut out = Vec::new();
        encoder.encode(rows, &mut out)?;
        encoder.finish(&mut out)
    };
    guarded(work).unwrap_or_else(|told| Err(Error::new(&codes::INTERNAL, told)))
}
