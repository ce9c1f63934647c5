//! The thread that reads the parts of one subtask, so that a server never holds up a worker.
//!
//! It has a session of its own, reads one part after the other, and hands rows over through a short channel: while that
//! is full nothing is fetched. What a snapshot says was handed out is read again and left out, if it is the same.

mod part;

use std::sync::Arc;

use arrow::array::RecordBatch;
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, select};
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{Notice, Waker};

use self::part::PartReader;
use super::plan::Plan;
use super::position::Position;
use super::rowset::Misfit;
use super::session::{Reach, Session};
use super::trouble::Trouble;
use super::worker::Worker;

/// Batches that may wait for the worker.
const BATCHES: usize = 2;

/// A part that is to be read.
#[derive(Debug, Clone)]
pub(super) struct Wanted {
    pub(super) part: u32,
    pub(super) condition: String,
    /// What was handed out of it before.
    pub(super) position: Position,
}

/// What the thread tells the reader.
#[derive(Debug)]
pub(super) enum Event {
    /// Rows of a part, of which the first has this number.
    Rows {
        part: u32,
        first: u64,
        rows: RecordBatch,
        misfits: Vec<Misfit>,
    },
    /// The part is read from its start: what was handed out of it does not come again as it was, and that is accepted.
    Again(u32),
    /// All rows of the part have been handed over.
    Ended(u32),
    Failed(Error),
}

/// The reader's side.
pub(super) struct Fetcher {
    events: Receiver<Event>,
    /// Dropped with the reader, which ends the thread and what it has begun at the server.
    _worker: Worker,
}

impl Fetcher {
    /// Starts the thread.
    ///
    /// # Errors
    /// There can't be one.
    pub(super) fn start(
        plan: &Arc<Plan>,
        wanted: Vec<Wanted>,
        subtask: usize,
        waker: Waker,
        held_up: Notice,
    ) -> Result<Self> {
        let (tell, events) = bounded(BATCHES);
        let own = Arc::clone(plan);
        let worker = Worker::start(format!("hive {subtask}"), plan, move |stop, reach| {
            let fetching = Fetching {
                plan: own,
                reach,
                stop,
                events: tell,
                waker,
                held_up,
            };
            fetching.run(wanted);
        })?;
        Ok(Self {
            events,
            _worker: worker,
        })
    }

    /// What the thread has told, if there is something.
    ///
    /// # Errors
    /// It has failed, or is gone.
    pub(super) fn take(&self) -> Result<Option<Event>> {
        match self.events.try_recv() {
            Ok(Event::Failed(error)) => Err(error),
            Ok(event) => Ok(Some(event)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(Error::new(
                &codes::INTERNAL,
                "the thread that reads Hive is gone",
            )),
        }
    }
}

/// The thread's side.
struct Fetching {
    plan: Arc<Plan>,
    reach: Reach,
    stop: Receiver<()>,
    events: Sender<Event>,
    waker: Waker,
    held_up: Notice,
}

/// Why no more is read.
enum Ended {
    /// Nobody wants any more.
    Stopped,
    Failed(Error),
}

impl Fetching {
    /// Reads all parts, one after the other.
    fn run(&self, wanted: Vec<Wanted>) {
        let mut session = None;
        let outcome = self.read(wanted, &mut session);
        self.held_up.set(None);
        if let Err(Ended::Failed(error)) = outcome {
            // Nobody hears it who wants no more.
            drop(self.tell(Event::Failed(error)));
        }
        // What has failed is told first: a server may not answer.
        if let Some(session) = session {
            session.close();
        }
        // Whoever has read everything waits for the reader to go: a thread that is gone would be an error.
        let _over = self.stop.recv();
    }

    fn read(&self, wanted: Vec<Wanted>, session: &mut Option<Session>) -> Result<(), Ended> {
        if wanted.is_empty() {
            return Ok(());
        }
        let options = &self.plan.options;
        let opened = Session::open(&options.url, &options.login, &self.reach, &self.stop);
        let session = session.insert(opened.map_err(|trouble| self.ended(&trouble))?);
        wanted
            .iter()
            .try_for_each(|wanted| self.read_part(session, wanted))
    }

    fn read_part(&self, session: &mut Session, wanted: &Wanted) -> Result<(), Ended> {
        let mut reader = PartReader {
            fetching: self,
            session,
            wanted,
        };
        reader.read()?;
        self.tell(Event::Ended(wanted.part))
    }

    fn ended(&self, trouble: &Trouble) -> Ended {
        match trouble {
            Trouble::Cancelled => Ended::Stopped,
            trouble => Ended::Failed(trouble.error(&self.plan.options.url)),
        }
    }

    /// Hands something over, as soon as the reader can take it.
    fn tell(&self, event: Event) -> Result<(), Ended> {
        select! {
            send(self.events, event) -> sent => sent.map_err(|_| Ended::Stopped)?,
            // Nothing is ever sent.
            recv(self.stop) -> _ => return Err(Ended::Stopped),
        }
        self.waker.wake();
        Ok(())
    }

    /// Whether somebody still wants rows.
    fn is_wanted(&self) -> bool {
        self.stop.try_recv() == Err(TryRecvError::Empty)
    }
}
