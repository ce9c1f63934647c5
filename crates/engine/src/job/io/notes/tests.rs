use std::fs;

use millstream_core::codes;

use super::*;

const PLACE: Place = Place {
    device: 1,
    inode: 2,
};

fn note(savepoint: &str) -> OwedNote {
    OwedNote {
        savepoint: savepoint.to_owned(),
        place: Some(PLACE),
    }
}

#[test]
fn a_note_is_owed_until_it_is_made_or_its_savepoint_taken_away() {
    let other_disk = Some(Place { device: 9, ..PLACE });
    let other_directory = Some(Place { inode: 9, ..PLACE });
    let nothing = Found::Nothing;
    let unknown = || Found::Unknown(Error::new(&codes::SNAPSHOT_UNREACHABLE, "ESTALE"));
    for (found, place, expected) in [
        (Found::Savepoint, Some(PLACE), Due::Now),
        (Found::Savepoint, None, Due::Now),
        // It was deleted.
        (nothing(Some(PLACE)), Some(PLACE), Due::Never),
        (Found::NothingInStore, None, Due::Never),
        // It is not known where it was, and nothing is there.
        (nothing(Some(PLACE)), None, Due::Never),
        // Its disk is away, or nobody can tell.
        (nothing(None), Some(PLACE), Due::Later),
        (nothing(None), None, Due::Later),
        (nothing(other_disk), Some(PLACE), Due::Later),
        (nothing(other_directory), Some(PLACE), Due::Later),
        (unknown(), Some(PLACE), Due::Later),
        (unknown(), None, Due::Later),
    ] {
        let told = format!("{found:?} where it was written into {place:?}");
        assert_eq!(due(&found, place), expected, "{told}");
    }
}

#[test]
fn whoever_goes_on_owes_what_is_listed() {
    let unlisted = OwedNote {
        place: None,
        ..note("own")
    };
    for (listed, own, is_owed, expected) in [
        (vec![], None, true, vec![]),
        (vec![note("a")], None, true, vec![note("a")]),
        (vec![note("a")], None, false, vec![note("a")]),
        (
            vec![note("a"), note("own")],
            Some("own"),
            true,
            vec![note("a"), note("own")],
        ),
        // It was committed before, and its note may not have been made.
        (
            vec![note("a"), note("own")],
            Some("own"),
            false,
            vec![note("a"), note("own")],
        ),
        (vec![note("a")], Some("own"), false, vec![note("a")]),
        // By a version that did not list it.
        (vec![], Some("own"), true, vec![unlisted]),
    ] {
        let notes = inherited(&listed, own, is_owed);
        assert_eq!(notes, expected, "{listed:?}, {own:?}, {is_owed}");
    }
}

#[test]
fn a_note_is_made_once_its_savepoint_is_back() {
    let directory = tempfile::tempdir().expect("a directory");
    let (sp, away) = (directory.path().join("sp"), directory.path().join("away"));
    let savepoint = sp.join("savepoint");
    fs::create_dir_all(&savepoint).expect("made");
    fs::write(savepoint.join(METADATA_FILE), "").expect("written");
    let note = OwedNote {
        savepoint: format!("file:{}", savepoint.display()),
        place: Place::above(&savepoint),
    };
    fs::rename(&sp, &away).expect("moved");
    assert!(make(&note).is_err(), "it is away");
    fs::create_dir(&sp).expect("made");
    assert!(make(&note).is_err(), "another directory is in its place");
    fs::remove_dir(&sp).expect("removed");
    fs::rename(&away, &sp).expect("moved back");
    assert_eq!(make(&note), Ok(true));
    assert!(savepoint.join("_committed").exists());
    assert_eq!(make(&note), Ok(true), "again");
    fs::remove_dir_all(&savepoint).expect("deleted");
    assert_eq!(make(&note), Ok(false));
}
