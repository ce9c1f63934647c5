//! Jobs that write transactions of Kafka and are gone, as far as a broker sees.

#![allow(dead_code, reason = "no test needs all of it")]

pub(crate) mod situations;

use std::sync::Arc;
use std::time::Duration;

use millstream_connectors::kafka::proof::settle;
use millstream_connectors::kafka::{Cluster, Place, Proof, Session, State, Transaction};
use millstream_engine::connector::{Cancelled, CommitOutcome};
use millstream_services::kafka::Kafka;
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{Offset, TopicPartitionList};

/// How long a broker may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// How many records each transaction holds.
pub(crate) const RECORDS: u64 = 10;

/// Somebody who asks the broker.
pub(crate) fn session(brokers: &str) -> Session {
    let cluster = Cluster::new(brokers, []).expect("a cluster");
    Session::new(Arc::new(cluster), Cancelled::default())
}

/// A job of one subtask that writes to a topic of its own, and its producer.
pub(crate) struct Job {
    pub(crate) brokers: String,
    /// Topic, group and transactional id are called so.
    pub(crate) name: String,
    producer: BaseProducer,
    group: BaseConsumer,
}

impl Job {
    /// Makes the topic, and commits the first marker.
    pub(crate) fn start(kafka: &Kafka, name: &str) -> Self {
        Self::with_timeout(kafka, name, 60_000)
    }

    /// The same with a time-out of transactions in milliseconds.
    pub(crate) fn with_timeout(kafka: &Kafka, name: &str, timeout: u32) -> Self {
        kafka.create_topic(name, 1).expect("a topic");
        let job = Self::join(&kafka.brokers(), name, timeout);
        job.begin();
        job.mark(0);
        job.commit();
        job
    }

    /// A producer of the job, when there has been one before. Whatever that has open is aborted.
    pub(crate) fn join(brokers: &str, name: &str, timeout: u32) -> Self {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("transactional.id", name)
            .set("transaction.timeout.ms", timeout.to_string())
            .create()
            .expect("a producer");
        producer.init_transactions(PATIENCE).expect("transactions");
        let group = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("group.id", name)
            .create()
            .expect("a consumer that never reads");
        Self {
            brokers: brokers.to_owned(),
            name: name.to_owned(),
            producer,
            group,
        }
    }

    pub(crate) fn begin(&self) {
        self.producer.begin_transaction().expect("a transaction");
    }

    pub(crate) fn commit(&self) {
        let committed = self.producer.commit_transaction(PATIENCE);
        committed.expect("a commit");
    }

    /// Writes records and waits until the broker has them; where the first lies.
    pub(crate) fn write(&self) -> Place {
        let bounds = self.group.fetch_watermarks(&self.name, 0, PATIENCE);
        let (_, offset) = bounds.expect("the end of the partition");
        for number in 0..RECORDS {
            let value = number.to_string();
            let record: BaseRecord<'_, (), str> =
                BaseRecord::to(&self.name).partition(0).payload(&value);
            let sent = self.producer.send(record).map_err(|(error, _)| error);
            sent.expect("sent");
        }
        self.producer.flush(PATIENCE).expect("all is written");
        Place {
            topic: self.name.clone(),
            partition: 0,
            offset,
        }
    }

    /// Puts the marker of a checkpoint into the transaction.
    pub(crate) fn mark(&self, checkpoint: u64) {
        let mut offsets = TopicPartitionList::new();
        let offset = Offset::Offset(i64::try_from(checkpoint).expect("small"));
        offsets
            .add_partition_offset(&self.name, 0, offset)
            .expect("an offset");
        let group = self.group.group_metadata().expect("a group");
        self.producer
            .send_offsets_to_transaction(&offsets, &group, PATIENCE)
            .expect("a marker");
    }

    /// Writes all of a transaction but its commit.
    pub(crate) fn prepare(&self, checkpoint: u64) -> Transaction {
        self.begin();
        let record = self.write();
        self.mark(checkpoint);
        self.prepared(checkpoint, record)
    }

    /// What a snapshot keeps of the transaction that is open.
    pub(crate) fn prepared(&self, checkpoint: u64, record: Place) -> Transaction {
        let described = session(&self.brokers).describe(&self.name);
        let described = described.expect("an answer").expect("it is known");
        assert_eq!(described.state, State::Ongoing);
        Transaction {
            id: self.name.clone(),
            producer: described.producer,
            epoch: described.epoch,
            started: described.started,
            checkpoint,
            group: self.name.clone(),
            topic: self.name.clone(),
            record: Some(record),
            records: RECORDS,
        }
    }

    /// The process is gone without a word to the broker: what is dropped would abort.
    pub(crate) fn vanish(self) {
        std::mem::forget(self);
    }
}

/// What becomes of a transaction.
pub(crate) fn settled(brokers: &str, proof: Proof, transaction: &Transaction) -> CommitOutcome {
    let mut session = session(brokers);
    let outcomes = settle(&mut session, proof, std::slice::from_ref(transaction));
    let mut outcomes = outcomes.expect("an answer");
    assert_eq!(outcomes.len(), 1);
    outcomes.remove(0)
}

/// What the coordinator says that became of the last transaction.
pub(crate) fn state(brokers: &str, id: &str) -> State {
    let described = session(brokers).describe(id).expect("an answer");
    described.map_or(State::Other, |described| described.state)
}

/// How many records a reader sees that takes committed ones only.
pub(crate) fn committed_records(brokers: &str, topic: &str) -> u64 {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", "witness")
        .set("isolation.level", "read_committed")
        .set("enable.partition.eof", "true")
        .set("enable.auto.commit", "false")
        .create()
        .expect("a consumer");
    let mut all = TopicPartitionList::new();
    all.add_partition_offset(topic, 0, Offset::Beginning)
        .expect("a partition");
    consumer.assign(&all).expect("assigned");
    let mut seen = 0;
    loop {
        match consumer.poll(PATIENCE) {
            Some(Ok(_)) => seen += 1,
            Some(Err(rdkafka::error::KafkaError::PartitionEOF(_))) => return seen,
            Some(Err(error)) => unreachable!("{error}"),
            None => unreachable!("nothing comes"),
        }
    }
}
