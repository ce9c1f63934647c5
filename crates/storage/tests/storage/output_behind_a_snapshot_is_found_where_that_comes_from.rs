//! Output that was committed behind a snapshot is known also to a job whose own checkpoints lie in another directory.

use std::path::Path;

use crate::common::{metadata, write_native, write_snapshot};
use millstream_storage::{
    Location, Snapshot, SnapshotFormat, SnapshotKind, SnapshotTarget, committed_behind,
};

fn location(path: &Path) -> Location {
    Location::from_path(path).expect("a path")
}

/// A savepoint with the number 5, of when the checkpoints of its job lay below `told`.
fn savepoint(path: &Path, told: Option<&Location>) -> Location {
    let target = SnapshotTarget::create(path, SnapshotFormat::Native).expect("a directory");
    let target = match told {
        Some(told) => target.of_job_below(told),
        None => target,
    };
    let file = write_native(&target);
    let mut content = metadata(SnapshotFormat::Native, "mine", 5, file);
    content.kind = SnapshotKind::Savepoint;
    target.complete(&content).expect("writable")
}

#[test]
fn of_checkpoints_and_savepoints() {
    let temp = tempfile::tempdir().expect("a directory");
    let root = temp.path();
    let (cp, cp2) = (location(&root.join("cp")), location(&root.join("cp2")));
    let [older, newest] = [5, 9].map(|number| {
        let of_job = cp.path().join("f8cccb14cd33babade335fd60aefa9e4");
        let path = of_job.join(format!("chk-{number}"));
        write_snapshot(&path, SnapshotFormat::Native, "mine", number)
    });
    let told = savepoint(&root.join("sp/savepoint-1"), Some(&cp));
    let untold = savepoint(&root.join("sp/savepoint-2"), None);
    for (from, own, expected, why) in [
        (&older, &cp, Some(&newest), "among its own"),
        (&older, &cp2, Some(&newest), "where it lies"),
        (&newest, &cp2, None, "nothing is behind it"),
        (&told, &cp2, Some(&newest), "where it says to be of"),
        (&untold, &cp2, None, "nothing tells where to look"),
        (&untold, &cp, Some(&newest), "among its own"),
    ] {
        let from = Snapshot::open(from).expect("intact");
        let found = committed_behind(own, &[], &from).expect("readable");
        assert_eq!(found, expected.map(Location::to_string), "{why}");
    }
}

#[test]
fn and_it_is_said_where_that_can_not_be_told() {
    let temp = tempfile::tempdir().expect("a directory");
    let root = temp.path();
    let (cp, cp2) = (location(&root.join("cp")), location(&root.join("cp2")));
    std::fs::write(cp.path(), "no directory").expect("writable");
    let path = root.join("sp/savepoint-1");
    let from = Snapshot::open(&savepoint(&path, Some(&cp))).expect("intact");
    let error = committed_behind(&cp2, &[], &from).expect_err("it can't be listed");
    assert!(error.message().contains("cp"), "{error}");

    // What is known is known.
    let of_job = cp2.path().join("f8cccb14cd33babade335fd60aefa9e4");
    let newer = write_snapshot(&of_job.join("chk-9"), SnapshotFormat::Native, "mine", 9);
    let found = committed_behind(&cp2, &[], &from).expect("there is one");
    assert_eq!(found, Some(newer.to_string()));
}
