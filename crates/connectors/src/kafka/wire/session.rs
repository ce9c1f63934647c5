//! All brokers of a cluster: who coordinates what, and who leads a partition.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use millstream_engine::connector::Cancelled;

use super::clock::Deadline;
use super::cluster::{Address, Cluster};
use super::connection::{Connection, Said};
use super::errors::{NOT_LEADER, Trouble, is_of_coordinator, judge};
use super::requests::{Coordinates, FindCoordinator, Metadata, MetadataAnswer, Request};

/// How long each broker may take to say what it understands, and all of them: who is not asked by then is left out.
const EACH: Duration = Duration::from_secs(2);
const ALL: Duration = Duration::from_secs(5);

/// How long brokers may be away before the job's own patience has its turn.
const OF_A_JOB: Duration = Duration::from_secs(120);
/// The same for somebody who sits and waits for the answer.
const OF_PEOPLE: Duration = Duration::from_secs(30);

/// Which version of transactions the brokers of a cluster tell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransactionVersion {
    /// The lowest that any of them tells; 0 where it is not known.
    pub version: i16,
    /// Who tells it, where others tell a higher one.
    pub told_by: Option<String>,
}

impl TransactionVersion {
    /// The lowest of all that were told, each with its broker.
    fn lowest(told: Vec<(i16, String)>) -> Self {
        let highest = told.iter().map(|(version, _)| *version).max();
        let (version, broker) = told.into_iter().min().unwrap_or_default();
        let differs = highest.is_some_and(|highest| highest > version);
        Self {
            version,
            told_by: differs.then_some(broker),
        }
    }
}

impl fmt::Display for TransactionVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { version, told_by } = self;
        match told_by {
            None => write!(f, "transaction.version of the cluster is {version}"),
            Some(broker) => write!(
                f,
                "transaction.version of broker {broker} is {version}, below that of others"
            ),
        }
    }
}

/// Connections to the brokers of a cluster, made when they are needed and kept.
pub struct Session {
    pub(super) cluster: Arc<Cluster>,
    pub(super) cancelled: Cancelled,
    /// How long it is asked again while the answer is only *not now*.
    pub(super) patience: Duration,
    /// Whether a job asks, which asks again when it is restarted.
    pub(super) is_of_a_job: bool,
    connections: BTreeMap<Address, Connection>,
    coordinators: BTreeMap<(Coordinates, String), Address>,
    /// What brokers say of themselves, once that was asked.
    said: Option<Vec<Said>>,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session")
            .field("cluster", &self.cluster)
            .finish_non_exhaustive()
    }
}

impl Session {
    /// One without connections yet. Whatever is waited for ends when `cancelled` is set.
    pub fn new(cluster: Arc<Cluster>, cancelled: Cancelled) -> Self {
        Self {
            cluster,
            cancelled,
            patience: OF_A_JOB,
            is_of_a_job: true,
            connections: BTreeMap::new(),
            coordinators: BTreeMap::new(),
            said: None,
        }
    }

    /// One that no job is behind, which could be cancelled or restarted: people wait for the answer, and not for long.
    pub fn asking(cluster: Arc<Cluster>) -> Self {
        Self {
            patience: OF_PEOPLE,
            is_of_a_job: false,
            ..Self::new(cluster, Cancelled::default())
        }
    }

    /// Asks whoever coordinates something; looked for again the next time where it was not him.
    pub(super) fn ask_coordinator<R: Request>(
        &mut self,
        what: Coordinates,
        name: &str,
        request: &R,
        error_of: impl Fn(&R::Answer) -> i16,
    ) -> Result<R::Answer, Trouble> {
        let key = (what, name.to_owned());
        let address = match self.coordinators.get(&key) {
            Some(address) => address.clone(),
            None => {
                let address = self.coordinator(what, name)?;
                self.coordinators.insert(key.clone(), address.clone());
                address
            }
        };
        let answer = self.ask(&address, request);
        let is_his = match &answer {
            Ok(answer) => !is_of_coordinator(error_of(answer)),
            Err(_) => false,
        };
        if !is_his {
            self.coordinators.remove(&key);
        }
        answer
    }

    fn coordinator(&mut self, what: Coordinates, name: &str) -> Result<Address, Trouble> {
        let found = self.ask_any(&FindCoordinator { what, name })?;
        if found.error != 0 {
            let what = match what {
                Coordinates::Group => "group",
                Coordinates::Transaction => "transactional id",
            };
            return Err(judge(
                found.error,
                &format!("who coordinates {what} {name}"),
            ));
        }
        address(found.host, found.port)
    }

