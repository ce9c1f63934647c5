//! The thread that writes one writer's files, and the worker's end of the channel to it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{Builder, JoinHandle};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, TrySendError, bounded};
use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::{Committable, Notice, SinkContext, Waker};

use super::kin::When;
use super::leftovers::Leftovers;
use super::names::Partition;
use super::output::Output;
use super::waits::{Told, Tried};

/// Orders that may wait for the disk. With buffers of a batch each this is most of a writer's memory.
const ORDERS: usize = 4;
/// A thread that has had nothing to write for this long ends until there is something: a machine runs a thousand jobs of which most
/// wait for input.
const IDLE: Duration = Duration::from_secs(1);

/// After this time it is tried again to write what can't be written now; each time after that behind twice the time before.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// What the worker asks of the disk, in order.
#[derive(Debug)]
pub(super) enum Order {
    /// Appends to the present file of a partition, which is made if there is none.
    Write(Partition, Vec<u8>),
    /// Ends the present file of a partition.
    End(Partition),
    /// Makes all files since the last order of this kind durable under their prepared names.
    Prepare(CheckpointId),
}

/// The worker's end.
pub(super) struct Disk {
    name: String,
    orders: Option<Sender<Order>>,
    /// Orders that found the channel full. Bounded: nothing is written while there are any.
    waiting: VecDeque<Order>,
    spare: Receiver<Vec<u8>>,
    prepared: Receiver<Vec<Committable>>,
    /// Dropped with the writer: nothing more is worth writing.
    wanted: Option<Sender<()>>,
    shared: Arc<Shared>,
}

/// What both ends look at.
#[derive(Default)]
struct Shared {
    /// What goes on with the next order, where the thread has ended for want of them. All that it has written is prepared then.
    resting: Mutex<Option<DiskThread>>,
    /// The thread, as long as it has not ended for want of orders: its stack stays for as long as it is held.
    thread: Mutex<Option<JoinHandle<()>>>,
    /// Why the thread has ended.
    failure: Mutex<Option<Error>>,
}

impl Disk {
    /// Starts the thread of a writer, which removes the leftovers first. `told`: what was said of what it waits for.
    pub(super) fn start(
        output: Output,
        leftovers: Option<Leftovers>,
        context: &SinkContext,
        told: Told,
    ) -> Result<Self> {
        let (orders, order_receiver) = bounded(ORDERS);
        let (spare_sender, spare) = bounded(ORDERS + 1);
        let (prepared_sender, prepared) = bounded(1);
        let (wanted, unwanted) = bounded(0);
        let shared = Arc::new(Shared::default());
        let mut disk = Self {
            name: format!("file-sink-{}", context.subtask),
            orders: Some(orders),
            waiting: VecDeque::new(),
            spare,
            prepared,
            wanted: Some(wanted),
            shared: Arc::clone(&shared),
        };
        disk.run(DiskThread {
            orders: order_receiver,
            spare: spare_sender,
            prepared: prepared_sender,
            waker: context.waker.clone(),
            unwanted,
            shared: Arc::downgrade(&shared),
            held_up: context.held_up.clone(),
            told,
            output,
            leftovers,
            unprepared: false,
        })?;
        Ok(disk)
    }

    fn run(&mut self, thread: DiskThread) -> Result<()> {
        // Held until it is known which thread that is.
        let mut place = lock(&self.shared.thread);
        let started = Builder::new().name(self.name.clone());
        let started = started.spawn(|| thread.run()).map_err(|error| {
            Error::new(
                &codes::SINK_WRITE,
                "the file sink's thread can't be started",
            )
            .cause(error)
            .next("check the limit of threads (ulimit -u)")
        })?;
        *place = Some(started);
        Ok(())
    }

    /// Gives an order, now or as soon as there is room.
    ///
    /// # Errors
    /// The disk has failed.
    pub(super) fn order(&mut self, order: Order) -> Result<()> {
        self.waiting.push_back(order);
        self.has_room().map(drop)
    }

    /// Passes on what waits. `false`: the channel is full and the waker will be called.
    ///
    /// # Errors
    /// The disk has failed.
    pub(super) fn has_room(&mut self) -> Result<bool> {
        while let Some(order) = self.waiting.pop_front() {
            let Some(orders) = &self.orders else {
                return Err(self.failure());
            };
            match orders.try_send(order) {
                Ok(()) => {
                    let resting = lock(&self.shared.resting).take();
                    if let Some(thread) = resting {
                        self.run(thread)?;
                    }
                }
                Err(TrySendError::Full(order)) => {
                    self.waiting.push_front(order);
                    return Ok(false);
                }
                Err(TrySendError::Disconnected(_)) => return Err(self.failure()),
            }
        }
        Ok(true)
    }

    /// The answer to [`Order::Prepare`], if it has come.
    ///
    /// # Errors
    /// The disk has failed.
    pub(super) fn prepared(&mut self) -> Result<Option<Vec<Committable>>> {
        self.has_room()?;
        match self.prepared.try_recv() {
            Ok(committables) => Ok(Some(committables)),
            Err(TryRecvError::Empty) => Ok(None),
            Err(TryRecvError::Disconnected) => Err(self.failure()),
        }
    }

