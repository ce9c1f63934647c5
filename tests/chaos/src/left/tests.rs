use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use super::{JOURNALS, has_noted_end, look};

fn look_at(directory: &tempfile::TempDir, retained: u64, by_attempt: bool) -> anyhow::Result<()> {
    look(directory.path(), retained, by_attempt, &BTreeSet::new())
}

fn put(directory: &Path, name: &str, text: &str) {
    let path = directory.join(name);
    fs::create_dir_all(path.parent().expect("a directory")).expect("made");
    fs::write(path, text).expect("written");
}

/// A job with one checkpoint, one shared file, a journal and half a checkpoint.
fn well() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("temporary directory");
    let put = |name: &str, text: &str| put(directory.path(), name, text);
    put("a/chk-7/_metadata", r#"{"path": "../shared/s-1.opaque"}"#);
    put("a/shared/s-1.opaque", "");
    put("a/_intake-1-1-1", "");
    put("a/chk-8/_metadata.inprogress", "");
    look_at(&directory, 1, true).expect("nothing is left");
    directory
}

#[test]
fn two_halves_of_checkpoints_are_one_too_many() {
    let directory = well();
    put(directory.path(), "a/chk-6/x.state", "");
    assert!(look_at(&directory, 1, true).is_err());
}

#[test]
fn a_shared_file_is_named_by_a_checkpoint_of_its_own_job() {
    let directory = well();
    put(directory.path(), "b/shared/s-1.opaque", "");
    assert!(look_at(&directory, 1, true).is_err());
    look_at(&directory, 1, false).expect("its job may have died");
    put(directory.path(), "b/_ended", "{}");
    assert!(look_at(&directory, 1, false).is_err(), "it has not");
}

#[test]
fn journals_are_few() {
    let directory = well();
    for number in 0..=JOURNALS + 1 {
        put(directory.path(), &format!("a/_intake-1-2-{number}"), "");
    }
    assert!(look_at(&directory, 1, true).is_err());
    look_at(&directory, 2, true).expect("one for each checkpoint");
}

#[test]
fn an_end_is_noted_by_name_and_without_a_savepoint() {
    let directory = well();
    let note = |savepoint: &str| format!(r#"{{"job_name":"chaos","savepoint":{savepoint}}}"#);
    put(directory.path(), "a/_ended", &note(r#""/savepoints/1""#));
    assert!(!has_noted_end(directory.path(), "chaos"));
    put(directory.path(), "a/_ended", &note("null"));
    assert!(has_noted_end(directory.path(), "chaos"));
    assert!(!has_noted_end(directory.path(), "fork-001"));
}

#[test]
fn what_the_disk_kept_is_passed_over() {
    let directory = well();
    put(directory.path(), "a/chk-6/x.state", "");
    let kept = BTreeSet::from(["a".to_owned()]);
    look(directory.path(), 1, true, &kept).expect("nobody can come back to it");
}
