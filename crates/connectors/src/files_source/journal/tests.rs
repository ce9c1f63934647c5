use std::path::{Path, PathBuf};

use super::{Journal, announced_behind};
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
    };
    numbers.map(piece).collect()
}

fn behind(directories: &[&Path], run: u64, announced: u64) -> Vec<u64> {
    let directories: Vec<PathBuf> = directories.iter().map(|path| path.to_path_buf()).collect();
    let pieces = announced_behind(&directories, "source", run, announced).expect("is read");
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

#[test]
fn a_journal_is_dropped_when_no_retained_checkpoint_needs_it() {
    let job = tempfile::tempdir().expect("a directory");
    let checkpoint = |number: u64| job.path().join(format!("chk-{number}"));
    let complete = |number| {
        std::fs::create_dir(checkpoint(number)).expect("is made");
        std::fs::write(checkpoint(number).join("_metadata"), "").expect("is written");
    };
    // What a crash has left of one that was being written is none.
    std::fs::create_dir(checkpoint(0)).expect("is made");
    journal(job.path(), 1)
        .write(&pieces(0..2))
        .expect("is written");
    let mut second = journal(job.path(), 2);
    // Checkpoint 1 is of the run before.
    complete(1);
    second.write(&pieces(1..3)).expect("is written");
    complete(2);
    second.completed(2, 3).expect("is tidied up");
    assert_eq!(
        behind(&[job.path()], 1, 0),
        [0, 1, 1, 2],
        "chk-1 needs everything"
    );
    second.write(&pieces(3..6)).expect("is written");
    complete(3);
    std::fs::remove_dir_all(checkpoint(1)).expect("was there");
    second.completed(3, 6).expect("is tidied up");
    assert_eq!(
        behind(&[job.path()], 0, 0),
        [3, 4, 5],
        "chk-2 needs what is behind it"
    );
    std::fs::remove_dir_all(checkpoint(2)).expect("was there");
    second.completed(4, 6).expect("is tidied up");
    assert_eq!(behind(&[job.path()], 2, 6), [] as [u64; 0]);
}
