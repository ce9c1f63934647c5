//! What is said of a right that a sink needs and its user has not, and of a proof that needs none: the same before a start and at it.
//! Pure.

use super::wire::Operation;

/// What is left of the proof without Read on the topic, and without Read on the groups of markers.
pub(super) const WITHOUT_TOPIC: &str =
    ", or give sink.kafka.proof none: then more outcomes stay unknown after a failure";
const WITHOUT_GROUPS: &str =
    ", or give sink.kafka.proof record: then more outcomes stay unknown after a failure";

/// What is lost without any proof.
pub(super) const NO_PROOF: &str = "with sink.kafka.proof none it is known what became of a transaction after a failure only while its coordinator remembers it and nobody else has used its id; else the outcome is unknown, and --on-lost-output says what follows";

/// A right that the user lacks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Lack {
    /// What lacks.
    pub(super) message: String,
    pub(super) operation: &'static str,
    /// What it is on, as the command that grants it takes it.
    pub(super) resource: String,
    /// What can be done without it.
    pub(super) otherwise: &'static str,
}

impl Lack {
    /// An operation on a topic.
    pub(super) fn on_topic(operation: Operation, topic: &str, otherwise: &'static str) -> Self {
        let operation = operation.name();
        Self {
            message: format!("the user has no {operation} on topic {topic}"),
            operation,
            resource: format!("--topic {topic}"),
            otherwise,
        }
    }

    /// Write on the transactional ids that begin so.
    pub(super) fn on_ids(prefix: &str) -> Self {
        Self {
            message: format!(
                "the user has no Write on the transactional ids that begin with {prefix}"
            ),
            operation: "Write",
            resource: format!("--transactional-id {prefix} --resource-pattern-type prefixed"),
            otherwise: "",
        }
    }

    /// Read on the groups that begin so, which hold markers.
    pub(super) fn on_groups(prefix: &str) -> Self {
        Self {
            message: format!("the user has no Read on the groups that begin with {prefix}"),
            operation: "Read",
            resource: format!("--group {prefix} --resource-pattern-type prefixed"),
            otherwise: WITHOUT_GROUPS,
        }
    }

    /// The command that grants it, to the user or to whoever it is, and what can be done without it.
    pub(super) fn next(&self, brokers: &str, user: Option<&str>) -> String {
        let grant = grant(brokers, user, self.operation, &self.resource);
        format!("{grant}{}", self.otherwise)
    }
}

/// The command that grants a right, as an administrator gives it.
pub(super) fn grant(brokers: &str, user: Option<&str>, operation: &str, on: &str) -> String {
    let user = user.unwrap_or("<user>");
    format!(
        "grant it: kafka-acls.sh --bootstrap-server {brokers} --add --allow-principal User:{user} --operation {operation} {on}"
    )
}
