//! What a sink of Kafka says when something is refused.

use millstream_core::codes::Code;
use millstream_core::{Error, codes};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

/// Which error it is: who logs in, or what is asked for, is not allowed, or something else.
pub(super) fn code_of(code: Option<RDKafkaErrorCode>) -> &'static Code {
    use RDKafkaErrorCode as Broker;
    match code {
        Some(
            Broker::Authentication
            | Broker::SaslAuthenticationFailed
            | Broker::UnsupportedSASLMechanism
            | Broker::IllegalSASLState
            | Broker::TopicAuthorizationFailed
            | Broker::ClusterAuthorizationFailed
            | Broker::TransactionalIdAuthorizationFailed
            | Broker::GroupAuthorizationFailed,
        ) => &codes::SINK_DENIED,
        // Another attempt would ask for the same.
        Some(Broker::InvalidTransactionTimeout) => &codes::SINK_TOPIC,
        _ => &codes::SINK_KAFKA,
    }
}

/// Why something has failed of which librdkafka tells by itself: what ends a producer for good has one code, and its cause in words.
pub(super) fn cause_of(code: Option<RDKafkaErrorCode>, reason: &str) -> Option<RDKafkaErrorCode> {
    let is_too_long = code == Some(RDKafkaErrorCode::Fatal)
        && reason.contains("Transaction timeout is larger than the maximum");
    match is_too_long {
        true => Some(RDKafkaErrorCode::InvalidTransactionTimeout),
        false => code,
    }
}

/// What is to be done about an error that does not pass by itself.
pub(super) fn advice(code: RDKafkaErrorCode) -> Option<&'static str> {
    use RDKafkaErrorCode as Code;
    Some(match code {
        Code::Authentication
        | Code::SaslAuthenticationFailed
        | Code::UnsupportedSASLMechanism
        | Code::IllegalSASLState => {
            "check sink.kafka.security.protocol, sasl.mechanism and sasl.jaas.config"
        }
        Code::TopicAuthorizationFailed => {
            "grant Describe and Write on the topic; with EXACTLY_ONCE also Read, or give sink.kafka.proof none"
        }
        Code::ClusterAuthorizationFailed => "grant IdempotentWrite on the cluster",
        Code::TransactionalIdAuthorizationFailed => {
            "grant Describe and Write on the transactional ids that begin with millstream-"
        }
        Code::GroupAuthorizationFailed => "grant Read on the groups that begin with millstream-",
        Code::InvalidTransactionTimeout => {
            "give sink.kafka.transaction.timeout.ms no more than transaction.max.timeout.ms of the brokers, which a user with DescribeConfigs on the cluster is told"
        }
        Code::UnsupportedVersion | Code::UnsupportedFeature => {
            "use brokers of version 0.11 or newer"
        }
        Code::Fatal | Code::ProducerFenced | Code::Fenced => {
            "see whether another job writes under the same name; the job goes on from its newest snapshot"
        }
        _ => return None,
    })
}

/// The error of a message that was not delivered.
pub(super) fn undelivered(error: &KafkaError, topic: &str, bytes: usize) -> Error {
    use RDKafkaErrorCode as Code;
    let code = error.rdkafka_error_code();
    let said = code.map_or_else(|| error.to_string(), |code| code.to_string());
    match code {
        Some(Code::MessageSizeTooLarge | Code::InvalidMessageSize) => too_large(topic, bytes),
        Some(Code::InvalidTimestamp) => {
            let message = format!("topic {topic} does not take the time of a message");
            Error::new(&codes::SINK_TIME, message).next(
                "raise message.timestamp.after.max.ms (or before.max.ms) of the topic, select another __timestamp in the SQL, or set error.policy to skip or dead-letter",
            )
        }
        Some(Code::UnknownTopicOrPartition | Code::UnknownTopic | Code::UnknownPartition) => {
            let message = format!("topic {topic} is not there any more: {said}");
            Error::new(&codes::SINK_KAFKA, message)
                .next("make the topic; the job goes on from its newest snapshot")
        }
        Some(Code::InvalidRecord) => {
            let message = format!("topic {topic} refuses a message: {said}");
            Error::new(&codes::SINK_KAFKA, message).next(
                "a topic that is compacted takes no message without a key: give sink.kafka.key, or see the brokers' log",
            )
        }
        Some(Code::MessageTimedOut) => {
            let message =
                format!("topic {topic} took a message not within sink.kafka.delivery.timeout.ms");
            Error::new(&codes::SINK_KAFKA, message)
                .next("check the brokers; the job goes on from its newest snapshot")
        }
        _ => {
            let next = code.and_then(advice);
            let message = format!("topic {topic} refuses a message: {said}");
            Error::new(code_of(code), message).next(
                next.unwrap_or("see the brokers' log; the job goes on from its newest snapshot"),
            )
        }
    }
}

/// The error of a message of `bytes` that the topic does not take. With a policy that sets bad records aside it comes where the limit is
/// not told, or was lowered behind the start.
fn too_large(topic: &str, bytes: usize) -> Error {
    let message = format!("a message of {bytes} bytes is too large for topic {topic}");
    Error::new(&codes::SINK_MESSAGE, message).next(
        "raise max.message.bytes of the topic and sink.kafka.max.request.size; error.policy skip or dead-letter sets such records aside, by \
         the limit that the topic tells at the start of an attempt (which needs DescribeConfigs on it)",
    )
}

/// The error of a message of `bytes` for which there is never room in the producer.
pub(super) fn too_large_to_wait(topic: &str, bytes: usize, room: usize) -> Error {
    let message = format!(
        "a message of {bytes} bytes for topic {topic} does not fit into the {room} bytes of sink.kafka.buffer.memory"
    );
    Error::new(&codes::SINK_MESSAGE, message).next(
        "raise sink.kafka.buffer.memory; error.policy skip or dead-letter sets such records aside",
    )
}

/// The error of something that Kafka did not do.
pub(super) fn refused(doing: &str, error: &KafkaError, trouble: Option<String>) -> Error {
    let code = error.rdkafka_error_code();
    let said = code.map_or_else(|| error.to_string(), |code| code.to_string());
    let heard = trouble.map_or_else(String::new, |heard| format!(" ({heard})"));
    let next = code.and_then(advice);
    Error::new(code_of(code), format!("can't {doing}: {said}{heard}"))
        .next(next.unwrap_or("check the brokers; it is tried again"))
}

#[cfg(test)]
mod tests {
    use rdkafka::error::{KafkaError, RDKafkaErrorCode as Code};

    use super::{advice, cause_of, code_of, refused};

    #[test]
    fn a_time_out_that_brokers_do_not_allow_is_told_with_what_to_give() {
        let error = KafkaError::Global(Code::InvalidTransactionTimeout);
        let told = refused("initialise transactional id t", &error, None).to_string();
        for words in [
            "MS-7006",
            "sink.kafka.transaction.timeout.ms",
            "DescribeConfigs",
        ] {
            assert!(told.contains(words), "{words}: {told}");
        }
        let reason = "Fatal error: Broker: Transaction timeout is larger than the maximum value allowed by the broker's \
                      max.transaction.timeout.ms: Failed to acquire transactional PID";
        let cause = cause_of(Some(Code::Fatal), reason);
        assert_eq!(cause, Some(Code::InvalidTransactionTimeout));
        assert_eq!(code_of(cause).id, "MS-7006");
        assert_eq!(
            cause.and_then(advice),
            advice(Code::InvalidTransactionTimeout)
        );
        assert_eq!(cause_of(Some(Code::Fatal), "fenced"), Some(Code::Fatal));
    }
}
