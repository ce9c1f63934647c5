//! How fast the formats encode, in MB of output for each second of one core, beside arrow's own JSON
//! writer. Counts the time on the processor (Linux), so that a busy machine does no harm.
//!
//! `cargo run --release -p millstream-connectors --example formats_throughput`

use std::sync::Arc;
use std::time::Duration;

use arrow::array::{
    ArrayRef, Float64Array, Int64Array, ListArray, RecordBatch, StringArray,
    TimestampMillisecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};
use arrow_json::writer::{LineDelimited, WriterBuilder};
use millstream_connectors::formats::{CsvLines, FileFormat, JsonLines, ParquetFile};

const ROWS: usize = 8_192;
const BATCHES: usize = 200;

fn batch() -> RecordBatch {
    let rows = 0..ROWS as i64;
    let names = rows
        .clone()
        .map(|row| format!("user-{:07}", row * 7_919 % 1_000_003));
    let tags = rows
        .clone()
        .flat_map(|row| [format!("t{}", row % 97), format!("u{}", row % 89)]);
    let tags: ArrayRef = Arc::new(StringArray::from_iter_values(tags));
    let item = Arc::new(Field::new("item", DataType::Utf8, true));
    let tags = ListArray::new(
        item,
        OffsetBuffer::from_repeated_length(2, ROWS),
        tags,
        None,
    );
    let millis = rows.clone().map(|row| 1_586_959_594_000 + row * 1_003);
    let floats = rows.clone().map(|row| row as f64 * 0.37);
    RecordBatch::try_from_iter([
        (
            "id",
            Arc::new(Int64Array::from_iter_values(rows)) as ArrayRef,
        ),
        ("name", Arc::new(StringArray::from_iter_values(names))),
        ("amount", Arc::new(Float64Array::from_iter_values(floats))),
        (
            "at",
            Arc::new(TimestampMillisecondArray::from_iter_values(millis)),
        ),
        ("tags", Arc::new(tags)),
    ])
    .expect("columns of one length")
}

fn report(name: &str, bytes: usize, time: Duration) {
    let rows = (ROWS * BATCHES) as f64 / time.as_secs_f64() / 1e6;
    let megabytes = bytes as f64 / time.as_secs_f64() / 1e6;
    println!("{name:<12} {megabytes:7.0} MB/s  {rows:6.2} M rows/s");
}

/// The time that this thread has spent on a processor.
fn processor_time() -> Duration {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").expect("Linux counts it");
    let nanoseconds = text.split(' ').next().and_then(|count| count.parse().ok());
    Duration::from_nanos(nanoseconds.expect("the first number"))
}

fn measure(name: &str, mut encode: impl FnMut(&RecordBatch, &mut Vec<u8>)) {
    let batch = batch();
    let mut out = Vec::new();
    encode(&batch, &mut out);
    let start = processor_time();
    let mut bytes = 0;
    for _ in 0..BATCHES {
        out.clear();
        encode(&batch, &mut out);
        bytes += out.len();
    }
    report(name, bytes, processor_time() - start);
}

fn main() {
    let formats: [(&str, Box<dyn FileFormat<RecordBatch>>); 3] = [
        ("JSON lines", Box::new(JsonLines)),
        ("CSV", Box::new(CsvLines)),
        ("Parquet", Box::new(ParquetFile::default())),
    ];
    for (name, format) in formats {
        let mut encoder = format.encoder();
        measure(name, |batch, out| {
            encoder.encode(batch, out).expect("can be encoded")
        });
    }
    measure("arrow-json", |batch, out| {
        let builder = WriterBuilder::new().with_explicit_nulls(true);
        let mut writer = builder.build::<_, LineDelimited>(out);
        writer
            .write(batch)
            .and_then(|()| writer.finish())
            .expect("can be encoded");
    });
}
