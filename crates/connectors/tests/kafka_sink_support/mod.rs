//! A broker of Kafka for the tests of sinks, and who reads what they wrote.

#![allow(dead_code, reason = "no test needs all of it")]
#![allow(clippy::panic, reason = "a test says what is wrong by a panic")]

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::{Receiver, sync_channel};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arrow::array::{ArrayRef, Int64Array, RecordBatch};
use millstream_connectors::conformance::SinkTarget;
use millstream_connectors::kafka::{
    Called, Cluster, KafkaSink, KafkaSinkOptions, MessageFormat, NewTopic, Proof, Properties,
    Session, State, Timing,
};
use millstream_connectors::rows::{Origin, Rows};
use millstream_core::{JobId, Lineage, Result};
use millstream_engine::connector::{
    Cancelled, Committable, CommitterContext, Gauges, Notice, Prepared, Sink, SinkContext,
    SinkWriter, Waker, WriteStatus,
};
use millstream_services::kafka::Kafka;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::message::{BorrowedMessage, Message};
use rdkafka::producer::{BaseProducer, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

/// How long a broker may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The broker that the tests of a file share.
pub(crate) fn broker() -> &'static Kafka {
    static BROKER: OnceLock<Kafka> = OnceLock::new();
    BROKER.get_or_init(|| Kafka::start().expect("a broker of Kafka"))
}