    /// An empty buffer, one that has been written before if there is one.
    pub(super) fn buffer(&self) -> Vec<u8> {
        self.spare.try_recv().unwrap_or_default()
    }

    fn failure(&self) -> Error {
        lock(&self.shared.failure)
            .clone()
            .unwrap_or_else(|| Error::new(&codes::INTERNAL, "the file sink's thread has ended"))
    }
}

impl Drop for Disk {
    /// Waits for the write or sync under way, so that the next attempt finds nothing moving.
    fn drop(&mut self) {
        self.wanted = None;
        self.orders = None;
        let thread = lock(&self.shared.thread).take();
        if let Some(thread) = thread {
            // A thread that panicked has nothing more to say: the writer is gone.
            drop(thread.join());
        }
        // One that ends for want of orders has put down what it has before this is answered.
        drop(lock(&self.shared.resting).take());
    }
}

fn lock<T>(place: &Mutex<T>) -> MutexGuard<'_, T> {
    place.lock().unwrap_or_else(PoisonError::into_inner)
}

struct DiskThread {
    orders: Receiver<Order>,
    spare: Sender<Vec<u8>>,
    prepared: Sender<Vec<Committable>>,
    waker: Waker,
    /// Closed when the writer is gone.
    unwanted: Receiver<()>,
    shared: Weak<Shared>,
    held_up: Notice,
    told: Told,
    output: Output,
    /// What earlier runs have left far from here; the first writer of an attempt sees to it.
    leftovers: Option<Leftovers>,
    /// Whether anything was written that is not prepared.
    unprepared: bool,
}

/// Why the thread obeys no more.
enum Pause {
    /// There are no orders, and nothing waits to be prepared.
    Idle,
    /// The writer is gone.
    Over,
}

impl DiskThread {
    fn run(mut self) {
        loop {
            match self.obey_all() {
                Ok(Pause::Idle) => match self.rest() {
                    Some(thread) => self = thread,
                    None => return,
                },
                Ok(Pause::Over) => break,
                Err(error) => {
                    if let Some(shared) = self.shared.upgrade() {
                        *lock(&shared.failure) = Some(error);
                    }
                    break;
                }
            }
        }
        self.output.abandon();
        let waker = self.waker.clone();
        // The channels are closed first, so that the worker finds the failure when it looks.
        drop(self);
        waker.wake();
    }

    /// Ends the thread until there is an order; itself: there is one, or nobody who gives any.
    fn rest(self) -> Option<Self> {
        let Some(shared) = self.shared.upgrade() else {
            return Some(self);
        };
        let mut place = lock(&shared.resting);
        // Whoever has given an order looks at the place afterwards.
        if !self.orders.is_empty() {
            return Some(self);
        }
        *place = Some(self);
        *lock(&shared.thread) = None;
        None
    }

    fn obey_all(&mut self) -> Result<Pause> {
        if let Some(leftovers) = self.leftovers.take() {
            leftovers.remove(When::Recovered);
        }
        loop {
            let order = match self.unprepared {
                true => self.orders.recv().map_err(RecvTimeoutError::from),
                false => self.orders.recv_timeout(IDLE),
            };
            let order = match order {
                Ok(order) => order,
                Err(RecvTimeoutError::Timeout) => return Ok(Pause::Idle),
                Err(RecvTimeoutError::Disconnected) => return Ok(Pause::Over),
            };
            if self.unwanted.try_recv() == Err(TryRecvError::Disconnected) {
                return Ok(Pause::Over);
            }
            self.obey(order)?;
            self.waker.wake();
        }
    }

    fn obey(&mut self, order: Order) -> Result<()> {
        match order {
            Order::Write(partition, mut bytes) => {
                self.unprepared = true;
                self.patiently(|output| output.write(&partition, &bytes))?;
                bytes.clear();
                // With no room for it there are spare buffers enough.
                drop(self.spare.try_send(bytes));
                Ok(())
            }
            Order::End(partition) => {
                self.unprepared = true;
                self.output.end(&partition)
            }
            Order::Prepare(checkpoint) => {
                let prepared = self.patiently(|output| output.prepare(checkpoint))?;
                let Some(committables) = prepared else {
                    return Ok(());
                };
                self.unprepared = false;
                // Whoever asked may be gone.
                drop(self.prepared.send(committables));
                Ok(())
            }
        }
    }

    /// Does something, as soon as it can be done and for as long as somebody wants it. `None`: nobody does any more.
    fn patiently<T>(
        &mut self,
        mut work: impl FnMut(&mut Output) -> Result<Tried<T>>,
    ) -> Result<Option<T>> {
        let mut why = match work(&mut self.output)? {
            Tried::Done(done) => return Ok(Some(done)),
            Tried::Later(why) => why,
        };
        let mut pause = FIRST_PAUSE;
        let outcome = loop {
            self.told.warn(&why);
            self.held_up.set(Some(why));
            if self.unwanted.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
                break Ok(None);
            }
            pause = LONGEST_PAUSE.min(pause * 2);
            match work(&mut self.output) {
                Ok(Tried::Later(again)) => why = again,
                Ok(Tried::Done(done)) => break Ok(Some(done)),
                Err(error) => break Err(error),
            }
        };
        self.held_up.set(None);
        outcome
    }
}
