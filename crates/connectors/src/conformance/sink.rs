//! The suite of sinks that commit.

use std::ops::Range;

use millstream_core::JobId;
use millstream_engine::connector::{CommitOutcome, Committable, Sink};

use super::assert_same;
use super::drive::{Run, Snapshot, Writers, commit, commit_cancelled, recover};

/// A place that a sink writes to, fresh and empty, and how to look at it from outside.
pub trait SinkTarget {
    /// What the sink takes.
    type Record: 'static;

    /// The sink's description, anew: what a process that starts after a crash would make.
    fn sink(&self) -> Box<dyn Sink<Self::Record>>;

    /// Records that stand for these numbers, each number once.
    fn records(&self, numbers: Range<u64>) -> Vec<Self::Record>;

    /// The numbers of all records that a reader of the target sees, read by something else than the
    /// sink.
    fn visible(&self) -> Vec<u64>;

    /// Names of what lies in the target and is neither visible nor prepared in a snapshot.
    fn leftovers(&self) -> Vec<String>;

    /// Does away with prepared output, as an accident would.
    fn destroy(&self, committable: &Committable);

    /// Whether committed output is visible although output that was begun later, and between its parts, is not committed.
    fn shows_what_lies_between(&self) -> bool {
        true
    }
}

/// Checks a sink that commits.
///
/// # Promises checked
/// - Nothing is visible before it is committed; what is committed is exactly the epochs' records.
/// - What is written while a prepare is pending belongs to the next snapshot.
/// - An epoch without records prepares nothing.
/// - A second commit, or a recovery after the commit, answers *already committed* and changes nothing.
/// - Prepared output is committed by the recovery of another process, also after its checkpoint was given up and
///   a later snapshot holds it.
/// - A crash before prepare leaves nothing visible, and nothing at all after the next attempt began.
/// - A commit that is cancelled is done or says that it is to be tried again, and the next recovery completes it.
/// - Output that is gone is reported lost, by commit and by recovery.
/// - A job that has ended leaves nothing where it wrote but what is kept, which the next run commits. Where it can't be told
///   what is kept, all is that was prepared.
/// - A fork touches nothing that the job it comes from prepared for its further snapshots, and that job nothing of the fork's,
///   neither when it goes on nor when it ends.
/// - A job that goes on neither shows nor leaves what had been prepared without a snapshot by its own earlier runs, by its
///   predecessor, and by those that went on from there before it and died.
/// - All of it at parallelism 1 to 3, and with a job that was restored under another id.
pub struct SinkSuite<'a, S> {
    target: &'a dyn Fn() -> S,
}

pub(super) const JOB: JobId = JobId::from_bytes([0xaa; 16]);
pub(super) const RESTORED_JOB: JobId = JobId::from_bytes([0xbb; 16]);

impl<'a, S: SinkTarget> SinkSuite<'a, S> {
    /// A suite that asks `target` for a fresh target for every check.
    pub fn new(target: &'a dyn Fn() -> S) -> Self {
        Self { target }
    }

    /// Runs every check.
    ///
    /// # Panics
    /// A promise is broken.
    pub fn run(&self) {
        for parallelism in 1..=3 {
            self.commits_exactly_the_epochs(parallelism);
            self.splits_epochs_at_the_first_prepare(parallelism);
            self.recovers_what_was_prepared(parallelism);
            self.forgets_what_was_not_prepared(parallelism);
            self.keeps_output_of_checkpoints_that_were_given_up(parallelism);
            self.gives_up_at_the_end_what_is_not_kept(parallelism);
        }
        self.keeps_everything_where_nothing_can_be_told();
        self.prepares_nothing_in_an_empty_epoch();
        self.commits_once();
        self.commits_again_what_was_cancelled();
        self.reports_lost_output();
        self.leaves_the_other_branch_alone();
        self.removes_what_was_left_behind();
    }

    /// A fresh target.
    pub(super) fn target(&self) -> S {
        (self.target)()
    }

    fn commits_exactly_the_epochs(&self, parallelism: usize) {
        let target = (self.target)();
        let sink = target.sink();
        let run = Run::first(JOB, parallelism);
        recover(sink.as_ref(), &run, None);
        let mut writers = Writers::open(sink.as_ref(), &run, None);
        for epoch in 1..=3 {
            let first = (epoch - 1) * 1_000;
            writers.write(target.records(first..first + 500));
            writers.write(target.records(first + 500..first + 1_000));
            let before = "nothing is visible before it is committed";
            assert_same(before, target.visible(), (0..first).collect());
            let snapshot = writers.prepare(epoch);
            assert_same(before, target.visible(), (0..first).collect());
            expect_all(sink.as_ref(), &run, &snapshot, &CommitOutcome::Committed);
            writers.committed(epoch);
            let promise = "a commit shows the epoch's records";
            assert_same(promise, target.visible(), (0..first + 1_000).collect());
        }
        drop(writers);
        assert_no_leftovers(&target, "after the last commit");
    }

