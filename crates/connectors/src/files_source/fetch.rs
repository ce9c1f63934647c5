//! The thread that reads files for one subtask, so that a slow disk never holds up a worker.
//!
//! It is given tasks (stretches of files) and hands back blocks of whole records, in order. Both
//! channels are short: that bounds the memory, and the thread is never far ahead. What files hold is known to a
//! [`Fetch`] alone.

mod text;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, TrySendError, bounded};
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::Waker;

use super::input::InputError;
use super::listing::{FoundFile, Identity};
use super::stream::Start;

pub(crate) use text::{Opening, TextFetch};

/// Tasks that may wait for the thread.
const TASKS: usize = 8;
/// Blocks that may wait for the worker.
const BLOCKS: usize = 2;
/// A thread that has had nothing to read for this long gives its buffers and its file back and ends, until there is something: a
/// machine runs a thousand jobs of which most wait for files.
const IDLE: Duration = Duration::from_secs(1);

/// The records of `file` that begin in `[from, to)`.
#[derive(Debug, Clone)]
pub(crate) struct Task {
    pub(crate) number: u64,
    pub(crate) file: Arc<FoundFile>,
    pub(crate) from: u64,
    pub(crate) to: u64,
    /// A place at or before `from` where a record is known to begin; `None`: the beginning of the file.
    pub(crate) known: Option<Start>,
    /// Whether bytes may have been appended to the file since it was found. They are not read.
    pub(crate) may_grow: bool,
    /// Whether it is a file that is appended to, so that another time alone is no change.
    pub(crate) appends: bool,
    /// Whether a last record without its end is kept back, because the file may grow.
    pub(crate) keeps_tail: bool,
    /// Whether what is appended while the end of the file is waited for is left alone, wherever the file can be cut.
    pub(crate) leaves_growth: bool,
    /// Whether the file was announced again for this reader, which could not read it as what it was before.
    pub(crate) anew: bool,
    /// Whether it is known to have stood still for as long as files have to that end within a record.
    pub(crate) waited: bool,
    /// The hash of the file's first bytes; 0: not known.
    pub(crate) beginning: u64,
}

/// What the thread tells of the task with a number.
#[derive(Debug)]
pub(crate) struct Event<B> {
    pub(crate) task: u64,
    pub(crate) news: News<B>,
}

#[derive(Debug)]
pub(crate) enum News<B> {
    /// The task's file was opened. Its first record, if heads were asked for and there is one.
    Opened(Option<Vec<u8>>),
    Block(B),
    /// The file has grown since it was found, which the task allows. Its last record may have been cut off; then it was
    /// not handed out.
    Grown {
        cut: bool,
    },
    /// The end; the next record that is not the task's begins at `start`. `kept`: that is a last one without its end,
    /// which is kept back.
    Done {
        start: Start,
        taken: u64,
        kept: bool,
    },
    /// Nothing more will come of this task.
    Failed(InputError),
}

/// Reads what files hold, on the thread.
pub(crate) trait Fetch: Send + 'static {
    /// Records that follow each other in a file.
    type Block: Send + 'static;

    /// Reads the task, and tells what there is in it.
    ///
    /// # Errors
    /// Nothing more can be read of it.
    fn work(
        &mut self,
        task: &Task,
        desk: &Desk<Self::Block>,
    ) -> Result<Result<(), Gone>, InputError>;

    /// Nothing has been asked for for a while: what is held is given back.
    fn rest(&mut self);
}

/// What a thread does that has nothing to do now; nothing: it runs.
type Resting = Mutex<Option<Box<dyn FnOnce() + Send>>>;

fn lock(resting: &Resting) -> MutexGuard<'_, Option<Box<dyn FnOnce() + Send>>> {
    resting.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The worker's end. Dropping it ends the thread.
pub(crate) struct Fetcher<B> {
    name: String,
    resting: Arc<Resting>,
    tasks: Sender<Task>,
    events: Receiver<Event<B>>,
    used: Sender<Vec<u8>>,
}

