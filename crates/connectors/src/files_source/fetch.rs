//! The thread that reads files for one subtask, so that a slow disk never holds up a worker.
//!
//! It is given tasks (stretches of files) and hands back blocks of whole records, in order. Both
//! channels are short: that bounds the memory, and the thread is never far ahead.

use std::path::PathBuf;
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, TrySendError, bounded};
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::Waker;

use super::beginning::{BEGINNING, fingerprint};
use super::format::Dialects;
use super::input::InputError;
use super::listing::{FoundFile, Identity};
use super::starts::{FileStarts, Starts};
use super::stream::{Block, RecordStream, Sizes, Start};

/// Tasks that may wait for the thread.
const TASKS: usize = 8;
/// Blocks that may wait for the worker.
const BLOCKS: usize = 2;
/// A thread that has had nothing to read for this long gives its buffers and its file back: a machine runs a thousand
/// jobs of which most wait for files.
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
    /// The hash of the file's first bytes; 0: not known.
    pub(crate) beginning: u64,
}

/// What the thread tells of the task with a number.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) task: u64,
    pub(crate) news: News,
}

#[derive(Debug)]
pub(crate) enum News {
    /// The task's file was opened. Its first record, if heads were asked for and there is one.
    Opened(Option<Vec<u8>>),
    Block(Block),
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

/// How files are opened.
#[derive(Debug, Clone)]
pub(crate) struct Opening {
    pub(crate) dialects: Dialects,
    pub(crate) sizes: Sizes,
    /// Whether the first record of each file is wanted.
    pub(crate) head: bool,
    /// Whether the first record is no data.
    pub(crate) skip_head: bool,
    /// Where files are moved that can't be read to their end.
    pub(crate) aside: Option<PathBuf>,
    /// What readers of the process have found out about the starts of records.
    pub(crate) starts: Arc<Starts>,
}

/// The worker's end. Dropping it ends the thread.
pub(crate) struct Fetcher {
    tasks: Sender<Task>,
    events: Receiver<Event>,
    used: Sender<Vec<u8>>,
}

impl Fetcher {
    /// Starts the thread, named `name`.
    pub(crate) fn start(name: String, opening: Opening, waker: Waker) -> Result<Self> {
        let (tasks, task_receiver) = bounded(TASKS);
        let (event_sender, events) = bounded(BLOCKS);
        let (used, used_receiver) = bounded(BLOCKS + 2);
        let thread = FetchThread {
            tasks: task_receiver,
            events: event_sender,
            used: used_receiver,
            opening,
            waker,
            open: None,
        };
        Builder::new()
            .name(name)
            .spawn(move || thread.run())
            .map_err(no_thread)?;
        Ok(Self {
            tasks,
            events,
            used,
        })
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
        })
    }

    /// The next event, if there is one.
    pub(crate) fn take(&self) -> Result<Option<Event>> {
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

struct OpenFile {
    file: Arc<FoundFile>,
    stream: RecordStream,
    /// Where the first record that is data begins.
    data: Start,
    /// No record begins between here and the stream's position: the stretch before was read up to here.
    passed: u64,
    /// What other readers have found out, where they read parts of the file whose starts can't be told from any place.
    starts: Option<Arc<FileStarts>>,
}

impl OpenFile {
    /// Whether the stream stands behind the first record of the stretch that begins at `from`.
    fn is_behind(&self, from: u64) -> bool {
        self.stream.position().offset > from && from < self.passed
    }

    /// Goes to a known start on the way to the stretch that begins at `from`, unless the stream is further on that way:
    /// where it stands is a known start, too.
    fn go_to(&mut self, from: u64, known: Start) -> Result<(), InputError> {
        if self.is_behind(from) || known.offset > self.stream.position().offset {
            self.stream.go_to(known)?;
        }
        Ok(())
    }
}

/// The worker has gone away.
struct Gone;

struct FetchThread {
    tasks: Receiver<Task>,
    events: Sender<Event>,
    used: Receiver<Vec<u8>>,
    opening: Opening,
    waker: Waker,
    open: Option<OpenFile>,
}

impl FetchThread {
    fn run(mut self) {
        while let Some(task) = self.next_task() {
            let open = self.open.take();
            let told = match self.work(&task, open) {
                Ok(told) => told,
                Err(error) => self.tell(&task, News::Failed(or_changed(&task, error))),
            };
            if told.is_err() {
                return;
            }
        }
    }

    /// Waits for the next task; `None`: the worker has gone away.
    fn next_task(&mut self) -> Option<Task> {
        match self.tasks.recv_timeout(IDLE) {
            Ok(task) => return Some(task),
            Err(RecvTimeoutError::Disconnected) => return None,
            Err(RecvTimeoutError::Timeout) => {}
        }
        self.open = None;
        while self.used.try_recv().is_ok() {}
        self.tasks.recv().ok()
    }

    fn tell(&self, task: &Task, news: News) -> Result<(), Gone> {
        self.events
            .send(Event {
                task: task.number,
                news,
            })
            .map_err(|_| Gone)?;
        self.waker.wake();
        Ok(())
    }

    fn work(
        &mut self,
        task: &Task,
        open: Option<OpenFile>,
    ) -> Result<Result<(), Gone>, InputError> {
        let mut open = match open.filter(|open| can_go_on(open, task)) {
            Some(open) => open,
            None => {
                let (open, head) = self.open_file(task)?;
                if self.tell(task, News::Opened(head)).is_err() {
                    return Ok(Err(Gone));
                }
                open
            }
        };
        self.compare(task, &open)?;
        let from = task.from.max(open.data.offset);
        let known = task
            .known
            .filter(|known| known.offset >= open.data.offset)
            .unwrap_or(open.data);
        reach(task, &mut open, from, known)?;
        if self.tell_blocks(task, &mut open)?.is_err() {
            return Ok(Err(Gone));
        }
        let grown = self.compare(task, &open)?;
        let mut tail = open.stream.has_tail(from, task.to);
        if open.stream.is_undecided() && !task.keeps_tail && !grown {
            // Nobody is writing, so the file ends without a line end.
            open.stream.keep_tail(false);
            tail = false;
            open.stream.advance(from)?;
            if self.tell_blocks(task, &mut open)?.is_err() {
                return Ok(Err(Gone));
            }
        }
        let start = if open.stream.is_adrift() {
            known
        } else {
            open.stream.position()
        };
        if let Some(starts) = &open.starts {
            learn(starts, task, task.to, start);
        }
        let taken = open.stream.taken_since();
        open.passed = task.to;
        self.open = Some(open);
        if grown && self.tell(task, News::Grown { cut: tail }).is_err() {
            return Ok(Err(Gone));
        }
        let kept = tail && task.keeps_tail;
        Ok(self.tell(task, News::Done { start, taken, kept }))
    }

    /// Hands over every whole record of the task.
    fn tell_blocks(
        &self,
        task: &Task,
        open: &mut OpenFile,
    ) -> Result<Result<(), Gone>, InputError> {
        while let Some(block) = open.stream.next_block(task.to)? {
            if self.tell(task, News::Block(block)).is_err() {
                return Ok(Err(Gone));
            }
            while let Ok(buffer) = self.used.try_recv() {
                open.stream.give_back(buffer);
            }
        }
        Ok(Ok(()))
    }

    fn open_file(&self, task: &Task) -> Result<(OpenFile, Option<Vec<u8>>), InputError> {
        let file = &task.file;
        let aside = self.opening.aside.as_deref();
        let open = || {
            let dialects = self.opening.dialects.clone();
            RecordStream::open(file, aside, dialects, self.opening.sizes)
        };
        let mut stream = open()?;
        stream.keep_tail(task.keeps_tail);
        let head = if self.opening.head {
            stream.take_head()?
        } else {
            None
        };
        if self.opening.head && !self.opening.skip_head {
            stream = open()?;
        }
        let data = stream.position();
        let is_shared = stream.can_seek() && !self.opening.dialects.raw.can_jump();
        Ok((
            OpenFile {
                file: Arc::clone(file),
                stream,
                data,
                passed: 0,
                starts: is_shared.then(|| self.opening.starts.of(file)),
            },
            head,
        ))
    }

    /// Whether the file has grown, where that is allowed; any other change is an error.
    fn compare(&self, task: &Task, open: &OpenFile) -> Result<bool, InputError> {
        let (found, now): (Identity, _) = (task.file.identity, open.stream.input().identity()?);
        if found == now {
            return Ok(false);
        }
        let begins_so = || {
            let beginning = open.stream.input().beginning()?;
            Ok::<_, InputError>(fingerprint(&beginning, found.size) == task.beginning)
        };
        let is_known = task.beginning != 0;
        // A write sets the time before the size: where files are appended to, that is no change.
        let is_all = found.size <= BEGINNING as u64 && is_known;
        if now.size == found.size && (task.appends || is_all) && (!is_known || begins_so()?) {
            Ok(false)
        } else if task.may_grow && now.size > found.size && (!is_known || begins_so()?) {
            Ok(true)
        } else {
            Err(InputError::Changed(now))
        }
    }
}

/// Goes to the first record that begins at or behind `from`, by way of the nearest place where one is known to begin.
fn reach(task: &Task, open: &mut OpenFile, from: u64, known: Start) -> Result<(), InputError> {
    open.stream.keep_tail(true);
    let Some(starts) = open.starts.clone() else {
        open.go_to(from, known)?;
        return open.stream.advance(from);
    };
    if !open.is_behind(from) && open.stream.position().offset >= from {
        return Ok(());
    }
    starts.while_nobody_passes(|| {
        let nearest = starts.nearest(from);
        open.go_to(from, nearest.map_or(known, |nearest| nearest.max(known)))?;
        let split = task.to.saturating_sub(task.from).max(1);
        while open.stream.position().offset < from {
            // Whoever reads what lies between need not pass over it again.
            let following = (open.stream.position().offset / split + 1).saturating_mul(split);
            let target = following.min(from);
            open.stream.advance(target)?;
            let start = open.stream.position();
            if start.offset < target {
                // The end, or what may become a record there.
                break;
            }
            learn(&starts, task, target, start);
        }
        Ok(())
    })
}

/// Tells other readers that the first record at or behind `from` begins at `start`, unless that is the end.
fn learn(starts: &FileStarts, task: &Task, from: u64, start: Start) {
    if (from..task.file.identity.size).contains(&start.offset) {
        starts.learn(from, start);
    }
}

/// Compressed data that looks damaged is mostly a file that is still being written.
fn or_changed(task: &Task, error: InputError) -> InputError {
    let now = std::fs::metadata(&task.file.path).map(|metadata| Identity::of(&metadata));
    match (&error, now) {
        (InputError::Damaged { .. }, Ok(now)) if now != task.file.identity => {
            InputError::Changed(now)
        }
        _ => error,
    }
}

/// Whether the open file is the task's, and the task's stretch can still be reached.
fn can_go_on(open: &OpenFile, task: &Task) -> bool {
    let behind = open.is_behind(task.from.max(open.data.offset));
    // Of tasks that were put back nobody has heard that their file was opened.
    Arc::ptr_eq(&open.file, &task.file) && (open.stream.can_seek() || !behind)
}

#[cfg(test)]
mod tests;