    fn splits_epochs_at_the_first_prepare(&self, parallelism: usize) {
        let target = (self.target)();
        let sink = target.sink();
        let run = Run::first(JOB, parallelism);
        recover(sink.as_ref(), &run, None);
        let mut writers = Writers::open(sink.as_ref(), &run, None);
        writers.write(target.records(0..100));
        let first = writers.prepare_and_write(1, target.records(100..200));
        expect_all(sink.as_ref(), &run, &first, &CommitOutcome::Committed);
        let promise =
            "what is written after the first call of prepare belongs to the next snapshot";
        let visible = target.visible();
        if target.shows_what_lies_between() {
            assert_same(promise, visible, (0..100).collect());
        } else {
            let is_first = |number: &u64| *number < 100;
            assert!(visible.iter().all(is_first), "{promise}: {visible:?}");
        }
        let second = writers.prepare(2);
        expect_all(sink.as_ref(), &run, &second, &CommitOutcome::Committed);
        assert_same(promise, target.visible(), (0..200).collect());
    }

    fn recovers_what_was_prepared(&self, parallelism: usize) {
        let target = (self.target)();
        let run = Run::first(JOB, parallelism);
        let snapshot = {
            let sink = target.sink();
            recover(sink.as_ref(), &run, None);
            let mut writers = Writers::open(sink.as_ref(), &run, None);
            writers.write(target.records(0..300));
            let snapshot = writers.prepare(1);
            writers.write(target.records(300..400));
            snapshot
        };
        let promise = "prepared output is committed by the next process";
        let sink = target.sink();
        let run = run.go_on(RESTORED_JOB, 1).at(1 + parallelism % 3);
        for expected in [CommitOutcome::Committed, CommitOutcome::AlreadyCommitted] {
            let outcomes = recover(sink.as_ref(), &run, Some(&snapshot));
            assert!(
                outcomes.iter().all(|outcome| *outcome == expected),
                "{promise}: {outcomes:?}"
            );
            assert_same(promise, target.visible(), (0..300).collect());
        }
        let mut writers = Writers::open(sink.as_ref(), &run, Some(&snapshot));
        assert_no_leftovers(&target, "after a restore under another job id");
        writers.write(target.records(300..600));
        let next = writers.prepare(2);
        expect_all(sink.as_ref(), &run, &next, &CommitOutcome::Committed);
        assert_same(
            "a restored job goes on",
            target.visible(),
            (0..600).collect(),
        );
    }

    fn forgets_what_was_not_prepared(&self, parallelism: usize) {
        let target = (self.target)();
        let run = Run::first(JOB, parallelism);
        {
            let sink = target.sink();
            recover(sink.as_ref(), &run, None);
            let mut writers = Writers::open(sink.as_ref(), &run, None);
            writers.write(target.records(0..300));
        }
        let sink = target.sink();
        let run = run.next();
        recover(sink.as_ref(), &run, None);
        let mut writers = Writers::open(sink.as_ref(), &run, None);
        let promise = "a crash before prepare leaves nothing visible";
        assert_same(promise, target.visible(), Vec::new());
        assert_no_leftovers(&target, "after a crash before prepare");
        writers.write(target.records(0..300));
        let snapshot = writers.prepare(1);
        expect_all(sink.as_ref(), &run, &snapshot, &CommitOutcome::Committed);
        assert_same(
            "the next attempt writes it again",
            target.visible(),
            (0..300).collect(),
        );
    }

    fn keeps_output_of_checkpoints_that_were_given_up(&self, parallelism: usize) {
        let target = (self.target)();
        let run = Run::first(JOB, parallelism);
        let snapshot = {
            let sink = target.sink();
            recover(sink.as_ref(), &run, None);
            let mut writers = Writers::open(sink.as_ref(), &run, None);
            writers.write(target.records(0..100));
            let given_up = writers.prepare(1);
            writers.write(target.records(100..200));
            let mut snapshot = writers.prepare(2);
            snapshot.committables.extend(given_up.committables);
            snapshot
        };
        let sink = target.sink();
        let outcomes = recover(sink.as_ref(), &run.next(), Some(&snapshot));
        let promise = "a snapshot commits what an earlier one was given up with";
        assert!(
            outcomes
                .iter()
                .all(|outcome| *outcome == CommitOutcome::Committed),
            "{promise}: {outcomes:?}"
        );
        assert_same(promise, target.visible(), (0..200).collect());
    }

