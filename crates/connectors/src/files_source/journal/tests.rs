use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use super::{Journal, Mark, Part, announced_behind};
use crate::files_source::listing::Identity;
use crate::files_source::name::Name;
use crate::files_source::piece::Piece;

fn pieces(numbers: std::ops::Range<u64>) -> Vec<Piece> {
    let piece = |sequence: u64| Piece {
        sequence,
        name: Name::new(sequence.to_string().as_bytes()),
        identity: Identity { size: 1, mtime: 1 },
        from: 0,
        split: 10,
        beginning: 1,
        grows: false,
        waited: false,
    };
    numbers.map(piece).collect()
}

fn behind(directories: &[&Path], run: u64, announced: u64) -> Vec<u64> {
    let directories: Vec<PathBuf> = directories.iter().map(|path| path.to_path_buf()).collect();
    let pieces =
        announced_behind(&directories, "source", (run, announced, false)).expect("is read");
    pieces.iter().map(|piece| piece.sequence).collect()
}

fn journal(directory: &Path, run: u64) -> Journal {
    Journal::new(directory.to_owned(), "source", run)
}

#[test]
fn what_was_announced_behind_a_snapshot_is_named() {
    let root = tempfile::tempdir().expect("a directory");
    let job = root.path().join("job");
    assert!(behind(&[&job], 0, 0).is_empty(), "nothing was ever written");
    let refused = journal(&job, 4).write(&pieces(0..3));
    refused.expect_err("the job's directory is away");
    assert!(!job.exists(), "nothing is made in its place");
    std::fs::create_dir(&job).expect("it is back");
    let mut first = journal(&job, 4);
    first.write(&pieces(0..3)).expect("is written");
    first.write(&pieces(3..5)).expect("is written");
    // Another source of the job keeps its own.
    let mut other = Journal::new(job.clone(), "other", 4);
    other.write(&pieces(70..71)).expect("is written");
    for (run, announced, expected) in [
        (0, 0, vec![0, 1, 2, 3, 4]),
        (4, 3, vec![3, 4]),
        (4, 5, vec![]),
        (5, 0, vec![]),
    ] {
        assert_eq!(
            behind(&[&job], run, announced),
            expected,
            "run {run}, {announced}"
        );
    }
    // A later run went on from the same snapshot and gave the same numbers again.
    let next = root.path().join("next");
    std::fs::create_dir(&next).expect("is made");
    journal(&next, 6).write(&pieces(3..4)).expect("is written");
    assert_eq!(behind(&[&job, &next], 4, 3), [3, 4, 3]);
}

/// The job's directory with checkpoints in it.
struct Checkpoints(tempfile::TempDir);

impl Checkpoints {
    fn complete(&self, number: u64) {
        self.half(number);
        std::fs::write(self.of(number).join("_metadata"), "").expect("is written");
    }

    /// What a crash has left of one that was being written.
    fn half(&self, number: u64) {
        std::fs::create_dir(self.of(number)).expect("is made");
    }

    fn subsume(&self, number: u64) {
        std::fs::remove_dir_all(self.of(number)).expect("was there");
    }

    fn of(&self, number: u64) -> PathBuf {
        self.0.path().join(format!("chk-{number}"))
    }
}

fn mark(checkpoint: u64, run: u64, announced: u64) -> Mark {
    Mark {
        checkpoint,
        run,
        announced,
        unchecked: false,
    }
}

#[test]
fn a_journal_is_dropped_when_no_retained_checkpoint_needs_it() {
    let job = Checkpoints(tempfile::tempdir().expect("a directory"));
    let path = job.0.path();
    job.half(0);
    journal(path, 1).write(&pieces(0..2)).expect("is written");
    let mut second = journal(path, 2);
    job.complete(1);
    second.write(&pieces(1..3)).expect("is written");
    job.complete(2);
    // Checkpoint 1 is of the run before; of which it is not known, it keeps everything.
    let oldest = second.completed(&[mark(2, 2, 3)]).expect("is tidied up");
    assert_eq!(oldest, Some(1));
    let marks = [mark(1, 1, 1), mark(2, 2, 3)];
    second.completed(&marks).expect("is tidied up");
    assert_eq!(behind(&[path], 1, 0), [0, 1, 1, 2], "chk-1 needs both");
    second.write(&pieces(3..6)).expect("is written");
    job.complete(3);
    job.subsume(1);
    let marks = [mark(2, 2, 3), mark(3, 2, 6)];
    second.completed(&marks).expect("is tidied up");
    assert_eq!(behind(&[path], 0, 0), [3, 4, 5], "of chk-2");
    job.subsume(2);
    second.completed(&marks).expect("is tidied up");
    assert_eq!(behind(&[path], 2, 6), [] as [u64; 0]);
}

#[test]
fn checkpoints_of_several_runs_keep_what_lies_behind_the_oldest_of_them() {
    let job = Checkpoints(tempfile::tempdir().expect("a directory"));
    let path = job.0.path();
    for run in 1..=20 {
        let mut of_run = journal(path, run);
        of_run.write(&pieces(run..run + 1)).expect("is written");
        job.complete(run);
        if run > 5 {
            job.subsume(run - 5);
        }
        let retained = run.saturating_sub(4).max(1)..=run;
        let marks: Vec<Mark> = retained
            .map(|number| mark(number, number, number + 1))
            .collect();
        of_run.completed(&marks).expect("is tidied up");
        let left = super::parts(path, &super::prefix("source")).expect("readable");
        assert!(left.len() <= 5, "run {run}: {left:?}");
    }
}

