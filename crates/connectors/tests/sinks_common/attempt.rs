//! One writer and its committer, driven by hand.

use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use millstream_core::{Ancestor, CheckpointId, JobId, Lineage, Result};
use millstream_engine::connector::{
    Cancelled, Committable, CommitterContext, Gauges, Notice, Prepared, Sink, SinkContext,
    SinkWriter, StateEntry, Waker, WriteStatus,
};

/// The job of every test.
pub(crate) const JOB: JobId = JobId::from_bytes([0xab; 16]);

const UID: &str = "sink";

/// A run of a job.
#[derive(Debug, Clone)]
pub(crate) struct Run {
    pub(crate) job: JobId,
    pub(crate) number: u64,
    pub(crate) lineage: Lineage,
    pub(crate) restored: Option<Vec<StateEntry>>,
    /// The number of the snapshot that it goes on from.
    pub(crate) from: Option<CheckpointId>,
}

impl Run {
    /// A run of [`JOB`], which begins with nothing.
    pub(crate) fn number(number: u64) -> Self {
        Self::of(JOB, number)
    }

    /// A run of a job that begins with nothing.
    pub(crate) fn of(job: JobId, number: u64) -> Self {
        Self {
            job,
            number,
            lineage: Lineage::default(),
            restored: None,
            from: None,
        }
    }

    /// The same, behind a snapshot of another job: under its lock, or as a fork.
    pub(crate) fn behind(
        mut self,
        job: JobId,
        left_at: CheckpointId,
        owned: bool,
        entries: &[StateEntry],
    ) -> Self {
        self.lineage.ancestors.push(Ancestor {
            job,
            left_at,
            owned,
        });
        self.restored = Some(entries.to_vec());
        self.from = Some(left_at);
        self
    }

    /// What the run's committer is opened with.
    pub(crate) fn committer_context(&self) -> CommitterContext {
        CommitterContext {
            job: self.job,
            uid: UID.to_owned(),
            parallelism: 1,
            lineage: self.lineage.clone(),
            run: self.number,
            restored: self.from,
            cancelled: Cancelled::default(),
        }
    }
}

/// What the committer of the first run is opened with.
pub(crate) fn committer_context() -> CommitterContext {
    Run::number(1).committer_context()
}

/// The only writer of an attempt.
pub(crate) struct Attempt<T> {
    pub(crate) writer: Box<dyn SinkWriter<T>>,
    woken: Receiver<()>,
}

impl<T: 'static> Attempt<T> {
    /// Recovers nothing and opens the writer of the first run.
    pub(crate) fn open(sink: &dyn Sink<T>) -> Result<Self> {
        Self::open_with(sink, &Run::number(1), || {})
    }

    /// The same for another run.
    pub(crate) fn run(sink: &dyn Sink<T>, run: &Run) -> Result<Self> {
        Self::open_with(sink, run, || {})
    }

    /// The same with a waker that calls `before` first.
    pub(crate) fn open_with(
        sink: &dyn Sink<T>,
        run: &Run,
        before: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self> {
        let entries = run.restored.as_deref().unwrap_or_default();
        sink.committer(run.committer_context())?
            .recover(&[], entries)?;
        let (wake, woken) = sync_channel(1);
        // A full channel holds a call already.
        let waker = Waker::new(move || {
            before();
            wake.try_send(()).unwrap_or_default();
        });
        let context = SinkContext {
            job: run.job,
            uid: UID.to_owned(),
            subtask: 0,
            parallelism: 1,
            lineage: run.lineage.clone(),
            run: run.number,
            next_checkpoint: 1,
            restored: run.restored.clone(),
            waker,
            gauges: Gauges::default(),
            held_up: Notice::default(),
        };
        Ok(Self {
            writer: sink.open(context)?,
            woken,
        })
    }

    fn wait(&self) {
        self.woken
            .recv_timeout(Duration::from_secs(30))
            .expect("the waker is called");
    }

    pub(crate) fn write(&mut self, mut records: Vec<T>) -> Result<()> {
        while self.writer.write(&mut records)? == WriteStatus::Full {
            self.wait();
        }
        Ok(())
    }

    pub(crate) fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Vec<Committable>> {
        loop {
            match self.writer.prepare(checkpoint)? {
                Prepared::Ready(committables) => return Ok(committables),
                Prepared::Pending => self.wait(),
            }
        }
    }
}
