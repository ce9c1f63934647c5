//! What is asked of a producer of transactions, in slices, so that whoever waits sees that it is to stop.

use std::time::Duration;

use millstream_core::{Error, Result, codes};
use rdkafka::config::ClientConfig;
use rdkafka::consumer::{BaseConsumer, Consumer, ConsumerGroupMetadata};
use rdkafka::error::{KafkaError, KafkaResult};
use rdkafka::producer::Producer as _;
use rdkafka::{Offset, TopicPartitionList};

use super::producer::Producer;
use super::refusals::refused;

/// After so long it is seen whether to stop.
const SLICE: Duration = Duration::from_millis(500);

/// Asks again for as long as the answer is that it takes longer. `None`: it is to stop.
///
/// # Errors
/// Anything else; what it says.
pub(super) fn patiently(
    producer: &Producer,
    doing: &str,
    stopped: &dyn Fn() -> bool,
    mut ask: impl FnMut(&Producer, Duration) -> KafkaResult<()>,
) -> Result<Option<()>> {
    loop {
        if stopped() {
            return Ok(None);
        }
        match ask(producer, SLICE) {
            Ok(()) => return Ok(Some(())),
            Err(error) if is_later(&error) => producer.poll(Duration::ZERO),
            Err(error) => return Err(refused(doing, &error, producer.context().trouble())),
        }
    }
}

/// Whether the same may be asked again.
pub(super) fn is_later(error: &KafkaError) -> bool {
    match error {
        KafkaError::Transaction(error) => {
            error.is_retriable() && !error.is_fatal() && !error.txn_requires_abort()
        }
        KafkaError::Flush(_) => true,
        _ => false,
    }
}

/// What librdkafka wants to know of a group that has no members.
///
/// # Errors
/// A consumer can't be made.
pub(super) fn group(name: &str) -> Result<ConsumerGroupMetadata> {
    // Without brokers: it would connect to them, as nobody.
    let mut own = ClientConfig::new();
    own.set("group.id", name);
    let broken = |why: String| {
        let message = format!("the group {name} of markers can't be named: {why}");
        Error::new(&codes::INTERNAL, message)
    };
    let consumer: BaseConsumer = own.create().map_err(|error| broken(error.to_string()))?;
    consumer
        .group_metadata()
        .ok_or_else(|| broken("librdkafka knows no group".to_owned()))
}

/// The offset that marks a transaction as that of a checkpoint.
///
/// # Errors
/// The number is no offset.
pub(super) fn marker(topic: &str, checkpoint: u64) -> Result<TopicPartitionList> {
    let mut list = TopicPartitionList::new();
    let offset = i64::try_from(checkpoint).unwrap_or(i64::MAX);
    list.add_partition_offset(topic, 0, Offset::Offset(offset))
        .map_err(|error| Error::new(&codes::INTERNAL, "a marker can't be made").cause(error))?;
    Ok(list)
}

/// Gives up what is open. What is not sent yet is not waited for; what can't be told to the brokers is aborted by them after
/// the time-out of the transaction. Whether they were told.
pub(super) fn abort(producer: &Producer, id: &str) -> bool {
    producer.context().close();
    end(producer, id, "aborted", |producer| {
        producer.abort_transaction(SHORT)
    })
}

/// Goes on with a commit that was begun: such a transaction can't be aborted any more.
pub(super) fn finish(producer: &Producer, id: &str) {
    end(producer, id, "ended", |producer| {
        producer.commit_transaction(SHORT)
    });
}

/// How long brokers are asked at once to end a transaction, and how often, while the job is not waited for.
const SHORT: Duration = Duration::from_millis(200);
const TRIES: usize = 50;

fn end(
    producer: &Producer,
    id: &str,
    how: &str,
    ask: impl Fn(&Producer) -> KafkaResult<()>,
) -> bool {
    for _ in 0..TRIES {
        match ask(producer) {
            Ok(()) => return true,
            Err(error) if is_later(&error) => producer.poll(Duration::from_millis(10)),
            Err(error) => {
                tracing::debug!("The transaction of {id} is not {how}: {error}");
                return false;
            }
        }
    }
    tracing::warn!(
        "The transaction of {id} could not be {how}; the brokers abort it when its time is out."
    );
    false
}
