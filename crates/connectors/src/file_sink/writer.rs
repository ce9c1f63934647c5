//! The writer: encodes on the worker thread, decides where files end.

use std::sync::Arc;

use millstream_core::{CheckpointId, Result};
use millstream_engine::connector::{Prepared, SinkContext, SinkWriter, StateEntry, WriteStatus};

use super::Layout;
use super::disk::{Disk, Order};
use super::leftovers::Leftovers;
use super::names::Partition;
use super::output::Output;
use super::prepared::SinkState;
use super::waits::Told;
use crate::formats::{FileEncoder, FileFormat};

/// Bytes that are handed to the disk at once, or a batch if that is more. Larger buffers make nothing quicker.
const BUFFER_BYTES: usize = 256 * 1024;
/// Files of partitions that a writer has open; the one that was written to least lately ends for another.
const OPEN_FILES: usize = 64;
/// Bytes that the files of all partitions keep back; the one that has most of them ends when they come to more.
const KEPT_BACK: usize = 128 << 20;

pub(super) struct FileWriter<T> {
    layout: Arc<Layout<T>>,
    disk: Disk,
    /// Files that have been begun, the one that was written to last at the end.
    open: Vec<OpenFile<T>>,
    /// What was taken apart of a record and has not been written.
    parts: Vec<(Partition, T)>,
    /// Records of all files.
    written: u64,
    /// The disk has got something since the last snapshot was prepared.
    in_epoch: bool,
    preparing: Option<CheckpointId>,
    subtask: usize,
    state: SinkState,
}

/// A file that is being written.
struct OpenFile<T> {
    partition: Partition,
    encoder: Box<dyn FileEncoder<T>>,
    buffer: Vec<u8>,
    /// Bytes that were handed to the disk.
    handed_over: u64,
    /// Records were encoded for it.
    begun: bool,
}

impl<T: 'static> OpenFile<T> {
    fn new(partition: Partition, format: &dyn FileFormat<T>, buffer: Vec<u8>) -> Self {
        Self {
            partition,
            encoder: format.encoder(),
            buffer,
            handed_over: 0,
            begun: false,
        }
    }

    fn bytes(&self) -> u64 {
        self.handed_over + self.buffer.len() as u64 + self.encoder.buffered() as u64
    }
}

