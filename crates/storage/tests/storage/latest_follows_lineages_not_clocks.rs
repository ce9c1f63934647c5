//! `-s latest` goes on from where the last run was, whatever the clocks said, and not beside a branch that runs.

use std::path::{Path, PathBuf};

use crate::common::{metadata, write_native};
use millstream_core::{CheckpointId, JobId, Lineage};
use millstream_storage::{
    Ended, Location, Newest, Owner, Ownership, Snapshot, SnapshotFormat, SnapshotLayout,
    SnapshotTarget, lineage_of, mark_ended, newest, overtaken,
};

const NOON: u64 = 1_790_000_000_000;
const DAY: u64 = 24 * 60 * 60 * 1_000;

struct Place {
    checkpoints: Location,
    _temp: tempfile::TempDir,
}

fn job(number: u8) -> JobId {
    JobId::from_bytes([number; 16])
}

impl Place {
    fn new() -> Self {
        let temp = tempfile::tempdir().expect("a directory");
        Self {
            checkpoints: Location::from_path(temp.path()).expect("a path"),
            _temp: temp,
        }
    }

    fn path(&self, of: u8, number: CheckpointId) -> PathBuf {
        SnapshotLayout::new(self.checkpoints.clone(), job(of)).checkpoint(number)
    }

    /// Starts a job as one is: its lineage first, then the ownership.
    fn start(&self, of: u8, from: Option<&Location>) -> (Lineage, Ownership) {
        let from = from.map(|place| Snapshot::open(place).expect("intact"));
        let from = from.as_ref().map(Snapshot::metadata);
        let lineage = lineage_of(&self.checkpoints, job(of), "mine", from).expect("readable");
        let owner = Owner {
            job_name: "mine".to_owned(),
            lineage: lineage.clone(),
            what: format!("the process of job {of}"),
            since: NOON,
            is_alone: false,
        };
        let ownership = Ownership::acquire(&self.checkpoints, job(of), owner).expect("free");
        (lineage, ownership)
    }

    fn checkpoint(
        &self,
        of: u8,
        number: CheckpointId,
        lineage: &Lineage,
        created: u64,
    ) -> Location {
        let target = SnapshotTarget::create(self.path(of, number), SnapshotFormat::Native);
        let target = target.expect("writable");
        let file = write_native(&target);
        let mut content = metadata(SnapshotFormat::Native, "mine", created, file);
        content.job_id = job(of);
        content.checkpoint_id = number;
        content.lineage = lineage.clone();
        content.run = 1;
        target.complete(&content).expect("writable")
    }

    fn latest(&self) -> millstream_core::Result<Option<Newest>> {
        newest(Some(&self.checkpoints), &[], "mine")
    }
}

fn at(found: Option<Newest>) -> (PathBuf, usize) {
    let found = found.expect("there is one");
    (found.location.path().to_owned(), found.warnings.len())
}

#[test]
fn a_run_with_a_fast_clock_does_not_hide_later_ones() {
    let place = Place::new();
    let (first, ownership) = place.start(1, None);
    let fast = place.checkpoint(1, 5, &first, NOON + DAY);
    drop(ownership);
    let (second, mut ownership) = place.start(2, Some(&fast));
    ownership.hold(job(1)).expect("free");
    assert_eq!(second.left_at(job(1)), Some(5));
    assert!(second.generation > first.generation);
    let right = place.checkpoint(2, 8, &second, NOON);
    drop(ownership);
    let found = place.latest().expect("readable");
    assert_eq!(at(found.clone()), (right.path().to_owned(), 0));
    let found = found.expect("there is one");
    assert_eq!(
        (found.job, found.number, found.lineage),
        (job(2), 8, second)
    );
}

#[test]
fn a_fresh_start_is_later_than_what_was_before() {
    let place = Place::new();
    let (first, ownership) = place.start(1, None);
    place.checkpoint(1, 50, &first, NOON + DAY);
    drop(ownership);
    let (second, ownership) = place.start(2, None);
    assert_eq!(second, Lineage::fresh(first.generation + 1));
    let fresh = place.checkpoint(2, 1, &second, NOON);
    drop(ownership);
    assert_eq!(
        at(place.latest().expect("readable")),
        (fresh.path().to_owned(), 0)
    );
}

#[test]
fn a_restart_keeps_its_lineage() {
    let place = Place::new();
    let (first, ownership) = place.start(1, None);
    drop(ownership);
    let (again, ownership) = place.start(1, None);
    assert_eq!(again, first, "from the note of its first start");
    drop(ownership);
    place.checkpoint(1, 5, &first, NOON);
    let (other, mut ownership) = place.start(
        2,
        Some(&Location::from_path(place.path(1, 5)).expect("a path")),
    );
    ownership.hold(job(1)).expect("free");
    drop(ownership);
    let (again, _ownership) = place.start(1, None);
    assert_eq!(
        again, first,
        "from its checkpoint, though another one held it since"
    );
    assert_ne!(again, other);
}

