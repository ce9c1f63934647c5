use std::fs;
use std::path::Path;

use millstream_core::JobId;

use super::{Taken, Taker, find_in, prepare, put_back};
use crate::files_source::listing::volume::Volume;
use crate::files_source::listing::{Identity, Root, find_held_on_disk as find_held};
use crate::files_source::name::Name;

fn directory() -> tempfile::TempDir {
    tempfile::tempdir().expect("made")
}

fn taker(directory: &Path, run: u64) -> Taker {
    Taker::new(
        Volume::Disk,
        directory.to_owned(),
        JobId::from_bytes([7; 16]),
        run,
    )
}

/// Whether the file has this content.
fn has(content: &'static str) -> impl FnOnce(&Path) -> bool {
    move |path| fs::read_to_string(path).is_ok_and(|found| found == content)
}

fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).expect("is there");
    let mut names: Vec<String> = entries
        .map(|entry| {
            let name = entry.expect("is there").file_name();
            name.to_string_lossy().into_owned()
        })
        .collect();
    names.sort();
    names
}

#[test]
fn files_are_moved_once_and_replace_nothing() {
    let (from, to) = (directory(), directory());
    let name = Name::new(b"\xff.csv");
    let taker = taker(from.path(), 1);
    for content in ["a", "bb"] {
        fs::write(name.below(from.path()), content).expect("is written");
        for _ in 0..2 {
            let taken = taker.take(&name, &name, Some(to.path()), has(content));
            assert_eq!(taken.expect("is moved"), Taken::Away);
        }
    }
    assert!(names(from.path()).is_empty());
    assert_eq!(names(to.path()).len(), 2);
    for size in [1, 2] {
        let found = fs::read_dir(to.path())
            .expect("is there")
            .find_map(|entry| {
                let metadata = entry.expect("is there").metadata().expect("is there");
                (metadata.len() == size).then(|| Identity::of(&metadata))
            });
        let identity = found.expect("was moved");
        let path = find_in(&Volume::Disk, to.path(), &name, identity).expect("is found");
        assert_eq!(fs::metadata(path).expect("is there").len(), size);
    }
    let other = Identity { size: 9, mtime: 1 };
    assert_eq!(find_in(&Volume::Disk, to.path(), &name, other), None);
}

#[test]
fn what_is_deleted_twice_is_deleted() {
    let directory = directory();
    let name = Name::new(b"a");
    fs::write(name.below(directory.path()), "a").expect("is written");
    for _ in 0..2 {
        let taken = taker(directory.path(), 1).take(&name, &name, None, has("a"));
        assert_eq!(taken.expect("is deleted"), Taken::Away);
    }
    assert!(names(directory.path()).is_empty());
}

#[test]
fn a_file_that_took_the_place_of_the_one_that_is_meant_stays() {
    let (from, to) = (directory(), directory());
    let name = Name::new(b"a.csv");
    // It was listed as `old`, and is this by the time it is taken.
    fs::write(name.below(from.path()), "new").expect("is written");
    for target in [None, Some(to.path())] {
        let taken = taker(from.path(), 1).take(&name, &name, target, has("old"));
        assert_eq!(taken.expect("is put back"), Taken::PutBack);
        assert_eq!(names(from.path()), ["a.csv"]);
        assert_eq!(fs::read(name.below(from.path())).expect("is there"), b"new");
    }
    assert!(names(to.path()).is_empty());
}

#[test]
fn nothing_is_replaced_when_a_file_is_put_back() {
    let from = directory();
    let name = Name::new(b"a.csv");
    let there = name.below(from.path());
    fs::write(&there, "second").expect("is written");
    let taker = taker(from.path(), 1);
    let taken = taker.take(&name, &name, None, |_| {
        fs::write(&there, "third").expect("is written");
        false
    });
    assert_eq!(taken.expect("is kept"), Taken::Held);
    assert_eq!(fs::read(&there).expect("is there"), b"third");
    let hidden = find_held(from.path(), &name).expect("is kept");
    assert_eq!(taker.release(&name, &hidden).expect("waits"), Taken::Held);
    fs::remove_file(&there).expect("was there");
    assert_eq!(
        taker.release(&name, &hidden).expect("is put back"),
        Taken::PutBack
    );
    assert_eq!(fs::read(&there).expect("is there"), b"second");
    assert_eq!(names(from.path()), ["a.csv"]);
}

#[test]
fn what_can_not_be_moved_gets_its_name_back() {
    let from = directory();
    let name = Name::new(b"a.csv");
    fs::write(name.below(from.path()), "a").expect("is written");
    let target = from.path().join("no such directory");
    let taken = taker(from.path(), 1).take(&name, &name, Some(&target), has("a"));
    taken.expect_err("there is no such directory");
    assert_eq!(names(from.path()), ["a.csv"]);
}

#[test]
fn what_another_attempt_has_hidden_is_found_and_can_be_taken_from_there() {
    let from = directory();
    let name = Name::new(b"a.csv");
    let (first, second) = (taker(from.path(), 1), taker(from.path(), 2));
    let hide = || {
        fs::write(name.held(first.mark).below(from.path()), "a").expect("is written");
        find_held(from.path(), &name).expect("is found")
    };
    let hidden = hide();
    let taken = second.take(&name, &hidden, None, has("a"));
    assert_eq!(taken.expect("is deleted"), Taken::Away);
    assert!(names(from.path()).is_empty());
    hide();
    assert!(put_back(&Volume::Disk, &name.below(from.path())));
    assert_eq!(names(from.path()), ["a.csv"]);
    // A half of a rename where a file system can do no better.
    fs::hard_link(
        name.below(from.path()),
        name.held(first.mark).below(from.path()),
    )
    .expect("is linked");
    let released = first.release(&name, &name.held(first.mark));
    assert_eq!(released.expect("is one file"), Taken::PutBack);
    assert_eq!(names(from.path()), ["a.csv"]);
}

#[test]
fn a_link_means_what_it_meant() {
    let from = directory();
    fs::create_dir(from.path().join("in")).expect("is made");
    fs::write(from.path().join("a"), "a").expect("is written");
    let name = Name::new(b"link");
    let inner = from.path().join("in");
    std::os::unix::fs::symlink("../a", name.below(&inner)).expect("is made");
    let taken = taker(&inner, 1).take(&name, &name, None, has("a"));
    assert_eq!(taken.expect("is deleted"), Taken::Away);
    assert!(names(&inner).is_empty());
    assert_eq!(names(from.path()), ["a", "in"], "what it leads to stays");
}

#[test]
fn no_more_than_one_level_is_made() {
    let from = directory();
    let deep = from.path().join("disk/that/is/away");
    let root = Root::directory(from.path().to_owned());
    let error = prepare(&root, &deep, "source.after.commit.path").expect_err("is refused");
    assert!(
        error.message().contains("source.after.commit.path"),
        "{error}"
    );
    assert!(names(from.path()).is_empty(), "nothing stands in its place");
    let one = from.path().join("done");
    for _ in 0..2 {
        prepare(&root, &one, "source.after.commit.path").expect("is made");
    }
    assert!(one.is_dir());
}