    fn prepares_nothing_in_an_empty_epoch(&self) {
        let target = (self.target)();
        let sink = target.sink();
        let run = Run::first(JOB, 2);
        recover(sink.as_ref(), &run, None);
        let mut writers = Writers::open(sink.as_ref(), &run, None);
        for (checkpoint, numbers) in [(1, 0..0), (2, 0..10), (3, 0..0)] {
            let expected = if numbers.is_empty() {
                Vec::new()
            } else {
                numbers.clone().collect()
            };
            let before = target.visible();
            writers.write(target.records(numbers.clone()));
            let snapshot = writers.prepare(checkpoint);
            let is_empty = snapshot.committables.is_empty();
            assert_eq!(
                is_empty,
                numbers.is_empty(),
                "an epoch without records prepares nothing"
            );
            expect_all(sink.as_ref(), &run, &snapshot, &CommitOutcome::Committed);
            let all = before.into_iter().chain(expected).collect();
            assert_same(
                "an epoch without records shows nothing",
                target.visible(),
                all,
            );
        }
    }

    fn commits_once(&self) {
        let target = (self.target)();
        let sink = target.sink();
        let run = Run::first(JOB, 2);
        recover(sink.as_ref(), &run, None);
        let mut writers = Writers::open(sink.as_ref(), &run, None);
        writers.write(target.records(0..100));
        let snapshot = writers.prepare(1);
        expect_all(sink.as_ref(), &run, &snapshot, &CommitOutcome::Committed);
        expect_all(
            sink.as_ref(),
            &run,
            &snapshot,
            &CommitOutcome::AlreadyCommitted,
        );
        drop(writers);
        let outcomes = recover(target.sink().as_ref(), &run.next(), Some(&snapshot));
        let promise = "a second commit changes nothing and says so";
        assert!(
            outcomes
                .iter()
                .all(|outcome| *outcome == CommitOutcome::AlreadyCommitted),
            "{promise}: {outcomes:?}"
        );
        assert_same(promise, target.visible(), (0..100).collect());
    }

    fn commits_again_what_was_cancelled(&self) {
        let target = (self.target)();
        let sink = target.sink();
        let run = Run::first(JOB, 2);
        recover(sink.as_ref(), &run, None);
        let mut writers = Writers::open(sink.as_ref(), &run, None);
        writers.write(target.records(0..100));
        let snapshot = writers.prepare(1);
        drop(writers);
        commit_cancelled(sink.as_ref(), &run, &snapshot.committables);
        let outcomes = recover(target.sink().as_ref(), &run.next(), Some(&snapshot));
        let promise = "a commit that was cancelled is completed by the next recovery";
        let is_done = |outcome| {
            matches!(
                outcome,
                CommitOutcome::Committed | CommitOutcome::AlreadyCommitted
            )
        };
        assert!(outcomes.into_iter().all(is_done), "{promise}");
        assert_same(promise, target.visible(), (0..100).collect());
    }

    fn reports_lost_output(&self) {
        let target = (self.target)();
        let sink = target.sink();
        let run = Run::first(JOB, 1);
        recover(sink.as_ref(), &run, None);
        let mut writers = Writers::open(sink.as_ref(), &run, None);
        writers.write(target.records(0..100));
        let snapshot = writers.prepare(1);
        drop(writers);
        snapshot
            .committables
            .iter()
            .for_each(|committable| target.destroy(committable));
        for outcomes in [
            commit(sink.as_ref(), &run, &snapshot.committables),
            recover(target.sink().as_ref(), &run.next(), Some(&snapshot)),
        ] {
            assert!(
                outcomes
                    .iter()
                    .all(|outcome| matches!(outcome, CommitOutcome::Lost(_))),
                "output that is gone is reported lost: {outcomes:?}"
            );
        }
        assert_same("lost output is not visible", target.visible(), Vec::new());
    }
}

pub(super) fn expect_all<T: 'static>(
    sink: &dyn Sink<T>,
    run: &Run,
    snapshot: &Snapshot,
    expected: &CommitOutcome,
) {
    let outcomes = commit(sink, run, &snapshot.committables);
    assert!(
        outcomes.iter().all(|outcome| outcome == expected),
        "a commit of checkpoint {} answers {expected:?}: {outcomes:?}",
        snapshot.checkpoint
    );
}

pub(super) fn assert_committed(promise: &str, outcomes: &[CommitOutcome]) {
    let is_committed = |outcome: &CommitOutcome| *outcome == CommitOutcome::Committed;
    assert!(outcomes.iter().all(is_committed), "{promise}: {outcomes:?}");
}

pub(super) fn assert_no_leftovers(target: &impl SinkTarget, when: &str) {
    let leftovers = target.leftovers();
    assert!(
        leftovers.is_empty(),
        "nothing is left behind {when}: {leftovers:?}"
    );
}
