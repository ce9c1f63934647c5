//! Transactions of Kafka that jobs have left: what is open, whose it is, and ending it by hand.

use std::collections::BTreeMap;
use std::sync::Arc;

use millstream::prepared::Prepared;
use millstream_connectors::kafka::proof;
use millstream_connectors::kafka::{Cluster, Properties, Session, Transaction};
use millstream_core::{Error, Result, codes};

pub use millstream_connectors::kafka::proof::Ended;
pub use millstream_connectors::kafka::{Described, Listed, State};

/// What the names of the sink's own properties begin with, where they are given as parameters of a job.
const PREFIX: &str = "sink.kafka.";

/// A cluster of Kafka that is asked about transactions.
#[derive(Debug)]
pub struct Transactions {
    session: Session,
}

/// A transaction that a snapshot waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Awaited {
    /// Its transactional id.
    pub id: String,
    /// When it began, in milliseconds since 1970.
    pub started: i64,
    /// Its producer id.
    pub producer: i64,
    /// How many records it holds.
    pub records: u64,
    /// Where the snapshot lies.
    pub snapshot: String,
    /// The job that wrote it, by name.
    pub job: String,
    /// Whether it is noted in the snapshot that it was committed.
    pub committed: bool,
}

impl Awaited {
    /// The transaction that a prepared output is; `None`: it is something else.
    pub fn of(prepared: &Prepared) -> Option<Self> {
        let transaction: Transaction = serde_json::from_value(prepared.value.clone()).ok()?;
        Some(Self {
            id: transaction.id,
            started: transaction.started,
            producer: transaction.producer,
            records: transaction.records,
            snapshot: prepared.snapshot.clone(),
            job: prepared.job_name.clone(),
            committed: prepared.committed,
        })
    }

    /// Whether it is the last transaction of its id.
    pub fn is(&self, id: &str, described: &Described) -> bool {
        self.id == id && self.started == described.started && self.producer == described.producer
    }
}

impl Transactions {
    /// The cluster that these brokers belong to. `properties`, each `name=value` by its name in Java, with or without
    /// `sink.kafka.` before it, say who connects; references in values are resolved here.
    ///
    /// # Errors
    /// A property is none or can't be had; an address can't be read.
    pub fn open(brokers: &str, properties: &[String]) -> Result<Self> {
        let mut given = BTreeMap::new();
        for property in properties {
            let Some((name, value)) = property.split_once('=') else {
                // The value may be a secret that was written without its name.
                let message = "--property is given without a = in its value";
                return Err(Error::new(&codes::USAGE, message).next("write --property name=value"));
            };
            let name = name.strip_prefix(PREFIX).unwrap_or(name);
            let value = millstream_process::secrets::resolve(name, value)?;
            given.insert(name.to_owned(), value);
        }
        let properties = Properties::of_java_producer(&given)?;
        let cluster = Cluster::new(brokers, properties.settings())?;
        Ok(Self {
            session: Session::asking(Arc::new(cluster)),
        })
    }

    /// All transactional ids that begin with `prefix`, in order.
    ///
    /// # Errors
    /// No broker answers, or the user may not ask.
    pub fn list(&mut self, prefix: &str) -> Result<Vec<Listed>> {
        self.session.transactions(prefix)
    }

    /// What is known of a transactional id; `None`: nothing.
    ///
    /// # Errors
    /// Those of [`list`](Self::list).
    pub fn describe(&mut self, id: &str) -> Result<Option<Described>> {
        self.session.describe(id)
    }

    /// Commits or aborts the transaction that was `described`, and no other one of its id.
    ///
    /// # Errors
    /// Those of [`list`](Self::list).
    pub fn end(&mut self, id: &str, described: &Described, commit: bool) -> Result<Ended> {
        proof::end(&mut self.session, id, described, commit)
    }
}
