//! The files of one writer until they are prepared.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;

use millstream_core::{CheckpointId, Result};
use millstream_engine::connector::Committable;

use super::directory::{Directory, rename_new};
use super::disk_error;
use super::lock::WriterLock;
use super::names::{Names, Partition};
use super::prepared::PreparedFile;

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
pub(super) struct Files {
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
    /// Of a writer in a directory. No file is made before there is something to write.
    pub(super) fn new(directory: Directory, names: Names) -> Self {
        Self {
            directory,
            names,
            lock: None,
            present: BTreeMap::new(),
            ended: Vec::new(),
            number: 0,
        }
    }

    /// Appends to the present file of a partition, which is made if there is none.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) fn write(&mut self, partition: &Partition, bytes: &[u8]) -> Result<()> {
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

    /// Ends the present file of a partition.
    ///
    /// # Errors
    /// It can't be synced.
    pub(super) fn end(&mut self, partition: &Partition) -> Result<()> {
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

    /// Gives all files that have ended their prepared names.
    ///
    /// # Errors
    /// They can't be renamed or synced.
    pub(super) fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Vec<Committable>> {
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
    pub(super) fn abandon(&mut self) {
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
