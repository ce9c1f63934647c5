//! Keys, partitions, headers, timestamps, formats and topics of a sink of Kafka, against a real broker and with Kafka's own
//! tools as witnesses.

#![cfg(feature = "kafka")]

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::kafka_sink_support::{Reader, broker, fresh_topic, numbers, options, properties, rows};
use arrow::array::{ArrayRef, Int64Array, StringArray, TimestampMillisecondArray};
use millstream_connectors::kafka::{KafkaSink, KafkaSinkOptions, MessageFormat};
use millstream_connectors::rows::Rows;
use millstream_core::{Error, JobId, Lineage, Result};
use millstream_engine::connector::{
    Cancelled, CommitterContext, Gauges, Notice, Prepared, Sink, SinkContext, SinkWriter, Waker,
    WriteStatus,
};
use millstream_services::kafka::{Kafka, PASSWORD, USER, Version};
use rdkafka::message::{Headers, Message};

const JOB: JobId = JobId::from_bytes([7; 16]);

fn open(options: KafkaSinkOptions, bell: &Bell) -> Result<Box<dyn SinkWriter<Rows>>> {
    let sink = KafkaSink::new(options)?;
    let committer = CommitterContext {
        job: JOB,
        uid: "sink".to_owned(),
        parallelism: 1,
        lineage: Lineage::default(),
        run: 1,
        restored: None,
        cancelled: Cancelled::default(),
    };
    sink.committer(committer)?.recover(&[], &[])?;
    sink.open(SinkContext {
        job: JOB,
        uid: "sink".to_owned(),
        subtask: 0,
        parallelism: 1,
        lineage: Lineage::default(),
        run: 1,
        next_checkpoint: 1,
        restored: None,
        waker: bell.waker(),
        gauges: Gauges::default(),
        held_up: Notice::default(),
    })
}

/// Waits for the writer's waker.
struct Bell {
    sender: std::sync::mpsc::SyncSender<()>,
    receiver: std::sync::mpsc::Receiver<()>,
}

impl Bell {
    fn new() -> Self {
        let (sender, receiver) = std::sync::mpsc::sync_channel(1);
        Self { sender, receiver }
    }

    fn waker(&self) -> Waker {
        let sender = self.sender.clone();
        Waker::new(move || sender.try_send(()).unwrap_or_default())
    }

    fn wait(&self) {
        let patience = std::time::Duration::from_secs(60);
        self.receiver
            .recv_timeout(patience)
            .expect("the writer calls");
    }
}

/// Writes rows until all are delivered.
fn write(options: KafkaSinkOptions, all: Vec<Rows>) -> Result<()> {
    let bell = Bell::new();
    let mut writer = open(options, &bell)?;
    let mut all = all;
    while writer.write(&mut all)? == WriteStatus::Full {
        bell.wait();
    }
    while writer.prepare(1)? == Prepared::Pending {
        bell.wait();
    }
    Ok(())
}

fn refusal(result: Result<()>) -> Error {
    result.expect_err("it is refused")
}

/// What a message is to people: partition, key, value.
type Seen = (i32, Option<String>, Option<String>);

fn read(topic: &str) -> Vec<Seen> {
    let reader = Reader::new(&broker().brokers(), topic, "read_committed");
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("text");
    reader.read(|message| {
        let (key, value) = (message.key().map(text), message.payload().map(text));
        (message.partition(), key, value)
    })
}

#[test]
fn keys_lie_where_java_puts_them() {
    let kafka = broker();
    let (ours, javas) = (fresh_topic(), fresh_topic());
    kafka.create_topic(&ours, 7).expect("a topic");
    kafka.create_topic(&javas, 7).expect("a topic");
    let keys: Vec<String> = (0..300)
        .map(|number| match number % 3 {
            0 => number.to_string(),
            1 => format!("key-{number}-ü€😀"),
            _ => "x".repeat(number),
        })
        .collect();
    let records = keys.iter().map(|key| (key.clone(), "v".to_owned()));
    kafka.produce_keyed(&javas, records).expect("records");
    let column: ArrayRef = Arc::new(StringArray::from(keys));
    let told = KafkaSinkOptions {
        key: vec!["id".to_owned()],
        ..options(&kafka.brokers(), &ours)
    };
    write(told, vec![rows(vec![("id", column)])]).expect("written");
    let places = |topic: &str| -> BTreeMap<Option<String>, i32> {
        let seen = read(topic).into_iter();
        seen.map(|(partition, key, _)| (key, partition)).collect()
    };
    let (ours, javas) = (places(&ours), places(&javas));
    assert_eq!(ours.len(), 300);
    assert_eq!(ours, javas);
}

