//! One writer and its committer, driven by hand.

use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use millstream_core::{CheckpointId, JobId, Lineage, Result};
use millstream_engine::connector::{
    Cancelled, Committable, CommitterContext, Prepared, Sink, SinkContext, SinkWriter, Waker,
    WriteStatus,
};

/// The job of every test.
pub(crate) const JOB: JobId = JobId::from_bytes([0xab; 16]);

const UID: &str = "sink";

/// What the committer of every test is opened with.
pub(crate) fn committer_context() -> CommitterContext {
    CommitterContext {
        job: JOB,
        uid: UID.to_owned(),
        parallelism: 1,
        lineage: Lineage::default(),
        run: 1,
        cancelled: Cancelled::default(),
    }
}

/// The only writer of an attempt.
pub(crate) struct Attempt<T> {
    pub(crate) writer: Box<dyn SinkWriter<T>>,
    woken: Receiver<()>,
}

impl<T: 'static> Attempt<T> {
    /// Recovers nothing and opens the writer.
    pub(crate) fn open(sink: &dyn Sink<T>) -> Result<Self> {
        Self::open_with(sink, || {})
    }

    /// The same with a waker that calls `before` first.
    pub(crate) fn open_with(
        sink: &dyn Sink<T>,
        before: impl Fn() + Send + Sync + 'static,
    ) -> Result<Self> {
        sink.committer(committer_context())?.recover(&[], &[])?;
        let (wake, woken) = sync_channel(1);
        // A full channel holds a call already.
        let waker = Waker::new(move || {
            before();
            wake.try_send(()).unwrap_or_default();
        });
        let context = SinkContext {
            job: JOB,
            uid: UID.to_owned(),
            subtask: 0,
            parallelism: 1,
            lineage: Lineage::default(),
            run: 1,
            next_checkpoint: 1,
            restored: None,
            waker,
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
