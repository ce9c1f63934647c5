//! A file is known by its name below the source directory, its size, time and beginning: however the path is written and
//! wherever the directory was moved, nothing is read again. A directory that holds none of the files is refused.

use std::path::{Path, PathBuf};

use crate::files_source_support::{Attempt, Found, State, directory, source, write};
use millstream_connectors::files_source::OtherDirectory;

fn read_all(path: &Path, state: Option<State>) -> (Vec<String>, State) {
    let source = source(path, |_| ());
    let mut attempt = Attempt::restore(&source, 2, state).expect("the readers open");
    let found = attempt.read_to_end().expect("can be read");
    (Found::of(found).rows, attempt.checkpoint())
}

#[test]
fn a_directory_written_otherwise_linked_or_moved_is_the_same() {
    let root = directory(&[]);
    let path = root.path().join("in");
    std::fs::create_dir(&path).expect("is made");
    write(&path, "a.csv", b"1\n2\n", 1);
    write(&path, "b.csv", "3\n".repeat(5_000).as_bytes(), 2);
    let (rows, mut state) = read_all(&path, None);
    assert_eq!(rows.len(), 5_002);
    let link = root.path().join("link");
    std::os::unix::fs::symlink(&path, &link).expect("is made");
    let text = path.to_str().expect("text").to_owned();
    for written in [
        format!("{text}/"),
        format!("/{text}"),
        format!("{text}/../in/./"),
    ] {
        let (rows, next) = read_all(&PathBuf::from(&written), Some(state));
        assert!(rows.is_empty(), "{written}");
        state = next;
    }
    let (rows, state) = read_all(&link, Some(state));
    assert!(rows.is_empty(), "through a link");
    let moved = root.path().join("moved");
    std::fs::rename(&path, &moved).expect("is moved");
    let (rows, state) = read_all(&moved, Some(state));
    assert!(rows.is_empty(), "moved");
    // A copy has other times.
    let copy = root.path().join("copy");
    std::fs::create_dir(&copy).expect("is made");
    for name in ["a.csv", "b.csv"] {
        std::fs::copy(moved.join(name), copy.join(name)).expect("is copied");
    }
    write(&copy, "c.csv", b"4\n", 3);
    let (rows, _) = read_all(&copy, Some(state));
    assert_eq!(rows, ["4"], "copied");
}

#[test]
fn a_directory_without_any_of_the_files_is_refused_unless_accepted() {
    let first = directory(&[("a.csv", b"1\n")]);
    let (_, state) = read_all(first.path(), None);
    let second = directory(&[("other.csv", b"2\n")]);
    let strict = source(second.path(), |_| ());
    let mut attempt = Attempt::restore(&strict, 1, Some(state.clone())).expect("the reader opens");
    let error = attempt.fails();
    assert_eq!(error.code(), "MS-6011");
    assert!(error.message().contains("none of the 1 files"), "{error}");
    let accepting = source(second.path(), |options| {
        options.intake.other = OtherDirectory::Accept
    });
    let mut attempt = Attempt::restore(&accepting, 1, Some(state)).expect("the reader opens");
    let found = attempt.read_to_end().expect("can be read");
    assert_eq!(Found::of(found).rows, ["2"]);
}