/// A topic that no other test has.
pub(crate) fn fresh_topic() -> String {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    format!("topic-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}

/// Properties by their names in Java.
pub(crate) fn properties(pairs: &[(&str, &str)]) -> Properties {
    let pairs = pairs.iter();
    let pairs: BTreeMap<String, String> = pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Properties::of_java_producer(&pairs).expect("they can be had")
}

/// What writes JSON into a topic, which is made with two partitions.
pub(crate) fn options(brokers: &str, topic: &str) -> KafkaSinkOptions {
    KafkaSinkOptions {
        brokers: brokers.to_owned(),
        topic: topic.to_owned(),
        properties: properties(&[]),
        format: MessageFormat::Json,
        key: Vec::new(),
        create: Some(NewTopic {
            partitions: Some(2),
            replication: Some(1),
        }),
        proof: Proof::Marker,
        called: Called::Sink,
    }
}

pub(crate) const TIMING: Timing = Timing {
    interval: Duration::from_secs(1),
    timeout: Duration::from_secs(60),
    restart: Duration::from_secs(1),
};

/// Rows with these columns.
pub(crate) fn rows(columns: Vec<(&str, ArrayRef)>) -> Rows {
    let columns = columns.into_iter().map(|(name, array)| (name, array, true));
    let batch = RecordBatch::try_from_iter_with_nullable(columns).expect("a batch");
    let origin = Origin {
        file: "test".into(),
        offsets: vec![0; batch.num_rows()],
        lines: vec![0; batch.num_rows()],
        times: Vec::new(),
        raws: None,
    };
    Rows {
        batch,
        origin: Arc::new(origin),
    }
}

/// A row for each number.
pub(crate) fn numbers(numbers: &[i64]) -> Rows {
    rows(vec![(
        "number",
        Arc::new(Int64Array::from(numbers.to_vec())),
    )])
}

/// The only writer of a sink that begins anew, at least once, and the calls of its waker.
pub(crate) struct Driven {
    writer: Box<dyn SinkWriter<Rows>>,
    called: Receiver<()>,
}

impl Driven {
    pub(crate) fn open(options: KafkaSinkOptions) -> Result<Self> {
        let (job, uid) = (JobId::from_bytes([8; 16]), "sink".to_owned());
        let sink = KafkaSink::new(options)?;
        let committer = CommitterContext {
            job,
            uid: uid.clone(),
            parallelism: 1,
            lineage: Lineage::default(),
            run: 1,
            restored: None,
            cancelled: Cancelled::default(),
        };
        sink.committer(committer)?.recover(&[], &[])?;
        let (call, called) = sync_channel(1);
        let writer = sink.open(SinkContext {
            job,
            uid,
            subtask: 0,
            parallelism: 1,
            lineage: Lineage::default(),
            run: 1,
            next_checkpoint: 1,
            restored: None,
            waker: Waker::new(move || call.try_send(()).unwrap_or_default()),
            gauges: Gauges::default(),
            held_up: Notice::default(),
        })?;
        Ok(Self { writer, called })
    }

    fn wait(&self) {
        let called = self.called.recv_timeout(PATIENCE);
        called.expect("the writer calls");
    }

    /// Writes rows until all are delivered.
    pub(crate) fn deliver(&mut self, mut rows: Vec<Rows>, checkpoint: u64) -> Result<()> {
        while self.writer.write(&mut rows)? == WriteStatus::Full {
            self.wait();
        }
        while self.writer.prepare(checkpoint)? == Prepared::Pending {
            self.wait();
        }
        Ok(())
    }
}

/// A consumer of all that a topic holds: what is committed, or everything.
pub(crate) struct Reader {
    consumer: BaseConsumer,
    topic: String,
    partitions: i32,
}

impl Reader {
    pub(crate) fn new(brokers: &str, topic: &str, isolation: &str) -> Self {
        let consumer: BaseConsumer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("group.id", "witness")
            .set("isolation.level", isolation)
            .set("enable.auto.commit", "false")
            .set("enable.partition.eof", "true")
            .create()
            .expect("a consumer");
        let metadata = consumer.fetch_metadata(Some(topic), PATIENCE);
        let metadata = metadata.expect("the broker answers");
        let partitions = metadata
            .topics()
            .first()
            .map_or(0, |topic| topic.partitions().len());
        Self {
            consumer,
            topic: topic.to_owned(),
            partitions: partitions as i32,
        }
    }

    /// The end of each partition, as this reader sees it.
    pub(crate) fn ends(&self) -> Vec<i64> {
        let ends = (0..self.partitions).map(|partition| {
            let found = self
                .consumer
                .fetch_watermarks(&self.topic, partition, PATIENCE);
            found.expect("the broker answers").1
        });
        ends.collect()
    }

    /// Everything from the beginning to the present end, in the order of each partition.
    pub(crate) fn read<T>(&self, mut each: impl FnMut(&BorrowedMessage<'_>) -> T) -> Vec<T> {
        let ends = self.ends();
        let mut open = TopicPartitionList::new();
        let mut left = 0;
        for (partition, end) in (0_i32..).zip(&ends) {
            if *end > 0 {
                left += 1;
                open.add_partition_offset(&self.topic, partition, Offset::Beginning)
                    .expect("a partition");
            }
        }
        self.consumer.assign(&open).expect("assigned");
        let mut found = Vec::new();
        while left > 0 {
            match self.consumer.poll(PATIENCE).expect("the broker answers") {
                Ok(message) => found.push(each(&message)),
                Err(rdkafka::error::KafkaError::PartitionEOF(_)) => left -= 1,
                Err(error) => panic!("{error}"),
            }
        }
        self.consumer.unassign().expect("unassigned");
        found
    }

    /// The values as JSON numbers of the column `number`.
    pub(crate) fn numbers(&self) -> Vec<u64> {
        self.read(|message| {
            let value = message.payload().expect("a value");
            let value: serde_json::Value = serde_json::from_slice(value).expect("JSON");
            value
                .get("number")
                .and_then(serde_json::Value::as_u64)
                .expect("a number")
        })
    }
}

/// Waits until no transaction is just being ended: brokers answer before all partitions know it.
pub(crate) fn await_ends() {
    let cluster = Cluster::new(&broker().brokers(), []).expect("a cluster");
    let mut session = Session::new(Arc::new(cluster), Cancelled::default());
    for _ in 0..100_000 {
        let listed = session
            .transactions("millstream-")
            .expect("the broker answers");
        let mut states = listed.into_iter().map(|listed| listed.described.state);
        if !states.any(|state| matches!(state, State::Committing | State::Aborting)) {
            return;
        }
    }
    panic!("transactions that are being ended never are");
}

/// A topic for the suite.
pub(crate) struct Target {
    pub(crate) topic: String,
    exactly_once: bool,
    reader: std::cell::OnceCell<(Reader, Reader)>,
}

impl Target {
    pub(crate) fn new(exactly_once: bool) -> Self {
        Self {
            topic: fresh_topic(),
            exactly_once,
            reader: std::cell::OnceCell::new(),
        }
    }

    /// Who reads what is committed, and who reads everything.
    fn readers(&self) -> &(Reader, Reader) {
        self.reader.get_or_init(|| {
            let brokers = broker().brokers();
            (
                Reader::new(&brokers, &self.topic, "read_committed"),
                Reader::new(&brokers, &self.topic, "read_uncommitted"),
            )
        })
    }
}

impl SinkTarget for Target {
    type Record = Rows;

    fn sink(&self) -> Box<dyn Sink<Rows>> {
        let sink = KafkaSink::new(options(&broker().brokers(), &self.topic)).expect("a sink");
        match self.exactly_once {
            true => Box::new(sink.exactly_once(TIMING).expect("a sink")),
            false => Box::new(sink),
        }
    }

    fn records(&self, wanted: std::ops::Range<u64>) -> Vec<Rows> {
        let wanted: Vec<i64> = wanted.map(|number| number as i64).collect();
        wanted.chunks(7).map(numbers).collect()
    }

    fn visible(&self) -> Vec<u64> {
        await_ends();
        self.readers().0.numbers()
    }

    /// Readers wait at the first record of a transaction that is open.
    fn shows_what_lies_between(&self) -> bool {
        !self.exactly_once
    }

    /// Whatever is open holds up who reads what is committed.
    fn leftovers(&self) -> Vec<String> {
        await_ends();
        let (committed, all) = self.readers();
        let (committed, all) = (committed.ends(), all.ends());
        let both = committed.iter().zip(&all).enumerate();
        both.filter(|(_, (committed, all))| committed != all)
            .map(|(partition, (committed, all))| {
                format!("partition {partition}: {committed} of {all} can be read")
            })
            .collect()
    }

    /// Another producer of the same id aborts what is open.
    fn destroy(&self, committable: &Committable) {
        let id = committable
            .value
            .get("id")
            .and_then(|id| id.as_str())
            .expect("an id");
        let thief: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", broker().brokers())
            .set("transactional.id", id)
            .create()
            .expect("a producer");
        thief.init_transactions(PATIENCE).expect("it is taken away");
    }
}
