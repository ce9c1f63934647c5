//! Asks Kafka what became of transactions, and commits those that are open.

use millstream_core::Result;
use millstream_engine::connector::CommitOutcome;

use super::decide::{Facts, Next, Question, next};
use crate::kafka::transaction::{Proof, Transaction};
use crate::kafka::wire::Session;

/// Settles each transaction: commits it if it is open. To be called before any transactional id of the lineage is
/// initialised. Answers one outcome for each, in order; asked again it answers the same.
///
/// # Errors
/// Kafka does not answer for two minutes, the user may not ask, or the job is being cancelled.
pub fn settle(
    session: &mut Session,
    proof: Proof,
    transactions: &[Transaction],
) -> Result<Vec<CommitOutcome>> {
    let transactions = transactions.iter();
    transactions
        .map(|transaction| settle_one(session, proof, transaction))
        .collect()
}

/// Initialises each transactional id, which aborts what it has left open and keeps its former producers from writing.
///
/// # Errors
/// Those of [`settle`].
pub fn fence(session: &mut Session, ids: &[String]) -> Result<()> {
    ids.iter().try_for_each(|id| session.initialise(id))
}

fn settle_one(
    session: &mut Session,
    proof: Proof,
    transaction: &Transaction,
) -> Result<CommitOutcome> {
    let mut asked_to_commit = false;
    session.waiting(|session| {
        let mut facts = Facts {
            asked_to_commit,
            ..Facts::default()
        };
        loop {
            match next(transaction, proof, &facts) {
                Next::Decided(outcome) => return Ok(Ok(outcome)),
                Next::Again(why) => {
                    let (id, checkpoint) = (&transaction.id, transaction.checkpoint);
                    return Ok(Err(format!("{id}, checkpoint {checkpoint}: {why}")));
                }
                Next::Ask(question) => ask(session, transaction, question, &mut facts)?,
            }
            asked_to_commit = facts.asked_to_commit;
        }
    })
}

fn ask(
    session: &mut Session,
    transaction: &Transaction,
    question: Question,
    facts: &mut Facts,
) -> Result<()> {
    let Transaction {
        id, group, topic, ..
    } = transaction;
    match question {
        Question::Any => facts.any = Some(session.marker(group, topic, false)?),
        Question::Stable => facts.stable = Some(session.marker(group, topic, true)?),
        Question::Describe => facts.described = Some(session.describe(id)?),
        Question::Commit => {
            facts.asked_to_commit = true;
            let producer = (transaction.producer, transaction.epoch);
            facts.ended = Some(session.end(id, producer, true)?);
        }
        Question::Readable => {
            if let Some(record) = &transaction.record {
                facts.readable = Some(session.readable(record, transaction.producer)?);
            }
        }
    }
    Ok(())
}