#[test]
fn what_stands_around_the_value_goes_around_the_message() {
    let topic = fresh_topic();
    let headers = r#"[{"key":"a","value":"1"},{"key":"b","value_base64":"/w=="}]"#;
    let batch = rows(vec![
        (
            "__key",
            Arc::new(StringArray::from(vec![Some("k"), None])) as ArrayRef,
        ),
        ("id", Arc::new(Int64Array::from(vec![1, 2]))),
        (
            "__timestamp",
            Arc::new(TimestampMillisecondArray::from(vec![
                1_600_000_000_123,
                1_600_000_000_456,
            ])),
        ),
        (
            "__headers",
            Arc::new(StringArray::from(vec![Some(headers), None])),
        ),
    ]);
    write(options(&broker().brokers(), &topic), vec![batch]).expect("written");
    let reader = Reader::new(&broker().brokers(), &topic, "read_committed");
    let mut found = reader.read(|message| {
        let headers: Vec<(String, Option<Vec<u8>>)> =
            message.headers().map_or_else(Vec::new, |headers| {
                let headers = headers.iter();
                headers
                    .map(|header| (header.key.to_owned(), header.value.map(<[u8]>::to_vec)))
                    .collect()
            });
        let value = String::from_utf8_lossy(message.payload().unwrap_or_default()).into_owned();
        let time = message.timestamp().to_millis();
        (value, message.key().map(<[u8]>::to_vec), time, headers)
    });
    found.sort();
    let expected = vec![
        (
            r#"{"id":1}"#.to_owned(),
            Some(b"k".to_vec()),
            Some(1_600_000_000_123),
            vec![
                ("a".to_owned(), Some(b"1".to_vec())),
                ("b".to_owned(), Some(vec![0xff])),
            ],
        ),
        (
            r#"{"id":2}"#.to_owned(),
            None,
            Some(1_600_000_000_456),
            Vec::new(),
        ),
    ];
    assert_eq!(found, expected);
}

#[test]
fn values_are_csv_or_text_where_that_is_asked() {
    let columns = || {
        vec![
            (
                "id",
                Arc::new(Int64Array::from(vec![Some(1), None])) as ArrayRef,
            ),
            (
                "name",
                Arc::new(StringArray::from(vec![Some("a,b"), Some("")])),
            ),
        ]
    };
    let brokers = broker().brokers();
    let topic = fresh_topic();
    let csv = KafkaSinkOptions {
        format: MessageFormat::Csv,
        ..options(&brokers, &topic)
    };
    write(csv, vec![rows(columns())]).expect("written");
    let mut values: Vec<_> = read(&topic)
        .into_iter()
        .map(|(_, _, value)| value)
        .collect();
    values.sort();
    assert_eq!(
        values,
        [Some(",\"\"".to_owned()), Some("1,\"a,b\"".to_owned())]
    );
    let topic = fresh_topic();
    let text = KafkaSinkOptions {
        format: MessageFormat::Text,
        ..options(&brokers, &topic)
    };
    let error = refusal(write(text.clone(), vec![rows(columns())]));
    assert!(
        error
            .to_string()
            .contains("the columns are id BigInt, name String"),
        "{error}"
    );
    let lines: ArrayRef = Arc::new(StringArray::from(vec![Some("as it is"), None]));
    write(text, vec![rows(vec![("value", lines)])]).expect("written");
    let mut values: Vec<_> = read(&topic)
        .into_iter()
        .map(|(_, _, value)| value)
        .collect();
    values.sort();
    assert_eq!(values, [None, Some("as it is".to_owned())]);
}

#[test]
fn a_topic_is_made_as_asked_or_refused() {
    let brokers = broker().brokers();
    let topic = fresh_topic();
    let missing = KafkaSinkOptions {
        create: None,
        ..options(&brokers, &topic)
    };
    let error = refusal(write(missing, vec![numbers(&[1])]));
    assert_eq!(error.code(), "MS-7006", "{error}");
    assert!(error.to_string().contains("sink.kafka.create"), "{error}");
    let mut many = options(&brokers, &topic);
    many.create = many.create.map(|mut create| {
        create.replication = Some(3);
        create
    });
    let error = refusal(write(many, vec![numbers(&[1])]));
    assert_eq!(error.code(), "MS-7006", "{error}");
    write(options(&brokers, &topic), vec![numbers(&[1])]).expect("made");
    let reader = Reader::new(&brokers, &topic, "read_committed");
    assert_eq!((reader.ends().len(), reader.numbers()), (2, vec![1]));
}

