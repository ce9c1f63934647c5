//! A value that is refused is shown as it was written: what a reference in it stands for is never shown.

use crate::common::{CSV_TO_FILES, ONCE, ingest, put, running};

const SECRET: &str = "Hidden-5b1c-word";

/// Runs a job that must be refused, and answers what it said.
fn refused(options: &[&str], parameters: &[&str]) -> String {
    let directory = tempfile::tempdir().expect("a directory");
    put(directory.path(), "in/1.csv", "id,name\n1,Ann\n");
    let parameters = [&CSV_TO_FILES[..], &[ONCE], parameters].concat();
    let mut command = ingest(directory.path(), options, &parameters);
    command.env("SECRET_WORD", SECRET);
    let said = running::run(command);
    assert_ne!(
        said.code,
        Some(0),
        "{options:?} {parameters:?}: {}",
        said.err
    );
    let all = format!("{}{}", said.out, said.err);
    let lower = all.to_lowercase();
    assert!(
        !lower.contains(&SECRET.to_lowercase()),
        "{options:?} {parameters:?}: {all}"
    );
    all
}

#[test]
fn of_settings_that_are_words() {
    for key in [
        "restart-strategy.type",
        "execution.checkpointing.mode",
        "execution.checkpointing.externalized-checkpoint-retention",
        "execution.state-recovery.on-lost-output",
    ] {
        let said = refused(&[&format!("-D{key}=${{env:SECRET_WORD}}")], &[]);
        assert!(
            said.contains(&format!("{key} is `${{env:SECRET_WORD}}`")),
            "{said}"
        );
    }
    let mode = "-Dexecution.state-recovery.claim-mode=${env:SECRET_WORD}";
    let said = refused(&["-slatest", mode], &[]);
    assert!(
        said.contains("claim-mode is `${env:SECRET_WORD}`"),
        "{said}"
    );
}

#[test]
fn of_sql() {
    const SQL: &str = "--stream.sql.enable=true";
    const SCHEMA: &str = r#"--stream.sql.schema.json={"id":"Int","name":"String"}"#;
    for query in [
        "select `${env:SECRET_WORD}` from t1",
        "select ${env:SECRET_WORD} from t1",
        "select cast('${env:SECRET_WORD}' as int) as x from t1",
        "select to_timestamp('${env:SECRET_WORD}') + id as x from t1",
        "select id from t1 ${env:SECRET_WORD} '",
        "select split_part(name, '${env:SECRET_WORD}', 0) as x from t1",
    ] {
        let query = format!("--stream.sql={query}");
        refused(&[], &[SQL, SCHEMA, &query]);
    }
    let schema = r#"--stream.sql.schema.json={"id":"${env:SECRET_WORD}"}"#;
    let said = refused(&[], &[SQL, schema]);
    assert!(said.contains("${env:SECRET_WORD}"), "{said}");
}

#[test]
fn of_records_that_the_sql_can_not_answer() {
    let query = "--stream.sql=select cast(concat(name, '${env:SECRET_WORD}') as int) as x from t1";
    refused(
        &[],
        &[
            "--stream.sql.enable=true",
            r#"--stream.sql.schema.json={"id":"Int","name":"String"}"#,
            query,
        ],
    );
}
