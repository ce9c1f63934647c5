//! A file that was written a moment ago and ends without the end of a line may still be being written. A job waits for that; who looks
//! with `infer` or `--dry-run` sees what is there, the last row as it is.

use std::io::Write;
use std::path::Path;

use crate::common::{ONCE, Said, command, millstream_in, put, running};
use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;

const TEXT: &str = "id,name\n1,a\n2,b";

#[test]
fn types_are_found_out_in_it() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
    packed.write_all(TEXT.as_bytes()).expect("is packed");
    put(path, "in.csv.gz", packed.finish().expect("is packed"));
    put(path, "in.csv", TEXT);
    for file in ["in.csv", "in.csv.gz"] {
        let said = millstream_in(path, &[], &["infer", "--json", file]);
        assert_eq!(said.code, Some(0), "{file}: {}", said.err);
        let inferred: Value = serde_json::from_str(&said.out).expect("JSON");
        assert_eq!(inferred["rows"], 2, "{file}: {inferred:#}");
        assert_eq!(inferred["columns"][0]["greatest"], "2", "{file}");
    }
}

fn dry_run(directory: &Path, parameters: &[&str]) -> Said {
    let mut run = command(directory);
    run.args(["run", "--dry-run", "-Dmillstream.data-dir=data", "ingest"])
        .args(["--job.name=job", "--source.type=csv", "--source.path=in"])
        .args(["--source.firstLine.schema=true", "--sink.type=print"])
        .args(parameters);
    running::run(run)
}

#[test]
fn its_rows_are_shown() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path();
    let patient = "--source.file.settle=60000";
    for (name, parameters, end) in [
        ("once", &[ONCE][..], "2 rows: the source has no more."),
        ("watched", &[], "2 rows; no other came within 5 s"),
        (
            "patient",
            &[ONCE, patient],
            "2 rows: the source has no more.",
        ),
    ] {
        let own = path.join(name);
        put(&own, "in/a.csv", TEXT);
        let said = dry_run(&own, parameters);
        assert_eq!(said.code, Some(0), "{name}: {}", said.err);
        assert!(said.out.contains(end), "{name}: {}", said.out);
    }
}
