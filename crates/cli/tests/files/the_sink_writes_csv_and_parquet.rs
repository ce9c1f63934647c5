//! `sink.format`: the same rows as JSON lines, CSV and Parquet, with their types, in files that end as the format does.

use std::fs;
use std::path::{Path, PathBuf};

use crate::common::{ONCE, ingest, lines, put, running};
use parquet::file::reader::FileReader;
use parquet::file::serialized_reader::SerializedFileReader;

const INPUT: &str = "id,name,day,amount,tags\n\
    1,\"Ann, \"\"A\"\"\",2026-07-01,1.5,a;b\n\
    2,\"two\nlines\",,2.5,\n\
    3,\"\",2026-07-03,,c\n";

/// Runs a job into files of `format`, and answers them.
fn files(directory: &Path, format: &str) -> Vec<PathBuf> {
    put(directory, "in/a.csv", INPUT);
    let format = format!("--sink.format={format}");
    let said = running::run(ingest(
        directory,
        &[],
        &[
            ONCE,
            "--source.type=csv",
            "--source.firstLine.schema=true",
            "--stream.sql.enable=true",
            "--stream.sql.schema=struct<id:Int,name:String,day:Date,amount:Double,tags:String>",
            "--stream.sql=select id, name, day, amount, arraySplit(tags, ';') as tags from t1",
            "--sink.type=file",
            "--sink.path=out",
            &format,
        ],
    ));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let entries = fs::read_dir(directory.join("out"))
        .expect("output")
        .flatten();
    entries.map(|entry| entry.path()).collect()
}

fn has_extension(files: &[PathBuf], extension: &str) -> bool {
    files.len() == 1
        && files
            .iter()
            .all(|path| path.extension().is_some_and(|found| found == extension))
}

#[test]
fn json_lines() {
    let directory = tempfile::tempdir().expect("temporary directory");
    assert!(has_extension(&files(directory.path(), "json"), "json"));
    let expected = [
        r#"{"id":1,"name":"Ann, \"A\"","day":"2026-07-01","amount":1.5,"tags":["a","b"]}"#,
        r#"{"id":2,"name":"two\nlines","day":null,"amount":2.5,"tags":null}"#,
        r#"{"id":3,"name":"","day":"2026-07-03","amount":null,"tags":["c"]}"#,
    ];
    assert_eq!(lines(&directory.path().join("out")), expected);
}

#[test]
fn csv() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let files = files(directory.path(), "csv");
    assert!(has_extension(&files, "csv"));
    let text = fs::read_to_string(files.first().expect("a file")).expect("text");
    let expected = "id,name,day,amount,tags\n\
        1,\"Ann, \"\"A\"\"\",2026-07-01,1.5,\"[\"\"a\"\",\"\"b\"\"]\"\n\
        2,\"two\nlines\",,2.5,\n\
        3,\"\",2026-07-03,,\"[\"\"c\"\"]\"\n";
    assert_eq!(text, expected);
}

#[test]
fn parquet_that_any_tool_reads() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let files = files(directory.path(), "parquet");
    assert!(has_extension(&files, "parquet"));
    let file = fs::File::open(files.first().expect("a file")).expect("readable");
    let reader = SerializedFileReader::new(file).expect("Parquet");
    let rows = reader.get_row_iter(None).expect("rows");
    let rows: Vec<String> = rows.map(|row| row.expect("a row").to_string()).collect();
    let expected = [
        r#"{id: 1, name: "Ann, "A"", day: 2026-07-01, amount: 1.5, tags: ["a", "b"]}"#,
        "{id: 2, name: \"two\nlines\", day: null, amount: 2.5, tags: null}",
        r#"{id: 3, name: "", day: 2026-07-03, amount: null, tags: ["c"]}"#,
    ];
    assert_eq!(rows, expected);
}
