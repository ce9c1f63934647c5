//! A broker of Kafka for the tests of a file, and what they write there.

#![allow(dead_code, reason = "no test needs all of it")]

pub(crate) mod raw;

use std::collections::BTreeMap;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use arrow::datatypes::{DataType, Field, Schema};
use millstream_connectors::kafka::{
    End, KafkaSource, KafkaSourceOptions, Lost, Properties, Reset, Topics, ValueFormat,
};
use millstream_connectors::rows::Parsed;
use millstream_engine::connector::Source;
use millstream_services::kafka::Kafka;
use rdkafka::ClientConfig;
use rdkafka::message::{Header, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};

/// How long a broker may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// The broker that the tests of a file share.
pub(crate) fn broker() -> &'static Kafka {
    static BROKER: OnceLock<Kafka> = OnceLock::new();
    BROKER.get_or_init(|| Kafka::start().expect("a broker of Kafka"))
}

/// What reads numbers of `topics` up to their present end.
pub(crate) fn options(brokers: &str, topics: &str, group: &str) -> KafkaSourceOptions {
    KafkaSourceOptions {
        brokers: brokers.to_owned(),
        topics: Topics::Names(topics.split(',').map(str::to_owned).collect()),
        group: group.to_owned(),
        reset: Reset::Earliest,
        end: End::Latest,
        lost: Lost::Fail,
        discovery: None,
        properties: Properties::of_java(&BTreeMap::new()).expect("no properties"),
        format: ValueFormat::Json,
        schema: Arc::new(Schema::new(vec![
            Field::new("number", DataType::Int64, true),
            Field::new("__offset", DataType::Int64, true),
        ])),
        keep_raw: false,
    }
}

/// The source that `options` describe.
pub(crate) fn source(options: KafkaSourceOptions) -> Box<dyn Source<Parsed>> {
    Box::new(KafkaSource::new(options).expect("a source"))
}

/// Partition, offset and number of each row.
pub(crate) fn records(parsed: Parsed) -> Vec<(String, u64, i64)> {
    use arrow::array::AsArray;
    use arrow::datatypes::Int64Type;
    let rows = match parsed {
        Parsed::Rows(rows) => rows,
        other => unreachable!("no rows: {other:?}"),
    };
    let numbers = rows.batch.column(0).as_primitive::<Int64Type>();
    let own = rows.batch.column(1).as_primitive::<Int64Type>();
    let offsets = rows.origin.offsets.iter();
    offsets
        .enumerate()
        .map(|(row, offset)| {
            assert_eq!(own.value(row).unsigned_abs(), *offset);
            (rows.origin.file.to_string(), *offset, numbers.value(row))
        })
        .collect()
}

/// The numbers of what was handed out, in order.
pub(crate) fn numbers(parsed: impl IntoIterator<Item = Parsed>) -> Vec<i64> {
    let mut numbers: Vec<i64> = parsed
        .into_iter()
        .flat_map(records)
        .map(|(_, _, number)| number)
        .collect();
    numbers.sort_unstable();
    numbers
}

/// Writes to a broker.
pub(crate) struct Writer {
    producer: BaseProducer,
}

impl Writer {
    pub(crate) fn new(brokers: &str) -> Self {
        let producer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("linger.ms", "5")
            .create();
        Self {
            producer: producer.expect("a producer"),
        }
    }

    /// One that writes transactions under this id.
    pub(crate) fn in_transactions(brokers: &str, id: &str) -> Self {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", brokers)
            .set("transactional.id", id)
            .create()
            .expect("a producer");
        producer.init_transactions(PATIENCE).expect("transactions");
        Self { producer }
    }

    pub(crate) fn begin(&self) {
        self.producer.begin_transaction().expect("a transaction");
    }

    pub(crate) fn commit(&self) {
        self.producer
            .commit_transaction(PATIENCE)
            .expect("a commit");
    }

    pub(crate) fn abort(&self) {
        self.producer.abort_transaction(PATIENCE).expect("an abort");
    }

    /// Writes `{"number":N}` for each number into a partition, and waits until the broker has them.
    pub(crate) fn numbers(
        &self,
        topic: &str,
        partition: i32,
        numbers: impl IntoIterator<Item = i64>,
    ) {
        let texts = numbers.into_iter();
        let texts = texts.map(|number| format!("{{\"number\":{number}}}"));
        self.texts(topic, partition, texts);
    }

    /// Writes texts into a partition, and waits until the broker has them.
    pub(crate) fn texts(
        &self,
        topic: &str,
        partition: i32,
        texts: impl IntoIterator<Item = String>,
    ) {
        for value in texts {
            let mut record: BaseRecord<'_, (), str> =
                BaseRecord::to(topic).partition(partition).payload(&value);
            while let Err((error, back)) = self.producer.send(record) {
                assert!(error.to_string().contains("Queue full"), "{error}");
                self.producer.poll(Duration::from_millis(10));
                record = back;
            }
        }
        self.flush();
    }

    /// Writes values as they are into partition 0, `None` for none at all, and waits until the broker has them.
    pub(crate) fn values<'a>(
        &self,
        topic: &str,
        values: impl IntoIterator<Item = Option<&'a [u8]>>,
    ) {
        for value in values {
            let mut record: BaseRecord<'_, (), [u8]> = BaseRecord::to(topic).partition(0);
            record.payload = value;
            while let Err((error, back)) = self.producer.send(record) {
                assert!(error.to_string().contains("Queue full"), "{error}");
                self.producer.poll(Duration::from_millis(10));
                record = back;
            }
        }
        self.flush();
    }

    /// Writes messages with a key and a header `h` as they are into partition 0, and waits until the broker has them.
    pub(crate) fn messages<'a>(
        &self,
        topic: &str,
        messages: impl IntoIterator<Item = (Option<&'a [u8]>, &'a [u8], &'a [u8])>,
    ) {
        for (value, key, header) in messages {
            let header = Header {
                key: "h",
                value: Some(header),
            };
            let mut record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to(topic)
                .partition(0)
                .key(key)
                .headers(OwnedHeaders::new().insert(header));
            record.payload = value;
            while let Err((error, back)) = self.producer.send(record) {
                assert!(error.to_string().contains("Queue full"), "{error}");
                self.producer.poll(Duration::from_millis(10));
                record = back;
            }
        }
        self.flush();
    }

    /// Writes `{"number":N}` for each number into partition 0, N milliseconds behind a time, and waits until the broker has them.
    pub(crate) fn behind(&self, topic: &str, time: i64, numbers: impl IntoIterator<Item = i64>) {
        for number in numbers {
            let value = format!("{{\"number\":{number}}}");
            let record: BaseRecord<'_, (), str> = BaseRecord::to(topic)
                .partition(0)
                .timestamp(time + number)
                .payload(&value);
            let sent = self.producer.send(record).map_err(|(error, _)| error);
            sent.expect("sent");
        }
        self.flush();
    }

    pub(crate) fn flush(&self) {
        self.producer.flush(PATIENCE).expect("all is written");
    }
}
