//! Measures rows per second of a query like the ingestion job's: filter, CAST, `concat` and
//! `arraySplit` over nine text columns, in batches of 8,192 rows.
//!
//! `cargo run --release -p millstream-sql --example throughput [seconds]`

use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, RecordBatch, StringArray};
use arrow::datatypes::{DataType, Field, Schema};
use millstream_sql::Query;

const ROWS: usize = 8_192;
const QUERIES: [(&str, &str); 6] = [
    (
        "the whole",
        "select id, cast(amount as double) as amount, concat(city, '-', name) as place, \
         arraySplit(tags, '|') as tags, note from t1 where age > '30'",
    ),
    ("hand on", "select * from t1"),
    (
        "filter",
        "select id, city, name, tags, note from t1 where age > '30'",
    ),
    ("cast", "select cast(amount as double) as amount from t1"),
    ("concat", "select concat(city, '-', name) as place from t1"),
    ("arraySplit", "select arraySplit(tags, '|') as tags from t1"),
];

fn main() -> Result<(), millstream_core::Error> {
    let seconds = std::env::args().nth(1).and_then(|text| text.parse().ok());
    let seconds = Duration::from_secs_f64(seconds.unwrap_or(1.0));
    let batch = generated();
    for (name, sql) in QUERIES {
        let query = Query::plan(sql, "t1", batch.schema_ref())?;
        let pruned = batch.project(query.columns_needed());
        let rate = measure(&query, &pruned.expect("planned for this batch"), seconds)?;
        println!("{name:12} {:7.1} M rows/s", rate / 1e6);
    }
    Ok(())
}

#[allow(clippy::disallowed_methods, reason = "a measurement reads the clock")]
fn measure(
    query: &Query,
    batch: &RecordBatch,
    length: Duration,
) -> Result<f64, millstream_core::Error> {
    let start = Instant::now();
    let mut rows = 0_usize;
    while start.elapsed() < length {
        std::hint::black_box(query.evaluate(batch)?);
        rows += batch.num_rows();
    }
    Ok(rows as f64 / start.elapsed().as_secs_f64())
}

/// Nine columns of text as a CSV file would have them.
fn generated() -> RecordBatch {
    let column = |text: &dyn Fn(usize) -> String| -> ArrayRef {
        Arc::new(StringArray::from_iter_values((0..ROWS).map(text)))
    };
    let columns = [
        ("id", column(&|i| format!("{}", 1_000_000 + i))),
        ("name", column(&|i| format!("name{}", i % 977))),
        ("age", column(&|i| format!("{}", 10 + i * 7 % 80))),
        ("city", column(&|i| format!("city-of-{}", i % 50))),
        (
            "amount",
            column(&|i| format!("{}.{:02}", i * 31 % 10_000, i % 100)),
        ),
        (
            "tags",
            column(&|i| format!("t{}|t{}|t{}", i % 7, i % 11, i % 13)),
        ),
        (
            "time",
            column(&|i| format!("2024-01-01 00:{:02}:{:02}", i / 60 % 60, i % 60)),
        ),
        ("note", column(&|i| format!("some note about record {i}"))),
        ("flag", column(&|i| format!("{}", i % 2 == 0))),
    ];
    let fields = columns
        .iter()
        .map(|(name, _)| Field::new(*name, DataType::Utf8, true));
    let schema = Arc::new(Schema::new(fields.collect::<Vec<_>>()));
    let columns = columns.into_iter().map(|(_, column)| column).collect();
    RecordBatch::try_new(schema, columns).expect("columns of one length")
}