impl<T: 'static> FileWriter<T> {
    /// Opens the writer and starts its thread, which removes the leftovers first. No file is made before there are records.
    pub(super) fn start(
        output: Output,
        leftovers: Option<Leftovers>,
        layout: Arc<Layout<T>>,
        state: SinkState,
        context: &SinkContext,
        told: Told,
    ) -> Result<Self> {
        Ok(Self {
            layout,
            disk: Disk::start(output, leftovers, context, told)?,
            open: Vec::new(),
            parts: Vec::new(),
            written: 0,
            in_epoch: false,
            preparing: None,
            subtask: context.subtask,
            state,
        })
    }

    fn hand_over(&mut self, file: &mut OpenFile<T>) -> Result<()> {
        if file.buffer.is_empty() {
            return Ok(());
        }
        file.handed_over += file.buffer.len() as u64;
        self.in_epoch = true;
        let full = std::mem::replace(&mut file.buffer, self.disk.buffer());
        let partition = Arc::clone(&file.partition);
        self.disk.order(Order::Write(partition, full))
    }

    fn end_file(&mut self, file: &mut OpenFile<T>) -> Result<()> {
        if !file.begun {
            return Ok(());
        }
        file.encoder.finish(&mut file.buffer)?;
        self.hand_over(file)?;
        (file.begun, file.handed_over) = (false, 0);
        self.disk.order(Order::End(Arc::clone(&file.partition)))
    }

    fn end_files(&mut self) -> Result<()> {
        let mut open = std::mem::take(&mut self.open);
        let ended = open.iter_mut().try_for_each(|file| self.end_file(file));
        if self.layout.partition.is_none() {
            // Its encoder and its buffer are used again.
            self.open = open;
        }
        ended
    }

    /// Takes the file of a partition out of those that are open, or a new one.
    fn take_open(&mut self, partition: &Partition) -> OpenFile<T> {
        let place = self
            .open
            .iter()
            .position(|file| file.partition == *partition);
        match place {
            Some(place) => self.open.remove(place),
            None => {
                let format = self.layout.format.as_ref();
                OpenFile::new(Arc::clone(partition), format, self.disk.buffer())
            }
        }
    }

    /// Ends files while too many are open, or too much is kept back.
    fn make_room(&mut self) -> Result<()> {
        if self.layout.partition.is_none() {
            return Ok(());
        }
        let kept = |file: &OpenFile<T>| file.encoder.buffered() + file.buffer.len();
        let all: usize = self.open.iter().map(kept).sum();
        let place = if all > KEPT_BACK {
            let places = 0..self.open.len();
            places.max_by_key(|place| self.open.get(*place).map_or(0, kept))
        } else {
            (self.open.len() > OPEN_FILES).then_some(0)
        };
        let Some(place) = place.filter(|place| *place < self.open.len()) else {
            return Ok(());
        };
        let mut file = self.open.remove(place);
        self.end_file(&mut file)
    }

    fn write_one(&mut self, partition: &Partition, record: &T) -> Result<()> {
        let mut file = self.take_open(partition);
        file.encoder.encode(record, &mut file.buffer)?;
        self.written += file.encoder.records(record);
        // A batch without rows begins no file.
        file.begun = file.begun || file.bytes() > 0;
        if file.bytes() >= self.layout.max_file_bytes {
            self.end_file(&mut file)?;
        } else if file.buffer.len() >= BUFFER_BYTES {
            self.hand_over(&mut file)?;
        }
        self.open.push(file);
        self.make_room()
    }

    /// Writes what was taken apart of a record, as long as there is room. False: there is none.
    fn write_parts(&mut self) -> Result<bool> {
        while self.disk.has_room()? {
            let Some((partition, part)) = self.parts.pop() else {
                return Ok(true);
            };
            self.write_one(&partition, &part)?;
        }
        Ok(false)
    }

    /// Writes a record; parts of it wait for room.
    fn write_record(&mut self, record: &T) -> Result<()> {
        let Some(partition) = &self.layout.partition else {
            return self.write_one(&Partition::default(), record);
        };
        self.parts = partition.split(record)?;
        self.parts.reverse();
        self.write_parts().map(drop)
    }
}

impl<T: 'static> SinkWriter<T> for FileWriter<T> {
    fn write(&mut self, records: &mut Vec<T>) -> Result<WriteStatus> {
        for taken in 0..records.len() {
            let full = !self.write_parts()?;
            let record = records.get(taken).filter(|_| !full);
            let Some(record) = record else {
                records.drain(..taken);
                return Ok(WriteStatus::Full);
            };
            // What there is no room for of its parts is held here.
            self.write_record(record)?;
        }
        records.clear();
        Ok(WriteStatus::Taken)
    }

    fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Prepared> {
        if self.preparing != Some(checkpoint) {
            if !self.parts.is_empty() && !self.write_parts()? {
                return Ok(Prepared::Pending);
            }
            self.end_files()?;
            // An answer that never came is that of a disk that has failed, which the next order tells.
            if !self.in_epoch && self.preparing.is_none() {
                return Ok(Prepared::Ready(Vec::new()));
            }
            self.in_epoch = false;
            self.preparing = Some(checkpoint);
            self.disk.order(Order::Prepare(checkpoint))?;
        }
        let Some(committables) = self.disk.prepared()? else {
            return Ok(Prepared::Pending);
        };
        self.preparing = None;
        Ok(Prepared::Ready(committables))
    }

    /// What waits for room counts: it is written before the next snapshot is prepared.
    fn written(&self) -> Option<u64> {
        if self.parts.is_empty() {
            return Some(self.written);
        }
        let encoder = self.layout.format.encoder();
        let waiting = self.parts.iter().map(|(_, part)| encoder.records(part));
        Some(self.written + waiting.sum::<u64>())
    }

    fn snapshot(&mut self, _checkpoint: CheckpointId) -> Result<Vec<StateEntry>> {
        // One entry is enough for all subtasks.
        let entries = (self.subtask == 0).then(|| self.state.entry());
        Ok(entries.into_iter().collect())
    }
}
