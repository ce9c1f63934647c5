//! Where the directory of the sink can't be looked at, the real cause is told, and not that of an attempt to make it anew.

use std::os::unix::fs::symlink;

use crate::common::{CSV_TO_FILES, ONCE, ingest, put, running};

#[test]
fn by_what_the_system_says() {
    for (points_to, cause) in [
        ("out", "Too many levels of symbolic links"),
        ("nowhere", "No such file or directory"),
    ] {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path();
        put(path, "in/1.csv", "id,name\n1,Ann\n");
        symlink(points_to, path.join("out")).expect("a link");
        let parameters = [&CSV_TO_FILES[..], &[ONCE]].concat();
        let said = running::run(ingest(path, &[], &parameters));
        assert_eq!(said.code, Some(1), "{}", said.err);
        assert!(said.err.contains(cause), "{cause}: {}", said.err);
        assert!(!said.err.contains("File exists"), "{}", said.err);
    }
}
