//! What the suite of sinks checks about sinks whose output is visible as soon as it is written.

use millstream_engine::connector::{CommitOutcome, Committable};

use super::assert_same;
use super::drive::{Run, Snapshot, Writers, commit, recover};
use super::sink::{JOB, SinkSuite, SinkTarget};

impl<S: SinkTarget> SinkSuite<'_, S> {
    /// Checks a sink that has nothing to commit.
    ///
    /// # Promises checked
    /// - Every record that was taken is visible once when the epoch is prepared, at parallelism 1 to 3; a full sink calls
    ///   its waker.
    /// - Nothing is prepared.
    /// - Output that a snapshot holds all the same, of another sink, is unknown, by commit and by recovery.
    ///
    /// # Panics
    /// A promise is broken.
    pub fn run_at_once(&self) {
        for parallelism in 1..=3 {
            self.shows_every_record_once(parallelism);
        }
        self.knows_nothing_of_what_others_prepared();
    }

    fn shows_every_record_once(&self, parallelism: usize) {
        let target = self.target();
        let sink = target.sink();
        let run = Run::first(JOB, parallelism);
        recover(sink.as_ref(), &run, None);
        let mut writers = Writers::open(sink.as_ref(), &run, None);
        for epoch in 1..=3 {
            let first = (epoch - 1) * 1_000;
            writers.write(target.records(first..first + 1_000));
            let snapshot = writers.prepare(epoch);
            assert!(
                snapshot.committables.is_empty(),
                "a sink that commits nothing prepares nothing"
            );
            let promise = "what was taken is visible once when it is prepared";
            assert_same(promise, target.visible(), (0..first + 1_000).collect());
            assert!(commit(sink.as_ref(), &run, &[]).is_empty());
            writers.committed(epoch);
        }
    }

    fn knows_nothing_of_what_others_prepared(&self) {
        let foreign = Committable {
            name: "of another sink".to_owned(),
            value: serde_json::Value::Null,
        };
        let snapshot = Snapshot {
            checkpoint: 1,
            entries: Vec::new(),
            committables: vec![foreign.clone(), foreign],
        };
        let target = self.target();
        let sink = target.sink();
        let run = Run::first(JOB, 1);
        for outcomes in [
            recover(sink.as_ref(), &run, Some(&snapshot)),
            commit(sink.as_ref(), &run, &snapshot.committables),
        ] {
            assert!(
                outcomes
                    .iter()
                    .all(|outcome| matches!(outcome, CommitOutcome::Unknown(_))),
                "what another sink prepared is unknown: {outcomes:?}"
            );
        }
    }
}
