use std::fs;
use std::path::Path;

use millstream_engine::connector::Rival;

use super::super::listing::DirectoryId;
use super::{
    Gone, Numbered, RANGES, Range, Taken, add, behind, in_the_way, name, shared, taken_behind,
};

fn file(piece: u64) -> Numbered {
    Numbered {
        piece,
        name: piece.to_string(),
    }
}

fn range(first: u64, last: u64, files: u64) -> Range {
    Range {
        first: file(first),
        last: file(last),
        files,
    }
}

fn gone(files: u64, name: u64) -> Option<Gone> {
    Some(Gone {
        files,
        name: name.to_string(),
    })
}

#[test]
fn what_lies_behind_a_snapshot_is_told() {
    let ranges = [range(5, 9, 4), range(0, 4, 5), range(9, 20, 3)];
    for (announced, expected, why) in [
        (0, gone(12, 0), "all"),
        (5, gone(7, 5), "two whole ranges"),
        (6, gone(4, 9), "one at least of the first"),
        (10, gone(1, 20), "one at least of the last"),
        (20, gone(1, 20), "the last one"),
        (21, None, "nothing"),
    ] {
        assert_eq!(behind(&ranges, announced), expected, "{why}");
    }
    assert_eq!(behind(&[], 0), None);
}

#[test]
fn there_are_never_many_ranges_and_none_is_forgotten() {
    let mut ranges = Vec::new();
    for number in 0..10_000 {
        add(&mut ranges, range(number * 3, number * 3 + 1, 2));
        assert!(ranges.len() <= RANGES);
    }
    assert_eq!(ranges.iter().map(|range| range.files).sum::<u64>(), 20_000);
    assert_eq!(behind(&ranges, 0), gone(20_000, 0));
    assert_eq!(behind(&ranges, 29_998), gone(1, 29_998), "exactly the last");
    assert_eq!(behind(&ranges, 29_999), None);
}

#[test]
fn what_is_noted_is_read_again_and_counts_once() {
    let temp = tempfile::tempdir().expect("a directory");
    let open = || Taken::open(temp.path(), "source", None).expect("readable");
    let directories = [temp.path().to_owned()];
    let told = |announced| taken_behind(&directories, "source", announced).expect("readable");
    let mut taken = open();
    let files = |numbers: std::ops::Range<u64>| numbers.map(|n| (n, n.to_string()));
    taken.note(files(0..0)).expect("nothing to write");
    assert_eq!(told(0), None);
    taken.note(files(3..5)).expect("written");
    taken
        .note(files(3..6))
        .expect("two could not be taken away, and are tried again");
    assert_eq!(told(4), gone(2, 4));
    let mut taken = open();
    taken.note(files(8..9)).expect("written");
    assert_eq!(told(6), gone(1, 8));
    assert_eq!(told(0), gone(4, 3));
    let other = taken_behind(&directories, "other", 0).expect("readable");
    assert_eq!(other, None, "of another source");
}

#[test]
fn notes_of_an_earlier_version_are_read() {
    let temp = tempfile::tempdir().expect("a directory");
    let text = r#"[{"first":{"piece":3,"name":"c"},"last":{"piece":3,"name":"c"},"files":1}]"#;
    fs::write(temp.path().join(name("source")), text).expect("written");
    let directories = [temp.path().to_owned()];
    let told = taken_behind(&directories, "source", 0).expect("readable");
    assert_eq!(told.map(|gone| gone.name), Some("c".to_owned()));
}

#[test]
fn where_nothing_was_taken_no_note_stays() {
    let temp = tempfile::tempdir().expect("a directory");
    let taken = Taken::open(temp.path(), "source", None).expect("written");
    let notes = || fs::read_dir(temp.path()).expect("is there").count();
    assert_eq!(notes(), 1);
    drop(taken);
    assert_eq!(notes(), 0);
}

#[test]
fn one_of_two_that_read_the_same_directory_must_not_take_from_the_other() {
    let listed = DirectoryId {
        device: 1,
        inode: 2,
    };
    let elsewhere = DirectoryId { inode: 3, ..listed };
    let temp = tempfile::tempdir().expect("a directory");
    let keeps = temp.path().join("keeps");
    let takes = temp.path().join("takes");
    for directory in [&keeps, &takes] {
        fs::create_dir(directory).expect("made");
    }
    let _open = Taken::open(&takes, "source", Some(listed)).expect("written");
    let rival = |directory: &Path, runs| Rival {
        directory: directory.to_owned(),
        who: "job a".to_owned(),
        runs,
    };
    for (other, runs, own, listed, expected, why) in [
        (&keeps, true, false, listed, false, "both keep"),
        (&keeps, true, true, listed, true, "this one takes"),
        (&keeps, false, true, listed, true, "the other may go on"),
        (&takes, true, false, listed, true, "the other takes"),
        (&takes, true, false, elsewhere, false, "from elsewhere"),
        (&takes, false, false, listed, false, "it takes no more"),
    ] {
        let rivals = [rival(other, runs)];
        let found = in_the_way(&rivals, "source", listed, own).expect("readable");
        assert_eq!(found.is_some(), expected, "{why}");
        if let Some(found) = found {
            let error = shared(found, "/in", own).to_string();
            assert!(error.contains("job a") && error.contains("/in"), "{error}");
        }
    }
}
