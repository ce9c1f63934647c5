//! Whether a sink would start, and what the brokers allow it.

use millstream_core::{Finding, Result, codes};

use super::Inspector;
use crate::kafka::grants::{Lack, NO_PROOF, WITHOUT_TOPIC};
use crate::kafka::sink::{
    KafkaSink, KafkaSinkOptions, Timing, prefix_of_ids, timeout, too_old, topic,
};
use crate::kafka::transaction::Proof;
use crate::kafka::wire::{Cluster, Inspected, Looked, Operation, Session, Trouble};

impl KafkaSink {
    /// Looks whether the sink would start: brokers, topic, rights and limits. Changes nothing.
    pub fn inspect(&self) -> Vec<Finding> {
        let options = self.options();
        let mut inspector = Inspector::new(
            "sink",
            &codes::SINK_KAFKA,
            &options.brokers,
            &options.properties,
        );
        let cluster = Cluster::new(&options.brokers, options.properties.settings());
        let Some(mut session) = inspector.reach(cluster) else {
            return inspector.findings;
        };
        let is_there = inspect_topic(&mut inspector, &mut session, options, self.timing());
        if let Some(timing) = self.timing() {
            inspect_ids(&mut inspector, &mut session, options.proof);
            inspect_version(&mut inspector, &mut session);
            inspect_limits(&mut inspector, options, Some(timing), is_there);
        } else {
            inspect_limits(&mut inspector, options, None, is_there);
        }
        inspector.findings
    }
}

/// Whether the topic is there.
fn inspect_topic(
    inspector: &mut Inspector,
    session: &mut Session,
    options: &KafkaSinkOptions,
    timing: Option<Timing>,
) -> bool {
    let name = options.topic.as_str();
    let found = match session.inspect(Some(&[name])) {
        Ok(found) => found.into_iter().next(),
        Err(trouble) => {
            let error = inspector.error_of(trouble);
            inspector.wrong("topic", &error);
            return false;
        }
    };
    let Some(found) = found else {
        return false;
    };
    if found.looked == Looked::Missing {
        match topic::would_be_made(options) {
            Ok(wanted) => {
                let number = |number: Option<i32>| {
                    number.map_or_else(
                        || "as many as the brokers like".to_owned(),
                        |n| n.to_string(),
                    )
                };
                let (partitions, copies) = (number(wanted.partitions), number(wanted.replication));
                let detail = format!(
                    "{name} is not there and would be made: partitions {partitions}, on brokers {copies}"
                );
                inspector.well("topic", detail);
            }
            Err(error) => inspector.wrong("topic", &error),
        }
        return false;
    }
    if !inspector.topic(&found) {
        return false;
    }
    inspect_rights(inspector, &found, options.proof, timing);
    true
}

fn inspect_rights(
    inspector: &mut Inspector,
    found: &Inspected,
    proof: Proof,
    timing: Option<Timing>,
) {
    let before = inspector.findings.len();
    inspector.rights(found, &[Operation::Describe, Operation::Write], "");
    if timing.is_some() && proof != Proof::None {
        inspector.rights(found, &[Operation::Read], WITHOUT_TOPIC);
    }
    if inspector.findings.len() == before {
        let detail = match timing {
            Some(_) if proof != Proof::None => "Describe, Write and Read on the topic",
            _ => "Describe and Write on the topic, and with that idempotent writing",
        };
        inspector.well("rights", detail);
    }
}

/// What is needed for transactions: ids, and groups for their markers.
fn inspect_ids(inspector: &mut Inspector, session: &mut Session, proof: Proof) {
    let prefix = prefix_of_ids();
    let probe = format!("{prefix}doctor");
    let may_write = session.may_write_id(&probe);
    answered(inspector, may_write, &Lack::on_ids(prefix));
    if proof == Proof::None {
        let next = "grant Read on the topic, and on the groups of markers, and leave it out";
        inspector.warn("proof", NO_PROOF, next);
    }
    if proof != Proof::Marker {
        return;
    }
    let may_read = session.may_read_group(&probe);
    answered(inspector, may_read, &Lack::on_groups(prefix));
}

