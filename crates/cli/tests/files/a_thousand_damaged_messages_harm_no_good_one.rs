//! A thousand messages that a seeded fuzzer has damaged, with their keys and headers, lie among good ones, on their way from Kafka through SQL to Kafka: the job goes on
//! in bounded memory, every good record is committed once and unchanged, and each damaged one is a row or a dead letter.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::common::{Running, command};
use datagen::random::Random;
use millstream_services::kafka::Kafka;
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::{Header, Message, OwnedHeaders};
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};

const DAMAGED: u64 = 1_000;
/// So many good messages stand before each damaged one.
const GOOD: u64 = 2;
/// Memory that the job may take, in MB: about half as much as it takes with 100 MB of good messages.
const MOST_MB: u64 = 400;

fn good(id: u64) -> String {
    format!(
        "{{\"id\":{id},\"text\":\"te\\u00e9xt {id}\",\"price\":\"1.50\",\"more\":{{\"a\":[1,{{}}]}}}}"
    )
}

/// A good message after some accidents.
fn damaged(random: &mut Random, id: u64) -> Vec<u8> {
    const PIECES: [&[u8]; 14] = [
        b"{",
        b"}",
        b"[",
        b"\"",
        b"\\",
        b":",
        b",",
        b"\0",
        b"null",
        b"\\ud800",
        b"1e999",
        b"\xff\xfe",
        b"\xe2\x82",
        b"{\"id\":",
    ];
    if random.below(20) == 0 {
        let opening: &[u8] = if random.below(2) == 0 {
            b"["
        } else {
            b"{\"id\":"
        };
        return opening.repeat(1 + random.below(100_000) as usize / opening.len());
    }
    let mut value = good(id).into_bytes();
    for _ in 0..1 + random.below(5) {
        let at = random.below(value.len() as u64 + 1) as usize;
        let piece = PIECES.get(random.below(PIECES.len() as u64) as usize);
        match random.below(4) {
            0 => value.truncate(at),
            1 => drop(value.splice(at..at, piece.copied().unwrap_or_default().iter().copied())),
            2 => value
                .iter_mut()
                .skip(at)
                .take(3)
                .for_each(|byte| *byte ^= 1 << random.below(8)),
            _ => value.extend_from_within(at..),
        }
    }
    value
}

fn fill(kafka: &Kafka, random: &mut Random) {
    let producer: BaseProducer = ClientConfig::new()
        .set("bootstrap.servers", kafka.brokers())
        .create()
        .expect("a producer");
    let send = |key: &[u8], value: &[u8], header: &[u8]| {
        let header = Header {
            key: "h",
            value: Some(header),
        };
        let record: BaseRecord<'_, [u8], [u8]> = BaseRecord::to("in")
            .key(key)
            .payload(value)
            .headers(OwnedHeaders::new().insert(header));
        let sent = producer.send(record).map_err(|(error, _)| error);
        sent.expect("sent");
    };
    for round in 0..DAMAGED {
        for id in round * GOOD..(round + 1) * GOOD {
            let key = format!("good-{id}");
            send(key.as_bytes(), good(id).as_bytes(), b"good");
        }
        let id = random.below(1_000_000);
        // It is known again by how it begins.
        let mut key = format!("damaged-{round}-").into_bytes();
        key.extend(damaged(random, id));
        let value = damaged(random, id);
        send(&key, &value, &damaged(random, id));
    }
    producer.flush(Duration::from_secs(60)).expect("written");
}

fn job(directory: &Path, brokers: &str) -> Command {
    let mut job = command(directory);
    job.args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["-Dexecution.checkpointing.interval=100 ms", "ingest"])
        .args([
            "--job.name=damaged",
            "--stream.checkpoint.mode=EXACTLY_ONCE",
        ])
        .args(["--job.retry.maxNumberRestartAttempts=0"])
        .args([
            "--source.type=kafka",
            "--source.kafka.topic=in",
            "--group.id=damaged",
        ])
        .args(["--auto.offset.reset=earliest"])
        .arg(format!("--source.kafka.brokers={brokers}"))
        .args(["--stream.sql.schema=struct<id:BigInt,text:String,price:Decimal(10,2),more:String>"])
        .args(["--stream.sql=select id, upper(text) as text, 1 / price as share, more from t1"])
        .args(["--sink.type=kafka", "--sink.kafka.topic=out"])
        .arg(format!("--sink.kafka.brokers={brokers}"))
        .args([
            "--error.policy=dead-letter",
            "--error.dead-letter.topic=bad",
        ]);
    job
}

/// All committed messages of a topic by their keys, each of which is there once.
fn read(kafka: &Kafka, topic: &str) -> BTreeMap<String, String> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", kafka.brokers())
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
    let mut found = BTreeMap::new();
    loop {
        match consumer.poll(Duration::from_secs(60)) {
            Some(Ok(message)) => {
                let text = |bytes: Option<&[u8]>| {
                    String::from_utf8_lossy(bytes.unwrap_or_default()).into_owned()
                };
                let key = text(message.key());
                let twice = found.insert(key, text(message.payload()));
                assert_eq!(twice, None, "{topic}");
            }
            Some(Err(KafkaError::PartitionEOF(_))) => return found,
            Some(Err(error)) => unreachable!("{error}"),
            None => unreachable!("nothing comes"),
        }
    }
}

/// The most memory that a process has taken, in MB.
fn most_mb(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect("it runs");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kib = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kib.expect("a number") / 1024
}

#[test]
fn and_each_is_a_row_or_a_dead_letter() {
    let seed = std::env::var("MILLSTREAM_SEED").ok();
    let seed = seed.and_then(|seed| seed.parse().ok()).unwrap_or(10);
    println!("seed {seed}; set MILLSTREAM_SEED to play another");
    let kafka = Kafka::start().expect("a broker");
    for topic in ["in", "out", "bad"] {
        kafka.create_topic(topic, 1).expect("a topic");
    }
    fill(&kafka, &mut Random::new(seed));
    let place = tempfile::tempdir().expect("a directory");
    let all = DAMAGED * (GOOD + 1);
    let mut running = Running::start(job(place.path(), &kafka.brokers()));
    running.await_that("all messages", || {
        let told = kafka.committed("damaged", "in").unwrap_or_default();
        told == [(0, all)]
    });
    let most = most_mb(running.id());
    assert!(most < MOST_MB, "seed {seed}: {most} MB");
    let said = running.suspend();
    let bad = read(&kafka, "bad");
    assert!(
        bad.keys().all(|key| key.starts_with("damaged-")),
        "seed {seed}: {bad:?}"
    );
    assert!(
        bad.len() as u64 > DAMAGED / 4,
        "seed {seed}: only {} are bad",
        bad.len()
    );
    let rows = read(&kafka, "out");
    assert_eq!(
        (rows.len() + bad.len()) as u64,
        all,
        "seed {seed}: {}",
        said.err
    );
    for id in 0..DAMAGED * GOOD {
        let key = format!("good-{id}");
        let row = format!("{{\"id\":{id},\"text\":\"TEÉXT {id}\",");
        let found = rows.get(&key);
        let is_right = found.is_some_and(|found| found.starts_with(&row));
        assert!(is_right, "seed {seed}: {key}: {found:?}");
    }
}
