//! Questions, asked again where the answer is only *not now*, for as long as a patience lasts.

use std::time::Duration;

use millstream_core::{Error, Result, codes};

use super::batch::batches;
use super::clock::{Deadline, Patience};
use super::errors::{
    NOT_FOUND, OFFSET_OUT_OF_RANGE, Trouble, UNKNOWN_TOPIC, UNSTABLE, is_too_late, judge, name,
};
use super::requests::{
    Coordinates, DescribeTransaction, EndTxn, Fetch, Fetched, InitProducerId, ListTransactions,
    OffsetFetch,
};
use super::session::{Session, TransactionVersion};
use crate::kafka::transaction::{Described, Place, State};

/// How long a topic may be unknown to a broker that has just been started.
const UNKNOWN: Duration = Duration::from_secs(5);
/// After how long the broker aborts a transaction of a producer that only ends what was there: it begins none.
const TIMEOUT: i32 = 10_000;

/// What a group says of the marker.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kafka) enum Marker {
    /// The marker of this checkpoint is committed.
    At(u64),
    /// There is none, which proves nothing.
    Absent,
    /// One waits for the end of its transaction.
    Unstable,
}

/// What came of ending a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kafka) enum Ended {
    /// It is ended as was asked, now or before.
    Done,
    /// It can't be any more; why.
    TooLate(String),
    /// It can't be told yet; why.
    Later(String),
}

/// Whether a record can be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kafka) enum Readable {
    /// It is committed.
    Committed,
    /// It is aborted.
    Aborted,
    /// A transaction before it is open, or its own.
    Undecided,
    /// It is not there any more; why.
    Gone(String),
}

/// A topic that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicFound {
    /// Its name.
    pub name: String,
    /// Its id: another topic of the same name, made later, has another one.
    pub id: [u8; 16],
    /// How many partitions it has.
    pub partitions: usize,
}

/// A transactional id that there is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Listed {
    /// The id.
    pub id: String,
    /// What the coordinator knows of it.
    pub described: Described,
}

impl Session {
    /// What the coordinator knows of a transactional id; `None`: nothing, it may have forgotten it.
    ///
    /// # Errors
    /// No broker answers for as long as the session has patience, or the user may not ask.
    pub fn describe(&mut self, id: &str) -> Result<Option<Described>> {
        self.patiently(|session| session.find_described(id))
    }

    /// The same, asked once. The error says why there is no answer, which may pass.
    pub(in crate::kafka) fn describe_now(
        &mut self,
        id: &str,
    ) -> std::result::Result<Option<Described>, String> {
        self.find_described(id).map_err(Trouble::words)
    }

    fn find_described(&mut self, id: &str) -> std::result::Result<Option<Described>, Trouble> {
        let request = DescribeTransaction { id };
        let what = Coordinates::Transaction;
        let state = self.ask_coordinator(what, id, &request, |state| state.error)?;
        match state.error {
            0 => Ok(Some(Described {
                producer: state.producer,
                epoch: state.epoch,
                state: state_of(&state.state),
                started: state.started,
                timeout: state.timeout,
            })),
            NOT_FOUND => Ok(None),
            code => Err(judge(code, &format!("describe transactional id {id}"))),
        }
    }

    /// Commits or aborts the transaction that a producer has open. Asked once: what an answer means depends on what was
    /// known before.
    pub(in crate::kafka) fn end(
        &mut self,
        id: &str,
        (producer, epoch): (i64, i16),
        commit: bool,
    ) -> Result<Ended> {
        let request = EndTxn {
            id,
            producer,
            epoch,
            commit,
        };
        let what = Coordinates::Transaction;
        match self.ask_coordinator(what, id, &request, |code| *code) {
            Ok(0) => Ok(Ended::Done),
            Ok(code) if is_too_late(code) => Ok(Ended::TooLate(name(code))),
            Ok(code) => match judge(code, &format!("end the transaction of {id}")) {
                Trouble::Away(why) => Ok(Ended::Later(why)),
                Trouble::Refused(error) => Err(error),
            },
            // It may have been done all the same.
            Err(Trouble::Away(why)) => Ok(Ended::Later(why)),
            Err(Trouble::Refused(error)) => Err(error),
        }
    }

