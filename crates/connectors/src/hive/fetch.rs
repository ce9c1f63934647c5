//! The thread that reads the parts of one subtask, so that a server never holds up a worker.
//!
//! It has a session of its own, reads one part after the other, and hands rows over through a short channel: while that
//! is full nothing is fetched. What a snapshot says was handed out is read again and left out, if it is the same.

mod part;

use std::sync::{Arc, PoisonError};
use std::thread::Builder;
use std::time::Duration;

use arrow::array::RecordBatch;
use crossbeam_channel::{Receiver, Sender, TryRecvError, bounded, select};
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{Notice, Waker};

use self::part::PartReader;
use super::parts::no_thread;
use super::plan::Plan;
use super::position::Position;
use super::rowset::Misfit;
use super::session::{Session, SharedLine};
use super::trouble::Trouble;

/// Batches that may wait for the worker.
const BATCHES: usize = 2;
/// How long the end of a reader waits for its statement to be cancelled at the server.
const CANCELLING: Duration = Duration::from_secs(6);

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
    /// Dropped: the thread is to end.
    stop: Option<Sender<()>>,
    events: Receiver<Event>,
    /// Closed when the thread has ended.
    ended: Receiver<()>,
    line: SharedLine,
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
        let (stop, stopped) = bounded(0);
        let (tell, events) = bounded(BATCHES);
        let (at_end, ended) = bounded(0);
        let line = SharedLine::default();
        let fetching = Fetching {
            plan: Arc::clone(plan),
            line: Arc::clone(&line),
            stop: stopped,
            events: tell,
            waker,
            held_up,
        };
        let started = Builder::new()
            .name(format!("hive {subtask}"))
            .spawn(move || {
                fetching.run(wanted);
                drop(at_end);
            });
        started.map_err(no_thread)?;
        Ok(Self {
            stop: Some(stop),
            events,
            ended,
            line,
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

impl Drop for Fetcher {
    fn drop(&mut self) {
        drop(self.stop.take());
        // The process may end behind this, and the server is to work for nobody.
        let ended = self.ended.recv_timeout(CANCELLING);
        if ended == Err(crossbeam_channel::RecvTimeoutError::Timeout) {
            let line = self.line.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(line) = line.as_ref() {
                // A server ends what a connection had begun that is cut.
                line.cut();
            }
        }
    }
}

/// The thread's side.
struct Fetching {
    plan: Arc<Plan>,
    line: SharedLine,
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
        let opened = Session::open(&options.url, &options.login, &self.line);
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
