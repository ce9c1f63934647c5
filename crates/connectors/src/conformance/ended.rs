//! What the suite of sinks checks about jobs that end while their process lives.

use millstream_engine::connector::Kept;

use super::assert_same;
use super::drive::{Run, Snapshot, Writers, begin, recover};
use super::sink::{JOB, SinkSuite, SinkTarget, assert_committed, assert_no_leftovers};

impl<S: SinkTarget> SinkSuite<'_, S> {
    pub(super) fn gives_up_at_the_end_what_is_not_kept(&self, parallelism: usize) {
        let target = self.target();
        let run = Run::first(JOB, parallelism);
        end(&target, &run, |_| Kept::Only(Vec::new()));
        assert_no_leftovers(&target, "after the end of a job of which nothing is kept");
        let snapshot = end(&target, &run, |snapshot| {
            Kept::Only(snapshot.committables.clone())
        });
        let sink = target.sink();
        let outcomes = recover(sink.as_ref(), &run.next(), Some(&snapshot));
        let promise = "what is kept is committed by whoever goes on";
        assert_committed(promise, &outcomes);
        if target.shows_what_lies_between() {
            assert_same(promise, target.visible(), (0..100).collect());
        }
        assert_no_leftovers(
            &target,
            "after the end of a job and the commit of what was kept",
        );
    }

    /// Whatever is not in the snapshot that the next run goes on from is then that run's to remove.
    pub(super) fn keeps_everything_where_nothing_can_be_told(&self) {
        let target = self.target();
        let run = Run::first(JOB, 2);
        let snapshot = end(&target, &run, |_| Kept::All);
        let sink = target.sink();
        let run = run.next();
        let outcomes = recover(sink.as_ref(), &run, Some(&snapshot));
        assert_committed(
            "everything is kept where it can't be told what is",
            &outcomes,
        );
        let writers = Writers::open(sink.as_ref(), &run, Some(&snapshot));
        assert_no_leftovers(&target, "once the next run has begun");
        let promise = "what no snapshot names is never visible";
        assert_same(promise, target.visible(), (0..100).collect());
        drop(writers);
    }
}

/// Runs a job to its end: records 0 to 99 are prepared for snapshot 1, which is handed out, 100 to 199 for snapshot 2, and 200 to
/// 299 are not. Nothing is committed.
fn end<S: SinkTarget>(target: &S, run: &Run, kept: impl Fn(&Snapshot) -> Kept) -> Snapshot {
    let sink = target.sink();
    let (mut committer, _) = begin(sink.as_ref(), run, None);
    let mut writers = Writers::open(sink.as_ref(), run, None);
    writers.write(target.records(0..100));
    let snapshot = writers.prepare(1);
    writers.write(target.records(100..200));
    writers.prepare(2);
    writers.write(target.records(200..300));
    drop(writers);
    committer.ended(&kept(&snapshot));
    snapshot
}
