//! One partition that is being read.

use std::time::{Duration, Instant};

use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::error::KafkaError;
use rdkafka::message::{BorrowedMessage, Message as _};

use super::super::client::Ears;
use super::super::decode::{Batch, MessageParts};
use super::super::headers::write_message_headers;
use super::super::partition::Partition;

/// Bytes of a batch, at most; one message may be larger.
const BYTES: usize = 1 << 20;

/// A partition that is being read.
pub(super) struct Reading {
    pub(super) partition: Partition,
    pub(super) queue: PartitionQueue<Ears>,
    /// The offset of the next message that is wanted.
    pub(super) next: i64,
    pub(super) end: Option<i64>,
    /// When it was told first that there is nothing more.
    pub(super) met_end: Option<Instant>,
    /// When the statistics were made that were looked at last.
    pub(super) heard: Option<Instant>,
}

/// Why no more is taken of a partition.
pub(super) enum Stopped {
    /// There is nothing more right now.
    Drained,
    /// The batch is full.
    Full,
    /// All that is wanted has come.
    AtEnd,
    /// Everything that the partition holds has come.
    BehindAll,
    Error(KafkaError),
}

impl Reading {
    /// Takes messages that are there, up to `most`.
    pub(super) fn take(&mut self, batch: &mut Batch, most: usize) -> Stopped {
        while batch.len() < most && batch.bytes() < BYTES {
            let message = match self.queue.poll(Duration::ZERO) {
                None => return Stopped::Drained,
                Some(Err(KafkaError::PartitionEOF(_))) => return Stopped::BehindAll,
                Some(Err(error)) => return Stopped::Error(error),
                Some(Ok(message)) => message,
            };
            let offset = message.offset();
            if self.end.is_some_and(|end| offset >= end) {
                return Stopped::AtEnd;
            }
            // What was fetched before the position was set anew comes again.
            if offset >= self.next {
                push(batch, &message);
                self.next = offset + 1;
            }
            if self.end.is_some_and(|end| self.next >= end) {
                return Stopped::AtEnd;
            }
        }
        Stopped::Full
    }
}

fn push(batch: &mut Batch, message: &BorrowedMessage<'_>) {
    let parts = MessageParts {
        offset: message.offset(),
        timestamp: message.timestamp().to_millis(),
        value: message.payload(),
        key: message.key(),
    };
    let mut all = true;
    batch.push(parts, |out| {
        all = write_message_headers(message.headers(), out);
    });
    if !all {
        batch.lacks_headers();
    }
}
