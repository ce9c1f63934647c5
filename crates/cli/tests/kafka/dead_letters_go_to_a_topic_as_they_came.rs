//! With `error.dead-letter.topic` a bad record is a message: the record as it came, its key and headers, and in headers of its
//! own what is wrong with it and where it was. From Kafka and from files, whatever the sink is.

use crate::common::letters::{Message, committed};
use crate::common::{ONCE, command, ingest, lines, put, running};
use millstream_services::kafka::Kafka;

fn with<'a>(messages: &'a [Message], value: &str) -> &'a Message {
    let found = messages.iter().find(|message| message.value == value);
    found.unwrap_or_else(|| unreachable!("no letter {value}: {messages:#?}"))
}

#[test]
fn from_kafka_with_key_and_place() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("in", 1).expect("a topic");
    let records = [
        ("a", r#"{"id":1,"share":2}"#),
        ("b", "none"),
        ("c", r#"{"id":"three","share":1}"#),
        ("d", r#"{"id":4,"share":0}"#),
    ];
    let records = records.map(|(key, value)| (key.to_owned(), value.to_owned()));
    kafka.produce_keyed("in", records).expect("records");
    let place = tempfile::tempdir().expect("a directory");
    let brokers = kafka.brokers();
    let mut job = command(place.path());
    job.args(["run", "--target", "local", "-Dmillstream.data-dir=data"])
        .args(["-Dexecution.checkpointing.interval=100 ms", "ingest"])
        .args(["--job.name=orders", "--stream.checkpoint.mode=EXACTLY_ONCE"])
        .args(["--source.type=kafka", "--source.kafka.topic=in"])
        .args(["--group.id=g", "--auto.offset.reset=earliest"])
        .arg(format!("--source.kafka.brokers={brokers}"))
        .arg(format!("--sink.kafka.brokers={brokers}"))
        .args(["--sink.kafka.topic=out", "--source.kafka.end=latest"])
        .arg("--sink.kafka.create=partitions=2,replication=1")
        .arg("--stream.sql.schema=struct<id:BigInt,share:BigInt>")
        .arg("--stream.sql=select id, 10 / share as share from t1")
        .args([
            "--error.policy=dead-letter",
            "--error.dead-letter.topic=bad",
        ])
        .arg("--error.dead-letter.kafka.create=partitions=1,replication=1");
    let said = running::run(job);
    assert_eq!(said.code, Some(0), "{}", said.err);
    let equation = "4 read = 1 written + 3 bad";
    assert!(said.err.contains(equation), "{}", said.err);
    assert_eq!(committed(&kafka, "out", 1).len(), 1);
    let letters = committed(&kafka, "bad", 3);
    assert_eq!(letters.len(), 3, "{letters:#?}");
    for (value, key, code, offset, column) in [
        ("none", "b", "json", "1", None),
        (r#"{"id":"three","share":1}"#, "c", "value", "2", Some("id")),
        (r#"{"id":4,"share":0}"#, "d", "sql", "3", None),
    ] {
        let letter = with(&letters, value);
        assert_eq!(letter.key, key);
        let told = |name: &str| letter.header(&format!("millstream.{name}"));
        assert_eq!(told("code"), Some(code));
        assert_eq!(told("topic"), Some("in"));
        assert_eq!(told("partition"), Some("0"));
        assert_eq!(told("offset"), Some(offset));
        assert_eq!(told("column"), column);
        assert_eq!(told("job"), Some("orders"));
        assert!(told("error").is_some_and(|error| !error.is_empty()));
        assert!(told("job.id").is_some_and(|id| id.len() == 32));
        assert!(told("time").is_some_and(|time| time.parse::<u64>().is_ok()));
        assert_eq!(told("file"), None);
    }
}

#[test]
fn from_files_beside_a_sink_of_files() {
    let kafka = Kafka::start().expect("a broker");
    let place = tempfile::tempdir().expect("a directory");
    // The last one does not fit into a message.
    let large = format!("6,{}", "x".repeat(1_500_000));
    put(
        place.path(),
        "in/a.csv",
        format!("id,price\n1,10\n2,two,x\n4,free\n5,0\n{large}\n"),
    );
    let brokers = format!("--error.dead-letter.kafka.brokers={}", kafka.brokers());
    let parameters = [
        ONCE,
        "--source.type=csv",
        "--source.firstLine.schema=true",
        "--sink.type=file",
        "--sink.path=out",
        "--stream.checkpoint.mode=EXACTLY_ONCE",
        "--stream.sql.enable=true",
        "--stream.sql.schema=struct<id:Int,price:Int>",
        "--stream.sql=select id, 100 / price as share from t1",
        "--error.policy=dead-letter",
        "--error.dead-letter.topic=bad",
        brokers.as_str(),
    ];
    let missing = running::run(ingest(place.path(), &[], &parameters));
    assert_eq!(missing.code, Some(1), "{}", missing.err);
    let told = "MS-7006: topic bad is not there";
    assert!(missing.err.contains(told), "{}", missing.err);
    let next = "error.dead-letter.kafka.create";
    assert!(missing.err.contains(next), "{}", missing.err);
    let create = "--error.dead-letter.kafka.create=partitions=1,replication=1";
    let parameters = [&parameters[..], &[create]].concat();
    let said = running::run(ingest(place.path(), &[], &parameters));
    assert_eq!(said.code, Some(0), "{}", said.err);
    assert_eq!(lines(&place.path().join("out")).len(), 1);
    let letters = committed(&kafka, "bad", 4);
    assert_eq!(letters.len(), 4);
    let cut = letters
        .iter()
        .find(|letter| letter.value.starts_with("6,x"));
    let cut = cut.expect("the beginning of the large one");
    assert!(large.starts_with(&cut.value) && cut.value.len() > 1_000_000);
    assert_eq!(
        cut.header("millstream.cut"),
        Some(&*large.len().to_string())
    );
    for (value, code, line, offset) in [
        ("2,two,x", "columns", "3", "14"),
        ("4,free", "value", "4", "22"),
        ("5,0", "sql", "5", "29"),
    ] {
        let letter = with(&letters, value);
        let told = |name: &str| letter.header(&format!("millstream.{name}"));
        assert_eq!((told("code"), told("line")), (Some(code), Some(line)));
        assert_eq!(told("offset"), Some(offset));
        assert!(told("file").is_some_and(|file| file.ends_with("in/a.csv")));
        assert_eq!((told("topic"), letter.key.as_str()), (None, "null"));
    }
}
