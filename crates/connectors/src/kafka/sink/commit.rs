//! The committer: commits transactions of this process through their own producers, and settles those of others.

use std::sync::Arc;
use std::time::Duration;

use millstream_core::lineage::Kin;
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{
    CommitOutcome, Committable, CommitterContext, Kept, SinkCommitter, StateEntry,
};
use rdkafka::producer::Producer as _;

use super::exactly_once::SinkState;
use super::names::{BEGIN, Names, is_ours};
use super::options::KafkaSinkOptions;
use super::producer::Producer;
use super::registry::Stage;
use super::rights;
use super::transactions::{abort, is_later};
use super::{Shared, cluster};
use crate::kafka::proof::{fence, settle};
use crate::kafka::transaction::Transaction;
use crate::kafka::wire::Session;

/// How long a producer is given to commit before the brokers are asked what became of that.
const COMMIT: Duration = Duration::from_secs(30);
const SLICE: Duration = Duration::from_millis(500);
/// How many ids of a subtask are initialised where nobody can say which there are.
const GUESSED: usize = 2;

pub(super) struct KafkaCommitter {
    options: Arc<KafkaSinkOptions>,
    shared: Arc<Shared>,
    exactly_once: bool,
    context: CommitterContext,
    session: Option<Session>,
}

impl KafkaCommitter {
    pub(super) fn new(
        options: Arc<KafkaSinkOptions>,
        shared: Arc<Shared>,
        exactly_once: bool,
        context: CommitterContext,
    ) -> Self {
        Self {
            options,
            shared,
            exactly_once,
            context,
            session: None,
        }
    }

    fn session(&mut self) -> Result<&mut Session> {
        let session = match self.session.take() {
            Some(session) => session,
            None => Session::new(cluster(&self.options)?, self.context.cancelled.clone()),
        };
        Ok(self.session.insert(session))
    }

    /// Asks `commit` about each transaction, in the order of their checkpoints: a later one is committed only where the
    /// earlier ones are.
    fn each(
        &mut self,
        committables: &[Committable],
        mut commit: impl FnMut(&mut Self, &Transaction) -> Result<CommitOutcome>,
    ) -> Result<Vec<CommitOutcome>> {
        let parsed: Vec<Result<Transaction, serde_json::Error>> = committables
            .iter()
            .map(|committable| serde_json::from_value(committable.value.clone()))
            .collect();
        let mut outcomes: Vec<(usize, CommitOutcome)> = Vec::with_capacity(parsed.len());
        let mut good = Vec::new();
        for (place, parsed) in parsed.iter().enumerate() {
            match parsed {
                Ok(transaction) => good.push((transaction.checkpoint, place, transaction)),
                Err(error) => {
                    let why = format!("not a transaction of the sink of Kafka: {error}");
                    outcomes.push((place, CommitOutcome::Unknown(why)));
                }
            }
        }
        good.sort_by_key(|(checkpoint, place, _)| (*checkpoint, *place));
        for (_, place, transaction) in good {
            if self.context.cancelled.is_set() {
                return Err(given_up(transaction));
            }
            outcomes.push((place, commit(self, transaction)?));
        }
        outcomes.sort_by_key(|(place, _)| *place);
        Ok(outcomes.into_iter().map(|(_, outcome)| outcome).collect())
    }

    fn commit_one(&mut self, transaction: &Transaction) -> Result<CommitOutcome> {
        let registry = Arc::clone(&self.shared.registry);
        match registry.find(transaction) {
            Some((Stage::Committed, _)) => return Ok(CommitOutcome::AlreadyCommitted),
            Some((Stage::Waiting, producer)) => {
                // Whatever comes of it, from now on it is asked for.
                registry.note(transaction, Stage::Asked);
                if self.commit_through(&producer) {
                    registry.note(transaction, Stage::Committed);
                    producer.context().ended(true);
                    return Ok(CommitOutcome::Committed);
                }
                // Committed or aborted by somebody meanwhile counts as done before; that this one asked is the reason.
                let outcome = self.settle_one(transaction)?;
                return Ok(match outcome {
                    CommitOutcome::AlreadyCommitted | CommitOutcome::Committed => {
                        producer.context().ended(true);
                        CommitOutcome::Committed
                    }
                    other => other,
                });
            }
            Some((Stage::Asked, _)) | None => {}
        }
        self.settle_one(transaction)
    }

    /// Whether the answer was that it is committed. No other answer is definite.
    fn commit_through(&self, producer: &Producer) -> bool {
        let tries = COMMIT.as_millis() / SLICE.as_millis();
        for _ in 0..tries {
            match producer.commit_transaction(SLICE) {
                Ok(()) => return true,
                Err(error) if is_later(&error) && !self.context.cancelled.is_set() => {}
                Err(error) => {
                    tracing::debug!("A transaction is not committed by its producer: {error}");
                    return false;
                }
            }
        }
        false
    }

