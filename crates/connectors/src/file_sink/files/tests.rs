use std::fs;
use std::path::Path;

use millstream_core::{JobId, Lineage};

use super::super::stand::Own;
use super::*;

const JOB: JobId = JobId::from_bytes([0x0b; 16]);

/// A writer with a file of each of these partitions that has ended.
fn ended(directory: &Path, partitions: &[&str]) -> Files {
    let names = Names {
        origin: JOB,
        job: JOB,
        family: JOB,
        generation: 0,
        run: 1,
        subtask: 0,
        slot: 0,
        extension: "txt",
    };
    let own = Own::new(JOB, &Lineage::fresh(1), std::iter::empty());
    let directory = Directory::create(directory, own).expect("made");
    let mut files = Files::new(directory, names);
    for partition in partitions {
        let partition = Partition::from(*partition);
        done(files.write(&partition, b"row\n"));
        files.end(&partition).expect("ends");
    }
    files
}

#[track_caller]
fn done<T>(tried: Result<Tried<T>>) -> T {
    match tried.expect("no error") {
        Tried::Done(done) => done,
        Tried::Later(why) => panic!("{why}"),
    }
}

/// The files whose names end like this.
fn found(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).expect("a listing");
    let paths = entries.map(|entry| entry.expect("an entry").path());
    paths
        .filter(|path| path.to_string_lossy().ends_with(ending))
        .collect()
}

/// Two files whose prepare fails in the middle: it can't be told whether the second one's visible name is free.
fn half_prepared(directory: &Path) -> Files {
    let mut files = ended(directory, &["a=1", "b=2"]);
    let odd = directory.join("b=2");
    fs::write(&odd, "").expect("written");
    assert!(files.prepare(1).is_err());
    fs::remove_file(&odd).expect("removed");
    files
}

#[test]
fn a_directory_that_is_absent_is_waited_for() {
    let around = tempfile::tempdir().expect("a directory");
    let (out, away) = (around.path().join("out"), around.path().join("away"));
    let mut files = ended(&out, &[""]);
    let other = Partition::from("a=1");
    fs::rename(&out, &away).expect("taken away");
    assert!(matches!(files.prepare(1), Ok(Tried::Later(_))));
    assert!(matches!(files.write(&other, b"row\n"), Ok(Tried::Later(_))));
    fs::rename(&away, &out).expect("brought back");
    assert_eq!(done(files.prepare(1)).len(), 1);
    done(files.write(&other, b"row\n"));
}

#[test]
fn a_prepare_goes_on_where_it_has_stopped() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut files = half_prepared(directory);
    assert_eq!(done(files.prepare(1)).len(), 2);
    assert_eq!(found(directory, ".prepared").len(), 2);
    assert!(found(directory, ".inprogress").is_empty());
}

#[test]
fn a_prepare_fails_where_the_disk_has_forgotten_a_new_name() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut files = half_prepared(directory);
    for path in found(directory, ".prepared") {
        fs::remove_file(path).expect("removed");
    }
    let error = files.prepare(1).err().expect("it is missing");
    assert!(error.message().contains("can't find"), "{error}");
}

#[test]
fn what_is_left_of_a_prepare_is_removed_under_the_name_that_it_has() {
    let directory = tempfile::tempdir().expect("a directory");
    let directory = directory.path();
    let mut files = half_prepared(directory);
    assert_eq!(found(directory, ".prepared").len(), 2);
    files.abandon();
    assert_eq!(found(directory, ".prepared").len(), 1);
}

#[test]
fn nothing_begins_in_another_directory_that_somebody_makes() {
    let around = tempfile::tempdir().expect("a directory");
    let (out, taken) = (around.path().join("out"), around.path().join("taken"));
    let mut files = ended(&out, &[]);
    fs::rename(&out, &taken).expect("taken away");
    fs::create_dir(&out).expect("made");
    let error = files.write(&Partition::from(""), b"row\n").err();
    let error = error.expect("it is another one");
    assert!(error.message().contains("taken the place"), "{error}");
    assert!(found(&out, "").is_empty());
}

#[test]
fn a_copy_of_the_directory_is_written_to_by_who_has_nothing_unprepared() {
    let around = tempfile::tempdir().expect("a directory");
    let (out, taken) = (around.path().join("out"), around.path().join("taken"));
    let (first, second) = (Partition::from(""), Partition::from("a=1"));
    let mut files = ended(&out, &[""]);
    assert_eq!(done(files.prepare(1)).len(), 1);
    fs::rename(&out, &taken).expect("taken away");
    fs::create_dir(&out).expect("made");
    fs::write(out.join("part-0b0b0b0b-1-0-0.txt"), "").expect("copied");
    done(files.write(&first, b"row\n"));
    files.end(&first).expect("ends");
    assert_eq!(done(files.prepare(2)).len(), 1);
    assert_eq!(found(&out, ".prepared").len(), 1);
    assert_eq!(found(&out, ".lock").len(), 1);
    // Who has something that is not prepared does not go on in another one.
    done(files.write(&first, b"row\n"));
    fs::remove_dir_all(&taken).expect("removed");
    fs::rename(&out, &taken).expect("taken away");
    fs::create_dir(&out).expect("made");
    fs::write(out.join("part-0b0b0b0b-1-0-0.txt"), "").expect("copied");
    assert!(files.write(&second, b"row\n").is_err());
}
