use std::os::unix::fs::symlink;

use super::*;

#[test]
fn a_path_leads_to_the_same_place_whether_that_is_there_or_away() {
    let around = tempfile::tempdir().expect("a directory");
    let around = around.path().canonicalize().expect("its path");
    let (disk, out) = (around.join("disk"), around.join("disk/out"));
    fs::create_dir_all(out.join("below")).expect("made");
    symlink(&out, around.join("whole")).expect("linked");
    symlink("disk/../disk/out", around.join("relative")).expect("linked");
    symlink("whole", around.join("second")).expect("linked");
    let table = [
        ("disk/out", out.clone()),
        ("whole", out.clone()),
        ("whole/below", out.join("below")),
        ("second", out.clone()),
        ("second/new/one", out.join("new/one")),
    ];
    for (given, place) in &table {
        assert_eq!(resolve(&around.join(given)), *place, "{given}");
    }
    assert_eq!(resolve(&around.join("relative")), out);
    fs::rename(&out, around.join("away")).expect("taken away");
    for (given, place) in &table {
        assert_eq!(resolve(&around.join(given)), *place, "{given}");
    }
    assert_eq!(resolve(&around.join("relative")), out);
    fs::remove_dir(&disk).expect("removed");
    for (given, place) in &table {
        assert_eq!(resolve(&around.join(given)), *place, "{given}");
    }
}

#[test]
fn a_link_that_leads_nowhere_at_all_is_a_path_like_another() {
    let around = tempfile::tempdir().expect("a directory");
    let link = around.path().canonicalize().expect("its path").join("link");
    symlink(&link, &link).expect("linked");
    assert_eq!(resolve(&link), link);
}

#[test]
fn a_disk_that_fails_is_away_and_not_absent() {
    let path = Path::new("/data/out");
    for (errno, is_absent) in [
        (Errno::NOENT, true),
        (Errno::STALE, true),
        (Errno::TIMEDOUT, true),
        (Errno::HOSTUNREACH, true),
        (Errno::HOSTDOWN, true),
        (Errno::IO, false),
        (Errno::NOTCONN, false),
    ] {
        let error = io::Error::from_raw_os_error(errno.raw_os_error());
        assert!(is_away(&error), "{error}");
        let failure = Failure::of("look at", path, &error);
        let found = matches!(failure, Failure::Absent(_));
        assert_eq!(found, is_absent, "{error}");
    }
    for errno in [Errno::ACCESS, Errno::NOTDIR, Errno::LOOP] {
        let error = io::Error::from_raw_os_error(errno.raw_os_error());
        assert!(!is_away(&error) && !is_absence(&error), "{error}");
    }
}
