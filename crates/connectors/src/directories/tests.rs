use std::fs;
use std::path::Path;

use super::{is_one_file_system, readable, writable};

#[test]
fn what_is_not_there_can_be_made_where_a_directory_is_above() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    assert!(writable(root).expect("it is ours"));
    assert!(!writable(&root.join("a/b")).expect("it can be made"));
    fs::write(root.join("file"), "").expect("written");
    let error = writable(&root.join("file/below")).expect_err("a file is above");
    assert_eq!(error.kind(), std::io::ErrorKind::NotADirectory);
    for of_system in ["/proc", "/proc/a/b", "/sys"] {
        writable(Path::new(of_system)).expect_err(of_system);
    }
    assert!(is_one_file_system(root, &root.join("a/b")).expect("looked at"));
    assert!(!is_one_file_system(root, Path::new("/proc")).expect("looked at"));
}

#[test]
fn files_are_counted_and_hidden_ones_are_not() {
    let directory = tempfile::tempdir().expect("a directory");
    let root = directory.path();
    for name in ["a.csv", "b.csv", ".hidden", "_temporary"] {
        fs::write(root.join(name), "1\n").expect("written");
    }
    let found = readable(root).expect("it is ours");
    assert_eq!((found.files, found.refused.len()), (2, 0));
    assert_eq!(readable(&root.join("a.csv")).expect("a file").files, 1);
    assert!(readable(&root.join("nowhere")).is_err());
}
