use std::fs;
use std::path::Path;

use super::Oracle;
use crate::record::{self, Fate};
use crate::violation::{Kind, Violation};

/// Ids below this are handed over in these tests.
const END: u64 = 200;

struct Place {
    directory: tempfile::TempDir,
    oracle: Oracle,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |name: &str| directory.path().join(name);
        for name in ["good", "bad", "taken"] {
            fs::create_dir(at(name)).expect("a directory");
        }
        let oracle = Oracle::new(at("good"), at("bad"), at("taken"));
        Self { directory, oracle }
    }

    fn path(&self, name: &str) -> std::path::PathBuf {
        self.directory.path().join(name)
    }

    /// Lets ids come out in a file, as the job does.
    fn write(&self, name: &str, ids: impl IntoIterator<Item = u64>) {
        let lines: String = ids.into_iter().map(line).collect();
        fs::write(self.path(name), lines).expect("written");
    }

    fn look(&mut self) -> Option<Kind> {
        let seen = self.oracle.look(&|| END);
        seen.err()
            .map(|error| error.downcast_ref::<Violation>().expect("a violation").kind)
    }
}

fn line(id: u64) -> String {
    let name = record::name(id);
    match record::fate(id) {
        Fate::Bad => format!("{{\"raw\":\"x{id},{name}\",\"line\":1}}\n"),
        Fate::Written | Fate::Filtered => format!("{{\"id\":{id},\"name\":\"{name}\"}}\n"),
    }
}

fn of(fate: Fate) -> impl Iterator<Item = u64> {
    (0..END).filter(move |id| record::fate(*id) == fate)
}

/// Everything that was handed over has come out.
fn all() -> Place {
    let place = Place::new();
    place.write("good/part-1", of(Fate::Written));
    place.write("bad/part-1", of(Fate::Bad));
    place
}

#[test]
fn all_that_was_handed_over_once_is_well() {
    let mut place = all();
    assert_eq!(place.look(), None);
    assert_eq!(place.oracle.low(), END);
    assert_eq!(place.oracle.missing(END), vec![]);
    place.oracle.recount(END).expect("the same again");
}

#[test]
fn what_is_missing_is_named_in_ranges() {
    let mut place = Place::new();
    place.write(
        "good/part-1",
        of(Fate::Written).filter(|id| !(10..=12).contains(id) && *id != 50),
    );
    place.write("bad/part-1", of(Fate::Bad));
    assert_eq!(place.look(), None);
    assert_eq!(place.oracle.low(), 10);
    assert_eq!(place.oracle.missing(END), vec![(10, 12), (50, 50)]);
}

#[test]
fn a_record_or_a_dead_letter_that_comes_twice_is_doubled() {
    for name in ["good/part-2", "bad/part-2"] {
        let mut place = all();
        assert_eq!(place.look(), None);
        let fate = if name.starts_with("good") {
            Fate::Written
        } else {
            Fate::Bad
        };
        place.write(name, of(fate).take(1));
        assert_eq!(place.look(), Some(Kind::Doubled), "{name}");
    }
}

#[test]
fn what_was_taken_still_counts() {
    let mut place = all();
    assert_eq!(place.look(), None);
    let known = place.oracle.known();
    assert_eq!(place.oracle.take(&known).expect("taken"), 2);
    assert_eq!(place.look(), None);
    place.write("good/part-1", of(Fate::Written).take(1));
    assert_eq!(place.look(), Some(Kind::Doubled));
}

#[test]
fn what_was_filtered_cut_or_never_handed_over_is_falsified() {
    let filtered = of(Fate::Filtered).map(line).next().expect("one");
    let whole = of(Fate::Written).map(line).next().expect("one");
    let cut = whole.replace("-a", "-");
    let unknown = line(END + 1);
    for text in [
        filtered,
        cut,
        unknown,
        "{\"id\":1".to_owned(),
        "{\"raw\":\"x4\"}".to_owned(),
    ] {
        let mut place = Place::new();
        fs::write(place.path("good/part-1"), &text).expect("written");
        assert_eq!(place.look(), Some(Kind::Falsified), "{text}");
    }
}

#[test]
fn output_that_goes_away_or_changes_is_found() {
    let mut place = all();
    assert_eq!(place.look(), None);
    let change = |path: &Path| fs::write(path, line(1)).expect("written");
    change(&place.path("good/part-1"));
    assert!(place.oracle.recount(END).is_err());
    fs::remove_file(place.path("good/part-1")).expect("removed");
    assert_eq!(place.look(), Some(Kind::Vanished));
}

#[test]
fn hidden_files_have_not_come_out() {
    let mut place = all();
    place.write("good/.part-2", of(Fate::Written));
    assert_eq!(place.look(), None);
}
