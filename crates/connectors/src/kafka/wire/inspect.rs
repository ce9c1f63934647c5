//! What there is and what may be done with it, looked at without doing it.

use std::time::Duration;

use super::clock::Deadline;
use super::errors::{GROUP_DENIED, ID_DENIED, TOPIC_DENIED, Trouble, UNKNOWN_TOPIC, name};
use super::requests::{DescribeTransaction, EndTxn, Heartbeat, Metadata};
use super::session::Session;

/// So often topics are looked at that are missing or have no leader, and how long it is waited in between.
const LOOKS: usize = 4;
const PAUSE: Duration = Duration::from_millis(300);

/// What may be done with a topic, by the numbers that Kafka has for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kafka) enum Operation {
    Read = 3,
    Write = 4,
    Describe = 8,
    DescribeConfigs = 10,
}

impl Operation {
    /// What it is called.
    pub(in crate::kafka) const fn name(self) -> &'static str {
        match self {
            Self::Read => "Read",
            Self::Write => "Write",
            Self::Describe => "Describe",
            Self::DescribeConfigs => "DescribeConfigs",
        }
    }
}

/// Whether there is a topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kafka) enum Looked {
    There,
    Missing,
    /// The user may not even know.
    Denied,
    /// Something else is in the way; what.
    Other(String),
}

/// A topic that was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kafka) struct Inspected {
    pub(in crate::kafka) topic: String,
    pub(in crate::kafka) looked: Looked,
    pub(in crate::kafka) partitions: usize,
    /// Partitions that no broker leads, which nobody can read or write.
    pub(in crate::kafka) leaderless: Vec<i32>,
    rights: i32,
}

impl Inspected {
    /// Those of the operations that may not be done with it.
    pub(in crate::kafka) fn lacks(&self, wanted: &[Operation]) -> Vec<Operation> {
        // Not said, as by what only speaks Kafka's protocol.
        if self.rights == i32::MIN {
            return Vec::new();
        }
        let lacks = |operation: &Operation| self.rights & (1 << *operation as i32) == 0;
        wanted.iter().copied().filter(lacks).collect()
    }
}

/// A broker that was asked.
#[derive(Debug, Clone)]
pub(in crate::kafka) struct Reached {
    pub(in crate::kafka) address: String,
    /// Whether it is one of those that were given, and not one that another broker has told of.
    pub(in crate::kafka) given: bool,
    /// Why it does not answer.
    pub(in crate::kafka) trouble: Option<Trouble>,
}

impl Session {
    /// Asks every broker that was given, and every one that they tell of.
    pub(in crate::kafka) fn reach(&mut self) -> Vec<Reached> {
        let brokers_alone = Metadata {
            topics: Some(&[]),
            rights: false,
        };
        let given = self.cluster.brokers.clone();
        let mut reached = Vec::new();
        for address in &given {
            reached.push(Reached {
                address: address.to_string(),
                given: true,
                trouble: self.ask(address, &brokers_alone).err(),
            });
        }
        let Ok(told) = self.brokers() else {
            return reached;
        };
        for address in told.iter().filter(|address| !given.contains(address)) {
            reached.push(Reached {
                address: address.to_string(),
                given: false,
                trouble: self.ask(address, &brokers_alone).err(),
            });
        }
        reached
    }

    /// Topics, and what may be done with them. `None`: all that the user may know of. What has just been made is not known to
    /// every broker at once.
    pub(in crate::kafka) fn inspect(
        &mut self,
        topics: Option<&[&str]>,
    ) -> Result<Vec<Inspected>, Trouble> {
        let mut found = self.inspect_once(topics)?;
        for _ in 1..LOOKS {
            let is_complete =
                |found: &Inspected| found.looked != Looked::Missing && found.leaderless.is_empty();
            if found.iter().all(is_complete) {
                break;
            }
            Deadline::after(PAUSE, &self.cancelled).pause(PAUSE);
            found = self.inspect_once(topics)?;
        }
        Ok(found)
    }

    /// The same, asked once.
    pub(in crate::kafka) fn inspect_once(
        &mut self,
        topics: Option<&[&str]>,
    ) -> Result<Vec<Inspected>, Trouble> {
        let rights = true;
        let found = self.ask_any(&Metadata { topics, rights })?.topics;
        let inspected = found.into_iter().map(|found| Inspected {
            topic: found.name.unwrap_or_default(),
            looked: match found.error {
                // A leader is being elected.
                0 | 5 => Looked::There,
                UNKNOWN_TOPIC => Looked::Missing,
                TOPIC_DENIED => Looked::Denied,
                other => Looked::Other(name(other)),
            },
            partitions: found.partitions.len(),
            leaderless: found
                .partitions
                .iter()
                .filter(|(_, leader)| *leader < 0)
                .map(|(number, _)| *number)
                .collect(),
            rights: found.rights,
        });
        Ok(inspected.collect())
    }

    /// Asks whether brokers describe transactions, without which it can't be known what became of one; the inner: which one does not.
    /// Any of them may be the one that coordinates.
    pub(in crate::kafka) fn can_describe(&mut self) -> Result<Result<(), Trouble>, Trouble> {
        self.understand::<DescribeTransaction<'_>>()
    }

    /// Whether the user has Read on a group: that is looked at before whether the group has the member.
    pub(in crate::kafka) fn may_read_group(&mut self, group: &str) -> Result<bool, Trouble> {
        let answer = self.ask_any(&Heartbeat { group })?;
        Ok(answer != GROUP_DENIED)
    }

    /// Whether the user has Write on a transactional id that nobody has used: that is looked at before whether the id has
    /// the producer.
    pub(in crate::kafka) fn may_write_id(&mut self, id: &str) -> Result<bool, Trouble> {
        let answer = self.ask_any(&EndTxn {
            id,
            producer: 0,
            epoch: 0,
            commit: false,
        })?;
        Ok(answer != ID_DENIED)
    }
}
