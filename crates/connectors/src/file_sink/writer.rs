//! The writer: encodes on the worker thread, decides where files end.

use millstream_core::{CheckpointId, JobId, Result};
use millstream_engine::connector::{Prepared, SinkContext, SinkWriter, StateEntry, WriteStatus};

use super::directory::Directory;
use super::disk::{Disk, Order};
use super::names::Names;
use super::prepared::SinkState;
use crate::formats::{FileEncoder, FileFormat};

/// Bytes that are handed to the disk at once, or a batch if that is more. Larger buffers make nothing quicker.
const BUFFER_BYTES: usize = 256 * 1024;

pub(super) struct FileWriter<T> {
    encoder: Box<dyn FileEncoder<T>>,
    max_file_bytes: u64,
    disk: Disk,
    buffer: Vec<u8>,
    /// Bytes of the present file that were handed to the disk.
    handed_over: u64,
    /// Records of all files.
    written: u64,
    /// Records were encoded for the present file.
    in_file: bool,
    /// The disk has got something since the last snapshot was prepared.
    in_epoch: bool,
    preparing: Option<CheckpointId>,
    job: JobId,
    subtask: usize,
    directory: Directory,
}

impl<T: 'static> FileWriter<T> {
    /// Opens the writer and starts its thread. No file is made before there are records.
    pub(super) fn start(
        directory: Directory,
        format: &dyn FileFormat<T>,
        max_file_bytes: u64,
        origin: JobId,
        context: &SinkContext,
    ) -> Result<Self> {
        let (job, subtask) = (context.job, context.subtask);
        let names = Names {
            origin,
            job,
            run: context.run,
            subtask,
            slot: 0,
            extension: format.extension(),
        };
        Ok(Self {
            encoder: format.encoder(),
            max_file_bytes,
            disk: Disk::start(directory.clone(), names, context.waker.clone())?,
            buffer: Vec::new(),
            handed_over: 0,
            written: 0,
            in_file: false,
            in_epoch: false,
            preparing: None,
            job,
            subtask,
            directory,
        })
    }

    fn file_bytes(&self) -> u64 {
        self.handed_over + self.buffer.len() as u64 + self.encoder.buffered() as u64
    }

    fn hand_over(&mut self) -> Result<()> {
        if self.buffer.is_empty() {
            return Ok(());
        }
        self.handed_over += self.buffer.len() as u64;
        self.in_epoch = true;
        let full = std::mem::replace(&mut self.buffer, self.disk.buffer());
        self.disk.order(Order::Write(full))
    }

    fn end_file(&mut self) -> Result<()> {
        if !self.in_file {
            return Ok(());
        }
        self.encoder.finish(&mut self.buffer)?;
        self.hand_over()?;
        self.in_file = false;
        self.handed_over = 0;
        self.disk.order(Order::End)
    }

    fn write_one(&mut self, record: &T) -> Result<()> {
        self.encoder.encode(record, &mut self.buffer)?;
        self.written += self.encoder.records(record);
        // A batch without rows begins no file.
        self.in_file = self.in_file || self.file_bytes() > 0;
        if self.file_bytes() >= self.max_file_bytes {
            self.end_file()
        } else if self.buffer.len() >= BUFFER_BYTES {
            self.hand_over()
        } else {
            Ok(())
        }
    }
}

impl<T: 'static> SinkWriter<T> for FileWriter<T> {
    fn write(&mut self, records: &mut Vec<T>) -> Result<WriteStatus> {
        for (taken, record) in records.iter().enumerate() {
            if !self.disk.has_room()? {
                records.drain(..taken);
                return Ok(WriteStatus::Full);
            }
            self.write_one(record)?;
        }
        records.clear();
        Ok(WriteStatus::Taken)
    }

    fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Prepared> {
        if self.preparing != Some(checkpoint) {
            self.end_file()?;
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

    fn written(&self) -> Option<u64> {
        Some(self.written)
    }

    fn snapshot(&mut self, _checkpoint: CheckpointId) -> Result<Vec<StateEntry>> {
        // One entry is enough for all subtasks.
        let entries =
            (self.subtask == 0).then(|| SinkState::new(self.job, &self.directory).entry());
        Ok(entries.into_iter().collect())
    }
}
