//! `Decimal(p,s)` is exact. `Decimal` alone is the Double that it is in the CSP operator, and the job says so; types of nested
//! values are refused with what to write.

use crate::common::{CSV_TO_FILES, ONCE, Said, ingest, lines, put, running};

fn run(schema: &str) -> (Said, Vec<String>) {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.csv", "a,b\n0.1,0.2\n");
    let mut job = ingest(directory.path(), &[], &CSV_TO_FILES);
    job.args([ONCE])
        .arg("--stream.sql.enable=true")
        .arg(format!("--stream.sql.schema={schema}"))
        .arg("--stream.sql=select a + b as total from t1");
    let said = running::run(job);
    let written = if said.code == Some(0) {
        lines(&directory.path().join("out"))
    } else {
        Vec::new()
    };
    (said, written)
}

#[test]
fn a_decimal_with_digits_is_exact() {
    let (said, written) = run("struct<a:Decimal(10,2),b:Decimal(10,2)>");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(written, [r#"{"total":0.30}"#]);
    assert!(!said.err.contains("is a Double"), "{}", said.err);
}

#[test]
fn one_without_is_a_double_and_said_to_be() {
    let (said, written) = run("struct<a:Decimal,b:Decimal(10,2)>");
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(written, [r#"{"total":0.30000000000000004}"#]);
    assert!(
        said.err
            .contains("Column `a`: Decimal without digits is a Double")
            && said.err.contains("write Decimal(p,s)")
            && !said.err.contains("Column `b`"),
        "{}",
        said.err
    );
}

#[test]
fn an_array_is_refused_with_what_to_write() {
    for name in ["array<int>", "map<string,int>", "struct<x:int>", "numeric"] {
        let (said, _) = run(&format!("struct<a:{name},b:Int>"));
        assert_eq!(said.code, Some(1), "{}", said.err);
        let error = said.error();
        assert!(
            error.contains("MS-5003")
                && error.contains(&format!("`{name}`"))
                && error.contains("write "),
            "{error}"
        );
    }
}
