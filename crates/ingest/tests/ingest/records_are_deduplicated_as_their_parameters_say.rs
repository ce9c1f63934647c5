//! Parameters of deduplication: what they come to, and what is wrong with them.

use std::time::Duration;

use crate::common::load_line;
use millstream_ingest::parameters::{
    SourceSettings, UniqueNull, UniqueSettings, UniqueTime, split_program_args,
};
use millstream_ingest::{RunOptions, declare};

const LEAST: &str = "--source.type kafka_deduplication --source.kafka.brokers k:9092 --source.kafka.topic orders \
    --group.id f1 --sink.type print --stream.sql.schema.json '{\"id\": \"Int\"}'";

#[test]
fn the_least_has_the_defaults() {
    let loaded = load_line(&format!("{LEAST} --unique.keys id,name")).expect("complete");
    let expected = UniqueSettings {
        keys: vec!["id".to_owned(), "name".to_owned()],
        within: Duration::from_secs(3_600),
        time: UniqueTime::Record,
        null: UniqueNull::Pass,
    };
    assert_eq!(loaded.settings.unique, Some(expected));
    assert!(matches!(loaded.settings.source, SourceSettings::Kafka(_)));
    assert!(loaded.notes.is_empty(), "{:?}", loaded.notes);
}

#[test]
fn everything_given_is_taken() {
    let line = format!(
        "{} --source.type Kafka_Deduplication --unique.keys 'id , a.b' --unique.data.ttl.in.minute 1440 --unique.time CLOCK \
         --unique.null value --source.kafka.format csv --source.field.delimiter |",
        LEAST.replace("--source.type kafka_deduplication ", "")
    );
    let loaded = load_line(&line).expect("complete");
    let expected = UniqueSettings {
        keys: vec!["id".to_owned(), "a.b".to_owned()],
        within: Duration::from_secs(86_400),
        time: UniqueTime::Clock,
        null: UniqueNull::Value,
    };
    assert_eq!(loaded.settings.unique, Some(expected));
    let SourceSettings::Kafka(kafka) = loaded.settings.source else {
        panic!("another source");
    };
    assert_eq!(kafka.field_delimiter, '|');
    assert!(loaded.notes.is_empty(), "{:?}", loaded.notes);
}

#[test]
fn columns_of_every_type_can_be_keys() {
    for kind in [
        "String",
        "Boolean",
        "TinyInt",
        "BigInt",
        "Double",
        "Decimal(10,2)",
        "Date",
        "Timestamp(3)",
        "Timestamp",
    ] {
        let line = LEAST.replace("\"Int\"", &format!("\"{kind}\""));
        let line = format!("{line} --unique.keys id");
        let arguments = split_program_args(&line).expect("a line");
        let declared = declare(&arguments, &RunOptions::default());
        assert!(declared.is_ok(), "{kind}: {:?}", declared.err());
    }
}

#[test]
fn without_deduplication_they_have_no_effect() {
    let line = LEAST.replace("kafka_deduplication", "kafka");
    let loaded = load_line(&format!("{line} --unique.keys id")).expect("complete");
    assert_eq!(loaded.settings.unique, None);
    let told =
        "given, but without effect here: unique.keys (only with source.type kafka_deduplication)";
    assert_eq!(loaded.notes, [told]);
}

#[test]
fn what_is_wrong_is_told() {
    for (more, said) in [
        (
            "",
            "unique.keys is not given, with source.type kafka_deduplication",
        ),
        (
            "--unique.keys id --unique.data.ttl.in.minute 0",
            "unique.data.ttl.in.minute is 0",
        ),
        (
            "--unique.keys id --unique.data.ttl.in.minute 18446744073709551615",
            "more than a hundred years",
        ),
        (
            "--unique.keys id --unique.data.ttl.in.minute 1.5",
            "unique.data.ttl.in.minute is `1.5`",
        ),
        (
            "--unique.keys id,a..b",
            "unique.keys names `a..b`, which has an empty part",
        ),
        ("--unique.keys id,,b", "none of them empty"),
        (
            "--unique.keys id --unique.time event",
            "unique.time is `event`",
        ),
    ] {
        let error = load_line(&format!("{LEAST} {more}"))
            .expect_err(more)
            .to_string();
        assert!(error.contains(said), "{error} without {said}");
    }
}
