//! `millstream infer`: types with what speaks for them, and a command that reads the input as it stands there.

use crate::common;

use std::io::Write;
use std::path::Path;
use std::process::Command;

use crate::common::{millstream_in, put};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

fn infer(directory: &Path, arguments: &[&str]) -> Value {
    let all = [&["infer", "--json"], arguments].concat();
    let said = millstream_in(directory, &[], &all);
    assert_eq!(said.code, Some(0), "{}", said.err);
    serde_json::from_str(&said.out).expect("JSON")
}

fn types(inferred: &Value) -> Vec<(String, String)> {
    let columns = inferred["columns"].as_array().expect("columns").iter();
    columns
        .map(|column| {
            let text = |key: &str| column[key].as_str().expect("text").to_owned();
            (text("name"), text("type"))
        })
        .collect()
}

/// Runs the command that was printed, once and in this process; the rows that it writes.
fn run(directory: &Path, inferred: &Value) -> Vec<String> {
    let words = inferred["command"].as_array().expect("words").iter();
    let words: Vec<&str> = words.map(|word| word.as_str().expect("text")).collect();
    let [first, second, third, rest @ ..] = words.as_slice() else {
        unreachable!("{words:?}")
    };
    assert_eq!([*first, *second, *third], ["millstream", "run", "ingest"]);
    let mut command: Command = common::command(directory);
    command.args([
        "run",
        "--target",
        "local",
        "-Dmillstream.data-dir=data",
        "ingest",
    ]);
    command.args(rest.iter().map(|word| word.replace("DIRECTORY", "out")));
    command.arg(common::ONCE);
    let said = common::running::run(command);
    assert_eq!(said.code, Some(0), "{}", said.err);
    common::lines(&directory.join("out"))
}

fn pairs(pairs: &[(&str, &str)]) -> Vec<(String, String)> {
    let pairs = pairs.iter();
    pairs
        .map(|(a, b)| ((*a).to_owned(), (*b).to_owned()))
        .collect()
}

#[test]
fn text_with_names_becomes_typed_columns() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    put(
        path,
        "in/a.csv",
        "id;zip;price;day;seen;ok;name\n\
         1;01234;9.90;2024-02-29;2024-02-29 10:00:00;true;Ann\n\
         2;99999;12.50;2024-03-01;2024-03-01 00:00:00.5;false;\n",
    );
    let inferred = infer(path, &["in"]);
    let expected = pairs(&[
        ("id", "Int"),
        ("zip", "String"),
        ("price", "Decimal(18,2)"),
        ("day", "Date"),
        ("seen", "Timestamp"),
        ("ok", "Boolean"),
        ("name", "String"),
    ]);
    assert_eq!(types(&inferred), expected, "{inferred:#}");
    let zip = &inferred["columns"][1];
    assert_eq!(zip["why"], "1 of 2 begin with 0, which a number would lose");
    assert_eq!((&zip["values"], &zip["nulls"]), (&2.into(), &0.into()));
    assert_eq!(inferred["columns"][6]["nulls"], 1);
    assert_eq!(inferred["columns"][0]["greatest"], "2");
    let rows = run(path, &inferred);
    assert_eq!(rows.len(), 2);
    assert!(
        rows[0].starts_with(r#"{"id":1,"zip":"01234","price":9.9"#),
        "{rows:?}"
    );

    let shown = millstream_in(path, &[], &["infer", "in"]);
    assert!(
        shown
            .out
            .contains("\nSchema:\n{\"id\": \"Int\", \"zip\": \"String\""),
        "{}",
        shown.out
    );
    assert!(
        shown
            .out
            .contains("\nCommand:\nmillstream run ingest --source.path=in"),
        "{}",
        shown.out
    );
}

#[test]
fn lines_of_json_are_taken_apart_by_the_command() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    put(
        path,
        "in/a.json",
        "{\"id\": 1, \"name\": \"Ann, B.\", \"tags\": [1, {\"k\": null}], \"a.b\": true}\n{\"id\": 3000000000, \"name\": null}\n",
    );
    let inferred = infer(path, &["in/a.json"]);
    assert_eq!(inferred["kind"], "lines of JSON");
    let expected = pairs(&[
        ("id", "BigInt"),
        ("name", "String"),
        ("tags", "String"),
        ("a.b", "Boolean"),
    ]);
    assert_eq!(types(&inferred), expected, "{inferred:#}");
    let rows = run(path, &inferred);
    assert_eq!(
        rows,
        [
            r#"{"id":1,"name":"Ann, B.","tags":"[1, {\"k\": null}]","a.b":true}"#,
            r#"{"id":3000000000,"name":null,"tags":null,"a.b":null}"#,
        ]
    );
}

