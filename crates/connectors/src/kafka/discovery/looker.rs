//! The thread that asks brokers.

use std::sync::Arc;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use millstream_engine::connector::Waker;
use rdkafka::consumer::Consumer;
use tracing::{info, warn};

use super::super::begin::{Fresh, Known, Missing, New, Start, begin, end_of, is_to_be_noted};
use super::super::client::{Trouble, judge, may_be_taken_soon};
use super::super::identity::{Identity, Ids, made_anew};
use super::super::messages::{
    absent_error, anew_error, anew_warning, beyond, gone_warning, missing_error, missing_warning,
    unknown_error, unnoted_warning,
};
use super::super::options::{End, Lost};
use super::super::partition::{Partition, Position};
use super::questions::{Questions, offset_in};
use super::{Announcement, SharedDesk, at};

/// A broker that is away is asked again after this time.
const AGAIN: Duration = Duration::from_secs(1);
/// Between two looks whether topics are still the same.
const IDS: Duration = Duration::from_secs(5);
/// So often a topic may be missing before it is taken for one that is not there: a topic that has just been made is
/// not known to every broker at once.
const ABSENT: u32 = 10;
/// So often a partition may end before what the group knows of it before that is believed.
const SHORT: u32 = 10;

/// The thread that asks brokers.
pub(super) struct Looker {
    pub(super) questions: Questions,
    pub(super) identity: Identity,
    /// The ids that are known of topics.
    pub(super) ids: Ids,
    /// Whether all partitions were found before.
    pub(super) complete: bool,
    /// Whether readers have been told to begin.
    pub(super) begun: bool,
    pub(super) known: Known,
    /// Partitions that a job without end has read, and whose end is to be told now.
    pub(super) endless: Vec<Position>,
    /// Whether the group is told where reading begins.
    pub(super) notes: bool,
    /// Whether people were told that the group does not take that.
    pub(super) warned: bool,
    /// How many looks in a row have missed a topic.
    pub(super) absent: u32,
    /// How many looks in a row have found that a partition ends before what the group knows of it.
    pub(super) short: u32,
    /// Topics that are not there any more, which is accepted, and of which readers are to be told.
    pub(super) gone: Vec<String>,
    pub(super) desk: SharedDesk,
    pub(super) waker: Waker,
    pub(super) stopped: Receiver<()>,
}

/// What a look has found.
struct Found {
    positions: Vec<Position>,
    anew: Vec<String>,
    gone: Vec<String>,
    /// Ids that were not known.
    ids: Ids,
}

impl Looker {
    pub(super) fn run(mut self) {
        let bounded = self.questions.options.end != End::None;
        // How long until the next look for partitions; `None`: there is none.
        let mut left = Some(Duration::ZERO);
        loop {
            let is_time = left == Some(Duration::ZERO);
            let looked = if is_time {
                self.look().map(|found| {
                    self.announce(found, bounded);
                    // Where there is an end all is found at once.
                    left = self.questions.options.discovery.filter(|_| !bounded);
                })
            } else {
                self.look_at_ids()
            };
            let mut over = false;
            let wait = match looked {
                Ok(()) => {
                    over = left.is_none() && !self.has_ids();
                    left.map_or(IDS, |left| left.min(IDS))
                }
                Err(Trouble::Away(why)) => {
                    if is_time {
                        at(&self.desk).held_up = Some(why);
                    }
                    AGAIN
                }
                Err(Trouble::Refused(error)) => {
                    at(&self.desk).failed = Some(error);
                    over = true;
                    AGAIN
                }
            };
            at(&self.desk).over = over;
            self.waker.wake();
            if over || self.stopped.recv_timeout(wait) == Err(RecvTimeoutError::Disconnected) {
                return;
            }
            left = left.map(|left| left.saturating_sub(wait));
        }
    }

    /// Whether there are ids to look at.
    fn has_ids(&self) -> bool {
        self.identity.is_known() && !self.ids.is_empty()
    }

