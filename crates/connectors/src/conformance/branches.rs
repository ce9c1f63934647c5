//! What the suite of sinks checks about jobs that come from one another.

use millstream_core::JobId;
use millstream_engine::connector::Kept;

use super::assert_same;
use super::drive::{Run, Snapshot, Writers, begin, recover};
use super::sink::{
    JOB, RESTORED_JOB, SinkSuite, SinkTarget, assert_committed, assert_no_leftovers,
};

const THIRD_JOB: JobId = JobId::from_bytes([0xcc; 16]);

impl<S: SinkTarget> SinkSuite<'_, S> {
    /// Job A takes snapshots 1 and 2, a fork starts from 1, prepares and dies; then A goes on from 2 and ends, and the fork goes on.
    pub(super) fn leaves_the_other_branch_alone(&self) {
        let target = self.target();
        let run = Run::first(JOB, 2);
        let (first, second) = two_snapshots(&target, &run);
        let fork = run.fork(RESTORED_JOB, 1);
        let of_fork = {
            let sink = target.sink();
            recover(sink.as_ref(), &fork, Some(&first));
            let mut writers = Writers::open(sink.as_ref(), &fork, Some(&first));
            writers.write(target.records(1_000..1_100));
            writers.prepare(2)
        };
        let run = run.next();
        let sink = target.sink();
        let (mut committer, outcomes) = begin(sink.as_ref(), &run, Some(&second));
        let promise = "a fork leaves what the other branch has prepared";
        assert_committed(promise, &outcomes);
        drop(Writers::open(sink.as_ref(), &run, Some(&second)));
        assert_same(promise, target.visible(), (0..200).collect());
        committer.ended(&Kept::Only(Vec::new()));
        let outcomes = recover(target.sink().as_ref(), &fork.next(), Some(&of_fork));
        let promise = "the other branch leaves what a fork has prepared";
        assert_committed(promise, &outcomes);
        let all = (0..200).chain(1_000..1_100);
        assert_same(promise, target.visible(), all.collect());
    }

    /// Job A is left at snapshot 1, behind which it has prepared; B goes on, prepares and dies; C goes on too.
    pub(super) fn removes_what_was_left_behind(&self) {
        let target = self.target();
        let run = Run::first(JOB, 2);
        let (first, _) = two_snapshots(&target, &run);
        for job in [RESTORED_JOB, THIRD_JOB] {
            let next = run.go_on(job, 1);
            let sink = target.sink();
            recover(sink.as_ref(), &next, Some(&first));
            let mut writers = Writers::open(sink.as_ref(), &next, Some(&first));
            assert_no_leftovers(&target, "once a job goes on from a snapshot");
            writers.write(target.records(100..300));
            drop(writers.prepare(2));
        }
        let promise = "what was left behind is not visible";
        assert_same(promise, target.visible(), (0..100).collect());
    }
}

/// Prepares records 0 to 99 for snapshot 1 and 100 to 199 for snapshot 2, and commits neither.
fn two_snapshots<S: SinkTarget>(target: &S, run: &Run) -> (Snapshot, Snapshot) {
    let sink = target.sink();
    recover(sink.as_ref(), run, None);
    let mut writers = Writers::open(sink.as_ref(), run, None);
    writers.write(target.records(0..100));
    let first = writers.prepare(1);
    writers.write(target.records(100..200));
    (first, writers.prepare(2))
}
