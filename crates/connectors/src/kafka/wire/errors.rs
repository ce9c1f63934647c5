//! Why a broker could not be asked, and what the numbers of its errors mean.

use std::fmt::Display;

use millstream_core::{Error, codes};

/// Why something was not answered.
#[derive(Debug, Clone)]
pub(in crate::kafka) enum Trouble {
    /// It may pass: a broker is away, it coordinates something else now.
    Away(String),
    /// It won't by itself.
    Refused(Error),
}

impl Trouble {
    /// The error of what does not pass by itself.
    pub(super) fn refused(message: impl Into<String>, next: &str) -> Self {
        Self::Refused(Error::new(&codes::KAFKA_TRANSACTIONS, message).next(next))
    }

    /// Kerberos says no, for now or for good.
    pub(super) fn of_kerberos(address: &impl Display, error: &millstream_gssapi::Error) -> Self {
        let message = format!("broker {address}: {error}");
        match error.may_pass() {
            true => Self::Away(message),
            false => Self::Refused(Error::new(&codes::KERBEROS, message).next(error.next())),
        }
    }

    /// The error of what the user may not do.
    pub(super) fn denied(message: impl Into<String>, next: &str) -> Self {
        Self::Refused(Error::new(&codes::SINK_DENIED, message).next(next))
    }

    /// What is in the way, for those to whom it does not matter whether it passes.
    pub(super) fn words(self) -> String {
        match self {
            Self::Away(why) => why,
            Self::Refused(error) => error.message().to_owned(),
        }
    }
}

pub(super) const UNKNOWN_TOPIC: i16 = 3;
pub(super) const OFFSET_OUT_OF_RANGE: i16 = 1;
pub(super) const NOT_LEADER: i16 = 6;
pub(super) const UNSUPPORTED_VERSION: i16 = 35;
pub(super) const TOPIC_DENIED: i16 = 29;
pub(super) const GROUP_DENIED: i16 = 30;
pub(super) const ID_DENIED: i16 = 53;
pub(super) const NOT_FOUND: i16 = 105;
pub(super) const UNSTABLE: i16 = 88;

/// The coordinator is another one, or not ready: it is looked for again.
pub(super) const fn is_of_coordinator(code: i16) -> bool {
    matches!(code, 14..=16)
}

/// It passes by itself.
const fn passes(code: i16) -> bool {
    matches!(
        code,
        5 | NOT_LEADER | 7 | 8 | 9 | 13..=16 | 51 | 56 | 72 | 74..=78
    )
}

/// The producer has another transaction now, or none: what is asked for can't be done any more.
pub(super) const fn is_too_late(code: i16) -> bool {
    matches!(code, 47..=49 | 59 | 90 | 105 | 120)
}

/// What an error comes to that is no answer in itself.
pub(super) fn judge(code: i16, doing: &str) -> Trouble {
    let what = format!("{doing}: {}", name(code));
    match code {
        _ if passes(code) => Trouble::Away(what),
        TOPIC_DENIED => Trouble::denied(
            what,
            "grant Read (and Describe) on the topic, or choose another sink.kafka.proof",
        ),
        GROUP_DENIED => Trouble::denied(
            what,
            "grant Read on the group, or choose another sink.kafka.proof",
        ),
        ID_DENIED => Trouble::denied(what, "grant Write and Describe on the transactional id"),
        31 => Trouble::denied(
            what,
            "grant the user IdempotentWrite and Describe on the cluster",
        ),
        UNSUPPORTED_VERSION => Trouble::refused(what, "use brokers of version 3.0 or newer"),
        _ => Trouble::refused(what, "see what the broker's log says of it"),
    }
}

/// What Kafka calls an error, with its number.
pub(super) fn name(code: i16) -> String {
    let name = match code {
        -1 => "UNKNOWN_SERVER_ERROR",
        OFFSET_OUT_OF_RANGE => "OFFSET_OUT_OF_RANGE",
        UNKNOWN_TOPIC => "UNKNOWN_TOPIC_OR_PARTITION",
        5 => "LEADER_NOT_AVAILABLE",
        NOT_LEADER => "NOT_LEADER_OR_FOLLOWER",
        7 => "REQUEST_TIMED_OUT",
        14 => "COORDINATOR_LOAD_IN_PROGRESS",
        15 => "COORDINATOR_NOT_AVAILABLE",
        16 => "NOT_COORDINATOR",
        TOPIC_DENIED => "TOPIC_AUTHORIZATION_FAILED",
        GROUP_DENIED => "GROUP_AUTHORIZATION_FAILED",
        31 => "CLUSTER_AUTHORIZATION_FAILED",
        33 => "UNSUPPORTED_SASL_MECHANISM",
        34 => "ILLEGAL_SASL_STATE",
        UNSUPPORTED_VERSION => "UNSUPPORTED_VERSION",
        42 => "INVALID_REQUEST",
        47 => "INVALID_PRODUCER_EPOCH",
        48 => "INVALID_TXN_STATE",
        49 => "INVALID_PRODUCER_ID_MAPPING",
        50 => "INVALID_TRANSACTION_TIMEOUT",
        51 => "CONCURRENT_TRANSACTIONS",
        ID_DENIED => "TRANSACTIONAL_ID_AUTHORIZATION_FAILED",
        58 => "SASL_AUTHENTICATION_FAILED",
        UNSTABLE => "UNSTABLE_OFFSET_COMMIT",
        90 => "PRODUCER_FENCED",
        NOT_FOUND => "TRANSACTIONAL_ID_NOT_FOUND",
        120 => "TRANSACTION_ABORTABLE",
        _ => return format!("error {code}"),
    };
    format!("{name} ({code})")
}
