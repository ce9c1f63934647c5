//! The thread that fetches messages for one subtask, so that a broker never holds up a worker.
//!
//! Each partition has a queue of its own in librdkafka; the thread goes round them and hands over batches of one
//! partition each. The channel is short: while it is full nothing is taken, librdkafka's own memory fills up, and it
//! stops to fetch. No group has to be kept alive meanwhile, as the job is no member of one.

mod reading;
mod shown;
mod thread;

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, TrySendError, bounded};
use millstream_core::guard::told;
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{Cancelled, Notice, SourceProgress, Waker};
use rdkafka::consumer::Consumer;

use self::thread::Fetching;
use super::client::{Ears, Trouble, consumer, consumer_of, judge};
use super::decode::Batch;
use super::discovery::no_thread;
use super::identity::Ids;
use super::options::KafkaSourceOptions;
use super::partition::{Partition, Position};

/// Batches that may wait for the worker.
const BATCHES: usize = 2;
/// Commands that may wait for the thread.
const COMMANDS: usize = 16;
/// How long nothing is heard of brokers while nothing is asked for.
const LISTEN: Duration = Duration::from_millis(100);

/// What the reader wants of the thread.
#[derive(Debug)]
pub(super) enum Command {
    /// Read these partitions, too, from their positions on.
    Read(Vec<Position>),
    /// Tell the group these offsets.
    Commit(Vec<(Partition, i64)>),
    /// Look whether topics still have these ids.
    Look(Ids),
}

/// What the thread tells the reader.
#[derive(Debug)]
pub(super) enum Event {
    Batch(Batch),
    /// Everything that the partition holds before its end has been handed over.
    Ended(Partition),
    /// Everything that the partition holds at present has been handed over.
    AtEnd(Partition),
    /// Everything before this offset has been handed over: what lay behind the last message are no messages.
    Passed(Partition, i64),
    /// Reading goes on from this offset: what lay between is gone, and that is accepted.
    Moved(Partition, i64),
    /// The topics that were to be looked at are still the same.
    Same,
    Failed(Error),
}

/// What is asked for first; `None`: the reader is gone. Until then it is heard whether brokers let in who is to read: whoever looks for
/// partitions only finds that nobody answers.
///
/// # Errors
/// They don't, or there can't be a consumer.
fn first_command(
    options: &KafkaSourceOptions,
    wanted: &Receiver<Command>,
    held_up: &Notice,
) -> Result<Option<Command>> {
    let client = consumer(options, Ears::default())?;
    loop {
        match wanted.recv_timeout(LISTEN) {
            Ok(first) => return Ok(Some(first)),
            Err(RecvTimeoutError::Disconnected) => return Ok(None),
            Err(RecvTimeoutError::Timeout) => {}
        }
        while let Some(told) = client.poll(Duration::ZERO) {
            let Err(error) = told else {
                continue;
            };
            match judge(&error, "Kafka can't be read", client.context()) {
                // Whoever looks for partitions tells of it as well, and would tell it anew where this were in its place.
                Trouble::Away(why) if held_up.get().is_none() => held_up.set(Some(why)),
                Trouble::Away(_) => {}
                Trouble::Refused(error) => return Err(error),
            }
        }
    }
}

/// What the thread does: takes commands and tells events until the reader is gone, or something goes wrong.
fn fetch(
    options: Arc<KafkaSourceOptions>,
    ears: Ears,
    (wanted, tell): (Receiver<Command>, Sender<Event>),
    (waker, held_up): (Waker, Notice),
    given_up: Cancelled,
) {
    let begun = first_command(&options, &wanted, &held_up).and_then(|first| {
        let Some(first) = first else {
            return Ok(None);
        };
        // How much may be read ahead of a partition depends on how many there are.
        let partitions = match &first {
            Command::Read(positions) => positions.len(),
            Command::Commit(_) | Command::Look(_) => 1,
        };
        Ok(Some((consumer_of(&options, ears, partitions)?, first)))
    });
    match begun {
        Ok(Some((client, first))) => {
            let client = Arc::new(client);
            let told = (waker, held_up);
            Fetching::new(client, options, (wanted, tell), told, given_up).run(first);
        }
        Ok(None) => {}
        Err(error) => {
            // If it is not taken, the reader is gone.
            drop(tell.send(Event::Failed(error)));
            waker.wake();
        }
    }
}

/// The reader's side.
pub(super) struct Fetcher {
    /// Dropped: the thread is to end.
    commands: Option<Sender<Command>>,
    events: Receiver<Event>,
    /// Closed when the thread has ended.
    ended: Receiver<()>,
    /// Whether the group is told something.
    tells: bool,
    /// Whether it is to be told at all.
    commits: bool,
    /// Whether brokers are away.
    held_up: Notice,
    /// What the group is to be told, and the thread could not take.
    owed: Option<Vec<(Partition, i64)>>,
    /// Set with the end of the reader: whoever looks at topics gives up.
    cancelled: Cancelled,
}