    fn announce(&mut self, found: Found, complete: bool) {
        let mut desk = at(&self.desk);
        desk.held_up = None;
        let Found {
            positions,
            anew,
            gone,
            ids,
        } = found;
        for position in &positions {
            info!(
                "Reads {} from offset {}.",
                position.partition, position.next
            );
        }
        // The first one has readers begin, also where there is nothing new.
        if !self.begun || !positions.is_empty() {
            desk.announcements.push_back(Announcement {
                found: positions,
                complete,
                anew,
                gone,
                ids,
            });
        }
        self.begun = true;
    }

    /// Asks for partitions that nobody knows, and where they begin and end.
    fn look(&mut self) -> std::result::Result<Found, Trouble> {
        let found = match self.complete && !self.forgets() {
            true => None,
            false => Some(self.partitions()?),
        };
        let there = match found {
            Some(found) if !self.complete => found,
            // All were found before, but some may be gone.
            _ => self.known.partitions(),
        };
        let (ids, anew) = self.identify(&there)?;
        let is_anew = |partition: &Partition| anew.iter().any(|topic| *topic == *partition.topic);
        let there = if self.complete && !anew.is_empty() {
            self.partitions()?
        } else {
            there
        };
        let mut new = self.known.new_among(&there, is_anew);
        new.retain(|new| !self.complete || new.is_anew);
        self.endless
            .retain(|position| !is_anew(&position.partition));
        let mut positions = self.begin(&new)?;
        positions.extend(self.ends()?);
        self.known.take(&new);
        self.endless.clear();
        self.short = 0;
        self.ids.extend(ids.clone());
        self.questions.client.context().forget_trouble();
        Ok(Found {
            positions,
            anew,
            gone: std::mem::take(&mut self.gone),
            ids,
        })
    }

    /// The ids of the topics that there are, and those that are made anew, where that is accepted.
    fn identify(
        &mut self,
        there: &[Partition],
    ) -> std::result::Result<(Ids, Vec<String>), Trouble> {
        let mut topics: Vec<&str> = there.iter().map(|partition| &*partition.topic).collect();
        topics.dedup();
        let ids = self
            .identity
            .ask(&topics, self.begun)
            .map_err(Trouble::Away)?;
        let anew = made_anew(&self.ids, &ids);
        // A job that is under way has read on under the other's name already.
        if !anew.is_empty() && (self.begun || self.questions.options.lost == Lost::Fail) {
            return Err(Trouble::Refused(anew_error(&anew, self.begun)));
        }
        for anew in &anew {
            warn!("{}", anew_warning(anew, self.questions.options.lost));
        }
        Ok((ids, anew.into_iter().map(|anew| anew.topic).collect()))
    }

    /// Looks whether the topics that are read are still the same.
    fn look_at_ids(&mut self) -> std::result::Result<(), Trouble> {
        let known = self.known.partitions();
        self.identify(&known).map(drop)
    }

    /// The partitions of the topics that are wanted.
    fn partitions(&mut self) -> std::result::Result<Vec<Partition>, Trouble> {
        let (there, mut missing) = self.questions.partitions()?;
        missing.extend(self.known.missing_topics(&there));
        missing.sort_unstable();
        missing.dedup();
        let Some(first) = missing.first() else {
            self.absent = 0;
            return Ok(there);
        };
        self.absent += 1;
        if self.absent < ABSENT {
            return Err(Trouble::Away(format!("topic {first} is not there")));
        }
        if !self.forgets() {
            let error = absent_error(&missing, self.questions.wanted.is_pattern(), self.begun);
            return Err(Trouble::Refused(error));
        }
        for topic in &missing {
            if self.questions.is_there(topic)? {
                let why = format!("topic {topic} is there, and not among those that are told");
                return Err(Trouble::Away(why));
            }
        }
        for topic in &missing {
            warn!("{}", gone_warning(topic));
            self.known.forget(topic);
            self.ids.remove(topic);
            self.endless
                .retain(|position| *position.partition.topic != **topic);
        }
        self.gone.extend(missing);
        self.absent = 0;
        Ok(there)
    }

