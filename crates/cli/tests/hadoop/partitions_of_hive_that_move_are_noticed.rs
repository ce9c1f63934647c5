//! A partition that gets another place while a job watches its table is a changed one: the job fails and names both places, or reads
//! the new one as well, as `source.file.changed` says.

use std::fs;
use std::path::{Path, PathBuf};

use super::tables_of_hive_are_read_from_their_files::{hive, ingest, table};
use crate::common::{Running, lines};
use millstream_services::hive::Hive;

const OLD: &str = r#"{"id":1,"text":"old","part":1}"#;
const NEW: &str = r#"{"id":2,"text":"new","part":1}"#;

/// Where the partition of a table lies, and where it will.
fn places(hive: &Hive, name: &str) -> (PathBuf, PathBuf) {
    let home = hive.directory().join(name);
    (home.join("before"), home.join("behind"))
}

/// Makes a table with one partition, and a job that has read it.
fn watched(hive: &Hive, name: &str, directory: &Path, more: &[&str]) -> Running {
    let (before, behind) = places(hive, name);
    for (place, text) in [(&before, "1,old\n"), (&behind, "2,new\n")] {
        fs::create_dir_all(place).expect("a directory");
        fs::write(place.join("000000_0"), text).expect("a file");
    }
    let statements = format!(
        "create external table shop.{name} (id int, text string) partitioned by (part int)
             row format delimited fields terminated by ',';
         alter table shop.{name} add partition (part=1) location 'file:{}'",
        before.display()
    );
    hive.run(&statements).expect("a table");
    let watch = [
        "--source.watch.interval=50",
        "--source.file.settle=0",
        "--job.retry.maxNumberRestartAttempts=0",
    ];
    let mut command = ingest(directory, &[], &[&watch[..], more].concat());
    command.args(table(hive, &format!("shop.{name}")));
    let mut job = Running::start(command);
    let out = directory.join("out");
    job.await_that("the row", || lines(&out) == [OLD]);
    job.await_checkpoint();
    job
}

/// The job fails once `statements` were executed, in which `{place}` is the new one.
fn fails(hive: &Hive, name: &str, statements: &str) {
    let directory = tempfile::tempdir().expect("a directory");
    let job = watched(hive, name, directory.path(), &[]);
    let (before, behind) = places(hive, name);
    let place = format!("file:{}", behind.display());
    hive.run(&statements.replace("{place}", &place))
        .expect("is moved");
    let said = job.end();
    assert_eq!(said.code, Some(1), "{}", said.err);
    let error = said.error();
    let (before, behind) = (before.display().to_string(), behind.display().to_string());
    for words in ["MS-6003", "partition part=1", &before, &behind] {
        assert!(error.contains(words), "{words}: {error}");
    }
    assert_eq!(lines(&directory.path().join("out")), [OLD]);
}

#[test]
fn one_that_is_set_elsewhere_fails_the_job() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let statement = "alter table shop.set_elsewhere partition (part=1) set location '{place}'";
    fails(hive, "set_elsewhere", statement);
}

#[test]
fn one_that_is_dropped_and_added_elsewhere_fails_the_job() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let statements = "alter table shop.added_elsewhere drop partition (part=1);
         alter table shop.added_elsewhere add partition (part=1) location '{place}'";
    fails(hive, "added_elsewhere", statements);
}

#[test]
fn the_new_place_is_read_where_that_is_asked_for() {
    let hive = hive();
    let hive = hive.as_ref().expect("a server");
    let directory = tempfile::tempdir().expect("a directory");
    let reread = ["--source.file.changed=reread"];
    let mut job = watched(hive, "read_elsewhere", directory.path(), &reread);
    let (_, behind) = places(hive, "read_elsewhere");
    let statement = format!(
        "alter table shop.read_elsewhere partition (part=1) set location 'file:{}'",
        behind.display()
    );
    hive.run(&statement).expect("is moved");
    let out = directory.path().join("out");
    job.await_that("both rows", || lines(&out) == [OLD, NEW]);
    let said = job.suspend();
    assert!(
        said.err.contains("partition part=1 has moved"),
        "{}",
        said.err
    );
}
