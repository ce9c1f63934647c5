use std::fs;
use std::os::unix::fs::symlink;
use std::path::PathBuf;

use super::*;
use crate::metadata::SnapshotFormat;
use crate::metadata::tests::example;
use crate::write::SnapshotTarget;

const JOB: &str = "f8cccb14cd33babade335fd60aefa9e4";

fn location(path: &Path) -> Location {
    Location::from_path(path).expect("a path")
}

/// One of a store, of which none was given.
fn of_store(path: &str) -> Location {
    Location {
        path: PathBuf::from(path),
    }
}

/// A snapshot of the job at `path`, of when the checkpoints of the job lay below `told`.
fn written(path: &Path, told: Option<&Location>) -> Snapshot {
    let target = SnapshotTarget::create(path, SnapshotFormat::Native).expect("a directory");
    let target = match told {
        Some(told) => target.of_job_below(told),
        None => target,
    };
    let mut metadata = example();
    for operator in &mut metadata.operators {
        operator.states.clear();
    }
    let written = target.complete(&metadata).expect("written");
    Snapshot::open(&written).expect("intact")
}

#[test]
fn a_snapshot_comes_from_where_it_lies_and_from_where_it_was_written() {
    let lies = format!("cp/{JOB}/chk-7");
    let copied = format!("copy/{JOB}/chk-7");
    for (at, told, own, expected, why) in [
        (lies.as_str(), None, "cp2", &["cp"][..], "where it lies"),
        (&lies, Some("cp"), "cp2", &["cp"], "one and the same"),
        (&lies, Some("cp"), "cp", &[], "its own directory"),
        (&lies, None, "link", &[], "its own, written otherwise"),
        (&copied, Some("cp"), "cp2", &["copy", "cp"], "a copy"),
        (&copied, Some("cp"), "cp", &["copy"], "beside its own"),
        ("sp/savepoint-1", Some("cp"), "cp2", &["cp"], "a savepoint"),
        ("sp/savepoint-1", Some("cp"), "link", &[], "of its own"),
        ("sp/savepoint-1", None, "cp2", &[], "nothing tells of that"),
        ("moved/chk-7", None, "cp2", &[], "from where it lay"),
    ] {
        let temp = tempfile::tempdir().expect("a directory");
        let below = |name: &str| location(&temp.path().join(name));
        fs::create_dir(temp.path().join("cp")).expect("made");
        symlink("cp", temp.path().join("link")).expect("made");
        let told = told.map(below);
        let snapshot = written(&temp.path().join(at), told.as_ref());
        let found = Elsewhere::of(&snapshot, &below(own));
        let expected: Vec<Location> = expected.iter().copied().map(below).collect();
        assert_eq!(found.directories, expected, "{at} for {own}: {why}");
        assert!(found.unknown.is_none(), "{at} for {own}: {why}");
    }
}

#[test]
fn also_over_a_link_to_it() {
    let temp = tempfile::tempdir().expect("a directory");
    let root = fs::canonicalize(temp.path()).expect("it is there");
    let path = root.join(format!("cp/{JOB}/chk-7"));
    written(&path, None);
    let link = root.join("newest");
    symlink(&path, &link).expect("made");
    let snapshot = Snapshot::open(&location(&link)).expect("intact");
    let found = Elsewhere::of(&snapshot, &location(&root.join("cp2")));
    assert_eq!(found.directories, [location(&root.join("cp"))]);
}

#[test]
fn what_lies_where_nobody_looks_is_told_beside_what_is_found() {
    let temp = tempfile::tempdir().expect("a directory");
    let path = temp.path().join(format!("cp/{JOB}/chk-7"));
    let snapshot = written(&path, Some(&of_store("s3://bucket/cp")));
    let found = Elsewhere::of(&snapshot, &location(&temp.path().join("cp2")));
    assert_eq!(found.directories, [location(&temp.path().join("cp"))]);
    let unknown = found.unknown.expect("it is in a store");
    assert!(unknown.message().contains("s3://bucket/cp"), "{unknown}");
}

#[test]
fn a_store_is_asked_only_if_it_is_in_use() {
    let disk = location(Path::new("/sp/savepoint-1"));
    // No store was given to this process: one that is asked is not known.
    let (passed_over, asked) = (Some("MS-3010"), Some("MS-3009"));
    for (told, own, lies, expected) in [
        ("file:/cp", &disk, &disk, None),
        ("file:/cp", &of_store("s3://b/cp"), &disk, None),
        ("s3://b/cp", &disk, &disk, passed_over),
        ("s3://b/cp", &of_store("s3://b/cp2"), &disk, asked),
        (
            "s3://b/cp",
            &disk,
            &of_store("s3://b/sp/savepoint-1"),
            asked,
        ),
        ("s3://b/cp", &of_store("s3://other/cp"), &disk, passed_over),
        ("hdfs://nn/cp", &of_store("s3://nn/cp"), &disk, passed_over),
        ("hdfs://nn:1/cp", &of_store("hdfs://nn:1/x"), &disk, asked),
    ] {
        let found = within_reach(told, [own, lies]);
        let code = found.err().map(|error| error.code());
        assert_eq!(code, expected, "{told} for {own}, from {lies}");
    }
}
