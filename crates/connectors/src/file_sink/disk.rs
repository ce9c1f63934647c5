//! The thread that writes one writer's files, and the worker's end of the channel to it.

use std::collections::{BTreeMap, VecDeque};
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use crossbeam_channel::{Receiver, Sender, TryRecvError, TrySendError, bounded};
use millstream_core::{CheckpointId, Error, Result, codes};
use millstream_engine::connector::{Committable, Waker};

use super::directory::{Directory, rename_new};
use super::disk_error;
use super::lock::WriterLock;
use super::names::Names;
use super::prepared::PreparedFile;

/// Orders that may wait for the disk. With buffers of a batch each this is most of a writer's memory.
const ORDERS: usize = 4;

/// A directory below that of the sink, by its path; empty where files are not parted.
pub(super) type Partition = Arc<str>;

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
    orders: Option<Sender<Order>>,
    /// Orders that found the channel full. Bounded: nothing is written while there are any.
    waiting: VecDeque<Order>,
    spare: Receiver<Vec<u8>>,
    prepared: Receiver<Vec<Committable>>,
    shared: Arc<Shared>,
    thread: Option<JoinHandle<()>>,
}

/// What both ends look at.
#[derive(Debug, Default)]
struct Shared {
    /// The writer is gone: nothing more is worth writing.
    abandoned: AtomicBool,
    /// Why the thread has ended.
    failure: Mutex<Option<Error>>,
}

impl Disk {
    /// Starts the thread.
    pub(super) fn start(directory: Directory, names: Names, waker: Waker) -> Result<Self> {
        let (orders, order_receiver) = bounded(ORDERS);
        let (spare_sender, spare) = bounded(ORDERS + 1);
        let (prepared_sender, prepared) = bounded(1);
        let shared = Arc::new(Shared::default());
        let name = format!("file-sink-{}", names.subtask);
        let files = Files {
            directory,
            names,
            lock: None,
            present: BTreeMap::new(),
            ended: Vec::new(),
            number: 0,
        };
        let thread = DiskThread {
            orders: order_receiver,
            spare: spare_sender,
            prepared: prepared_sender,
            waker,
            shared: shared.clone(),
            files,
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
            shared,
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
        let failure = self
            .shared
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failure
            .clone()
            .unwrap_or_else(|| Error::new(&codes::INTERNAL, "the file sink's thread has ended"))
    }
}

impl Drop for Disk {
    /// Waits for the write or sync under way, so that the next attempt finds nothing moving.
    fn drop(&mut self) {
        self.shared.abandoned.store(true, Ordering::Release);
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
    shared: Arc<Shared>,
    files: Files,
}

impl DiskThread {
    fn run(mut self) {
        while let Ok(order) = self.orders.recv() {
            if self.shared.abandoned.load(Ordering::Acquire) {
                break;
            }
            if let Err(error) = self.obey(order) {
                let mut failure = self
                    .shared
                    .failure
                    .lock()
                    .unwrap_or_else(PoisonError::into_inner);
                *failure = Some(error);
                break;
            }
            self.waker.wake();
        }
        self.files.abandon();
        let waker = self.waker.clone();
        // The channels are closed first, so that the worker finds the failure when it looks.
        drop(self);
        waker.wake();
    }

