//! Parameters of Kafka as a source: what they come to, and what is wrong with them.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::common::load_line;
use millstream_connectors::kafka::{End, Lost, Properties, Reset, Topics};
use millstream_ingest::parameters::{KafkaFormat, KafkaSettings, SchemaText, SourceSettings};

const LEAST: &str = "--source.type kafka --source.kafka.brokers k:9092 --source.kafka.topic orders --group.id f1 \
    --sink.type print";

fn kafka(line: &str) -> KafkaSettings {
    match load_line(line).expect("complete").settings.source {
        SourceSettings::Kafka(kafka) => kafka,
        other => unreachable!("{other:?}"),
    }
}

fn properties(pairs: &[(&str, &str)]) -> Properties {
    let pairs = pairs.iter();
    let pairs: BTreeMap<String, String> = pairs
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    Properties::of_java(&pairs).expect("they can be had")
}

#[test]
fn the_least_has_the_defaults() {
    let kafka = kafka(&format!("{LEAST} --stream.sql.schema struct<id:Int>"));
    let expected = KafkaSettings {
        brokers: "k:9092".to_owned(),
        topics: Topics::Names(vec!["orders".to_owned()]),
        group: "f1".to_owned(),
        reset: Reset::Latest,
        end: End::None,
        lost: Lost::Fail,
        discovery: None,
        properties: Properties::default(),
        format: KafkaFormat::Json,
        field_delimiter: ',',
        quote: Some('"'),
        escape: None,
        schema: Some(SchemaText::Struct("struct<id:Int>".to_owned())),
    };
    assert_eq!(kafka, expected);
}

#[test]
fn everything_given_is_taken() {
    let kafka = kafka(
        "--source.type kafka --source.kafka.brokers k1:9092,k2:9092 --source.kafka.topic.pattern 'orders-.*' \
         --group.id f1 --auto.offset.reset timestamp:7 --source.kafka.end offsets:0=5,1=6 --source.kafka.lost latest \
         --source.kafka.version 0.10 --source.kafka.format csv --source.field.delimiter | --source.quote none \
         --source.escape 0x5c --source.kafka.max.poll.records 100 --source.kafka.fetch.min.bytes 7 \
         --stream.sql.schema.json '{\"id\": \"Int\"}' --sink.type print",
    );
    let expected = KafkaSettings {
        brokers: "k1:9092,k2:9092".to_owned(),
        topics: Topics::Pattern("orders-.*".to_owned()),
        group: "f1".to_owned(),
        reset: Reset::Timestamp(7),
        end: End::Offsets(BTreeMap::from([(0, 5), (1, 6)])),
        lost: Lost::Latest,
        discovery: None,
        properties: properties(&[("max.poll.records", "100"), ("fetch.min.bytes", "7")]),
        format: KafkaFormat::Csv,
        field_delimiter: '|',
        quote: None,
        escape: Some('\\'),
        schema: Some(SchemaText::Json("{\"id\": \"Int\"}".to_owned())),
    };
    assert_eq!(kafka, expected);
    let several = "--source.type kafka --source.kafka.brokers k:9092 --source.kafka.topic 'a, b' --group.id f1 \
         --source.kafka.format text --flink.partition-discovery.interval-millis 30000 --sink.type print";
    let kafka = self::kafka(several);
    let names = ["a", "b"].map(str::to_owned).to_vec();
    assert_eq!(kafka.topics, Topics::Names(names));
    assert_eq!(kafka.discovery, Some(Duration::from_secs(30)));
    assert_eq!(kafka.schema, None);
}

#[test]
fn an_interval_that_is_not_above_0_is_none_as_in_flink() {
    for given in ["0", "-1", "0ms"] {
        let name = "--flink.partition-discovery.interval-millis";
        let text = "--source.kafka.format text";
        let bounded = "--source.kafka.end latest";
        let line = format!("{LEAST} {text} {bounded} {name}={given}");
        assert_eq!(kafka(&line).discovery, None, "{given}");
    }
}

#[test]
fn records_without_a_schema_go_on_as_they_are() {
    for more in ["", "--source.kafka.format csv", "--stream.sql.enable false"] {
        let loaded = load_line(&format!("{LEAST} {more}")).expect(more);
        assert_eq!(loaded.settings.sql, None, "{more}");
        assert!(loaded.notes.is_empty(), "{:?}", loaded.notes);
    }
    let file = LEAST.replace("print", "file");
    load_line(&format!("{file} --sink.path out")).expect("lines of JSON");
}

#[test]
fn sql_is_on_where_there_is_sql_or_a_schema_unless_it_is_said() {
    for (more, is_on) in [
        ("--stream.sql.schema struct<id:Int>", true),
        ("--stream.sql.schema.json '{\"id\": \"Int\"}'", true),
        (
            "--stream.sql.schema.json '{\"id\": \"Int\"}' --stream.sql.enable false",
            false,
        ),
        ("--source.kafka.format text", false),
    ] {
        let loaded = load_line(&format!("{LEAST} {more}")).expect(more);
        assert_eq!(loaded.settings.sql.is_some(), is_on, "{more}");
        assert!(loaded.notes.is_empty(), "{:?}", loaded.notes);
    }
}

#[test]
fn what_is_wrong_is_told_in_one_line_each() {
    let schema = "--stream.sql.schema struct<id:Int>";
    for (line, said) in [
        (
            "--source.type kafka --sink.type print --source.kafka.format text".to_owned(),
            vec![
                "source.kafka.brokers is not given",
                "source.kafka.topic is not given",
                "group.id is not given",
            ],
        ),
        (
            format!("{LEAST} --sink.merge.enable true"),
            vec!["there is no schema, with source.type kafka and sink.merge.enable true"],
        ),
        (
            format!(
                "{} --sink.path out --sink.format csv",
                LEAST.replace("print", "file")
            ),
            vec!["there is no schema, with source.type kafka and sink.format csv"],
        ),
        (
            format!("{LEAST} --stream.sql 'select * from t1'"),
            vec!["there is SQL, and no schema"],
        ),
        (
            format!("{LEAST} {schema} --source.kafka.topic.pattern x.*"),
            vec!["are both given"],
        ),
        (
            format!(
                "{LEAST} {schema} --source.kafka.end latest --flink.partition-discovery.interval-millis 5"
            ),
            vec!["partitions are looked for once"],
        ),
        (
            format!("{LEAST} {schema} --flink.partition-discovery.interval-millis soon"),
            vec!["a duration, or a number that is not above 0"],
        ),
        (
            format!("{LEAST} {schema} --source.kafka.version 0.9"),
            vec!["brokers before 0.10"],
        ),
        (
            format!("{LEAST} {schema} --source.kafka.enable.auto.commit true"),
            vec!["offsets are committed behind checkpoints"],
        ),
        (
            format!(
                "{LEAST} {schema} --source.kafka.security.protocol SASL_SSL --source.kafka.sasl.jaas.config Plain"
            ),
            vec!["GSSAPI (the default)", "Krb5LoginModule"],
        ),
    ] {
        let error = load_line(&line).expect_err(&line).to_string();
        for wanted in said {
            assert!(error.contains(wanted), "{error} without {wanted}");
        }
    }
}

#[test]
fn properties_without_effect_are_told() {
    let line =
        format!("{LEAST} --source.kafka.format text --source.kafka.session.timeout.ms 10000");
    let notes = load_line(&line).expect("no harm in it").notes;
    let told = "source.kafka.session.timeout.ms has no effect: the job assigns partitions itself and is no member of the \
                group";
    assert_eq!(notes, [told]);
}