impl<B: Send + 'static> Fetcher<B> {
    /// A thread named `name` on which `fetch` reads. It is started when there is something to read.
    pub(crate) fn new<F: Fetch<Block = B>>(name: String, fetch: F, waker: Waker) -> Self {
        let (tasks, task_receiver) = bounded(TASKS);
        let (event_sender, events) = bounded(BLOCKS);
        let (used, used_receiver) = bounded(BLOCKS + 2);
        let resting: Arc<Resting> = Arc::default();
        let thread = FetchThread {
            resting: Arc::downgrade(&resting),
            tasks: task_receiver,
            desk: Desk {
                events: event_sender,
                used: used_receiver,
                waker,
            },
            fetch,
        };
        *lock(&resting) = Some(Box::new(move || thread.run()));
        Self {
            name,
            resting,
            tasks,
            events,
            used,
        }
    }

    /// How many more tasks can be given right now.
    pub(crate) fn room(&self) -> usize {
        TASKS - self.tasks.len().min(TASKS)
    }

    /// Gives the thread a task, if there is [room](Self::room).
    pub(crate) fn give(&self, task: Task) -> Result<()> {
        self.tasks.try_send(task).map_err(|error| match error {
            TrySendError::Full(_) => died("has more tasks than it can take"),
            TrySendError::Disconnected(_) => died("has ended"),
        })?;
        let Some(run) = lock(&self.resting).take() else {
            return Ok(());
        };
        let started = Builder::new().name(self.name.clone()).spawn(run);
        started.map(drop).map_err(no_thread)
    }

    /// The next event, if there is one.
    pub(crate) fn take(&self) -> Result<Option<Event<B>>> {
        match self.events.try_recv() {
            Ok(event) => Ok(Some(event)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(died("has ended")),
        }
    }

    /// Returns a block's buffer for further use.
    pub(crate) fn give_back(&self, buffer: Vec<u8>) {
        // If there are enough already, this one is freed.
        drop(self.used.try_send(buffer));
    }
}

pub(crate) fn no_thread(error: std::io::Error) -> Error {
    Error::new(&codes::SOURCE_READ, "the source can't start a thread")
        .cause(error)
        .next("raise the limit of threads and processes")
}

fn died(how: &str) -> Error {
    Error::new(
        &codes::INTERNAL,
        format!("the thread that reads files {how}"),
    )
}

/// The worker has gone away.
#[derive(Debug)]
pub(crate) struct Gone;

/// What goes between the thread and the worker.
pub(crate) struct Desk<B> {
    events: Sender<Event<B>>,
    used: Receiver<Vec<u8>>,
    waker: Waker,
}

impl<B> Desk<B> {
    /// Tells the worker news of a task; waits while there is no room for them.
    pub(crate) fn tell(&self, task: &Task, news: News<B>) -> Result<(), Gone> {
        self.events
            .send(Event {
                task: task.number,
                news,
            })
            .map_err(|_| Gone)?;
        self.waker.wake();
        Ok(())
    }

    /// Waits for a while, `time` at most, but not for a worker that has gone away.
    pub(crate) fn pause(&self, time: Duration) -> Result<(), Gone> {
        match self.used.recv_timeout(time) {
            Err(RecvTimeoutError::Disconnected) => Err(Gone),
            // A buffer that comes meanwhile is freed, and ends the pause.
            Ok(_) | Err(RecvTimeoutError::Timeout) => Ok(()),
        }
    }

    /// A buffer that the worker has given back.
    pub(crate) fn spare(&self) -> Option<Vec<u8>> {
        self.used.try_recv().ok()
    }
}

struct FetchThread<F: Fetch> {
    /// Where it is put while there is nothing to do.
    resting: Weak<Resting>,
    tasks: Receiver<Task>,
    desk: Desk<F::Block>,
    fetch: F,
}

impl<F: Fetch> FetchThread<F> {
    fn run(mut self) {
        loop {
            match self.tasks.recv_timeout(IDLE) {
                Ok(task) => {
                    let told = match self.fetch.work(&task, &self.desk) {
                        Ok(told) => told,
                        Err(error) => self
                            .desk
                            .tell(&task, News::Failed(or_changed(&task, error))),
                    };
                    if told.is_err() {
                        return;
                    }
                }
                Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => match self.rest() {
                    Some(thread) => self = thread,
                    None => return,
                },
            }
        }
    }

    /// Gives back what is held, and ends the thread until there is a task; itself: there is one.
    fn rest(mut self) -> Option<Self> {
        self.fetch.rest();
        while self.desk.spare().is_some() {}
        let resting = self.resting.upgrade()?;
        let mut place = lock(&resting);
        // Whoever has given a task looks at the place afterwards.
        if !self.tasks.is_empty() {
            return Some(self);
        }
        *place = Some(Box::new(move || self.run()));
        None
    }
}

/// Compressed data or columns that look damaged are mostly a file that is still being written.
fn or_changed(task: &Task, error: InputError) -> InputError {
    let now = std::fs::metadata(&task.file.path).map(|metadata| Identity::of(&metadata));
    match (&error, now) {
        (InputError::Damaged { .. } | InputError::Columns(_), Ok(now))
            if now != task.file.identity =>
        {
            InputError::Changed(now)
        }
        _ => error,
    }
}

#[cfg(test)]
mod tests;