#[test]
fn a_fork_is_allowed_but_latest_is_not_while_both_are_there_and_one_runs() {
    let place = Place::new();
    let (first, running) = place.start(1, None);
    let left = place.checkpoint(1, 5, &first, NOON);
    let (second, fork) = place.start(2, Some(&left));
    place.checkpoint(1, 9, &first, NOON + 10);
    let forked = place.checkpoint(2, 7, &second, NOON + 5);
    drop(fork);
    let error = place.latest().expect_err("the first branch runs");
    assert_eq!(error.code(), "MS-3011");
    for part in [
        job(2).to_string(),
        job(1).to_string(),
        "the process of job 1".to_owned(),
    ] {
        assert!(error.message().contains(&part), "{error}");
    }
    drop(running);
    let found = place.latest().expect("nobody runs");
    assert_eq!(
        at(found),
        (forked.path().to_owned(), 1),
        "the later generation, with a warning"
    );
}

#[test]
fn an_end_is_on_the_line_too() {
    let place = Place::new();
    let (first, ownership) = place.start(1, None);
    let left = place.checkpoint(1, 5, &first, NOON);
    let (second, fork) = place.start(2, Some(&left));
    let later = place.checkpoint(2, 7, &second, NOON);
    drop((ownership, fork));
    let end = |of, number, lineage: &Lineage| Ended {
        job_id: job(of),
        job_name: "mine".to_owned(),
        status: "FINISHED".to_owned(),
        ended: NOON + DAY,
        savepoint: None,
        number: Some(number),
        run: None,
        lineage: lineage.clone(),
    };
    mark_ended(&place.checkpoints, &end(1, 5, &first)).expect("writable");
    assert_eq!(
        at(place.latest().expect("readable")),
        (later.path().to_owned(), 0)
    );
    mark_ended(&place.checkpoints, &end(2, 7, &second)).expect("writable");
    let error = place
        .latest()
        .expect_err("its end comes behind its last checkpoint");
    assert!(error.message().contains("ended FINISHED"), "{error}");
    assert!(!has_note(&place.path(1, 5)), "one note is enough");
}

#[test]
fn a_checkpoint_tells_who_has_overtaken_a_job() {
    let place = Place::new();
    let (first, ownership) = place.start(1, None);
    let left = place.checkpoint(1, 5, &first, NOON);
    drop(ownership);
    let (fork, ownership) = place.start(2, Some(&left));
    place.checkpoint(2, 6, &fork, NOON);
    drop(ownership);
    let asked = || overtaken(&place.checkpoints, job(1)).expect("readable");
    assert_eq!(asked(), None, "a fork takes nobody's place");
    let (third, mut ownership) = place.start(3, Some(&left));
    ownership.hold(job(1)).expect("free");
    assert_eq!(asked(), None, "it has written nothing yet");
    place.checkpoint(3, 6, &third.owned(), NOON);
    drop(ownership);
    assert_eq!(asked(), Some(job(3)), "no note is needed");
}

#[test]
fn the_end_of_another_run_leaves_what_tells_who_has_overtaken_a_job() {
    let place = Place::new();
    let (first, ownership) = place.start(1, None);
    let left = place.checkpoint(1, 5, &first, NOON);
    drop(ownership);
    let (second, mut ownership) = place.start(2, Some(&left));
    ownership.hold(job(1)).expect("free");
    drop(ownership);
    let end = |of, lineage: &Lineage| Ended {
        job_id: job(of),
        job_name: "mine".to_owned(),
        status: "FINISHED".to_owned(),
        ended: NOON,
        savepoint: None,
        number: Some(7),
        run: None,
        lineage: lineage.clone(),
    };
    mark_ended(&place.checkpoints, &end(2, &second.owned())).expect("writable");
    for of in [3, 4] {
        let (unrelated, ownership) = place.start(of, None);
        drop(ownership);
        mark_ended(&place.checkpoints, &end(of, &unrelated)).expect("writable");
    }
    let found = overtaken(&place.checkpoints, job(1)).expect("readable");
    assert_eq!(found, Some(job(2)));
    assert!(!has_note(&place.path(3, 7)), "it took nobody's place");
}

fn has_note(checkpoint: &Path) -> bool {
    let job_directory = checkpoint.parent().expect("a parent");
    job_directory.join("_ended").exists()
}
