use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use rustix::io::Errno;
use rustix::process::geteuid;

use super::{denied, is_of_rights, is_one_file_system, readable, writable};

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

#[test]
fn who_may_not_make_files_is_told_with_whose_the_directory_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let closed = directory.path().join("closed");
    fs::create_dir(&closed).expect("made");
    assert_eq!(denied(&closed.join("a/b")), None);
    assert_eq!(
        denied(Path::new("/proc/a")),
        None,
        "it is no right that is missing"
    );
    fs::set_permissions(&closed, Permissions::from_mode(0o550)).expect("it is ours");
    let told = denied(&closed.join("a/b"));
    let user = geteuid().as_raw();
    if user == 0 {
        assert_eq!(told, None, "root may");
        return;
    }
    let told = told.expect("nobody may");
    let expected = format!("user {user} may not make files in {}", closed.display());
    assert!(
        told.starts_with(&expected) && told.ends_with("mode 550"),
        "{told}"
    );
}

#[test]
fn what_a_filter_of_system_calls_refuses_is_no_lack_of_rights() {
    assert!(is_of_rights(&Errno::ACCESS.into()));
    assert!(!is_of_rights(&Errno::PERM.into()));
}
