use std::io::{self, Write};
use std::sync::Arc;

use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int32Array, ListArray,
    NullArray, RecordBatch, StringArray, StringViewArray, StructArray, TimestampMillisecondArray,
};
use arrow::buffer::OffsetBuffer;
use arrow::datatypes::{DataType, Field};
use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;

use super::{CsvLines, EachRecord, FileEncoder, FileFormat, JsonLines, ParquetFile, TextLines};

fn batch(columns: Vec<(&str, ArrayRef)>) -> RecordBatch {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    RecordBatch::try_from_iter_with_nullable(columns).expect("columns of one length")
}

fn encode<T>(format: &impl FileFormat<T>, records: &[T]) -> String {
    let mut encoder = format.encoder();
    let mut out = Vec::new();
    for record in records {
        encoder
            .encode(record, &mut out)
            .expect("these can be encoded");
    }
    encoder.finish(&mut out).expect("nothing is left");
    String::from_utf8(out).expect("text")
}

fn list(values: ArrayRef, lengths: [usize; 2]) -> ArrayRef {
    let item = Arc::new(Field::new("item", values.data_type().clone(), true));
    Arc::new(ListArray::new(
        item,
        OffsetBuffer::from_lengths(lengths),
        values,
        None,
    ))
}

/// Two rows of every kind of column.
fn all_kinds() -> RecordBatch {
    let name: ArrayRef = Arc::new(StringArray::from(vec![Some("n1"), None]));
    let parts = StructArray::from(vec![(
        Arc::new(Field::new("a b", DataType::Utf8, true)),
        name.clone(),
    )]);
    let decimals = Decimal128Array::from(vec![Some(12_345), None])
        .with_precision_and_scale(10, 2)
        .expect("in range");
    batch(vec![
        ("id", Arc::new(Int32Array::from(vec![1, -2]))),
        ("name", name),
        (
            "view",
            Arc::new(StringViewArray::from(vec!["q\"uo,te", ""])),
        ),
        ("float", Arc::new(Float64Array::from(vec![1.5, f64::NAN]))),
        ("flag", Arc::new(BooleanArray::from(vec![true, false]))),
        ("day", Arc::new(Date32Array::from(vec![0, 20_000]))),
        (
            "at",
            Arc::new(TimestampMillisecondArray::from(vec![0, 1_586_959_594_007])),
        ),
        (
            "tags",
            list(Arc::new(StringArray::from(vec!["x", "y"])), [2, 0]),
        ),
        ("parts", Arc::new(parts)),
        ("price", Arc::new(decimals)),
    ])
}

#[test]
fn json_lines_hold_every_column_of_every_row() {
    assert_eq!(
        encode(&JsonLines, &[all_kinds()]),
        concat!(
            r#"{"id":1,"name":"n1","view":"q\"uo,te","float":1.5,"flag":true,"day":"1970-01-01","#,
            r#""at":"1970-01-01 00:00:00","tags":["x","y"],"parts":{"a b":"n1"},"price":123.45}"#,
            "\n",
            r#"{"id":-2,"name":null,"view":"","float":null,"flag":false,"day":"2024-10-04","#,
            r#""at":"2020-04-15 14:06:34.007","tags":[],"parts":{"a b":null},"price":null}"#,
            "\n",
        )
    );
}

#[test]
fn json_lines_are_the_json_that_another_parser_reads() {
    let texts: Vec<String> = (0..0x180_u32)
        .filter_map(char::from_u32)
        .map(|letter| format!("{letter}a{letter}\\\"{letter}"))
        .chain([
            "".to_owned(),
            "plain".to_owned(),
            "\u{1f600} 中文".to_owned(),
        ])
        .collect();
    let names = batch(vec![("k\n\"", Arc::new(StringArray::from(texts.clone())))]);
    for rows in [names.clone(), names.slice(5, 3)] {
        let expected = rows
            .column(0)
            .as_any()
            .downcast_ref::<StringArray>()
            .expect("text");
        let lines = encode(&JsonLines, std::slice::from_ref(&rows));
        assert_eq!(lines.lines().count(), rows.num_rows());
        for (line, text) in lines.lines().zip(expected.iter()) {
            let value: serde_json::Value = serde_json::from_str(line).expect("JSON");
            assert_eq!(value, serde_json::json!({ "k\n\"": text }));
        }
    }
}