    /// The marker of a group; `stable`: that of an open transaction is seen as unstable, else not at all.
    pub(in crate::kafka) fn marker(
        &mut self,
        group: &str,
        topic: &str,
        stable: bool,
    ) -> Result<Marker> {
        self.patiently(|session| {
            let request = OffsetFetch {
                group,
                topic,
                partition: 0,
                stable,
            };
            let what = Coordinates::Group;
            let committed = session.ask_coordinator(what, group, &request, |it| it.error)?;
            match committed.error {
                0 => Ok(u64::try_from(committed.offset).map_or(Marker::Absent, Marker::At)),
                UNSTABLE => Ok(Marker::Unstable),
                UNKNOWN_TOPIC => Ok(Marker::Absent),
                code => Err(judge(code, &format!("read the marker of group {group}"))),
            }
        })
    }

    /// Makes a producer of a transactional id, which aborts what an earlier one has left open, and fences it.
    pub(in crate::kafka) fn initialise(&mut self, id: &str) -> Result<()> {
        self.patiently(|session| {
            let request = InitProducerId {
                id,
                timeout: TIMEOUT,
            };
            let what = Coordinates::Transaction;
            match session.ask_coordinator(what, id, &request, |code| *code)? {
                0 => Ok(()),
                code => Err(judge(code, &format!("initialise transactional id {id}"))),
            }
        })
    }

    /// Whether the record at a place, of this producer, can be read.
    pub(in crate::kafka) fn readable(&mut self, place: &Place, producer: i64) -> Result<Readable> {
        let unknown = Deadline::after(UNKNOWN, &self.cancelled);
        self.patiently(|session| {
            let request = Fetch {
                topic: &place.topic,
                partition: place.partition,
                offset: place.offset,
            };
            let fetched = session.ask_leader(&place.topic, place.partition, &request)?;
            let code = match &fetched {
                Ok(fetched) => fetched.error,
                Err(code) => *code,
            };
            let (topic, partition) = (&place.topic, place.partition);
            match (code, fetched) {
                (0, Ok(fetched)) => Ok(judge_record(&fetched, place.offset, producer)),
                (OFFSET_OUT_OF_RANGE, _) => {
                    let why = "the partition does not hold its offset any more";
                    Ok(Readable::Gone(why.to_owned()))
                }
                (UNKNOWN_TOPIC, _) if unknown.has_passed() => {
                    let why = format!("there is no partition {partition} of topic {topic}");
                    Ok(Readable::Gone(why))
                }
                (UNKNOWN_TOPIC, _) => Err(Trouble::Away(format!("topic {topic} is not known"))),
                (code, _) => Err(judge(code, &format!("read topic {topic}"))),
            }
        })
    }

    /// All transactional ids that any broker coordinates and whose names begin with `prefix`, and what is known of each.
    ///
    /// # Errors
    /// Not all brokers answer for as long as the session has patience, or the user may not ask.
    pub fn transactions(&mut self, prefix: &str) -> Result<Vec<Listed>> {
        let mut listed = Vec::new();
        for id in self.transactional_ids(prefix)? {
            // One that has expired meanwhile is none.
            if let Some(described) = self.describe(&id)? {
                listed.push(Listed { id, described });
            }
        }
        Ok(listed)
    }

    /// Their names alone: there may be thousands of other jobs.
    ///
    /// # Errors
    /// Those of [`transactions`](Self::transactions).
    pub(in crate::kafka) fn transactional_ids(&mut self, prefix: &str) -> Result<Vec<String>> {
        let mut ids = self.patiently(|session| {
            let mut ids = Vec::new();
            for broker in session.brokers()? {
                let listed = session.ask(&broker, &ListTransactions)?;
                if listed.error != 0 {
                    return Err(judge(listed.error, "list transactions"));
                }
                ids.extend(listed.ids);
            }
            Ok(ids)
        })?;
        ids.retain(|id| id.starts_with(prefix));
        ids.sort_unstable();
        ids.dedup();
        Ok(ids)
    }

    /// Those of the topics that there are.
    ///
    /// # Errors
    /// No broker answers for as long as the session has patience, or the user may not ask.
    pub fn topics(&mut self, names: &[&str]) -> Result<Vec<TopicFound>> {
        self.patiently(|session| session.find_topics(names))
    }

