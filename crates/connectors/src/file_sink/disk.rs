//! The thread that writes one writer's files, and the worker's end of the channel to it.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, TryRecvError, TrySendError, bounded};
use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::{Committable, Notice, SinkContext, Waker};

use super::files::Files;
use super::hdfs::HdfsFiles;
use super::names::Partition;
use super::objects::Uploads;

/// Orders that may wait for the disk. With buffers of a batch each this is most of a writer's memory.
const ORDERS: usize = 4;

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

/// Where the thread writes.
pub(super) enum Output {
    /// Into a directory of this machine.
    Files(Files),
    /// Into an object store.
    Objects(Box<Uploads>),
    /// Into HDFS.
    Hdfs(Box<HdfsFiles>),
}

impl Output {
    /// What is to be done before anything is written.
    fn begin(&mut self) {
        match self {
            Self::Files(_) | Self::Hdfs(_) => {}
            Self::Objects(uploads) => uploads.begin(),
        }
    }

    /// Writes. What is answered: why nothing is written, where that may be otherwise later.
    fn write(&mut self, partition: &Partition, bytes: &[u8]) -> Result<Option<String>> {
        match self {
            Self::Files(files) => files.write(partition, bytes).map(|()| None),
            Self::Objects(uploads) => uploads.write(partition, bytes).map(|()| None),
            Self::Hdfs(files) => files.write(partition, bytes),
        }
    }

    fn end(&mut self, partition: &Partition) -> Result<()> {
        match self {
            Self::Files(files) => files.end(partition),
            Self::Objects(uploads) => uploads.end(partition),
            Self::Hdfs(files) => files.end(partition),
        }
    }

    fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Vec<Committable>> {
        match self {
            Self::Files(files) => files.prepare(checkpoint),
            Self::Objects(uploads) => uploads.prepare(),
            Self::Hdfs(files) => files.prepare(checkpoint),
        }
    }

    /// Removes what was never prepared.
    fn abandon(&mut self) {
        match self {
            Self::Files(files) => files.abandon(),
            Self::Objects(uploads) => uploads.abandon(),
            Self::Hdfs(files) => files.abandon(),
        }
    }
}

/// The worker's end.
pub(super) struct Disk {
    orders: Option<Sender<Order>>,
    /// Orders that found the channel full. Bounded: nothing is written while there are any.
    waiting: VecDeque<Order>,
    spare: Receiver<Vec<u8>>,
    prepared: Receiver<Vec<Committable>>,
    /// Dropped with the writer: nothing more is worth writing.
    wanted: Option<Sender<()>>,
    /// Why the thread has ended.
    failure: Arc<Mutex<Option<Error>>>,
    thread: Option<JoinHandle<()>>,
}

impl Disk {
    /// Starts the thread of a writer.
    pub(super) fn start(output: Output, context: &SinkContext) -> Result<Self> {
        let (orders, order_receiver) = bounded(ORDERS);
        let (spare_sender, spare) = bounded(ORDERS + 1);
        let (prepared_sender, prepared) = bounded(1);
        let (wanted, unwanted) = bounded(0);
        let failure = Arc::new(Mutex::default());
        let name = format!("file-sink-{}", context.subtask);
        let thread = DiskThread {
            orders: order_receiver,
            spare: spare_sender,
            prepared: prepared_sender,
            waker: context.waker.clone(),
            unwanted,
            failure: Arc::clone(&failure),
            held_up: context.held_up.clone(),
            output,
        };
        let thread = std::thread::Builder::new()
            .name(name)
            .spawn(|| thread.run())
            .map_err(|error| {
                Error::new(
                    &codes::SINK_WRITE,
                    "the file sink's thread can't be started",
                )
                .cause(error)
                .next("check the limit of threads (ulimit -u)")
            })?;
        let waiting = VecDeque::new();
        Ok(Self {
            orders: Some(orders),
            waiting,
            spare,
            prepared,
            wanted: Some(wanted),
            failure,
            thread: Some(thread),
        })
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
                Ok(()) => {}
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
        let failure = self.failure.lock().unwrap_or_else(PoisonError::into_inner);
        failure
            .clone()
            .unwrap_or_else(|| Error::new(&codes::INTERNAL, "the file sink's thread has ended"))
    }
}

impl Drop for Disk {
    /// Waits for the write or sync under way, so that the next attempt finds nothing moving.
    fn drop(&mut self) {
        self.wanted = None;
        self.orders = None;
        if let Some(thread) = self.thread.take() {
            // A thread that panicked has nothing more to say: the writer is gone.
            drop(thread.join());
        }
    }
}

struct DiskThread {
    orders: Receiver<Order>,
    spare: Sender<Vec<u8>>,
    prepared: Sender<Vec<Committable>>,
    waker: Waker,
    /// Closed when the writer is gone.
    unwanted: Receiver<()>,
    failure: Arc<Mutex<Option<Error>>>,
    held_up: Notice,
    output: Output,
}

impl DiskThread {
    fn run(mut self) {
        if let Err(error) = self.obey_all() {
            let failure = self.failure.lock();
            *failure.unwrap_or_else(PoisonError::into_inner) = Some(error);
        }
        self.output.abandon();
        let waker = self.waker.clone();
        // The channels are closed first, so that the worker finds the failure when it looks.
        drop(self);
        waker.wake();
    }

    fn obey_all(&mut self) -> Result<()> {
        self.output.begin();
        while let Ok(order) = self.orders.recv() {
            if self.unwanted.try_recv() == Err(TryRecvError::Disconnected) {
                break;
            }
            self.obey(order)?;
            self.waker.wake();
        }
        Ok(())
    }

    fn obey(&mut self, order: Order) -> Result<()> {
        match order {
            Order::Write(partition, mut bytes) => {
                self.write(&partition, &bytes)?;
                bytes.clear();
                // With no room for it there are spare buffers enough.
                drop(self.spare.try_send(bytes));
                Ok(())
            }
            Order::End(partition) => self.output.end(&partition),
            Order::Prepare(checkpoint) => {
                let committables = self.output.prepare(checkpoint)?;
                // Whoever asked may be gone.
                drop(self.prepared.send(committables));
                Ok(())
            }
        }
    }

    /// Writes, as soon as that can be done and for as long as somebody wants it.
    fn write(&mut self, partition: &Partition, bytes: &[u8]) -> Result<()> {
        let Some(mut why) = self.output.write(partition, bytes)? else {
            return Ok(());
        };
        tracing::warn!("{why}. It is tried again; nothing is dropped.");
        let mut pause = FIRST_PAUSE;
        let outcome = loop {
            self.held_up.set(Some(why));
            if self.unwanted.recv_timeout(pause) == Err(RecvTimeoutError::Disconnected) {
                break Ok(());
            }
            pause = LONGEST_PAUSE.min(pause * 2);
            match self.output.write(partition, bytes) {
                Ok(Some(again)) => why = again,
                Ok(None) => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.held_up.set(None);
        outcome
    }
}