#[test]
fn csv_tells_null_from_empty_and_quotes_what_must_be_quoted() {
    assert_eq!(
        encode(&CsvLines, &[all_kinds()]),
        concat!(
            "id,name,view,float,flag,day,at,tags,parts,price\n",
            r#"1,n1,"q""uo,te",1.5,true,1970-01-01,1970-01-01 00:00:00,"["#,
            r#"""x"",""y""]","{""a b"":""n1""}",123.45"#,
            "\n",
            r#"-2,,"",NaN,false,2024-10-04,2020-04-15 14:06:34.007,[],"{""a b"":null}","#,
            "\n",
        )
    );
}

#[test]
fn csv_has_one_header_a_file_and_no_file_without_rows() {
    let rows = batch(vec![(
        "a",
        Arc::new(StringArray::from(vec![Some("line\nbreak"), None])),
    )]);
    let mut encoder: Box<dyn FileEncoder<RecordBatch>> = CsvLines.encoder();
    let mut out = Vec::new();
    encoder
        .encode(&rows.slice(0, 0), &mut out)
        .expect("no rows");
    assert!(out.is_empty());
    for _ in 0..2 {
        encoder.encode(&rows, &mut out).expect("text");
        encoder.encode(&rows.slice(1, 1), &mut out).expect("text");
        encoder.finish(&mut out).expect("nothing is left");
    }
    let file = "a\n\"line\nbreak\"\n\"\"\n\"\"\n";
    assert_eq!(
        String::from_utf8(out).expect("text"),
        format!("{file}{file}")
    );
}

#[test]
fn csv_refuses_rows_of_other_columns_in_one_file() {
    let mut encoder: Box<dyn FileEncoder<RecordBatch>> = CsvLines.encoder();
    let rows = |name| {
        batch(vec![(
            name,
            Arc::new(Int32Array::from(vec![1])) as ArrayRef,
        )])
    };
    encoder
        .encode(&rows("a"), &mut Vec::new())
        .expect("the first rows");
    let error = encoder
        .encode(&rows("b"), &mut Vec::new())
        .expect_err("other rows");
    assert_eq!(
        error.message(),
        "a CSV file with columns a can't take rows of b"
    );
}

#[test]
fn parquet_keeps_types_and_bounds_its_row_groups() {
    let numbers = |from: i32| {
        let values: Vec<i32> = (from..from + 10_000)
            .map(|value| value.wrapping_mul(7_919))
            .collect();
        batch(vec![("n", Arc::new(Int32Array::from(values)))])
    };
    let format = ParquetFile::default().row_group_bytes(100_000);
    let mut encoder: Box<dyn FileEncoder<RecordBatch>> = format.encoder();
    for _ in 0..2 {
        let mut out = Vec::new();
        for part in 0..20 {
            encoder
                .encode(&numbers(part * 10_000), &mut out)
                .expect("numbers");
            assert!(
                encoder.buffered() < 300_000,
                "a row group is written out when it is full"
            );
        }
        encoder.finish(&mut out).expect("a footer");
        let bytes = parquet_bytes(out);
        let reader = ParquetRecordBatchReaderBuilder::try_new(bytes).expect("a Parquet file");
        assert!(reader.metadata().num_row_groups() > 3);
        let read: Vec<RecordBatch> = reader
            .with_batch_size(10_000)
            .build()
            .expect("readable")
            .flatten()
            .collect();
        let expected: Vec<RecordBatch> = (0..20).map(|part| numbers(part * 10_000)).collect();
        assert_eq!(read.len(), expected.len());
        for (found, expected) in read.iter().zip(&expected) {
            assert_eq!(found.column(0), expected.column(0));
        }
    }
}