    /// The same, asked once. The error says why there is no answer, which may pass.
    pub(in crate::kafka) fn topics_now(
        &mut self,
        names: &[&str],
    ) -> std::result::Result<Vec<TopicFound>, String> {
        self.find_topics(names).map_err(Trouble::words)
    }

    fn find_topics(&mut self, names: &[&str]) -> std::result::Result<Vec<TopicFound>, Trouble> {
        let mut found = Vec::new();
        for topic in self.metadata(names)?.topics {
            let name = topic.name.unwrap_or_default();
            match topic.error {
                0 => found.push(TopicFound {
                    name,
                    id: topic.id,
                    partitions: topic.partitions.len(),
                }),
                UNKNOWN_TOPIC => {}
                code => return Err(judge(code, &format!("look for topic {name}"))),
            }
        }
        Ok(found)
    }

    /// The version of transactions that the cluster has agreed upon, by the broker that tells the lowest. Below 2 the protocol
    /// itself can tear a transaction apart after a time-out (KIP-890).
    ///
    /// # Errors
    /// No broker answers for as long as the session has patience.
    pub fn version_of_transactions(&mut self) -> Result<TransactionVersion> {
        self.patiently(Self::transaction_version)
    }

    /// Asks again while the answer is only *not now*, and what was in the way at last if that does not end.
    pub(in crate::kafka) fn waiting<T>(
        &mut self,
        mut ask: impl FnMut(&mut Self) -> Result<std::result::Result<T, String>>,
    ) -> Result<T> {
        let mut patience = Patience::of(self.patience, &self.cancelled);
        loop {
            let why = match ask(self)? {
                Ok(answer) => return Ok(answer),
                Err(why) => why,
            };
            if !patience.pause() {
                return Err(self.given_up(&why));
            }
            tracing::debug!("Kafka is asked again: {why}");
        }
    }

    fn patiently<T>(
        &mut self,
        mut ask: impl FnMut(&mut Self) -> std::result::Result<T, Trouble>,
    ) -> Result<T> {
        self.waiting(|session| match ask(session) {
            Ok(answer) => Ok(Ok(answer)),
            Err(Trouble::Away(why)) => Ok(Err(why)),
            Err(Trouble::Refused(error)) => Err(error),
        })
    }

    fn given_up(&self, why: &str) -> Error {
        let (message, next) = if self.cancelled.is_set() {
            let message = format!(
                "Kafka was being asked about transactions when the job was cancelled: {why}"
            );
            (message, "nothing needs to be done")
        } else {
            let seconds = self.patience.as_secs();
            let message =
                format!("Kafka does not answer about transactions for {seconds} s: {why}");
            let next = match self.is_of_a_job {
                true => "check the brokers; the job asks again when it is restarted",
                false => "check the brokers and their addresses, then ask again",
            };
            (message, next)
        };
        Error::new(&codes::KAFKA_TRANSACTIONS, message).next(next)
    }
}

fn state_of(name: &str) -> State {
    match name {
        "Empty" => State::Empty,
        "Ongoing" => State::Ongoing,
        "PrepareCommit" => State::Committing,
        "CompleteCommit" => State::Committed,
        // The broker is about to abort what has timed out.
        "PrepareAbort" | "PrepareEpochFence" => State::Aborting,
        "CompleteAbort" => State::Aborted,
        _ => State::Other,
    }
}

/// Whether the record at `offset` was committed by this producer, by what lies from there on.
fn judge_record(fetched: &Fetched, offset: i64, producer: i64) -> Readable {
    if fetched.stable <= offset {
        return Readable::Undecided;
    }
    let found = match batches(&fetched.batches) {
        Ok(found) => found,
        Err(garbled) => {
            return Readable::Gone(format!("what lies there can't be read: {}", garbled.0));
        }
    };
    let mut found = found.into_iter();
    let Some(batch) = found.find(|batch| batch.first <= offset && offset <= batch.last) else {
        let oldest = fetched.oldest;
        return Readable::Gone(format!(
            "compaction or retention took it (from {oldest} on)"
        ));
    };
    if batch.producer != producer || !batch.transactional || batch.control {
        return Readable::Gone("another record lies there now".to_owned());
    }
    let mut aborted = fetched.aborted.iter();
    if aborted.any(|(whose, first)| *whose == producer && *first <= offset) {
        return Readable::Aborted;
    }
    Readable::Committed
}

#[cfg(test)]
mod tests;