#[test]
fn what_is_compressed_is_looked_into() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    let pack = |name: &str, text: &str| {
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(text.as_bytes()).expect("is packed");
        put(path, name, packed.finish().expect("is packed"));
    };
    pack("json/a.json.gz", "{\"id\": 1}\n{\"id\": 2}\n");
    let inferred = infer(path, &["json"]);
    assert_eq!(inferred["kind"], "lines of JSON");
    assert_eq!(types(&inferred), pairs(&[("id", "Int")]));
    assert_eq!(run(path, &inferred), [r#"{"id":1}"#, r#"{"id":2}"#]);
    pack("csv/a.csv.gz", "id;name\n1;Ann\n");
    let inferred = infer(path, &["csv"]);
    let expected = pairs(&[("id", "Int"), ("name", "String")]);
    assert_eq!(types(&inferred), expected, "{inferred:#}");
}

#[test]
fn fields_of_any_name_are_found_by_the_command() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    put(
        path,
        "in/a.json",
        "{\"a.b\": {\"c\": 1}, \"it's\": 2, \"\": 3, \"x']\": 4}\n",
    );
    let rows = run(path, &infer(path, &["in/a.json"]));
    assert_eq!(rows, [r#"{"a.b":"{\"c\": 1}","it's":2,"_":3,"x']":4}"#]);
}

#[test]
fn columns_keep_their_types_and_parameters_of_the_source_count() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    put(path, "in/a.csv", "1,x\n2,y\n");
    let typed = common::ingest(
        path,
        &[],
        &[
            common::ONCE,
            "--source.type=csv",
            "--stream.sql.schema.json={\"id\": \"BigInt\", \"name\": \"String\"}",
            "--sink.type=parquet",
            "--sink.path=columns",
        ],
    );
    let said = common::running::run(typed);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let inferred = infer(path, &["columns"]);
    assert_eq!(inferred["kind"], "parquet");
    let expected = pairs(&[("id", "BigInt"), ("name", "String")]);
    assert_eq!(types(&inferred), expected, "{inferred:#}");
    assert_eq!(run(path, &inferred).len(), 2);

    let inferred = infer(path, &["-r", "1", "in", "--source.type", "txt"]);
    assert_eq!(inferred["rows"], 1);
    assert_eq!(inferred["end"], "there are more");
}

#[test]
fn a_charset_is_found_by_the_mark_of_the_file() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    let text = "\u{feff}id;name\r\n1;é\r\n2;ü\r\n";
    let utf_16: Vec<u8> = text.encode_utf16().flat_map(u16::to_le_bytes).collect();
    put(path, "in/a.csv", utf_16);
    let inferred = infer(path, &["in"]);
    let expected = pairs(&[("id", "Int"), ("name", "String")]);
    assert_eq!(types(&inferred), expected, "{inferred:#}");
    let rows = run(path, &inferred);
    assert_eq!(rows, [r#"{"id":1,"name":"é"}"#, r#"{"id":2,"name":"ü"}"#]);
    // One that is not read is told by its name.
    let utf_32 = text.chars().flat_map(|sign| u32::from(sign).to_le_bytes());
    put(path, "wide/a.csv", utf_32.collect::<Vec<u8>>());
    let said = millstream_in(path, &[], &["infer", "wide"]);
    assert_eq!(said.code, Some(1), "{}", said.out);
    assert!(
        said.err.contains("the byte order mark of UTF-32"),
        "{}",
        said.err
    );
}

#[test]
fn what_is_not_there_is_told() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let said = millstream_in(directory.path(), &[], &["infer", "nowhere"]);
    assert_eq!(said.code, Some(1));
    assert!(said.err.contains("nowhere can't be read"), "{}", said.err);
    let said = millstream_in(directory.path(), &[], &["infer"]);
    assert!(
        said.err.contains("`infer` is not told what to look at"),
        "{}",
        said.err
    );
}

#[test]
fn options_stand_among_the_parameters_and_what_has_no_effect_is_named() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    put(path, "in/a.csv", "1;x\n2;y\n");
    let words = [
        "infer",
        "in",
        "--source.type",
        "csv",
        "-r",
        "1",
        "--json",
        "-m",
        "127.0.0.1:1",
        "--target",
        "local",
    ];
    let said = millstream_in(path, &[], &words);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let inferred: Value = serde_json::from_str(&said.out).expect("JSON");
    assert_eq!(inferred["rows"], 1);
    for option in ["--jobmanager", "--target"] {
        let note = format!("WARNING: {option} has no effect: the input is read in this process\n");
        assert!(said.err.contains(&note), "{}", said.err);
    }
    let command = inferred["command"].as_array().expect("words");
    assert!(command.contains(&"--job.name=NAME".into()), "{command:?}");
    // What is given is no placeholder.
    let command = infer(path, &["in", "--job.name=own"])["command"].to_string();
    assert!(!command.contains("NAME"), "{command}");
}

#[test]
fn warnings_alone_are_logged_unless_more_is_asked_for() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    put(path, "in/a.csv", "1;x\n2;y\n");
    let said = millstream_in(path, &[], &["infer", "in"]);
    assert!(!said.err.contains(" INFO "), "{}", said.err);
    let said = millstream_in(path, &[("MILLSTREAM_LOG", "info")], &["infer", "in"]);
    assert!(said.err.contains(" INFO "), "{}", said.err);
}

#[test]
fn input_without_a_row_is_an_error() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let path = directory.path();
    put(path, "in/a.csv", "id,name\n");
    let said = millstream_in(
        path,
        &[],
        &["infer", "in", "--source.firstLine.schema=true"],
    );
    assert_eq!((said.code, said.out.as_str()), (Some(1), ""));
    assert!(
        said.error().starts_with(
            "MS-6009: in has nothing to find types by: it holds no row that can be read; "
        ),
        "{}",
        said.err
    );
}