    /// Whether a topic that is not there any more is forgotten: a pattern does not name it, and that records are lost is accepted. Only
    /// before readers begin. Behind that its records may be on their way yet, so the attempt ends, and the next one forgets it.
    fn forgets(&self) -> bool {
        let Questions {
            wanted, options, ..
        } = &self.questions;
        !self.begun && wanted.is_pattern() && options.lost != Lost::Fail
    }

    /// Where partitions end that were read without an end.
    fn ends(&self) -> std::result::Result<Vec<Position>, Trouble> {
        let partitions: Vec<&Partition> = self
            .endless
            .iter()
            .map(|position| &position.partition)
            .collect();
        let at_end = match self.questions.options.end {
            End::Timestamp(time) => self.questions.at(&partitions, time)?,
            _ => Vec::new(),
        };
        let mut positions = self.endless.clone();
        for position in &mut positions {
            let partition = &position.partition;
            let fresh = Fresh {
                bounds: self.questions.bounds(partition, None)?,
                committed: None,
                at_reset: None,
                at_end: offset_in(&at_end, partition),
                is_added: false,
            };
            position.end = end_of(partition, &fresh, &self.questions.options.end);
        }
        Ok(positions)
    }

    /// Where new partitions begin and end.
    fn begin(&mut self, new: &[New]) -> std::result::Result<Vec<Position>, Trouble> {
        let partitions: Vec<&Partition> = new.iter().map(|new| &new.partition).collect();
        let committed = self.questions.committed(&partitions)?;
        let fresh = self.questions.fresh(new, &committed)?;
        let options = Arc::clone(&self.questions.options);
        let mut positions = Vec::with_capacity(new.len());
        let mut noted = Vec::new();
        for (new, fresh) in new.iter().zip(&fresh) {
            let New {
                partition, is_anew, ..
            } = new;
            let next = match options.lost {
                Lost::Latest if *is_anew => fresh.bounds.high,
                _ if *is_anew => fresh.bounds.low,
                _ => self.decide(partition, fresh)?,
            };
            let position = Position {
                partition: partition.clone(),
                next,
                end: end_of(partition, fresh, &options.end),
            };
            // Of the topic before one that was made anew the group may know something.
            if !is_anew && !position.is_done() && is_to_be_noted(fresh, options.reset) {
                noted.push(position.clone());
            }
            positions.push(position);
        }
        self.note(&noted)?;
        Ok(positions)
    }

    /// Has the group note these before anybody reads from them: a job that fails before its first checkpoint begins there again.
    fn note(&mut self, begins: &[Position]) -> std::result::Result<(), Trouble> {
        if begins.is_empty() || !self.notes {
            return Ok(());
        }
        let Err(error) = self.questions.note(begins) else {
            return Ok(());
        };
        if may_be_taken_soon(&error) {
            let doing = "where reading begins can't be committed to the group";
            return Err(judge(&error, doing, self.questions.client.context()));
        }
        if !self.warned {
            self.warned = true;
            warn!("{}", unnoted_warning(&self.questions.options.group, &error));
        }
        Ok(())
    }

    fn decide(
        &mut self,
        partition: &Partition,
        fresh: &Fresh,
    ) -> std::result::Result<i64, Trouble> {
        let options = &self.questions.options;
        match begin(fresh, options.reset, options.lost) {
            Start::At(offset) => Ok(offset),
            // A new leader may not know all at once.
            Start::Behind(_, missing @ Missing::Other { .. })
            | Start::Refused(missing @ Missing::Other { .. })
                if self.short < SHORT =>
            {
                self.short += 1;
                Err(Trouble::Away(beyond(partition, missing)))
            }
            Start::Behind(offset, missing) => {
                warn!("{}", missing_warning(partition, missing, offset));
                Ok(offset)
            }
            Start::Refused(missing) => Err(Trouble::Refused(missing_error(partition, missing))),
            Start::Unknown => Err(Trouble::Refused(unknown_error(partition, &options.group))),
        }
    }
}
