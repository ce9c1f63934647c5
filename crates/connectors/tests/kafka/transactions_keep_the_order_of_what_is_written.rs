//! Exactly once a subtask writes one transaction after the other, each by another producer. What it writes into a partition while a
//! transaction is being flushed does not overtake that: messages of one key stay in order.

#![cfg(feature = "kafka")]

use std::sync::Arc;
use std::sync::mpsc::{Receiver, sync_channel};
use std::time::Duration;

use crate::kafka_sink_support::{
    Reader, TIMING, await_ends, broker, fresh_topic, options, properties, rows,
};
use arrow::array::{ArrayRef, Int64Array, StringArray};
use millstream_connectors::kafka::{KafkaSink, KafkaSinkOptions};
use millstream_connectors::rows::Rows;
use millstream_core::{CheckpointId, JobId, Lineage};
use millstream_engine::connector::{
    Cancelled, CommitOutcome, Committable, CommitterContext, Gauges, Notice, Prepared, Sink,
    SinkContext, SinkWriter, Waker, WriteStatus,
};

const JOB: JobId = JobId::from_bytes([9; 16]);
/// Records of the first transaction: so many that they are still on their way when the second one begins.
const FIRST: i64 = 20_000;
const ALL: i64 = 21_000;

/// Rows of about a kilobyte, a hundred in each batch.
fn kilobytes(ids: std::ops::Range<i64>) -> Vec<Rows> {
    let ids: Vec<i64> = ids.collect();
    let text = "x".repeat(1_000);
    let batches = ids.chunks(100).map(|ids| {
        let texts: ArrayRef = Arc::new(StringArray::from(vec![text.as_str(); ids.len()]));
        let numbers: ArrayRef = Arc::new(Int64Array::from(ids.to_vec()));
        rows(vec![("number", numbers), ("text", texts)])
    });
    batches.collect()
}

/// A writer, and the calls of its waker.
struct Driven {
    writer: Box<dyn SinkWriter<Rows>>,
    called: Receiver<()>,
}

impl Driven {
    fn wait(&self) {
        let patience = Duration::from_secs(60);
        self.called
            .recv_timeout(patience)
            .expect("the writer calls");
    }

    fn write(&mut self, mut rows: Vec<Rows>) {
        while self.writer.write(&mut rows).expect("written") == WriteStatus::Full {
            self.wait();
        }
    }

    fn prepare(&mut self, checkpoint: CheckpointId) -> Vec<Committable> {
        loop {
            match self.writer.prepare(checkpoint).expect("prepared") {
                Prepared::Ready(prepared) => return prepared,
                Prepared::Pending => self.wait(),
            }
        }
    }
}

#[test]
fn from_one_to_the_next() {
    let brokers = broker().brokers();
    let topic = fresh_topic();
    broker().create_topic(&topic, 1).expect("a topic");
    let described = KafkaSinkOptions {
        // Many small requests, which take their time.
        properties: properties(&[("batch.size", "16384"), ("compression.type", "none")]),
        ..options(&brokers, &topic)
    };
    let sink = KafkaSink::new(described).and_then(|sink| sink.exactly_once(TIMING));
    let sink = sink.expect("a sink");
    let mut committer = sink
        .committer(CommitterContext {
            job: JOB,
            uid: "sink".to_owned(),
            parallelism: 1,
            lineage: Lineage::default(),
            run: 1,
            restored: None,
            cancelled: Cancelled::default(),
        })
        .expect("a committer");
    committer.recover(&[], &[]).expect("nothing is left");
    let (call, called) = sync_channel(1);
    let writer = sink.open(SinkContext {
        job: JOB,
        uid: "sink".to_owned(),
        subtask: 0,
        parallelism: 1,
        lineage: Lineage::default(),
        run: 1,
        next_checkpoint: 1,
        restored: None,
        waker: Waker::new(move || call.try_send(()).unwrap_or_default()),
        gauges: Gauges::default(),
        held_up: Notice::default(),
    });
    let writer = writer.expect("a writer");
    let mut driven = Driven { writer, called };
    driven.write(kilobytes(0..FIRST));
    let begun = driven.writer.prepare(1).expect("it is flushed");
    assert_eq!(begun, Prepared::Pending);
    driven.write(kilobytes(FIRST..ALL));
    for checkpoint in [1, 2] {
        let prepared = driven.prepare(checkpoint);
        assert_eq!(prepared.len(), 1, "checkpoint {checkpoint}");
        let outcomes = committer.commit(&prepared).expect("the broker answers");
        assert_eq!(outcomes, [CommitOutcome::Committed]);
        driven.writer.committed(checkpoint).expect("told");
    }
    await_ends();
    let found = Reader::new(&brokers, &topic, "read_committed").numbers();
    let truth: Vec<u64> = (0..ALL.unsigned_abs()).collect();
    let differs = truth
        .iter()
        .zip(&found)
        .position(|(one, other)| one != other);
    assert_eq!((found.len(), differs), (truth.len(), None));
}
