//! All brokers of a cluster: who coordinates what, and who leads a partition.

use std::collections::BTreeMap;
use std::sync::Arc;

use millstream_engine::connector::Cancelled;

use super::cluster::{Address, Cluster};
use super::connection::Connection;
use super::errors::{NOT_LEADER, Trouble, is_of_coordinator, judge};
use super::requests::{Coordinates, FindCoordinator, Metadata, MetadataAnswer, Request};

/// Connections to the brokers of a cluster, made when they are needed and kept.
pub struct Session {
    pub(super) cluster: Arc<Cluster>,
    pub(super) cancelled: Cancelled,
    connections: BTreeMap<Address, Connection>,
    coordinators: BTreeMap<(Coordinates, String), Address>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
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
            connections: BTreeMap::new(),
            coordinators: BTreeMap::new(),
        }
    }

    /// One that no job is behind, which could be cancelled.
    pub fn asking(cluster: Arc<Cluster>) -> Self {
        Self::new(cluster, Cancelled::default())
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

    /// The cluster's feature `transaction.version`, as a broker tells it that we are connected to.
    pub(in crate::kafka) fn transaction_version(&mut self) -> Result<i16, Trouble> {
        self.metadata(&[])?;
        let mut connections = self.connections.values();
        Ok(connections
            .next()
            .map_or(0, Connection::transaction_version))
    }

    /// Whether the brokers that we are connected to understand a kind of request.
    pub(super) fn understand<R: Request>(&self) -> Result<(), Trouble> {
        let mut connections = self.connections.values();
        connections.try_for_each(Connection::understands::<R>)
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
