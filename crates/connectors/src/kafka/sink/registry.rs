//! Flushed transactions and their producers, handed from the writers to the committer of the same process.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::producer::Producer;
use crate::kafka::transaction::Transaction;

/// A transaction that is flushed, and the producer that can commit it.
pub(super) struct Held {
    pub(super) transaction: Transaction,
    pub(super) producer: Arc<Producer>,
    pub(super) stage: Stage,
}

/// How far the commit is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Stage {
    /// Nobody has asked for it.
    Waiting,
    /// It was asked for, and what became of it is known only to the brokers: the producer is of no use any more.
    Asked,
    /// It is done.
    Committed,
}

/// By transactional id.
#[derive(Default)]
pub(super) struct Registry {
    held: Mutex<BTreeMap<String, Held>>,
}

impl Registry {
    /// A transaction is flushed.
    pub(super) fn put(&self, transaction: Transaction, producer: Arc<Producer>) {
        let held = Held {
            transaction,
            producer,
            stage: Stage::Waiting,
        };
        let earlier = self.all().insert(held.transaction.id.clone(), held);
        drop(earlier);
    }

    /// How far a transaction is, and its producer.
    pub(super) fn find(&self, transaction: &Transaction) -> Option<(Stage, Arc<Producer>)> {
        let all = self.all();
        let held = all.get(&transaction.id);
        let held = held.filter(|held| held.transaction == *transaction);
        held.map(|held| (held.stage, Arc::clone(&held.producer)))
    }

    /// Notes how far a transaction is.
    pub(super) fn note(&self, transaction: &Transaction, stage: Stage) {
        let mut all = self.all();
        let held = all.get_mut(&transaction.id);
        if let Some(held) = held.filter(|held| held.transaction == *transaction) {
            held.stage = stage;
        }
    }

    /// Takes what is held of an id; whether its producer can go on.
    pub(super) fn take(&self, id: &str) -> bool {
        let held = self.all().remove(id);
        held.is_some_and(|held| held.stage == Stage::Committed)
    }

    /// Takes everything.
    pub(super) fn drain(&self) -> Vec<Held> {
        let all = std::mem::take(&mut *self.all());
        all.into_values().collect()
    }

    fn all(&self) -> MutexGuard<'_, BTreeMap<String, Held>> {
        self.held.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
