//! `source.after.commit`: a file is moved or deleted when a committed checkpoint covers all of its records, never before,
//! and once more after a crash.

mod files_source_support;

use std::path::{Path, PathBuf};
use std::time::Duration;

use files_source_support::{Attempt, Found, directory, source, write};
use millstream_connectors::files_source::{AfterCommit, FileSource, ReadSizes, Watch};

fn watching(path: &Path, after_commit: AfterCommit) -> FileSource {
    source(path, |options| {
        options.watch = Watch::Continuously {
            interval: Duration::from_millis(5),
        };
        options.intake.settle = Some(Duration::ZERO);
        options.intake.after_commit = after_commit;
        options.sizes = ReadSizes {
            split: 4,
            block: 1,
            rows: 1,
            ..ReadSizes::default()
        };
    })
}

#[test]
fn a_file_goes_when_every_reader_has_finished_it_before_a_committed_boundary() {
    for delete in [false, true] {
        let directory = directory(&[("a.csv", b"1\n2\n3\n4\n5\n6\n")]);
        let done: PathBuf = directory.path().join("_done");
        let after = if delete {
            AfterCommit::Delete
        } else {
            AfterCommit::Move(done.clone())
        };
        let source = watching(directory.path(), after);
        let there = directory.path().join("a.csv");
        let mut attempt = Attempt::start(&source, 3);
        let mut found = attempt
            .read_until(|found| found.len() >= 3)
            .expect("can be read");
        attempt.checkpoint();
        let before = found.len();
        let rest = attempt.read_until(|more| before + more.len() >= 6);
        found.extend(rest.expect("can be read"));
        // Covered, but not committed.
        let state = attempt.snapshot();
        attempt
            .attempt
            .ended(state.taken.checkpoint, false)
            .expect("is taken note of");
        write(directory.path(), "b.csv", b"7\n", 2);
        found.extend(
            attempt
                .read_until(|more| !more.is_empty())
                .expect("can be read"),
        );
        assert!(there.exists(), "it is not committed");
        // A crash between the commit and the deletion: the next attempt does it.
        let state = attempt.snapshot();
        drop(attempt);
        let mut attempt = Attempt::restore(&source, 2, Some(state)).expect("the readers open");
        attempt.idle_until("both are taken away", |attempt| {
            attempt.checkpoint();
            !there.exists() && !directory.path().join("b.csv").exists()
        });
        if !delete {
            assert!(done.join("a.csv").exists() && done.join("b.csv").exists());
        }
        assert_eq!(Found::of(found).rows.len(), 7);
        // A file of that name is a new one, and nothing is held up meanwhile.
        assert_eq!(attempt.attempt.held_up(), None);
        write(directory.path(), "a.csv", b"8\n", 3);
        let more = attempt
            .read_until(|more| !more.is_empty())
            .expect("can be read");
        assert_eq!(Found::of(more).rows, ["8"]);
        attempt.idle_until("it is taken away", |attempt| {
            attempt.checkpoint();
            !there.exists()
        });
    }
}
