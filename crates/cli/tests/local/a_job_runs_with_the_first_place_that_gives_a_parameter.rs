//! The environment wins over the arguments, and these over the file: a job that runs has the values of the first place
//! that gives them.

use crate::common::{command, lines, put, running};

#[test]
fn place_by_place() {
    let directory = tempfile::tempdir().expect("temporary directory");
    put(directory.path(), "in/a.csv", "id;name\n1;Ann\n");
    put(
        directory.path(),
        "application.properties",
        "job.name = of the file\n\
         source.type = csv\n\
         source.path = nowhere\n\
         source.field.delimiter = ,\n\
         source.firstLine.schema = true\n\
         source.watch.type = PROCESS_ONCE\n\
         sink.type = file\n\
         sink.path = of-the-file\n",
    );
    let mut job = command(directory.path());
    job.args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["ingest", "--source.path=in", "--source.field.delimiter=|"])
        .args(["--sink.path=of-the-arguments"])
        .env("MILLSTREAM_INGEST_SOURCE_FIELD_DELIMITER", ";")
        .env("MILLSTREAM_INGEST_SINK_PATH", "of-the-environment");
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(
        lines(&directory.path().join("of-the-environment")),
        [r#"{"id":"1","name":"Ann"}"#]
    );
    assert!(
        said.err.contains("Job \"of the file\" is FINISHED"),
        "{}",
        said.err
    );
    for other in ["of-the-arguments", "of-the-file"] {
        assert!(!directory.path().join(other).exists(), "{other}");
    }
}
