//! The thread's side.

mod at_end;
mod last_look;
mod telling;
mod waiting;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded, never, select};
use millstream_core::{Error, Result, codes};
use millstream_engine::connector::{Cancelled, Notice, Waker};
use rdkafka::Offset;
use rdkafka::consumer::Consumer;
use rdkafka::error::{KafkaError, RDKafkaErrorCode};

use self::last_look::LastLook;
use self::waiting::Waiting;
use super::super::client::{ANSWER, Client, Trouble, is_unknown, judge, list};
use super::super::decode::Batch;
use super::super::messages::damaged_error;
use super::super::options::KafkaSourceOptions;
use super::super::partition::{Partition, Position};
use super::reading::{Reading, Stopped};
use super::shown::Shown;
use super::{Command, Event, gone};

/// Messages of a batch, at most, unless it was told otherwise.
const MESSAGES: usize = 2_000;
/// Between two looks at what librdkafka tells by itself.
const LISTEN: Duration = Duration::from_millis(100);
/// A broker that is away is asked again after this time.
const AGAIN: Duration = Duration::from_secs(1);
/// The same while other partitions are read, for which there is no time meanwhile; and how long it may take to answer then.
const BESIDE: Duration = Duration::from_secs(15);
const GLANCE: Duration = Duration::from_secs(2);
/// Turns without messages between two looks whether brokers are back.
const LOOK: u32 = 10;
/// So often a partition may be missing, or end before its position, before that is believed: a new leader may not know
/// all at once.
const PATIENCE: u32 = 10;

/// The thread's side.
pub(super) struct Fetching {
    client: Arc<Client>,
    options: Arc<KafkaSourceOptions>,
    reading: Vec<Reading>,
    /// Whose turn it is.
    turn: usize,
    waiting: VecDeque<Waiting>,
    /// Those that were looked at in vain, until it is time to look again.
    later: VecDeque<Waiting>,
    again: Receiver<Instant>,
    /// Topics that are to be looked at.
    last_look: Option<LastLook>,
    /// What the group was told last.
    told: Vec<(Partition, i64)>,
    /// Until when it is not told the same once more.
    tell_again: Receiver<Instant>,
    /// What the reader is to be told.
    outcome: VecDeque<Event>,
    /// For how many turns without messages there has been trouble.
    troubled: u32,
    commands: Receiver<Command>,
    events: Sender<Event>,
    ring: Sender<()>,
    bell: Receiver<()>,
    waker: Waker,
    held_up: Shown,
    cancelled: Cancelled,
}

/// Whether the thread goes on.
enum Turn {
    On,
    Over,
}

impl Fetching {
    /// A thread that takes commands and tells events. What it asks for itself it gives up when `cancelled` is set.
    pub(super) fn new(
        client: Arc<Client>,
        options: Arc<KafkaSourceOptions>,
        (commands, events): (Receiver<Command>, Sender<Event>),
        (waker, held_up): (Waker, Notice),
        cancelled: Cancelled,
    ) -> Self {
        let (ring, bell) = bounded(1);
        Self {
            client,
            options,
            reading: Vec::new(),
            turn: 0,
            waiting: VecDeque::new(),
            later: VecDeque::new(),
            again: never(),
            last_look: None,
            told: Vec::new(),
            tell_again: never(),
            outcome: VecDeque::new(),
            troubled: 0,
            commands,
            events,
            ring,
            bell,
            waker,
            held_up: Shown::new(held_up),
            cancelled,
        }
    }

    /// Does what was asked for first, and works until the reader is gone.
    pub(super) fn run(mut self, first: Command) {
        self.obey(first);
        loop {
            match self.turn() {
                Ok(Turn::On) => {}
                Ok(Turn::Over) => return self.see_that_it_is_told(),
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
        self.look_at_last()?;
        if self.outcome.is_empty() {
            self.fill()?;
        }
        let Some(event) = self.outcome.pop_front() else {
            self.look_after_trouble();
            return Ok(self.wait());
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

    /// Waits for a command, a message, or for the time to listen.
    fn wait(&mut self) -> Turn {
        let command = select! {
            recv(self.commands) -> command => command.ok(),
            recv(self.bell) -> _ => return Turn::On,
            default(LISTEN) => return Turn::On,
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
                self.waiting.extend(positions.into_iter().map(Waiting::new));
            }
            Command::Commit(offsets) => {
                let is_due = self.tell_again.try_recv().is_ok();
                if is_due || offsets != self.told {
                    self.told = offsets;
                    self.tell();
                }
            }
            Command::Look(ids) => {
                self.last_look = Some(LastLook::new(ids, &self.options, self.cancelled.clone()));
            }
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
        if !self.troubled.is_multiple_of(LOOK) {
            return;
        }
        let Partition { topic, number } = &reading.partition;
        let answer = self.client.fetch_watermarks(topic, *number, ANSWER);
        if answer.is_ok() {
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
                Stopped::Full => {}
                Stopped::Drained => self.pass_over(self.turn)?,
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

    /// Reading a partition has failed.
    fn mend(&mut self, number: usize, error: &KafkaError) -> Result<()> {
        let Some(reading) = self.reading.get(number) else {
            return Ok(());
        };
        let code = error.rdkafka_error_code();
        let is_damaged = matches!(
            code,
            Some(RDKafkaErrorCode::BadMessage | RDKafkaErrorCode::BadCompression)
        );
        if is_damaged {
            return Err(damaged_error(&reading.partition, reading.next));
        }
        if code != Some(RDKafkaErrorCode::AutoOffsetReset) && !is_unknown(error) {
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
        let again = |reading: Reading| {
            Waiting::new(Position {
                partition: reading.partition,
                next: reading.next,
                end: reading.end,
            })
        };
        match then {
            Then::Tell => self.outcome.push_back(Event::Ended(reading.partition)),
            // What went wrong may last for a while.
            Then::Again => self.try_later(again(reading), AGAIN),
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