#[test]
fn parquet_has_dictionaries_for_columns_whose_values_repeat() {
    // Batches that are too small to tell by, one by one.
    let rows = |from: i32| {
        let once = (from..from + 500).map(|value| value.wrapping_mul(7_919));
        let often = (from..from + 500).map(|value| format!("city {}", value % 30));
        batch(vec![
            ("once", Arc::new(Int32Array::from_iter_values(once))),
            ("often", Arc::new(StringArray::from_iter_values(often))),
        ])
    };
    let mut encoder: Box<dyn FileEncoder<RecordBatch>> = ParquetFile::default().encoder();
    let mut out = Vec::new();
    for part in 0..20 {
        encoder.encode(&rows(part * 500), &mut out).expect("rows");
    }
    encoder.finish(&mut out).expect("a footer");
    let reader = ParquetRecordBatchReaderBuilder::try_new(parquet_bytes(out));
    let reader = reader.expect("a Parquet file");
    let group = reader.metadata().row_group(0);
    let dictionaries = group.columns().iter().map(|column| {
        let offset = column.dictionary_page_offset();
        (column.column_path().string(), offset.is_some())
    });
    let expected = [("once", false), ("often", true)];
    for (found, (name, has)) in dictionaries.zip(expected) {
        assert_eq!(found, (name.to_owned(), has));
    }
    assert_eq!(group.num_rows(), 10_000);
}

#[test]
fn parquet_of_few_rows_is_a_whole_file() {
    let row = batch(vec![("n", Arc::new(Int32Array::from(vec![7])) as ArrayRef)]);
    let mut encoder: Box<dyn FileEncoder<RecordBatch>> = ParquetFile::default().encoder();
    let mut out = Vec::new();
    encoder.encode(&row, &mut out).expect("a row");
    encoder.encode(&row, &mut out).expect("a row");
    encoder.finish(&mut out).expect("a footer");
    let reader = ParquetRecordBatchReaderBuilder::try_new(parquet_bytes(out));
    let reader = reader.expect("a Parquet file").build().expect("readable");
    let rows: usize = reader.flatten().map(|batch| batch.num_rows()).sum();
    assert_eq!(rows, 2);
}

#[test]
fn parquet_keeps_rows_back_that_have_no_bytes() {
    let nulls: ArrayRef = Arc::new(NullArray::new(3));
    let field = Arc::new(Field::new("n", DataType::Null, true));
    let structs: ArrayRef = Arc::new(StructArray::from(vec![(field, nulls.clone())]));
    for (what, column) in [("nulls", nulls), ("structs", structs)] {
        let mut encoder: Box<dyn FileEncoder<RecordBatch>> = ParquetFile::default().encoder();
        let mut out = Vec::new();
        encoder
            .encode(&batch(vec![("c", column)]), &mut out)
            .expect("three rows");
        assert!(encoder.buffered() + out.len() > 0, "{what} begin a file");
        encoder.finish(&mut out).expect("a footer");
        let reader = ParquetRecordBatchReaderBuilder::try_new(parquet_bytes(out));
        let rows = reader
            .expect("a Parquet file")
            .metadata()
            .file_metadata()
            .num_rows();
        assert_eq!(rows, 3, "{what}");
    }
}

/// The reader takes what it can share, such as a file.
fn parquet_bytes(bytes: Vec<u8>) -> std::fs::File {
    use std::io::Write;
    let mut file = tempfile::tempfile().expect("a temporary file");
    file.write_all(&bytes).expect("room for it");
    file
}

#[test]
fn a_function_writes_each_record_and_its_error_is_told() {
    let format = EachRecord::new("tsv", |(key, count): &(u32, u32), out| {
        if *count == 0 {
            return Err(io::Error::other("none"));
        }
        writeln!(out, "{key}\t{count}")
    });
    assert_eq!(encode(&format, &[(7, 1), (8, 2)]), "7\t1\n8\t2\n");
    assert_eq!(format.extension(), "tsv");
    let error = format.encoder().encode(&(9, 0), &mut Vec::new());
    assert_eq!(error.expect_err("none").code(), "MS-4001");
}

#[test]
fn text_is_one_line_a_record() {
    assert_eq!(encode(&TextLines, &["a", "", "c"]), "a\n\nc\n");
}

#[test]
fn whole_records_stay_as_they_are_on_one_line() {
    let texts = StringArray::from(vec![
        Some(r#"{"b":1,"a":"x\ny"}"#),
        None,
        Some("{\r\n  \"a\": [1,\n2]\n}"),
    ]);
    let batch = RecordBatch::try_new(crate::rows::json_schema(), vec![Arc::new(texts)]);
    let written = encode(&JsonLines, &[batch.expect("rows")]);
    let expected = "{\"b\":1,\"a\":\"x\\ny\"}\nnull\n{  \"a\": [1,2]}\n";
    assert_eq!(written, expected);
}