    fn obey(&mut self, order: Order) -> Result<()> {
        match order {
            Order::Write(partition, mut bytes) => {
                self.files.write(&partition, &bytes)?;
                bytes.clear();
                // With no room for it there are spare buffers enough.
                drop(self.spare.try_send(bytes));
                Ok(())
            }
            Order::End(partition) => self.files.end(&partition),
            Order::Prepare(checkpoint) => {
                let committables = self.files.prepare(checkpoint)?;
                // Whoever asked may be gone.
                drop(self.prepared.send(committables));
                Ok(())
            }
        }
    }
}

/// A hidden file that is being written.
struct HiddenFile {
    file: File,
    path: PathBuf,
    number: u64,
    bytes: u64,
}

/// A file that is complete and synced. There may be very many until the next snapshot: none of them is kept open.
#[derive(Debug, Clone)]
struct EndedFile {
    partition: Partition,
    number: u64,
    bytes: u64,
}

/// The files of one writer that are not prepared yet.
struct Files {
    directory: Directory,
    names: Names,
    /// Taken with the first file, and held until the writer goes.
    lock: Option<WriterLock>,
    /// The file of each partition that is being written.
    present: BTreeMap<Partition, HiddenFile>,
    ended: Vec<EndedFile>,
    /// The number of the next file that is made.
    number: u64,
}

impl Files {
    fn write(&mut self, partition: &Partition, bytes: &[u8]) -> Result<()> {
        if !self.present.contains_key(partition) {
            let created = self.create()?;
            self.present.insert(Arc::clone(partition), created);
        }
        let Some(present) = self.present.get_mut(partition) else {
            return Ok(());
        };
        present
            .file
            .write_all(bytes)
            .map_err(|error| disk_error("write", &present.path, &error))?;
        present.bytes += bytes.len() as u64;
        Ok(())
    }

    fn create(&mut self) -> Result<HiddenFile> {
        if self.lock.is_none() {
            self.lock = Some(WriterLock::take(&self.directory, &mut self.names)?);
        }
        loop {
            let number = self.number;
            self.number += 1;
            let path = self.path(number);
            match File::create_new(&path) {
                Ok(file) => {
                    return Ok(HiddenFile {
                        file,
                        path,
                        number,
                        bytes: 0,
                    });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(disk_error("create", &path, &error)),
            }
        }
    }

    /// Where the file with this number lies until it is prepared.
    fn path(&self, number: u64) -> PathBuf {
        self.directory.path().join(self.names.in_progress(number))
    }

    fn end(&mut self, partition: &Partition) -> Result<()> {
        if let Some(present) = self.present.remove(partition) {
            let synced = present.file.sync_all();
            self.ended.push(EndedFile {
                partition: Arc::clone(partition),
                number: present.number,
                bytes: present.bytes,
            });
            synced.map_err(|error| disk_error("sync", &present.path, &error))?;
        }
        Ok(())
    }

    fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Vec<Committable>> {
        let mut committables = Vec::with_capacity(self.ended.len());
        let mut number = 0;
        for ended in &self.ended {
            let prepared = self.name_prepared(ended, checkpoint, &mut number)?;
            committables.push(prepared.committable());
        }
        self.ended.clear();
        self.directory.sync()?;
        Ok(committables)
    }

    /// Renames a file to the first prepared name that is free, from `number` on, and whose visible name is free too.
    fn name_prepared(
        &self,
        ended: &EndedFile,
        checkpoint: CheckpointId,
        number: &mut u64,
    ) -> Result<PreparedFile> {
        let mut path = self.path(ended.number);
        loop {
            let (name, visible) = self.names.prepared(checkpoint, *number);
            *number += 1;
            let prepared = self.directory.path().join(&name);
            let failed = |error: std::io::Error| disk_error("rename to", &prepared, &error);
            match rename_new(&path, &prepared) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                result => result.map_err(failed)?,
            }
            path.clone_from(&prepared);
            // Looked at only now: whoever had the prepared name before may have been committed.
            let file = PreparedFile::new(
                &self.directory,
                &ended.partition,
                name,
                visible,
                ended.bytes,
            );
            let shown = self.directory.path().join(file.shown());
            if !shown.try_exists().map_err(failed)? {
                return Ok(file);
            }
        }
    }

    /// Removes what was never prepared.
    fn abandon(&mut self) {
        let present = std::mem::take(&mut self.present);
        let present = present.into_values().map(|present| present.number);
        let ended = std::mem::take(&mut self.ended);
        let numbers = ended.into_iter().map(|ended| ended.number).chain(present);
        for path in numbers.map(|number| self.path(number)) {
            if let Err(error) = std::fs::remove_file(&path) {
                // Of a prepare that failed it has another name; the next attempt removes that one.
                tracing::debug!("{} can't be removed: {error}", path.display());
            }
        }
        self.lock = None;
    }
}
