//! Kafka as a source and a sink: accepted by name, planned.

use std::time::Duration;

use crate::parameters::choices::{KafkaVersion, OffsetReset, SinkType, SourceType};
use crate::parameters::definition::{Group, Parameter, ParameterSummary, Scope};

const FROM: Scope = Scope::Source(&[SourceType::Kafka, SourceType::KafkaDeduplication]);
const TO: Scope = Scope::Sink(&[SinkType::Kafka]);

parameters! {
    SOURCE_VERSION: KafkaVersion = Parameter::new(Group::KafkaSource, "source.kafka.version",
        "Version of the brokers.").default("0.11").only(FROM).example("0.11").planned();
    SOURCE_BROKERS: String = Parameter::new(Group::KafkaSource, "source.kafka.brokers",
        "Addresses of the brokers.").required("from Kafka").only(FROM).example("kafka:9092").planned();
    SOURCE_TOPIC: String = Parameter::new(Group::KafkaSource, "source.kafka.topic",
        "Topic.").required("from Kafka").only(FROM).example("orders").planned();
    OFFSET_RESET: OffsetReset = Parameter::new(Group::KafkaSource, "auto.offset.reset",
        "Where a consumer group without offsets begins.")
        .default_depends("latest, as Kafka's consumer").only(FROM).example("earliest").planned();
    GROUP_ID: String = Parameter::new(Group::KafkaSource, "group.id",
        "Consumer group.").required("from Kafka").only(FROM).example("f1").planned();
    PARTITION_DISCOVERY: Duration = Parameter::new(Group::KafkaSource, "flink.partition-discovery.interval-millis",
        "Time between two looks for new partitions. Not given: none.").unit("ms").only(FROM).example("30000").planned();
    SOURCE_NATIVE: String = Parameter::new(Group::KafkaSource, "source.kafka.*",
        "Any property of Kafka's consumer, after `source.kafka.`.")
        .only(FROM).example("source.kafka.max.poll.records 1000").planned();

    SINK_VERSION: KafkaVersion = Parameter::new(Group::KafkaSink, "sink.kafka.version",
        "Version of the brokers.").default("0.11").only(TO).example("0.11").planned();
    SINK_BROKERS: String = Parameter::new(Group::KafkaSink, "sink.kafka.brokers",
        "Addresses of the brokers.").required("to Kafka").only(TO).example("kafka:9092").planned();
    SINK_TOPIC: String = Parameter::new(Group::KafkaSink, "sink.kafka.topic",
        "Topic.").required("to Kafka").only(TO).example("orders-clean").planned();
    SINK_REQUEST_TIMEOUT: Duration = Parameter::new(Group::KafkaSink, "sink.kafka.request.timeout.ms",
        "Longest wait for the brokers' answer.").default("180000").unit("ms").only(TO).example("60000").planned();
    SINK_COMPRESSION: String = Parameter::new(Group::KafkaSink, "sink.kafka.compression.type",
        "Compression of what is sent.").default("lz4").only(TO).example("zstd").planned();
    SINK_NATIVE: String = Parameter::new(Group::KafkaSink, "sink.kafka.*",
        "Any property of Kafka's producer, after `sink.kafka.`.")
        .only(TO).example("sink.kafka.batch.size 65536").planned();
}
