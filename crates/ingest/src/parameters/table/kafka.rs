//! Kafka as a source and as a sink.

use std::time::Duration;

use millstream_connectors::kafka::{Create, End, Lost, MessageFormat, Proof, Reset};

use crate::parameters::choices::{KafkaFormat, KafkaVersion, SinkType, SourceType};
use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};
use crate::parameters::value::{Interval, Names};

const FROM: Scope = Scope::Source(SourceType::KAFKA);
const TO: Scope = Scope::Sink(&[SinkType::Kafka]);

parameters! {
    SOURCE_VERSION: KafkaVersion = Parameter::new(Group::KafkaSource, "source.kafka.version",
        "Oldest version among the brokers. From 0.10 on they are asked what they can do, so newer ones need no other value; 0.9 is \
         refused.").default("0.11").only(FROM).example("0.11");
    SOURCE_BROKERS: String = Parameter::new(Group::KafkaSource, "source.kafka.brokers",
        "Addresses of some brokers, separated by commas.").required("from Kafka").only(FROM).example("kafka-1:9092,kafka-2:9092");
    SOURCE_TOPIC: Names = Parameter::new(Group::KafkaSource, "source.kafka.topic",
        "Topics, separated by commas.").required("from Kafka, or `source.kafka.topic.pattern`").only(FROM).example("orders");
    SOURCE_TOPIC_PATTERN: String = Parameter::new(Group::KafkaSource, "source.kafka.topic.pattern",
        "Regular expression for the whole names of topics, instead of `source.kafka.topic`. Topics that begin with `__` are not \
         among them.").only(FROM).example("orders-.*");
    SOURCE_FORMAT: KafkaFormat = Parameter::new(Group::KafkaSource, "source.kafka.format",
        "What the value of a message is. json: an object, whose fields are the columns. csv: one record of delimited text, whose \
         fields are the columns in their order. text: the one column `value`.")
        .default("json").only(FROM).example("csv");
    OFFSET_RESET: Reset = Parameter::new(Group::KafkaSource, "auto.offset.reset",
        "Where a partition begins for which the group has no offset: earliest, latest, none (the job fails), or \
         timestamp:<milliseconds since 1970>. Partitions that come later are read from their start.")
        .default("latest").only(FROM).example("earliest");
    GROUP_ID: String = Parameter::new(Group::KafkaSource, "group.id",
        "Consumer group: its offsets say where a job begins that has no checkpoint, and are set behind each checkpoint. The job is \
         no member of it.").required("from Kafka").only(FROM).example("f1");
    SOURCE_END: End = Parameter::new(Group::KafkaSource, "source.kafka.end",
        "Where reading ends, and the job finishes: none, latest (behind what there is at the start), \
         timestamp:<milliseconds since 1970> (before the first record that is not older), or offsets:<partition>=<offset>,… \
         (before these; other partitions are not read).")
        .default("none").only(FROM).example("latest");
    SOURCE_LOST: Lost = Parameter::new(Group::KafkaSource, "source.kafka.lost",
        "What happens when records are gone that were to be read (retention took them, or the topic was made anew). fail: the job \
         fails. earliest, latest: it goes on there, and a warning tells the gap.")
        .default("fail").only(FROM).example("earliest");
    PARTITION_DISCOVERY: Interval = Parameter::new(Group::KafkaSource, "flink.partition-discovery.interval-millis",
        "Time between two looks for new partitions and, with a pattern, topics. Not given, 0 or less: one look at each start.")
        .unit("ms").only(FROM).example("30000");
    SOURCE_NATIVE: String = Parameter::new(Group::KafkaSource, "source.kafka.*",
        "Any property of Kafka's consumer, by its name in Java, after `source.kafka.`. What has no effect here is told, what can't \
         be had is refused with the reason.")
        .only(FROM).example("source.kafka.max.poll.records 1000");

    SINK_VERSION: KafkaVersion = Parameter::new(Group::KafkaSink, "sink.kafka.version",
        "Oldest version among the brokers. From 0.10 on they are asked what they can do, so newer ones need no other value; 0.9 is \
         refused.").default("0.11").only(TO).example("0.11");
    SINK_BROKERS: String = Parameter::new(Group::KafkaSink, "sink.kafka.brokers",
        "Addresses of some brokers, separated by commas.").required("to Kafka").only(TO).example("kafka:9092");
    SINK_TOPIC: String = Parameter::new(Group::KafkaSink, "sink.kafka.topic",
        "The topic. It has to be there, or `sink.kafka.create` says how it is made.")
        .required("to Kafka").only(TO).example("orders-clean");
    SINK_CREATE: Create = Parameter::new(Group::KafkaSink, "sink.kafka.create",
        "How the topic is made where it is missing: partitions=<number>,replication=<number>; true: with as many of both as the \
         brokers like. false: the job is refused.")
        .default("false").only(TO).example("partitions=6,replication=3");
    SINK_MESSAGE: MessageFormat = Parameter::new(Group::KafkaSink, "sink.kafka.format",
        "What the value of a message is. json: an object with the columns. csv: one record of delimited text, without a line of \
         names. text: the one column, as it is. The columns `__key`, `__timestamp` and `__headers` stand around the value.")
        .default("json").only(TO).example("csv");
    SINK_KEY: Names = Parameter::new(Group::KafkaSink, "sink.kafka.key",
        "Columns that make the key: one as its text, several as a JSON object. They stay in the value. Not given: from Kafka to \
         Kafka a record keeps its key, otherwise there is none.")
        .default_depends("the key that the record had").only(TO).example("id");
    SINK_PROOF: Proof = Parameter::new(Group::KafkaSink, "sink.kafka.proof",
        "With EXACTLY_ONCE: by what it is proven after a failure what became of a transaction. marker: by an offset inside of it \
         (needs Read on the topic and on the groups that begin with `millstream-`). record: by one of its records (needs Read on \
         the topic). none: by what the coordinator still knows.")
        .default("marker").only(TO).example("record");
    SINK_REQUEST_TIMEOUT: Duration = Parameter::new(Group::KafkaSink, "sink.kafka.request.timeout.ms",
        "Longest wait for the brokers' answer.").default("180000").unit("ms").only(TO).example("60000");
    SINK_COMPRESSION: String = Parameter::new(Group::KafkaSink, "sink.kafka.compression.type",
        "Compression of what is sent: none, gzip, snappy, lz4 or zstd.").default("lz4").only(TO).example("zstd");
    SINK_NATIVE: String = Parameter::new(Group::KafkaSink, "sink.kafka.*",
        "Any property of Kafka's producer, by its name in Java, after `sink.kafka.`. What has no effect here is told, what can't \
         be had is refused with the reason.")
        .only(TO).example("sink.kafka.batch.size 65536");
}
