//! The thread that fetches messages for one subtask, so that a broker never holds up a worker.
//!
//! Each partition has a queue of its own in librdkafka; the thread goes round them and hands over batches of one
//! partition each. The channel is short: while it is full nothing is taken, librdkafka's own memory fills up, and it
//! stops to fetch. No group has to be kept alive meanwhile, as the job is no member of one.

use std::collections::VecDeque;
use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded, select};
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{Notice, Waker};
use rdkafka::Offset;
use rdkafka::consumer::base_consumer::PartitionQueue;
use rdkafka::consumer::{CommitMode, Consumer};
use rdkafka::error::{KafkaError, RDKafkaErrorCode};
use rdkafka::message::{BorrowedMessage, Headers, Message as _};
use tracing::warn;

use super::begin::{Bounds, Missing, Start, go_on};
use super::client::{Client, Ears, Trouble, bounds, consumer, is_unknown, judge, list};
use super::decode::{Batch, MessageParts};
use super::headers::write_headers;
use super::messages::{missing_error, missing_warning};
use super::options::KafkaSourceOptions;
use super::partition::{Partition, Position};

/// Batches that may wait for the worker.
const BATCHES: usize = 2;
/// Commands that may wait for the thread.
const COMMANDS: usize = 16;
/// Messages of a batch, at most, unless it was told otherwise.
const MESSAGES: usize = 2_000;
/// Bytes of a batch, at most; one message may be larger.
const BYTES: usize = 1 << 20;
/// Between two looks at what librdkafka tells by itself.
const LISTEN: Duration = Duration::from_millis(100);
/// A broker that is away is asked again after this time.
const AGAIN: Duration = Duration::from_secs(1);
/// Turns without messages between two looks whether brokers are back.
const LOOK: u32 = 10;
/// So often a partition may be missing, or end before its position, before that is believed: a new leader may not know
/// all at once.
const PATIENCE: u32 = 10;

/// What the reader wants of the thread.
#[derive(Debug)]
pub(super) enum Command {
    /// Read these partitions, too, from their positions on.
    Read(Vec<Position>),
    /// Tell the group these offsets.
    Commit(Vec<(Partition, i64)>),
}

/// What the thread tells the reader.
#[derive(Debug)]
pub(super) enum Event {
    Batch(Batch),
    /// Everything that the partition holds before its end has been handed over.
    Ended(Partition),
    /// Reading goes on from this offset: what lay between is gone, and that is accepted.
    Moved(Partition, i64),
    Failed(Error),
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
}