/// What is answered about a right; what would be said if it lacked.
fn answered(inspector: &mut Inspector, may: Result<bool, Trouble>, lack: &Lack) {
    match may {
        Ok(true) => {
            let detail = format!("{} on {}", lack.operation, named(&lack.resource));
            inspector.well("rights", detail);
        }
        Ok(false) => inspector.lacks(lack),
        Err(trouble) => {
            let error = inspector.error_of(trouble);
            inspector.wrong("rights", &error);
        }
    }
}

/// `transactional ids millstream-…`, of the options of the command that grants it.
fn named(resource: &str) -> String {
    let mut words = resource.split_whitespace();
    let kind = match words.next() {
        Some("--group") => "groups",
        _ => "transactional ids",
    };
    format!("{kind} {}…", words.next().unwrap_or_default())
}

fn inspect_version(inspector: &mut Inspector, session: &mut Session) {
    if let Ok(Err(Trouble::Refused(error))) = session.can_describe() {
        return inspector.wrong("transactions", &too_old(&error));
    }
    match session.transaction_version() {
        Ok(told) if told.version < 2 => {
            let detail = format!(
                "{told}: below 2 the protocol itself can tear apart or lose a transaction that has timed out (KIP-890)"
            );
            let next = "upgrade to brokers of 4.0 or newer, or raise it: kafka-features.sh upgrade --feature transaction.version=2";
            inspector.warn("transactions", detail, next);
        }
        Ok(told) => {
            let version = told.version;
            inspector.well("transactions", format!("transaction.version {version}"));
        }
        Err(trouble) => {
            let error = inspector.error_of(trouble);
            inspector.wrong("transactions", &error);
        }
    }
}

fn inspect_limits(
    inspector: &mut Inspector,
    options: &KafkaSinkOptions,
    timing: Option<Timing>,
    is_there: bool,
) {
    let (bytes, time) = match topic::limits(options, timing.is_some()) {
        Ok(limits) => limits,
        // That the user may not see the topic is told.
        Err(_) if inspector.is_wrong() => return,
        Err(error) => return inspector.wrong("limits", &error),
    };
    if is_there {
        inspect_size(inspector, options, bytes);
    }
    let Some(timing) = timing else {
        return;
    };
    let given = options.properties.get("transaction.timeout.ms");
    match timeout::choose(timing, time, given) {
        Err(error) => inspector.wrong("transactions", &error),
        Ok(chosen) => {
            if time.is_none() {
                let detail = "the brokers do not tell their transaction.max.timeout.ms, and 900000 is taken for it";
                let next = inspector.grant("DescribeConfigs", "--cluster");
                inspector.warn("transactions", detail, next);
            }
            let open = format!("may be open for {} ms", chosen.timeout.as_millis());
            match chosen.warning {
                Some(warning) => {
                    let next = "raise transaction.max.timeout.ms of the brokers, or shorten stream.checkpoint.timeout";
                    inspector.warn("transactions", warning, next);
                }
                None => inspector.well("transactions", open),
            }
        }
    }
}

fn inspect_size(inspector: &mut Inspector, options: &KafkaSinkOptions, bytes: Option<usize>) {
    let given = options.properties.get("message.max.bytes");
    let given: Option<usize> = given.and_then(|given| given.trim().parse().ok());
    let Some(bytes) = bytes else {
        let detail = "the topic does not tell its max.message.bytes, and 1048588 is taken for it";
        let operation = Operation::DescribeConfigs.name();
        let next = inspector.grant(operation, &format!("--topic {}", options.topic));
        return inspector.warn("limits", detail, next);
    };
    match given.filter(|given| *given > bytes) {
        Some(given) => {
            let detail = format!(
                "sink.kafka.max.request.size is {given} and max.message.bytes of the topic {bytes}: what lies between is refused by the brokers, and a bad record where error.policy sets those aside"
            );
            let next = "raise max.message.bytes of the topic, or lower sink.kafka.max.request.size";
            inspector.warn("limits", detail, next);
        }
        None => {
            let taken = given
                .unwrap_or(crate::kafka::USUAL_MESSAGE_BYTES)
                .min(bytes);
            inspector.well("limits", format!("messages of up to {taken} bytes"));
        }
    }
}