#[test]
fn a_message_that_is_too_large_is_named_with_its_size() {
    let kafka = broker();
    let topic = fresh_topic();
    kafka
        .tool(
            "TopicCommand",
            &[
                "--create",
                "--topic",
                &topic,
                "--partitions",
                "1",
                "--replication-factor",
                "1",
                "--config",
                "max.message.bytes=2000",
            ],
            "",
        )
        .expect("a topic");
    let text = |length: usize| {
        let column: ArrayRef = Arc::new(StringArray::from(vec!["x".repeat(length)]));
        rows(vec![("t", column)])
    };
    // Many small ones are cut into batches that the topic takes.
    let small = (0..200).map(|_| text(900)).collect();
    let plain = KafkaSinkOptions {
        properties: properties(&[("compression.type", "none")]),
        ..options(&kafka.brokers(), &topic)
    };
    write(plain.clone(), small).expect("written");
    assert_eq!(read(&topic).len(), 200);
    let error = refusal(write(plain, vec![text(3_000)]));
    assert_eq!(error.code(), "MS-7007", "{error}");
    assert!(error.to_string().contains("3008 bytes"), "{error}");
}

#[test]
fn a_full_buffer_holds_the_stream_up_and_loses_nothing() {
    let topic = fresh_topic();
    let small = KafkaSinkOptions {
        properties: properties(&[("buffer.memory", "65536"), ("batch.size", "16384")]),
        ..options(&broker().brokers(), &topic)
    };
    let bell = Bell::new();
    let mut writer = open(small, &bell).expect("a writer");
    let mut all: Vec<Rows> = (0..200_i64)
        .map(|chunk| numbers(&(chunk * 500..(chunk + 1) * 500).collect::<Vec<i64>>()))
        .collect();
    let mut full = 0;
    while writer.write(&mut all).expect("written") == WriteStatus::Full {
        full += 1;
        bell.wait();
    }
    while writer.prepare(1).expect("prepared") == Prepared::Pending {
        bell.wait();
    }
    assert!(full > 0, "64 KiB hold less than 100,000 messages");
    assert_eq!(writer.written(), Some(100_000));
    let mut found = Reader::new(&broker().brokers(), &topic, "read_committed").numbers();
    found.sort_unstable();
    assert_eq!(found, (0..100_000).collect::<Vec<u64>>());
}

#[test]
fn a_broker_that_is_away_is_waited_for_and_nothing_comes_twice() {
    let mut kafka = Kafka::start().expect("a broker");
    let topic = fresh_topic();
    let bell = Bell::new();
    let mut writer = open(options(&kafka.brokers(), &topic), &bell).expect("a writer");
    let mut all: Vec<Rows> = (0..50_i64)
        .map(|chunk| numbers(&(chunk * 100..(chunk + 1) * 100).collect::<Vec<i64>>()))
        .collect();
    let mut rest = all.split_off(25);
    assert_eq!(writer.write(&mut all).expect("written"), WriteStatus::Taken);
    kafka.kill();
    assert_eq!(
        writer.write(&mut rest).expect("written"),
        WriteStatus::Taken
    );
    assert_eq!(writer.prepare(1).expect("it waits"), Prepared::Pending);
    kafka.restart().expect("the same broker");
    while writer.prepare(1).expect("prepared") == Prepared::Pending {
        bell.wait();
    }
    let mut found = Reader::new(&kafka.brokers(), &topic, "read_committed").numbers();
    found.sort_unstable();
    assert_eq!(found, (0..5_000).collect::<Vec<u64>>());
}

#[test]
fn who_may_not_log_in_is_told_so() {
    let kafka = Kafka::start_as(Version::V4_1, true).expect("a broker");
    let address = kafka.addresses().expect("it is secured").login.clone();
    let topic = fresh_topic();
    let with = |password: &str| {
        let jaas = format!(
            "org.apache.kafka.common.security.scram.ScramLoginModule required username=\"{USER}\" password=\"{password}\";"
        );
        KafkaSinkOptions {
            properties: properties(&[
                ("security.protocol", "SASL_PLAINTEXT"),
                ("sasl.mechanism", "SCRAM-SHA-256"),
                ("sasl.jaas.config", &jaas),
            ]),
            ..options(&address, &topic)
        }
    };
    let error = refusal(write(with("wrong"), vec![numbers(&[1])]));
    assert_eq!(error.code(), "MS-7010", "{error}");
    assert!(
        error.to_string().contains("sink.kafka.security.protocol"),
        "{error}"
    );
    write(with(PASSWORD), vec![numbers(&[1])]).expect("written");
}
