//! Batches from and to JSON lines.

use std::io::Cursor;
use std::sync::Arc;

use arrow::array::RecordBatch;
use arrow::datatypes::Schema;
use arrow::json::{LineDelimitedWriter, ReaderBuilder, WriterBuilder, writer::LineDelimited};
use millstream_sql::Query;
use millstream_sql::schema::parse_struct;

/// A batch of the JSON lines `rows`.
pub(crate) fn batch(schema: &Schema, rows: &str) -> RecordBatch {
    let schema = Arc::new(schema.clone());
    let mut reader = ReaderBuilder::new(schema.clone())
        .build(Cursor::new(rows))
        .unwrap();
    match reader.next() {
        Some(batch) => batch.unwrap(),
        None => RecordBatch::new_empty(schema),
    }
}

/// The rows of `batch` as JSON, nulls included.
pub(crate) fn json(batch: &RecordBatch) -> Vec<String> {
    lines(batch, WriterBuilder::new())
}

fn lines(batch: &RecordBatch, builder: WriterBuilder) -> Vec<String> {
    let builder = builder.with_explicit_nulls(true);
    let mut writer: LineDelimitedWriter<Vec<u8>> = builder.build::<_, LineDelimited>(Vec::new());
    writer.write(batch).unwrap();
    writer.finish().unwrap();
    let text = String::from_utf8(writer.into_inner()).unwrap();
    text.lines().map(ToString::to_string).collect()
}

/// Plans `sql` over `t1` with the schema `struct<…>`.
pub(crate) fn plan(schema: &str, sql: &str) -> Query {
    let schema = parse_struct(schema).unwrap();
    Query::plan(sql, "t1", &schema).unwrap_or_else(|e| panic!("{sql}: {e}"))
}

/// The answer of `sql` to the JSON lines `rows`.
pub(crate) fn run(schema: &str, rows: &str, sql: &str) -> Vec<String> {
    json(&answer(schema, rows, sql))
}

/// The same as [`run`], with times in the form in which sinks write them, as in the guide: this crate has no sinks.
pub(crate) fn run_into_sink(schema: &str, rows: &str, sql: &str) -> Vec<String> {
    let times = "%Y-%m-%d %H:%M:%S%.f".to_owned();
    let builder = WriterBuilder::new().with_timestamp_format(times);
    lines(&answer(schema, rows, sql), builder)
}

fn answer(schema: &str, rows: &str, sql: &str) -> RecordBatch {
    let query = plan(schema, sql);
    let rows = batch(&parse_struct(schema).unwrap(), rows);
    let answer = query
        .evaluate(&rows)
        .unwrap_or_else(|e| panic!("{sql}: {e}"));
    assert_eq!(answer.schema_ref(), query.output_schema(), "{sql}");
    answer
}

/// The one value, as JSON, of `expression` for the row `row` of `schema`.
pub(crate) fn value(schema: &str, row: &str, expression: &str) -> String {
    let rows = run(schema, row, &format!("select {expression} as v from t1"));
    let [row] = rows.as_slice() else {
        panic!("{expression}: {rows:?}");
    };
    let value = row
        .strip_prefix("{\"v\":")
        .and_then(|r| r.strip_suffix('}'));
    value.unwrap_or_else(|| panic!("{row}")).to_string()
}

/// The error of planning `sql` over `t1`.
pub(crate) fn refused(schema: &str, sql: &str) -> String {
    let schema = parse_struct(schema).unwrap();
    Query::plan(sql, "t1", &schema).expect_err(sql).to_string()
}

/// Checks what expressions give of the JSON line `row`, and names all that give something else.
#[track_caller]
pub(crate) fn all_give(schema: &str, row: &str, cases: &[(&str, &str)]) {
    let mut wrong = Vec::new();
    for (expression, expected) in cases {
        let found = value(schema, row, expression);
        if found != *expected {
            wrong.push(format!("{expression}: {found}, not {expected}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
