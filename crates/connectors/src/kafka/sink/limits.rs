//! How large a message and a batch may be: by what was given, by what the brokers say of the topics, and by the room that a
//! producer has. Pure.

use rdkafka::config::ClientConfig;

use super::USUAL_MESSAGE_BYTES;
use super::period::Period;

/// What librdkafka adds to key, value and headers of a message before it compares that with `message.max.bytes`.
const OVERHEAD: usize = 36;
/// What a message and its batch have on the wire besides key, value and headers, at most.
pub(super) const AROUND: usize = 128;
/// The largest batch where nothing else was asked for.
const USUAL_BATCH: usize = 1_000_000;
/// The smallest `message.max.bytes` that librdkafka takes.
const LEAST: usize = 1_000;

/// Memory of the messages that wait, in KiB, unless it was told otherwise, where no message needs more. As much as Java's 32 MiB is
/// never on its way to brokers at once, and costs twice as much again in what librdkafka keeps beside it.
const BUFFER_KIB: usize = 8 * 1024;
/// The most that it takes for large messages, in KiB: Java's.
pub(super) const MOST_BUFFER_KIB: usize = 32 * 1024;
/// librdkafka's names for what was given.
pub(super) const BUFFER: &str = "queue.buffering.max.kbytes";
pub(super) const MESSAGE: &str = "message.max.bytes";
pub(super) const BATCH: &str = "batch.size";
/// Not its alias `max.in.flight`: rdkafka sets what was given in no order, and of two names for one thing either could win.
pub(super) const IN_FLIGHT: &str = "max.in.flight.requests.per.connection";

/// As many partitions of a broker share one request that is under way, and as many requests are there at most.
const PARTITIONS_A_REQUEST: usize = 4;
const MOST_IN_FLIGHT: usize = 5;

/// Who raises what was given, or Java's limit.
const MAX_REQUEST: &str = "sink.kafka.max.request.size";

/// What is known of a topic and its brokers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Found {
    /// How many partitions there are.
    pub(super) partitions: usize,
    /// The most of them that one broker leads.
    pub(super) on_one_broker: usize,
    /// The largest message that is taken where nothing else was given: bytes of key, value and headers.
    pub(super) message_bytes: usize,
    /// The largest that the topic takes; `None`: the brokers do not say.
    pub(super) told_bytes: Option<usize>,
    /// The times of messages that the topic takes.
    pub(super) period: Period,
    /// The longest that a transaction may be open, in milliseconds; `None`: the brokers do not say.
    pub(super) transaction_ms: Option<u64>,
}

/// What limits the messages of a producer, whatever topic they are for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    /// The largest message by what was given, bytes of key, value and headers; `None`: nothing was.
    given: Option<usize>,
    /// How many bytes of messages may wait.
    room: usize,
}

/// The largest message, and what the limit is of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Largest {
    pub(super) bytes: usize,
    /// In the words of who can raise it.
    pub(super) by: &'static str,
}

impl Limits {
    /// Those of producers that are told this.
    pub(super) fn of(config: &ClientConfig) -> Self {
        let number = |name: &str| config.get(name)?.trim().parse::<usize>().ok();
        Self {
            given: number(MESSAGE).map(|bytes| bytes.saturating_sub(OVERHEAD)),
            room: room_of(config),
        }
    }

    /// The largest message for a topic, bytes of key, value and headers before they are compressed; `None`: nobody has asked about it.
    /// What was given above the limit of the topic is no limit: brokers refuse what lies between.
    pub(super) fn largest(self, found: Option<&Found>) -> Largest {
        let of_topic = |bytes| Largest {
            bytes,
            by: "max.message.bytes of the topic",
        };
        let told = found.and_then(|found| found.told_bytes).map(of_topic);
        let asked = match (self.given, told) {
            (None, Some(told)) if found.is_some_and(|found| found.message_bytes == told.bytes) => {
                told
            }
            // What Java's producer takes, where the topic takes more or nobody says.
            (None, _) => Largest {
                bytes: found.map_or(USUAL_MESSAGE_BYTES, |found| found.message_bytes),
                by: MAX_REQUEST,
            },
            (Some(given), Some(told)) if told.bytes < given => told,
            (Some(bytes), _) => Largest {
                bytes,
                by: MAX_REQUEST,
            },
        };
        // librdkafka could never take what does not fit into its buffer.
        if self.room < asked.bytes {
            return Largest {
                bytes: self.room,
                by: "sink.kafka.buffer.memory",
            };
        }
        asked
    }
}

/// How many bytes of messages may wait in a producer that is told this.
pub(super) fn room_of(config: &ClientConfig) -> usize {
    let kib = config.get(BUFFER).and_then(|kib| kib.trim().parse().ok());
    kib.unwrap_or(MOST_BUFFER_KIB).saturating_mul(1024)
}

/// What a producer is told of the topics that it writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Told {
    /// The largest message where nothing was given, bytes of key, value and headers.
    message: usize,
    /// The same of whatever the producer writes.
    of_any: usize,
    /// What every batch has to fit into, as far as the brokers say.
    batch: Option<usize>,
    /// The most partitions of the output that one broker leads.
    on_one_broker: usize,
}

impl Told {
    /// Of the topic of the output, and of that of dead letters, where the same producer writes that, too. Brokers refuse a batch
    /// that is too large with all of its messages, so the smaller of both holds for all.
    pub(super) fn of(output: &Found, letters: Option<&Found>) -> Self {
        let told = letters.and_then(|letters| letters.told_bytes);
        let of_letters = letters.map_or(0, |letters| letters.message_bytes);
        Self {
            message: output.message_bytes,
            of_any: output.message_bytes.max(of_letters),
            batch: output.told_bytes.into_iter().chain(told).min(),
            on_one_broker: output.on_one_broker,
        }
    }

    /// `max.in.flight.requests.per.connection` where nothing was given: how many requests to a broker are under way at once.
    ///
    /// An idempotent producer of librdkafka has one of each partition at most. While that is under way and more of the partition waits,
    /// its thread looks again and again, without a pause, unless a request waits in the connection: with few partitions it takes a
    /// core, which brokers and jobs on the same machine lack. So fewer are under way than there are partitions to send to.
    pub(super) fn in_flight(self) -> usize {
        (self.on_one_broker / PARTITIONS_A_REQUEST).clamp(1, MOST_IN_FLIGHT)
    }

    /// `message.max.bytes` where nothing was given.
    pub(super) fn message_max_bytes(self) -> usize {
        (self.message + AROUND).max(LEAST)
    }

    /// Memory of the messages that wait, in KiB, where nothing was given; `message`: the largest one in bytes, if that was given. The
    /// next one is taken while the largest is on its way.
    pub(super) fn buffer_kib(self, message: Option<usize>) -> usize {
        let largest = message.unwrap_or(self.of_any).saturating_add(AROUND);
        (largest.saturating_mul(2) / 1024).clamp(BUFFER_KIB, MOST_BUFFER_KIB)
    }

    /// `batch.size`; `given`: what was asked for.
    pub(super) fn batch_size(self, given: Option<usize>) -> usize {
        let asked = given.unwrap_or_else(|| self.message.min(USUAL_BATCH));
        asked.min(self.batch.unwrap_or(usize::MAX)).max(1)
    }
}

#[cfg(test)]
mod tests;
