//! Whether brokers and user allow transactions, and the proof of what became of them: looked at before the first is begun, so that
//! nobody learns only behind a failure what was lost with a right.

use millstream_core::{Error, Result, codes};

use super::names::{BEGIN, Names};
use super::options::KafkaSinkOptions;
use crate::kafka::grants::{Lack, NO_PROOF, WITHOUT_TOPIC};
use crate::kafka::transaction::Proof;
use crate::kafka::wire::{Looked, Operation, Session, Trouble};

/// Looks at the start of an attempt of the sink whose ids have these names, and which writes dead letters into the topic of `letters`, too,
/// where there are any. What is not answered is told by what comes next.
///
/// # Errors
/// A broker is older than 3.0, or a right lacks.
pub(super) fn check(
    session: &mut Session,
    options: &KafkaSinkOptions,
    letters: Option<&KafkaSinkOptions>,
    names: &Names,
) -> Result<()> {
    match session.can_describe() {
        Ok(Ok(())) => {}
        Ok(Err(Trouble::Refused(error))) => return Err(too_old(&error)),
        Err(Trouble::Refused(error)) => return Err(error),
        Ok(Err(Trouble::Away(why))) | Err(Trouble::Away(why)) => {
            tracing::debug!("Brokers are not asked what they know: {why}");
        }
    }
    match lacks(session, options, letters, names) {
        Ok(lacks) => told(options, &lacks).map_or(Ok(()), Err)?,
        Err(Trouble::Refused(error)) => tracing::debug!("Rights are not looked at: {error}"),
        Err(Trouble::Away(why)) => tracing::debug!("Rights are not looked at: {why}"),
    }
    if options.proof == Proof::None {
        tracing::warn!("Topic {}: {NO_PROOF}.", options.topic);
    }
    Ok(())
}

/// The rights that the user has not.
fn lacks(
    session: &mut Session,
    options: &KafkaSinkOptions,
    letters: Option<&KafkaSinkOptions>,
    names: &Names,
) -> std::result::Result<Vec<Lack>, Trouble> {
    let mut lacks = Vec::new();
    if options.proof != Proof::None {
        // A transaction may hold dead letters alone: then one of them is the proof.
        let written = std::iter::once(options).chain(letters);
        let topics: Vec<&str> = written.map(|options| options.topic.as_str()).collect();
        let found = session.inspect_once(Some(&topics))?;
        let there = found.iter().filter(|found| found.looked == Looked::There);
        let unread = there.filter(|found| !found.lacks(&[Operation::Read]).is_empty());
        lacks.extend(
            unread.map(|found| Lack::on_topic(Operation::Read, &found.topic, WITHOUT_TOPIC)),
        );
    }
    // An id and a group that nobody uses, which begin as those of this sink do: who is granted more than that has them, too.
    let probe = format!("{names}-probe");
    if !session.may_write_id(&probe)? {
        lacks.push(Lack::on_ids(BEGIN));
    }
    if options.proof == Proof::Marker && !session.may_read_group(&probe)? {
        lacks.push(Lack::on_groups(BEGIN));
    }
    Ok(lacks)
}

/// The error of what lacks, all of it at once.
fn told(options: &KafkaSinkOptions, lacks: &[Lack]) -> Option<Error> {
    let user = options.properties.get("sasl.username");
    let messages: Vec<&str> = lacks.iter().map(|lack| lack.message.as_str()).collect();
    let next = lacks.iter().map(|lack| lack.next(&options.brokers, user));
    let next: Vec<String> = next.collect();
    let error = Error::new(&codes::SINK_DENIED, messages.join("; "));
    (!lacks.is_empty()).then(|| error.next(next.join("; ")))
}

/// What is said of a broker that does not describe transactions.
pub(in crate::kafka) fn too_old(error: &Error) -> Error {
    let message = format!(
        "output can't be exactly once where a broker does not tell what became of a transaction: {}",
        error.message()
    );
    Error::new(&codes::SINK_TOPIC, message)
        .next("use brokers of version 3.0 or newer, or give stream.checkpoint.mode AT_LEAST_ONCE")
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::{Lack, Operation, Proof, WITHOUT_TOPIC, told};
    use crate::kafka::properties::Properties;
    use crate::kafka::sink::{Called, KafkaSinkOptions, MessageFormat};

    #[test]
    fn all_that_lacks_is_told_at_once_with_what_is_lost() {
        let options = KafkaSinkOptions {
            brokers: "kafka:9092".to_owned(),
            topic: "out".to_owned(),
            properties: Properties::of_java_producer(&BTreeMap::new()).expect("none"),
            format: MessageFormat::Json,
            key: Vec::new(),
            create: None,
            proof: Proof::Marker,
            called: Called::Sink,
        };
        assert!(told(&options, &[]).is_none());
        let lacks = [
            Lack::on_topic(Operation::Read, "out", WITHOUT_TOPIC),
            Lack::on_groups("millstream-"),
        ];
        let error = told(&options, &lacks).expect("an error").to_string();
        for words in [
            "MS-7010: the user has no Read on topic out",
            "no Read on the groups that begin with millstream-",
            "--operation Read --topic out, or give sink.kafka.proof none",
            "--group millstream- --resource-pattern-type prefixed, or give sink.kafka.proof record",
            "more outcomes stay unknown after a failure",
        ] {
            assert!(error.contains(words), "{words}: {error}");
        }
    }
}