    fn settle_one(&mut self, transaction: &Transaction) -> Result<CommitOutcome> {
        let proof = self.options.proof;
        let outcomes = settle(self.session()?, proof, std::slice::from_ref(transaction))?;
        outcomes.into_iter().next().ok_or_else(|| {
            Error::new(
                &codes::INTERNAL,
                "a transaction was settled without an outcome",
            )
        })
    }

    /// Before the second version of transactions the protocol itself has a gap.
    fn tell_version(&mut self) -> Result<()> {
        let told = self.session()?.version_of_transactions()?;
        if told.version < 2 {
            tracing::warn!(
                "The {told}: below 2 a transaction that has timed out can be torn apart or \
                 lost by the protocol itself (KIP-890); brokers of 4.0 and newer have 2."
            );
        }
        Ok(())
    }

    /// Who may have used ids of the sink.
    fn kin(&self, states: &[SinkState]) -> Kin {
        let CommitterContext {
            job, run, lineage, ..
        } = &self.context;
        Kin::new(*job, *run, lineage, states.iter().map(|state| state.job))
    }

    /// Every id of the sink that a dead process may have left a transaction open under.
    fn ids(&mut self, restored: &[StateEntry]) -> Result<Vec<String>> {
        let states = SinkState::all(restored);
        let CommitterContext {
            uid, parallelism, ..
        } = self.context.clone();
        let kin = self.kin(&states);
        let mut ids: Vec<String> = states.into_iter().flat_map(|state| state.ids).collect();
        ids.retain(|id| is_ours(id, &kin, &uid));
        match self.session()?.transactional_ids(BEGIN) {
            Ok(listed) => {
                let listed = listed.into_iter();
                ids.extend(listed.filter(|id| is_ours(id, &kin, &uid)));
            }
            Err(error) => {
                tracing::warn!(
                    "Transactions can't be listed, so only known ids are fenced: {error}"
                );
                let names = Names::new(kin.author, &uid);
                for subtask in 0..parallelism {
                    ids.extend((0..GUESSED).map(|number| names.id(subtask, number)));
                }
            }
        }
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }
}

impl SinkCommitter for KafkaCommitter {
    fn commit(&mut self, committables: &[Committable]) -> Result<Vec<CommitOutcome>> {
        self.each(committables, Self::commit_one)
    }

    fn recover(
        &mut self,
        committables: &[Committable],
        restored: &[StateEntry],
    ) -> Result<Vec<CommitOutcome>> {
        self.shared
            .look(&self.options, &self.context.cancelled, self.exactly_once)?;
        // Those of the attempt before are settled like those of any other process.
        for held in self.shared.registry.drain() {
            held.producer.context().close();
        }
        let outcomes = self.each(committables, Self::settle_one)?;
        if self.exactly_once || !SinkState::all(restored).is_empty() {
            let ids = self.ids(restored)?;
            fence(self.session()?, &ids)?;
        }
        // Behind that: what a dead process left open is ended, whatever lacks.
        if self.exactly_once {
            let states = SinkState::all(restored);
            let names = Names::new(self.kin(&states).author, &self.context.uid);
            let (options, shared) = (Arc::clone(&self.options), Arc::clone(&self.shared));
            let letters = shared.letters.as_ref();
            rights::check(self.session()?, &options, letters, &names)?;
            self.tell_version()?;
        }
        Ok(outcomes)
    }

    fn ended(&mut self, kept: &Kept) {
        for held in self.shared.registry.drain() {
            let is_kept = kept.holds(|kept| is_of(kept, &held.transaction));
            match held.stage {
                // A snapshot holds it that completed when the job was failing already, so that nobody asked for it.
                Stage::Waiting if is_kept => tracing::warn!(
                    "The transaction of {} with {} records stays open: starting the job again from its newest snapshot commits \
                     it.",
                    held.transaction.id,
                    held.transaction.records
                ),
                // Its snapshot did not complete: whoever goes on from another one writes it again.
                Stage::Waiting => {
                    if abort(&held.producer, &held.transaction.id) {
                        held.producer.context().ended(false);
                    }
                }
                // Whoever goes on from its snapshot settles it.
                Stage::Asked => tracing::warn!(
                    "The transaction of {} with {} records is open or not, which Kafka does not say; starting the job again \
                     from its newest snapshot commits it.",
                    held.transaction.id,
                    held.transaction.records
                ),
                Stage::Committed => {}
            }
            held.producer.context().close();
        }
    }
}

/// Whether what a snapshot holds is this transaction.
fn is_of(kept: &Committable, transaction: &Transaction) -> bool {
    serde_json::from_value::<Transaction>(kept.value.clone()).is_ok_and(|kept| kept == *transaction)
}

fn given_up(next: &Transaction) -> Error {
    let message = format!(
        "the job is being cancelled; the transaction of {} for checkpoint {} and those behind it wait",
        next.id, next.checkpoint
    );
    Error::new(&codes::SINK_KAFKA, message)
        .next("start the job again from its newest snapshot, which commits them")
}
