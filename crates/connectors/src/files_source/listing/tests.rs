use std::ffi::OsStr;
use std::fs::File;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::symlink;

use super::{Compression, Kind, Odd, Places, Root};

fn names(root: &Root, slice: usize) -> Vec<(String, Option<Odd>)> {
    let mut walk = root.walk().expect("is there");
    let mut found = Vec::new();
    loop {
        let listed = walk.slice(slice).expect("is read");
        if listed.is_empty() {
            break;
        }
        found.extend(listed.into_iter().map(|listed| {
            let odd = match listed.kind {
                Kind::File(_) | Kind::Held(_) => None,
                Kind::Odd(odd) => Some(odd),
            };
            (listed.name.to_string(), odd)
        }));
    }
    found.sort_by(|a, b| a.0.cmp(&b.0));
    found
}

#[test]
fn what_is_no_file_is_told_for_what_it_is() {
    let directory = tempfile::tempdir().expect("a directory");
    let at = |name: &[u8]| directory.path().join(OsStr::from_bytes(name));
    for name in [
        &b"a.csv"[..],
        b"_hidden",
        b".hidden",
        b"b.csv.tmp",
        b"\xff.csv",
    ] {
        File::create(at(name)).expect("is made");
    }
    std::fs::create_dir(at(b"inner")).expect("is made");
    symlink("/nowhere/at/all", at(b"link")).expect("is made");
    symlink(at(b"loop"), at(b"loop")).expect("is made");
    symlink(at(b"a.csv"), at(b"other")).expect("is made");
    let _socket = std::os::unix::net::UnixListener::bind(at(b"socket")).expect("is made");
    let root = Root::at(directory.path(), Places::default()).expect("is there");
    let expected = [
        ("\\xff.csv", None),
        ("a.csv", None),
        ("inner", Some(Odd::Directory)),
        ("link", Some(Odd::Dangling)),
        ("loop", Some(Odd::Dangling)),
        ("other", None),
        ("socket", Some(Odd::Special)),
    ];
    let expected: Vec<(String, Option<Odd>)> = expected
        .into_iter()
        .map(|(name, odd)| (name.to_owned(), odd))
        .collect();
    for slice in [1, 3, 100] {
        assert_eq!(names(&root, slice), expected);
    }
}

#[test]
fn one_file_is_the_whole_listing() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("_one");
    File::create(&path).expect("is made");
    File::create(directory.path().join("two")).expect("is made");
    let root = Root::at(&path, Places::default()).expect("is there");
    assert_eq!(names(&root, 9), [("_one".to_owned(), None)]);
    std::fs::remove_file(&path).expect("was there");
    assert!(root.walk().is_err(), "it is away");
}

#[test]
fn the_ending_says_how_a_file_is_packed() {
    for (name, packed) in [
        (&b"a.csv"[..], Compression::None),
        (b"a.csv.gz", Compression::Gzip),
        (b"\xff.ZST", Compression::Zstd),
        (b"gz", Compression::None),
    ] {
        assert_eq!(Compression::of(name), packed);
    }
}