    /// Asks whoever leads a partition. The answer is the second.
    pub(super) fn ask_leader<R: Request>(
        &mut self,
        topic: &str,
        partition: i32,
        request: &R,
    ) -> Result<Result<R::Answer, i16>, Trouble> {
        let known = self.metadata(&[topic])?;
        let Some(found) = known.topics.into_iter().next() else {
            return Ok(Err(super::errors::UNKNOWN_TOPIC));
        };
        if found.error != 0 {
            return Ok(Err(found.error));
        }
        let mut partitions = found.partitions.iter();
        let Some((_, leader)) = partitions.find(|(number, _)| *number == partition) else {
            return Ok(Err(super::errors::UNKNOWN_TOPIC));
        };
        let mut brokers = known.brokers.into_iter();
        let Some((_, host, port)) = brokers.find(|(number, _, _)| number == leader) else {
            return Ok(Err(NOT_LEADER));
        };
        let address = address(host, port)?;
        self.ask(&address, request).map(Ok)
    }

    /// The brokers, and these topics.
    pub(super) fn metadata(&mut self, topics: &[&str]) -> Result<MetadataAnswer, Trouble> {
        self.ask_any(&Metadata {
            topics: Some(topics),
            rights: false,
        })
    }

    /// Where every broker listens.
    pub(super) fn brokers(&mut self) -> Result<Vec<Address>, Trouble> {
        let known = self.metadata(&[])?;
        let brokers = known.brokers.into_iter();
        brokers.map(|(_, host, port)| address(host, port)).collect()
    }

    /// Asks any broker: one that we are connected to, else the first that answers.
    pub(super) fn ask_any<R: Request>(&mut self, request: &R) -> Result<R::Answer, Trouble> {
        let connected: Vec<Address> = self.connections.keys().cloned().collect();
        let given = self.cluster.brokers.clone();
        let mut trouble = Trouble::Away("no broker is known".to_owned());
        for address in connected.into_iter().chain(given) {
            match self.ask(&address, request) {
                Err(away @ Trouble::Away(_)) => trouble = away,
                done => return done,
            }
        }
        Err(trouble)
    }

    /// The cluster's feature `transaction.version`, as the brokers tell it.
    pub(in crate::kafka) fn transaction_version(&mut self) -> Result<TransactionVersion, Trouble> {
        let told = self.said()?.iter();
        let told = told.map(|said| (said.transaction_version(), said.address.to_string()));
        Ok(TransactionVersion::lowest(told.collect()))
    }

    /// Whether the brokers understand a kind of request; the inner: which one does not.
    pub(super) fn understand<R: Request>(&mut self) -> Result<Result<(), Trouble>, Trouble> {
        let mut said = self.said()?.iter();
        Ok(said.try_for_each(Said::understands::<R>))
    }

    /// What each broker of the cluster says of itself, which is asked once.
    fn said(&mut self) -> Result<&[Said], Trouble> {
        let said = match self.said.take() {
            Some(said) => said,
            None => self.ask_each()?,
        };
        Ok(self.said.insert(said))
    }

    /// Asks those that we are not connected to as well. Who does not answer in time is left out: he may be away for good, and whatever
    /// needs him tells that.
    fn ask_each(&mut self) -> Result<Vec<Said>, Trouble> {
        let brokers = self.brokers()?;
        let connected = self.connections.values();
        let mut said: Vec<Said> = connected
            .map(|connection| connection.said.clone())
            .collect();
        let all = Deadline::after(ALL, &self.cancelled);
        for address in &brokers {
            if self.connections.contains_key(address) {
                continue;
            }
            let left = all.left();
            if left.is_zero() {
                tracing::debug!("No time is left to ask broker {address} what it understands.");
                break;
            }
            match Said::by(address, &self.cluster, &self.cancelled, EACH.min(left)) {
                Ok(one) => said.push(one),
                Err(trouble) => tracing::debug!(
                    "It is not known what broker {address} understands: {}",
                    trouble.words()
                ),
            }
        }
        Ok(said)
    }

    /// Asks a broker. A connection on which something went wrong is not used again.
    pub(super) fn ask<R: Request>(
        &mut self,
        address: &Address,
        request: &R,
    ) -> Result<R::Answer, Trouble> {
        let mut connection = match self.connections.remove(address) {
            Some(connection) => connection,
            None => Connection::open(address, &self.cluster, &self.cancelled)?,
        };
        let answer = connection.call(request)?;
        self.connections.insert(address.clone(), connection);
        Ok(answer)
    }
}

fn address(host: String, port: i32) -> Result<Address, Trouble> {
    let port = u16::try_from(port)
        .map_err(|_| Trouble::Away(format!("a broker listens on {host}:{port}, they say")))?;
    Ok(Address { host, port })
}

#[cfg(test)]
mod tests;
