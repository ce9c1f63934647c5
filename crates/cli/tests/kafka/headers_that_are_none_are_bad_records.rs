//! A column `__headers` that the SQL makes may hold anything. What is no array of headers goes where `error.policy` says, or fails the
//! job; the others are headers.

use crate::common::letters::committed;
use crate::common::{ONCE, ingest, lines, put, running};
use millstream_services::kafka::Kafka;

const ROWS: &str = r#"id,h
1,"[{""key"":""a"",""value"":""1""}]"
2,none
3,
4,"{""key"":""a""}"
5,"[{""key"":""a"",""value_base64"":""?""}]"
"#;

#[test]
fn or_fail_the_job() {
    let kafka = Kafka::start().expect("a broker");
    kafka.create_topic("out", 1).expect("a topic");
    let place = tempfile::tempdir().expect("a directory");
    put(place.path(), "in/a.csv", ROWS);
    let brokers = kafka.brokers();
    let parameters = [
        ONCE,
        "--source.type=csv",
        "--source.firstLine.schema=true",
        "--sink.kafka.brokers",
        &brokers,
        "--sink.kafka.topic=out",
        "--stream.checkpoint.mode=EXACTLY_ONCE",
        "--stream.sql.enable=true",
        "--stream.sql.schema=struct<id:Int,h:String>",
        "--stream.sql=select id, h as __headers from t1",
    ];
    let failed = running::run(ingest(place.path(), &[], &parameters));
    assert_eq!(failed.code, Some(1), "{}", failed.err);
    let told = "column __headers holds what is no array of headers";
    assert!(failed.err.contains(told), "{}", failed.err);

    let tolerant = [
        &parameters[..],
        &[
            "--error.policy=dead-letter",
            "--error.dead-letter.path=dead",
        ],
    ];
    let said = running::run(ingest(place.path(), &[], &tolerant.concat()));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let equation = "5 read = 2 written + 3 bad";
    assert!(said.err.contains(equation), "{}", said.err);
    let dead = lines(&place.path().join("dead"));
    assert_eq!(dead.len(), 3, "{dead:?}");
    for words in ["\"code\":\"message\"", "no array of headers"] {
        assert!(dead.iter().all(|line| line.contains(words)), "{dead:?}");
    }
    let written = committed(&kafka, "out", 2);
    let seen: Vec<(&str, Option<&str>)> = written
        .iter()
        .map(|message| (message.value.as_str(), message.header("a")))
        .collect();
    assert_eq!(seen, [("{\"id\":1}", Some("1")), ("{\"id\":3}", None)]);
}
