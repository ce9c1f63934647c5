//! Who looks for partitions, once for all readers: a thread that asks brokers, and the enumerator that announces what
//! it has found.

mod looker;
pub(super) mod questions;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crossbeam_channel::{Sender, bounded};
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{
    Cancelled, Enumerated, Enumerator, EnumeratorContext, SnapshotRequest, SourceSnapshot,
    StateEntry,
};
use serde::{Deserialize, Serialize};

use self::looker::Looker;
use self::questions::Questions;
use super::begin::Known;
use super::client::{Ears, consumer};
use super::identity::{Identity, Ids};
use super::options::{End, KafkaSourceOptions};
use super::partition::Position;
use super::topics::Wanted;
use crate::looking;

/// What every reader is told.
#[derive(Debug, Serialize, Deserialize)]
pub(super) struct Announcement {
    /// New partitions, and where they begin and end.
    pub(super) found: Vec<Position>,
    /// Whether nothing will be found any more.
    pub(super) complete: bool,
    /// Topics that were made anew, which is accepted: what was read of those before them does not count.
    pub(super) anew: Vec<String>,
    /// Topics that are not there any more, which is accepted: nothing is read of them.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) gone: Vec<String>,
    /// The ids of the topics.
    pub(super) ids: Ids,
}

/// What the thread has for the enumerator.
#[derive(Default)]
struct Desk {
    announcements: VecDeque<Announcement>,
    held_up: Option<String>,
    failed: Option<Error>,
    /// Nothing is looked for any more.
    over: bool,
}

type SharedDesk = Arc<Mutex<Desk>>;

fn at(desk: &SharedDesk) -> MutexGuard<'_, Desk> {
    desk.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Announces partitions.
pub(super) struct Partitions {
    desk: SharedDesk,
    complete: bool,
    /// The ids of the topics that readers were told of.
    ids: Ids,
    /// Set with the end of the enumerator: whoever waits for brokers gives up.
    cancelled: Cancelled,
    /// Dropped with the enumerator, which ends the thread.
    _stop: Sender<()>,
}

/// The enumerator's own part of a snapshot.
#[derive(Debug, Serialize, Deserialize)]
struct Written {
    version: u32,
    complete: bool,
    #[serde(default, skip_serializing_if = "Ids::is_empty")]
    ids: Ids,
}

const KEY: &str = "partitions";
const VERSION: u32 = 1;

impl Partitions {
    /// Starts to look, behind what a snapshot knows. `notes`: the group is told where reading begins that nobody would find again.
    pub(super) fn open(
        options: Arc<KafkaSourceOptions>,
        wanted: Wanted,
        notes: bool,
        context: EnumeratorContext,
    ) -> Result<Self> {
        let desk = SharedDesk::default();
        let restored = context.restored.as_ref();
        let entries = restored.map(|restored| restored.entries.as_slice());
        let is_bounded = options.end != End::None;
        let written = written(entries.unwrap_or_default())?;
        let ids = written.ids;
        let cancelled = Cancelled::default();
        let readers = restored.map(|restored| restored.readers.as_slice());
        let positions: Vec<Position> = readers
            .unwrap_or_default()
            .iter()
            .map(Position::restore)
            .collect::<Result<_>>()?;
        let known = positions
            .iter()
            .map(|position| position.partition.clone())
            .filter(|partition| wanted.holds(&partition.topic));
        let known = match restored {
            None => Known::default(),
            Some(_) => Known::restored(known, wanted.is_pattern()),
        };
        let has_no_end = |position: &Position| {
            is_bounded && position.end.is_none() && wanted.holds(&position.partition.topic)
        };
        let endless = positions.into_iter().filter(has_no_end).collect();
        let (stop, stopped) = bounded(0);
        let looker = Looker {
            identity: Identity::new(&options, cancelled.clone()),
            questions: Questions {
                client: consumer(&options, Ears::default())?,
                options,
                wanted,
            },
            ids: ids.clone(),
            complete: is_bounded && written.complete,
            begun: false,
            known,
            endless,
            notes,
            warned: false,
            absent: 0,
            short: 0,
            gone: Vec::new(),
            desk: Arc::clone(&desk),
            waker: context.waker,
            stopped,
        };
        let (told, waker) = (Arc::clone(&desk), looker.waker.clone());
        let died = move |error| {
            at(&told).failed = Some(error);
            waker.wake();
        };
        let started = looking::start("kafka partitions".to_owned(), || looker.run(), died);
        started.map_err(no_thread)?;
        Ok(Self {
            desk,
            complete: false,
            ids,
            cancelled,
            _stop: stop,
        })
    }
}

impl Drop for Partitions {
    fn drop(&mut self) {
        self.cancelled.set();
    }
}

fn written(entries: &[StateEntry]) -> Result<Written> {
    let Some(entry) = entries.iter().find(|entry| entry.key == KEY) else {
        return Ok(Written {
            version: VERSION,
            complete: false,
            ids: Ids::new(),
        });
    };
    let written: Option<Written> = serde_json::from_value(entry.value.clone()).ok();
    match written {
        Some(written) if written.version == VERSION => Ok(written),
        _ => Err(Error::new(
            &codes::STATE_TYPE,
            "what the snapshot holds of the partitions of Kafka's topics is not known here",
        )
        .next("use the version of Millstream that wrote the snapshot, or a newer one")),
    }
}

/// The machine has no thread for the source.
pub(super) fn no_thread(cause: std::io::Error) -> Error {
    Error::new(&codes::SOURCE_READ, "no thread can be started for Kafka").cause(cause)
}

impl Enumerator for Partitions {
    fn poll(&mut self) -> Result<Enumerated> {
        let mut desk = at(&self.desk);
        if let Some(announcement) = desk.announcements.pop_front() {
            self.complete |= announcement.complete;
            // One that is made later under the same name is another one, and new.
            self.ids
                .retain(|topic, _| !announcement.gone.contains(topic));
            self.ids.extend(announcement.ids.clone());
            let bytes = serde_json::to_vec(&announcement).map_err(|error| {
                Error::new(&codes::INTERNAL, "partitions can't be announced").cause(error)
            })?;
            return Ok(Enumerated::Found(bytes.into()));
        }
        if let Some(error) = desk.failed.take() {
            return Err(error);
        }
        // While partitions are read that have all been found, it is looked whether their topics are still the same.
        if self.complete && desk.over {
            return Ok(Enumerated::Ended);
        }
        Ok(match &desk.held_up {
            Some(why) => Enumerated::HeldUp(why.clone()),
            None => Enumerated::Pending(None),
        })
    }

    fn snapshot(&mut self, _: &SnapshotRequest) -> Result<SourceSnapshot> {
        let written = Written {
            version: VERSION,
            complete: self.complete,
            ids: self.ids.clone(),
        };
        let entry = StateEntry {
            key: KEY.to_owned(),
            value: serde_json::to_value(written).unwrap_or_default(),
        };
        Ok(vec![entry].into())
    }
}