#[test]
fn a_part_is_needed_by_what_does_not_know_it() {
    let oldest = mark(7, 3, 10);
    for (run, end, expected) in [
        (2, None, false),
        (3, Some(10), false),
        (3, Some(11), true),
        (3, None, true),
        (4, Some(2), true),
        (4, None, true),
    ] {
        let part = Part {
            path: PathBuf::new(),
            run,
            end,
            is_carried: false,
        };
        assert_eq!(part.is_needed(&oldest), expected, "run {run}, {end:?}");
    }
    let carried = |run| Part {
        path: PathBuf::new(),
        run,
        end: None,
        is_carried: true,
    };
    let unchecked = Mark {
        unchecked: true,
        ..oldest
    };
    for (run, expected) in [(2, (false, false)), (3, (false, true)), (4, (true, true))] {
        let part = carried(run);
        let needed = (part.is_needed(&oldest), part.is_needed(&unchecked));
        assert_eq!(needed, expected, "run {run}");
    }
}

#[test]
fn a_disk_that_takes_nothing_leaves_no_heap_of_parts() {
    let job = Checkpoints(tempfile::tempdir().expect("a directory"));
    let path = job.0.path();
    let mut of_run = journal(path, 1);
    // What can't be removed when it should go is tried again.
    of_run.write(&pieces(0..1)).expect("is written");
    let [part]: [Part; 1] = super::parts(path, &super::prefix("source"))
        .expect("readable")
        .try_into()
        .expect("one");
    std::fs::remove_file(&part.path).expect("was there");
    std::fs::create_dir(&part.path).expect("in its place");
    job.complete(1);
    let refused = of_run.completed(&[mark(1, 1, 1)]);
    refused.expect_err("a directory is no file");
    std::fs::remove_dir(&part.path).expect("was there");
    std::fs::write(&part.path, "").expect("is written");
    of_run.completed(&[mark(1, 1, 1)]).expect("is tidied up");
    assert!(!part.path.exists(), "it was not forgotten");
}

#[test]
fn what_was_not_looked_for_is_carried_on() {
    let job = Checkpoints(tempfile::tempdir().expect("a directory"));
    let path = job.0.path();
    journal(path, 1).write(&pieces(5..8)).expect("is written");
    let mut second = journal(path, 2);
    second.carry_on(&[], 1).expect("nothing to write");
    second.carry_on(&pieces(5..8), 1).expect("is written");
    second.write(&pieces(5..6)).expect("is written");
    job.complete(9);
    let told = |unchecked| {
        let told = announced_behind(&[path.to_owned()], "source", (2, 6, unchecked));
        let told = told.expect("is read");
        told.iter().map(|piece| piece.sequence).collect::<Vec<_>>()
    };
    let unchecked = Mark {
        unchecked: true,
        ..mark(9, 2, 6)
    };
    second.completed(&[unchecked]).expect("is tidied up");
    assert_eq!(told(true), [5, 6, 7], "by their numbers in the first run");
    assert_eq!(told(false), [] as [u64; 0]);
    second.completed(&[mark(9, 2, 6)]).expect("is tidied up");
    assert_eq!(told(true), [] as [u64; 0], "it was looked for");
}

#[test]
fn attempts_that_die_before_a_checkpoint_leave_no_heap_of_parts() {
    let job = Checkpoints(tempfile::tempdir().expect("a directory"));
    let path = job.0.path();
    journal(path, 2).write(&pieces(0..3)).expect("is written");
    job.complete(4);
    // The snapshot knows the first piece.
    let from = (2, 1, false);
    for run in 3..=20 {
        let told = announced_behind(&[path.to_owned()], "source", from).expect("is read");
        let mut of_run = journal(path, run);
        of_run.carry_on(&told, 2).expect("is written");
        of_run.write(&pieces(run..run + 1)).expect("is written");
        let left = super::parts(path, &super::prefix("source")).expect("readable");
        assert!(left.len() <= 3, "run {run}: {left:?}");
    }
    let told = announced_behind(&[path.to_owned()], "source", from).expect("is read");
    let mut told: Vec<u64> = told.iter().map(|piece| piece.sequence).collect();
    told.sort_unstable();
    told.dedup();
    let expected: Vec<u64> = [1, 2].into_iter().chain(3..=20).collect();
    assert_eq!(told, expected);
}

#[test]
fn a_part_that_could_not_be_written_is_written_anew() {
    let job = tempfile::tempdir().expect("a directory");
    let path = job.path();
    let mut of_run = journal(path, 1);
    let (mut file, part) = of_run.create().expect("is made");
    std::io::Write::write_all(&mut file, b"half a record").expect("is written");
    of_run.unused = Some(part);
    of_run.write(&pieces(0..2)).expect("is written");
    assert_eq!(behind(&[path], 0, 0), [0, 1]);
    assert_eq!(
        super::parts(path, &super::prefix("source"))
            .expect("readable")
            .len(),
        1
    );
}

#[test]
fn what_an_attempt_before_tidies_up_meanwhile_holds_nobody_up() {
    let root = tempfile::tempdir().expect("a directory");
    let path = root.path().to_owned();
    let done = AtomicBool::new(false);
    std::thread::scope(|scope| {
        // Ends also where what is looked for fails.
        let _done = Done(&done);
        scope.spawn(|| {
            for run in (2..).step_by(2) {
                if done.load(Ordering::Relaxed) {
                    return;
                }
                let written = journal(&path, run).write(&pieces(0..1));
                written.expect("is written");
                let tidied = journal(&path, run + 1).carry_on(&[], 1);
                tidied.expect("is tidied up");
            }
        });
        for _ in 0..300 {
            let found = behind(&[&path], 0, 0);
            assert!([0, 1].contains(&found.len()), "{found:?}");
        }
    });
}

/// Says on its way out that all is done.
struct Done<'a>(&'a AtomicBool);

impl Drop for Done<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