impl Fetcher {
    /// Starts the thread.
    ///
    /// # Errors
    /// There can't be a thread.
    pub(super) fn start(
        options: &Arc<KafkaSourceOptions>,
        subtask: usize,
        waker: Waker,
        progress: &SourceProgress,
    ) -> Result<Self> {
        let (commands, wanted) = bounded(COMMANDS);
        let (tell, events) = bounded(BATCHES);
        let (at_end, ended) = bounded(0);
        let ears = Ears::telling(progress, options);
        let held_up = progress.held_up.clone();
        let options = Arc::clone(options);
        let cancelled = Cancelled::default();
        let given_up = cancelled.clone();
        // Whoever panics tells nobody.
        let (died, woken) = (tell.clone(), waker.clone());
        let work = move || {
            let told = (waker, held_up);
            fetch(options, ears, (wanted, tell), told, given_up);
        };
        let run = move || {
            if let Err(panic) = catch_unwind(AssertUnwindSafe(work)) {
                drop(died.send(Event::Failed(panicked(&told(panic.as_ref())))));
                woken.wake();
            }
            drop(at_end);
        };
        let started = Builder::new().name(format!("kafka {subtask}")).spawn(run);
        started.map_err(no_thread)?;
        Ok(Self {
            commands: Some(commands),
            events,
            ended,
            tells: false,
            commits: true,
            owed: None,
            held_up: progress.held_up.clone(),
            cancelled,
        })
    }

    /// Gives the thread something to read. What it can't take now is left.
    ///
    /// # Errors
    /// It is gone.
    pub(super) fn read(&self, positions: &mut Vec<Position>) -> Result<()> {
        let commands = self.commands.as_ref().ok_or_else(gone)?;
        match commands.try_send(Command::Read(std::mem::take(positions))) {
            Err(TrySendError::Full(Command::Read(left))) => *positions = left,
            Err(TrySendError::Disconnected(_)) => return Err(gone()),
            Ok(()) | Err(TrySendError::Full(Command::Commit(_) | Command::Look(_))) => {}
        }
        Ok(())
    }

    /// Has the thread look whether topics still have these ids, and tell [`Event::Same`] if they do. `false`: it can't take that now.
    ///
    /// # Errors
    /// It is gone.
    pub(super) fn look(&self, ids: Ids) -> Result<bool> {
        let commands = self.commands.as_ref().ok_or_else(gone)?;
        match commands.try_send(Command::Look(ids)) {
            Ok(()) => Ok(true),
            Err(TrySendError::Full(_)) => Ok(false),
            Err(TrySendError::Disconnected(_)) => Err(gone()),
        }
    }

    /// The same, and the group is never told.
    pub(super) fn without_commits(mut self) -> Self {
        self.commits = false;
        self
    }

    /// Has the group told.
    pub(super) fn commit(&mut self, offsets: Vec<(Partition, i64)>) {
        let Some(commands) = self.commands.as_ref().filter(|_| self.commits) else {
            return;
        };
        self.tells = true;
        self.owed = match commands.try_send(Command::Commit(offsets)) {
            // The next time covers it, and the end if there is none.
            Err(TrySendError::Full(Command::Commit(offsets))) => Some(offsets),
            _ => None,
        };
    }

    /// What the thread has told, if there is something.
    ///
    /// # Errors
    /// It is gone.
    pub(super) fn take(&self) -> Result<Option<Event>> {
        match self.events.try_recv() {
            Ok(Event::Failed(error)) => Err(error),
            Ok(event) => Ok(Some(event)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(gone()),
        }
    }
}

/// How long the end of a reader waits for the group to be told, at most.
const TELLING: Duration = Duration::from_secs(10);
/// The same where brokers are away: then the group keeps what it was told before.
const AWAY: Duration = Duration::from_secs(2);

impl Drop for Fetcher {
    fn drop(&mut self) {
        self.cancelled.set();
        let patience = match self.held_up.get() {
            Some(_) => AWAY,
            None => TELLING,
        };
        if let (Some(commands), Some(owed)) = (self.commands.take(), self.owed.take()) {
            // If it is not taken, the thread is gone or held up.
            drop(commands.send_timeout(Command::Commit(owed), patience));
        }
        if self.tells {
            // The process may end behind this, and people look at the group then. Where brokers are away it has been
            // told what an earlier checkpoint said.
            let _over = self.ended.recv_timeout(patience);
        }
    }
}

fn panicked(what: &str) -> Error {
    let message = format!("the thread that reads Kafka panicked: {what}");
    Error::new(&codes::INTERNAL, message)
}

fn gone() -> Error {
    Error::new(&codes::INTERNAL, "the thread that reads Kafka is gone")
}
