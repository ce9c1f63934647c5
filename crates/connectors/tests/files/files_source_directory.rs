//! Which files of a directory are read, in which order, and what is refused by name.

use std::time::Duration;

use crate::files_source_support::{Attempt, Found, directory, read_with, source, write};
use millstream_connectors::files_source::{Bad, FileSource, FileSourceOptions, Watch};

fn error(path: &std::path::Path) -> millstream_core::Error {
    FileSource::new(FileSourceOptions::new(path)).expect_err("is refused")
}

#[test]
fn files_are_read_oldest_first_and_hidden_ones_are_not() {
    let directory = directory(&[
        ("z.csv", b"1\n"),
        ("_part.csv", b"x\n"),
        ("a.csv", b"2\n"),
        ("m.csv", b"3\n"),
    ]);
    write(directory.path(), "b.csv", b"4\n", 3);
    std::fs::create_dir(directory.path().join("_temporary")).expect("is made");
    std::fs::write(directory.path().join(".c.csv.tmp"), "y\n").expect("is written");
    assert_eq!(
        read_with(directory.path(), |_| ()).rows,
        ["1", "2", "4", "3"]
    );
}

#[test]
fn one_file_can_be_named_whatever_its_name_is() {
    let directory = directory(&[("_a.csv", b"1\n"), ("b.csv", b"2\n")]);
    assert_eq!(
        read_with(&directory.path().join("_a.csv"), |_| ()).rows,
        ["1"]
    );
}

#[test]
fn a_nested_directory_is_refused_by_name() {
    let directory = directory(&[("a.csv", b"1\n")]);
    std::fs::create_dir(directory.path().join("older")).expect("is made");
    let error = error(directory.path());
    assert_eq!(error.code(), "MS-6002");
    assert!(error.message().contains("older"), "{error}");
}

#[test]
fn a_path_that_is_not_there_is_refused() {
    let directory = directory(&[]);
    let error = error(&directory.path().join("nothing"));
    assert_eq!(error.code(), "MS-6001");
    assert!(error.message().contains("nothing"), "{error}");
}

#[test]
fn an_empty_directory_ends_at_once() {
    let directory = directory(&[]);
    let source = source(directory.path(), |options| options.format.header = true);
    assert!(
        Attempt::start(&source, 3)
            .read_to_end()
            .expect("ends")
            .is_empty()
    );
}

#[test]
fn new_files_are_found_while_it_runs() {
    let directory = directory(&[("a.csv", b"1,a\n")]);
    let source = source(directory.path(), |options| {
        options.watch = Watch::Continuously {
            interval: Duration::from_millis(2),
        };
        options.intake.settle = Some(Duration::ZERO);
        options.intake.bad = Some(Bad::Fail);
    });
    let mut attempt = Attempt::start(&source, 2);
    for (number, name) in ["b.csv", "c.csv", "d.csv"].into_iter().enumerate() {
        let found = attempt
            .read_until(|found| !found.is_empty())
            .expect("can be read");
        assert_eq!(Found::of(found).rows.len(), 1);
        write(directory.path(), name, b"2,b\n", number as u64 + 1);
    }
    let found = attempt
        .read_until(|found| !found.is_empty())
        .expect("can be read");
    assert_eq!(Found::of(found).rows, ["2|b"]);
    std::fs::create_dir(directory.path().join("nested")).expect("is made");
    assert_eq!(attempt.fails().code(), "MS-6002");
}
