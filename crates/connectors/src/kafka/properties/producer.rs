//! The properties of Kafka's Java producer.

use super::OWN;
use super::Rule::{self, Both, Fixed, Kibibytes, Level, Named, NoEffect, Refused};

/// Says how what is sent is compressed.
pub(super) const COMPRESSION: &str = "compression.type";
/// How what is sent is compressed where nothing else is asked for.
pub(super) const COMPRESSED_BY: &str = "lz4";

const ENCODES: &str = "records are encoded as sink.kafka.format says";
const IDEMPOTENT: &str = "without it records could be lost, doubled or change their order";
const TRANSACTIONS: &str =
    "the sink has transactional ids of its own, as stream.checkpoint.mode says";

/// What becomes of a property that only consumers have.
pub(super) const OF_CONSUMERS: Rule = Refused("it is a property of consumers");

/// Whether a property in the table of consumers means the same to producers.
pub(super) fn is_of_both(name: &str) -> bool {
    const BEGINNINGS: &[&str] = &["sasl.", "ssl.", "security.", "metric", "metadata.recovery."];
    const NAMES: &[&str] = &[
        "auto.include.jmx.reporter",
        "config.providers",
        "interceptor.classes",
        "receive.buffer.bytes",
        "send.buffer.bytes",
        "socket.connection.setup.timeout.max.ms",
    ];
    NAMES.contains(&name) || BEGINNINGS.iter().any(|begin| name.starts_with(begin))
}

/// Every property of Java's producer (4.1) that does not mean the same to librdkafka under the same name, besides those
/// of both, and properties of librdkafka that the sink needs for itself.
pub(super) const TABLE: &[(&str, Rule)] = &[
    ("acks", Fixed("all|-1", IDEMPOTENT)),
    (
        "bootstrap.servers",
        Refused("it is a parameter: --sink.kafka.brokers"),
    ),
    ("buffer.memory", Kibibytes("queue.buffering.max.kbytes")),
    // Of two names for one thing either could win over what the sink sets by the other.
    ("compression.codec", Named("compression.type")),
    ("compression.gzip.level", Level("gzip")),
    ("compression.lz4.level", Level("lz4")),
    ("compression.zstd.level", Level("zstd")),
    (
        "delivery.report.only.error",
        Refused("the sink hears of every delivery itself"),
    ),
    ("delivery.timeout.ms", Named("message.timeout.ms")),
    ("enable.idempotence", Fixed("true", IDEMPOTENT)),
    ("key.serializer", NoEffect(ENCODES)),
    (
        "max.block.ms",
        NoEffect("where the buffer is full the job reads more slowly"),
    ),
    (
        "max.in.flight",
        Named("max.in.flight.requests.per.connection"),
    ),
    ("max.request.size", Named("message.max.bytes")),
    ("metadata.broker.list", Refused(OWN)),
    (
        "metadata.max.idle.ms",
        NoEffect("there is one topic, which is always known"),
    ),
    (
        "partitioner.adaptive.partitioning.enable",
        NoEffect("records without a key change the partition with each batch"),
    ),
    (
        "partitioner.availability.timeout.ms",
        NoEffect("records without a key change the partition with each batch"),
    ),
    (
        "partitioner.class",
        Refused(
            "there is no JVM to run Java classes; sink.kafka.partitioner names one of librdkafka's",
        ),
    ),
    (
        "partitioner.ignore.keys",
        Fixed("false", "give no sink.kafka.key instead"),
    ),
    (
        "queuing.strategy",
        Fixed("fifo", "records would change their order"),
    ),
    ("request.required.acks", Fixed("all|-1", IDEMPOTENT)),
    (
        "request.timeout.ms",
        Both("socket.timeout.ms", "request.timeout.ms"),
    ),
    (
        "statistics.interval.ms",
        NoEffect("the sink looks each second whether it waits for brokers"),
    ),
    (
        "transaction.two.phase.commit.enable",
        Fixed("false", TRANSACTIONS),
    ),
    ("transactional.id", Refused(TRANSACTIONS)),
    ("value.serializer", NoEffect(ENCODES)),
];

#[cfg(test)]
mod tests;
