//! A query that can't work, or whose types the sink can't write, is refused when the job starts, with and without
//! records.

use crate::common::{ONCE, Said, ingest, put, running};

fn run(expression: &str, format: &str, records: &str) -> Said {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.csv", records);
    let sql = format!("--stream.sql=select {expression} as x from t1");
    let format = format!("--sink.format={format}");
    let mut command = ingest(
        directory.path(),
        &[],
        &[
            "--source.type=csv",
            "--sink.type=file",
            "--sink.path=out",
            ONCE,
        ],
    );
    command.args([
        "--stream.sql.enable=true",
        r#"--stream.sql.schema.json={"n":"BigInt","s":"String","ts":"Timestamp"}"#,
        "--error.policy=skip",
        &sql,
        &format,
    ]);
    running::run(command)
}

#[test]
fn with_and_without_records() {
    for records in ["", "1,a,2024-01-01 00:00:00\n2,b,2024-01-02 00:00:00\n"] {
        for (expression, format, word) in [
            ("to_char(ts,'%Q')", "json", "%Q"),
            ("split_part(s,',',0)", "json", "zero"),
            ("n/0", "json", "division by zero"),
            ("interval '1 day'", "parquet", "column `x` of type"),
            ("from_unixtime(n,'Mars/Olympus')", "json", "Mars/Olympus"),
            ("to_timestamp(s,'dd/mm/yyyy')", "json", "`dd/MM/yyyy`"),
            ("interval '1 day'", "orc", "column `x` of type Interval"),
            ("1+1+".repeat(3_000).as_str(), "json", "MS-5001"),
        ] {
            let expression = expression.strip_suffix('+').unwrap_or(expression);
            let said = run(expression, format, records);
            let error = said.error();
            assert_eq!(said.code, Some(1), "{expression}: {error}");
            assert!(error.starts_with("MS-5001: "), "{expression}: {error}");
            assert!(error.contains(word), "{expression}: {error}");
        }
    }
}

#[test]
fn what_can_be_written_is() {
    for format in ["json", "csv", "parquet", "orc"] {
        for expression in [
            "cast(interval '1' day as string)",
            "arraySplit(s)",
            "ts - ts",
            "map([s],[n])",
            "map([s],[[ts]])",
            "map([n],[s])",
            "struct(s, map([s],[n]))",
        ] {
            if expression == "ts - ts" && ["parquet", "orc"].contains(&format) {
                continue;
            }
            let said = run(expression, format, "1,a,2024-01-01 00:00:00\n");
            assert_eq!(said.code, Some(0), "{expression} as {format}: {}", said.err);
        }
    }
}