impl Fetcher {
    /// Starts the thread.
    ///
    /// # Errors
    /// There can't be a consumer or a thread.
    pub(super) fn start(
        options: &Arc<KafkaSourceOptions>,
        subtask: usize,
        waker: Waker,
        held_up: Notice,
    ) -> Result<Self> {
        let (commands, wanted) = bounded(COMMANDS);
        let (tell, events) = bounded(BATCHES);
        let (ring, bell) = bounded(1);
        let (at_end, ended) = bounded(0);
        let fetching = Fetching {
            client: Arc::new(consumer(options)?),
            options: Arc::clone(options),
            reading: Vec::new(),
            turn: 0,
            waiting: VecDeque::new(),
            told: Vec::new(),
            outcome: VecDeque::new(),
            troubled: 0,
            commands: wanted,
            events: tell,
            ring,
            bell,
            waker,
            held_up,
        };
        let started = Builder::new()
            .name(format!("kafka {subtask}"))
            .spawn(move || {
                fetching.run();
                drop(at_end);
            });
        started.map_err(super::discovery::no_thread)?;
        Ok(Self {
            commands: Some(commands),
            events,
            ended,
            tells: false,
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
            Ok(()) | Err(TrySendError::Full(Command::Commit(_))) => {}
        }
        Ok(())
    }

    /// Has the group told. Where too much waits, the next time does as well.
    pub(super) fn commit(&mut self, offsets: Vec<(Partition, i64)>) {
        let Some(commands) = &self.commands else {
            return;
        };
        self.tells = true;
        if let Err(TrySendError::Full(_)) = commands.try_send(Command::Commit(offsets)) {
            tracing::debug!("The group's offsets wait for the next checkpoint.");
        }
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

/// How long the end of a reader waits for the group to be told.
const TELLING: Duration = Duration::from_secs(2);

impl Drop for Fetcher {
    fn drop(&mut self) {
        self.commands = None;
        if self.tells {
            // The process may end behind this, and people look at the group then. Where brokers are away it has been
            // told what an earlier checkpoint said.
            let _over = self.ended.recv_timeout(TELLING);
        }
    }
}

fn gone() -> Error {
    Error::new(&codes::INTERNAL, "the thread that reads Kafka is gone")
}

/// A partition that is being read.
struct Reading {
    partition: Partition,
    queue: PartitionQueue<Ears>,
    /// The offset of the next message that is wanted.
    next: i64,
    end: Option<i64>,
}

/// A partition that is to be read, and whose position has to be looked at first.
struct Waiting {
    position: Position,
    tries: u32,
}

/// The thread's side.
struct Fetching {
    client: Arc<Client>,
    options: Arc<KafkaSourceOptions>,
    reading: Vec<Reading>,
    /// Whose turn it is.
    turn: usize,
    waiting: VecDeque<Waiting>,
    /// What the group was told last.
    told: Vec<(Partition, i64)>,
    /// What the reader is to be told.
    outcome: VecDeque<Event>,
    /// For how many turns without messages there has been trouble.
    troubled: u32,
    commands: Receiver<Command>,
    events: Sender<Event>,
    ring: Sender<()>,
    bell: Receiver<()>,
    waker: Waker,
    held_up: Notice,
}

/// Whether the thread goes on.
enum Turn {
    On,
    Over,
}

impl Fetching {
    fn run(mut self) {
        loop {
            match self.turn() {
                Ok(Turn::On) => {}
                Ok(Turn::Over) => return self.tell(CommitMode::Sync),
                Err(error) => {
                    // If it is not taken, the reader is gone.
                    drop(self.events.send(Event::Failed(error)));
                    self.waker.wake();
                    return;
                }
            }
        }
    }

    fn turn(&mut self) -> Result<Turn> {
        self.listen()?;
        self.try_waiting()?;
        if self.outcome.is_empty() {
            self.fill()?;
        }
        let Some(event) = self.outcome.pop_front() else {
            self.look_after_trouble();
            let wait = if self.waiting.is_empty() {
                LISTEN
            } else {
                AGAIN
            };
            return Ok(self.wait(wait));
        };
        match self.events.try_send(event) {
            Ok(()) => self.waker.wake(),
            Err(TrySendError::Full(event)) => {
                self.outcome.push_front(event);
                return Ok(self.wait_for_room());
            }
            Err(TrySendError::Disconnected(_)) => return Ok(Turn::Over),
        }
        Ok(self.take_commands())
    }

    /// Takes commands that are there.
    fn take_commands(&mut self) -> Turn {
        loop {
            match self.commands.try_recv() {
                Ok(command) => self.obey(command),
                Err(TryRecvError::Empty) => return Turn::On,
                Err(TryRecvError::Disconnected) => return Turn::Over,
            }
        }
    }

    /// Waits for a command, a message, or for `time` to pass.
    fn wait(&mut self, time: Duration) -> Turn {
        let command = select! {
            recv(self.commands) -> command => command.ok(),
            recv(self.bell) -> _ => return Turn::On,
            default(time) => return Turn::On,
        };
        match command {
            Some(command) => {
                self.obey(command);
                Turn::On
            }
            None => Turn::Over,
        }
    }

    /// Waits until the reader can take what there is for it.
    fn wait_for_room(&mut self) -> Turn {
        let Some(event) = self.outcome.pop_front() else {
            return Turn::On;
        };
        let mut event = Some(event);
        let command = select! {
            recv(self.commands) -> command => command.map(Some),
            send(self.events, event.take().unwrap_or_else(|| Event::Failed(gone()))) -> sent => {
                if sent.is_err() {
                    return Turn::Over;
                }
                self.waker.wake();
                return Turn::On;
            }
            default(LISTEN) => Ok(None),
        };
        if let Some(event) = event {
            self.outcome.push_front(event);
        }
        match command {
            Ok(Some(command)) => self.obey(command),
            Ok(None) => {}
            Err(_) => return Turn::Over,
        }
        Turn::On
    }

    fn obey(&mut self, command: Command) {
        match command {
            Command::Read(positions) => {
                let waiting = positions
                    .into_iter()
                    .map(|position| Waiting { position, tries: 0 });
                self.waiting.extend(waiting);
            }
            Command::Commit(offsets) => {
                self.told = offsets;
                self.tell(CommitMode::Async);
            }
        }
    }

    /// Tells the group what it is to know; at the end once more, and waits for the answer.
    fn tell(&self, mode: CommitMode) {
        if self.told.is_empty() {
            return;
        }
        let offsets = self.told.iter();
        let list = list(offsets.map(|(partition, offset)| (partition, Offset::Offset(*offset))));
        if let Err(error) = list.and_then(|list| self.client.commit(&list, mode)) {
            warn!("The group's offsets can't be committed: {error}");
        }
    }

    /// Hears what librdkafka tells by itself, and shows people whether brokers are there.
    fn listen(&mut self) -> Result<()> {
        while let Some(told) = self.client.poll(Duration::ZERO) {
            match told {
                // Partitions have queues of their own from before they are assigned.
                Ok(_) => {
                    return Err(Error::new(
                        &codes::INTERNAL,
                        "a message of Kafka came outside of its partition's queue",
                    ));
                }
                Err(error) => self.heed(&error, "Kafka can't be read")?,
            }
        }
        self.held_up.set(self.client.context().trouble());
        Ok(())
    }

    /// librdkafka tells that brokers are away, and not that they are back.
    fn look_after_trouble(&mut self) {
        let ears = self.client.context();
        let Some(reading) = self.reading.first().filter(|_| ears.trouble().is_some()) else {
            self.troubled = 0;
            return;
        };
        self.troubled += 1;
        if self.troubled.is_multiple_of(LOOK) && bounds(&self.client, &reading.partition).is_ok() {
            ears.forget_trouble();
        }
    }

    /// Takes note of an error that may pass.
    ///
    /// # Errors
    /// It does not pass.
    fn heed(&self, error: &KafkaError, doing: &str) -> Result<()> {
        match judge(error, doing, self.client.context()) {
            Trouble::Away(why) => {
                tracing::debug!("{why}");
                self.held_up.set(Some(why));
                Ok(())
            }
            Trouble::Refused(error) => Err(error),
        }
    }

    /// Begins to read partitions that wait, if brokers tell what they hold.
    fn try_waiting(&mut self) -> Result<()> {
        for _ in 0..self.waiting.len() {
            let Some(mut waiting) = self.waiting.pop_front() else {
                break;
            };
            let partition = waiting.position.partition.clone();
            let doing = format!("{partition} can't be read");
            match bounds(&self.client, &partition) {
                Ok(bounds) => {
                    self.client.context().forget_trouble();
                    self.begin(waiting, bounds)?;
                }
                Err(error) => {
                    if is_unknown(&error) && waiting.tries >= PATIENCE {
                        let message = format!("{partition} is not there");
                        return Err(Error::new(&codes::SOURCE_KAFKA, message)
                            .next("a job whose topic was deleted can't read on: start it without the snapshot"));
                    }
                    self.heed(&error, &doing)?;
                    waiting.tries += u32::from(is_unknown(&error));
                    self.waiting.push_back(waiting);
                    // Others would have to wait for the same broker.
                    break;
                }
            }
        }
        Ok(())
    }

    /// Begins to read a partition that holds what `bounds` say.
    fn begin(&mut self, mut waiting: Waiting, bounds: Bounds) -> Result<()> {
        let Position {
            partition, next, ..
        } = &waiting.position;
        let next = match go_on(*next, bounds, self.options.lost) {
            Start::At(next) => next,
            Start::Behind(_, Missing::Other { .. }) | Start::Refused(Missing::Other { .. })
                if waiting.tries < PATIENCE =>
            {
                waiting.tries += 1;
                self.waiting.push_back(waiting);
                return Ok(());
            }
            Start::Behind(next, missing) => {
                warn!("{}", missing_warning(partition, missing, next));
                self.outcome
                    .push_back(Event::Moved(partition.clone(), next));
                next
            }
            Start::Refused(missing) => return Err(missing_error(partition, missing)),
            Start::Unknown => *next,
        };
        let Position { partition, end, .. } = waiting.position;
        if end.is_some_and(|end| next >= end) {
            self.outcome.push_back(Event::Ended(partition));
            return Ok(());
        }
        let ring = self.ring.clone();
        let queue = self
            .client
            .split_partition_queue(&partition.topic, partition.number);
        let Some(mut queue) = queue else {
            let message = format!("{partition} can't be read: librdkafka has no queue for it");
            return Err(Error::new(&codes::INTERNAL, message));
        };
        queue.set_nonempty_callback(move || {
            // A bell that has been rung need not be rung again.
            let _rung = ring.try_send(());
        });
        let assigned = list([(&partition, Offset::Offset(next))])
            .and_then(|list| self.client.incremental_assign(&list));
        assigned.map_err(|error| {
            let message = format!("{partition} can't be read");
            Error::new(&codes::SOURCE_KAFKA, message).cause(error)
        })?;
        self.reading.push(Reading {
            partition,
            queue,
            next,
            end,
        });
        Ok(())
    }

    /// Takes messages of the next partition in turn that has some.
    fn fill(&mut self) -> Result<()> {
        let most = self.options.properties.batch().unwrap_or(MESSAGES);
        for _ in 0..self.reading.len() {
            self.turn = (self.turn + 1) % self.reading.len().max(1);
            let Some(reading) = self.reading.get_mut(self.turn) else {
                break;
            };
            let mut batch = Batch::new(reading.partition.clone());
            let stopped = reading.take(&mut batch, most);
            if batch.len() > 0 {
                self.client.context().forget_trouble();
                self.outcome.push_back(Event::Batch(batch));
            }
            match stopped {
                Stopped::Drained | Stopped::Full => {}
                Stopped::AtEnd => self.stop_reading(self.turn, Then::Tell)?,
                Stopped::BehindAll => self.look_at_end(self.turn)?,
                Stopped::Error(error) => self.mend(self.turn, &error)?,
            }
            if !self.outcome.is_empty() {
                break;
            }
        }
        Ok(())
    }

    /// The partition has nothing more at present: is it where reading is to end?
    fn look_at_end(&mut self, number: usize) -> Result<()> {
        self.client.context().forget_trouble();
        let Some(reading) = self.reading.get(number) else {
            return Ok(());
        };
        let Some(end) = reading.end else {
            return Ok(());
        };
        match bounds(&self.client, &reading.partition) {
            // The last offsets before the end may be of no messages: marks of transactions, or what compaction took.
            Ok(bounds) if bounds.high >= end => self.stop_reading(number, Then::Tell),
            Ok(_) => Ok(()),
            // It is looked at again from where it is.
            Err(_) => self.stop_reading(number, Then::Again),
        }
    }

    /// Reading a partition has failed.
    fn mend(&mut self, number: usize, error: &KafkaError) -> Result<()> {
        let Some(reading) = self.reading.get(number) else {
            return Ok(());
        };
        if error.rdkafka_error_code() != Some(RDKafkaErrorCode::AutoOffsetReset)
            && !is_unknown(error)
        {
            return self.heed(error, &format!("{} can't be read", reading.partition));
        }
        // What there is now is looked at as at the start.
        self.stop_reading(number, Then::Again)
    }

    fn stop_reading(&mut self, number: usize, then: Then) -> Result<()> {
        if number >= self.reading.len() {
            return Ok(());
        }
        let reading = self.reading.remove(number);
        let unassigned = list([(&reading.partition, Offset::Invalid)])
            .and_then(|list| self.client.incremental_unassign(&list));
        unassigned.map_err(|error| {
            let message = format!("reading {} can't be ended", reading.partition);
            Error::new(&codes::INTERNAL, message).cause(error)
        })?;
        match then {
            Then::Tell => self.outcome.push_back(Event::Ended(reading.partition)),
            Then::Again => self.waiting.push_back(Waiting {
                position: Position {
                    partition: reading.partition,
                    next: reading.next,
                    end: reading.end,
                },
                tries: 0,
            }),
        }
        Ok(())
    }
}

/// What follows when a partition is not read for now.
enum Then {
    /// It has been read to its end.
    Tell,
    /// It is looked at again.
    Again,
}

/// Why no more is taken of a partition.
enum Stopped {
    /// There is nothing more right now.
    Drained,
    /// The batch is full.
    Full,
    /// All that is wanted has come.
    AtEnd,
    /// Everything that the partition holds has come.
    BehindAll,
    Error(KafkaError),
}

impl Reading {
    /// Takes messages that are there, up to `most`.
    fn take(&mut self, batch: &mut Batch, most: usize) -> Stopped {
        while batch.len() < most && batch.bytes() < BYTES {
            let message = match self.queue.poll(Duration::ZERO) {
                None => return Stopped::Drained,
                Some(Err(KafkaError::PartitionEOF(_))) => return Stopped::BehindAll,
                Some(Err(error)) => return Stopped::Error(error),
                Some(Ok(message)) => message,
            };
            let offset = message.offset();
            if self.end.is_some_and(|end| offset >= end) {
                return Stopped::AtEnd;
            }
            // What was fetched before the position was set anew comes again.
            if offset >= self.next {
                push(batch, &message);
                self.next = offset + 1;
            }
            if self.end.is_some_and(|end| self.next >= end) {
                return Stopped::AtEnd;
            }
        }
        Stopped::Full
    }
}

fn push(batch: &mut Batch, message: &BorrowedMessage<'_>) {
    let parts = MessageParts {
        offset: message.offset(),
        timestamp: message.timestamp().to_millis(),
        value: message.payload(),
        key: message.key(),
    };
    let headers = message.headers();
    batch.push(parts, |out| {
        let headers = headers.iter().flat_map(|headers| headers.iter());
        write_headers(headers.map(|header| (header.key, header.value)), out);
    });
}
