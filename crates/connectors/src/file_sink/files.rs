//! The files of one writer until they are prepared.
//!
//! A directory that is absent, or that another one stands for while its disk is not mounted, is waited for where a file begins, and where
//! files get their prepared names: there it is opened and looked at, and what is made and renamed is in what was looked at.
//! In between files are held open: what goes wrong with them fails the attempt. So does a disk that fails, which can't be mounted again
//! as long as the writer's lock is held open on it.

use std::collections::{BTreeMap, VecDeque};
use std::fmt::Display;
use std::fs::File;
use std::io::{ErrorKind, Write};
use std::path::PathBuf;
use std::sync::Arc;

use millstream_core::{CheckpointId, Result};
use millstream_engine::connector::Committable;
use rustix::fs::{AtFlags, statat};
use rustix::io::Errno;

use super::directory::{Directory, Failure, MOUNT, absent};
use super::disk_error;
use super::lock::WriterLock;
use super::names::{Names, Partition};
use super::prepared::PreparedFile;
use super::spot::{make_new, rename_new};
use super::stand::UNMOUNTED;
use super::waits::Tried;

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
    /// The name that a prepare gave it that is not done; `None`: it has the one under which it was written.
    renamed: Option<String>,
}

/// The files of one writer that are not prepared yet.
pub(super) struct Files {
    directory: Directory,
    names: Names,
    /// Taken with the first file, and held until the writer goes.
    lock: Option<WriterLock>,
    /// The file of each partition that is being written.
    present: BTreeMap<Partition, HiddenFile>,
    ended: VecDeque<EndedFile>,
    /// What has its prepared name already, of a prepare that is not done.
    prepared: Vec<PreparedFile>,
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
            ended: VecDeque::new(),
            prepared: Vec::new(),
            number: 0,
        }
    }

    /// Appends to the present file of a partition, which is made if there is none, as soon as the directory is there.
    ///
    /// # Errors
    /// It can't be written.
    pub(super) fn write(&mut self, partition: &Partition, bytes: &[u8]) -> Result<Tried<()>> {
        if !self.present.contains_key(partition) {
            match self.once_there(Self::create)? {
                Tried::Done(created) => drop(self.present.insert(Arc::clone(partition), created)),
                Tried::Later(why) => return Ok(Tried::Later(why)),
            }
        }
        let Some(present) = self.present.get_mut(partition) else {
            return Ok(Tried::Done(()));
        };
        present
            .file
            .write_all(bytes)
            .map_err(|error| disk_error("write", &present.path, &error))?;
        present.bytes += bytes.len() as u64;
        Ok(Tried::Done(()))
    }

    /// Does work in the directory, or tells why it can't be done now: the directory is absent.
    fn once_there<T>(
        &mut self,
        work: impl Fn(&mut Self) -> Result<T, Failure>,
    ) -> Result<Tried<T>> {
        let mut failure = match work(self) {
            Ok(done) => return Ok(Tried::Done(done)),
            Err(failure) => failure,
        };
        if matches!(failure, Failure::Absent(_)) {
            if let Some(why) = absent(self.directory.path()) {
                return Ok(Tried::Later(self.is_away(&why, MOUNT)));
            }
            // It may have come back in between. What is missing now is missing from it.
            failure = match work(self) {
                Ok(done) => return Ok(Tried::Done(done)),
                Err(failure) => failure,
            };
        }
        match failure {
            Failure::Unmounted(error) => {
                Ok(Tried::Later(self.is_away(&UNMOUNTED, error.next_step())))
            }
            failure => Err(failure.into()),
        }
    }

    /// Says why nothing can be written now, and what to do.
    fn is_away(&self, why: &dyn Display, next: &str) -> String {
        let path = self.directory.path().display();
        format!("nothing can be written to {path} now: the directory is away ({why}); {next}")
    }

    fn create(&mut self) -> Result<HiddenFile, Failure> {
        let at = self.open()?;
        if self.lock.is_none() {
            let lock = WriterLock::take(&at, &self.directory, &mut self.names)?;
            self.lock = Some(lock);
        }
        loop {
            let number = self.number;
            self.number += 1;
            let name = self.names.in_progress(number);
            let path = self.directory.path().join(&name);
            match make_new(&at, &name) {
                Ok(file) => {
                    return Ok(HiddenFile {
                        file,
                        path,
                        number,
                        bytes: 0,
                    });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(Failure::of("create", &path, &error)),
            }
        }
    }

    /// Opens the directory for a file that begins.
    fn open(&mut self) -> Result<File, Failure> {
        let is_prepared = self.ended.is_empty() && self.prepared.is_empty();
        if !(is_prepared && self.present.is_empty()) {
            return self.directory.open();
        }
        let before = self.directory.spot().identity;
        let at = self.directory.reopen()?;
        if self.directory.spot().identity != before {
            // It is held in what was there before.
            self.lock = None;
        }
        Ok(at)
    }

    /// The name of a file that has ended.
    fn name_of(&self, ended: &EndedFile) -> String {
        let renamed = ended.renamed.clone();
        renamed.unwrap_or_else(|| self.names.in_progress(ended.number))
    }

    /// Ends the present file of a partition.
    ///
    /// # Errors
    /// It can't be synced.
    pub(super) fn end(&mut self, partition: &Partition) -> Result<()> {
        if let Some(present) = self.present.remove(partition) {
            let synced = present.file.sync_all();
            self.ended.push_back(EndedFile {
                partition: Arc::clone(partition),
                number: present.number,
                bytes: present.bytes,
                renamed: None,
            });
            synced.map_err(|error| disk_error("sync", &present.path, &error))?;
        }
        Ok(())
    }

    /// Gives all files that have ended their prepared names, as soon as the directory is there.
    ///
    /// # Errors
    /// They can't be renamed or synced, or another directory is there.
    pub(super) fn prepare(&mut self, checkpoint: CheckpointId) -> Result<Tried<Vec<Committable>>> {
        match self.once_there(|files| files.name_all(checkpoint))? {
            Tried::Done(()) => {
                let prepared = std::mem::take(&mut self.prepared).into_iter();
                let committables = prepared.map(|file| file.committable());
                Ok(Tried::Done(committables.collect()))
            }
            Tried::Later(why) => Ok(Tried::Later(why)),
        }
    }

    fn name_all(&mut self, checkpoint: CheckpointId) -> Result<(), Failure> {
        let at = self.directory.open()?;
        // A disk that went before it had written the new names comes back with the old ones.
        for file in &self.prepared {
            let path = self.directory.path().join(&file.hidden);
            statat(&at, &*file.hidden, AtFlags::SYMLINK_NOFOLLOW)
                .map_err(|error| Failure::of("find", &path, &error.into()))?;
        }
        let mut number = 0;
        while let Some(mut ended) = self.ended.pop_front() {
            match self.name_prepared(&at, &mut ended, checkpoint, &mut number) {
                Ok(prepared) => self.prepared.push(prepared),
                Err(failure) => {
                    self.ended.push_front(ended);
                    return Err(failure);
                }
            }
        }
        self.directory.sync(&at)
    }

    /// Renames a file to the first prepared name that is free, from `number` on, and whose visible name is free too.
    fn name_prepared(
        &self,
        at: &File,
        ended: &mut EndedFile,
        checkpoint: CheckpointId,
        number: &mut u64,
    ) -> Result<PreparedFile, Failure> {
        loop {
            let (name, visible) = self.names.prepared(checkpoint, *number);
            *number += 1;
            let prepared = self.directory.path().join(&name);
            let failed = |error: std::io::Error| Failure::of("rename to", &prepared, &error);
            match rename_new(at, &self.name_of(ended), &name) {
                Err(error) if error.kind() == ErrorKind::AlreadyExists => continue,
                result => result.map_err(failed)?,
            }
            // Whatever goes wrong from here on, this is where the file is found again.
            ended.renamed = Some(name.clone());
            // Looked at only now: whoever had the prepared name before may have been committed.
            let file = PreparedFile::new(
                &self.directory,
                &ended.partition,
                name,
                visible,
                ended.bytes,
            );
            match statat(at, &*file.shown(), AtFlags::empty()) {
                Ok(_) => {}
                Err(Errno::NOENT) => return Ok(file),
                Err(error) => return Err(failed(error.into())),
            }
        }
    }

    /// Removes what was never prepared.
    pub(super) fn abandon(&mut self) {
        let present = std::mem::take(&mut self.present);
        let present = present.into_values().map(|present| present.path);
        let ended = std::mem::take(&mut self.ended);
        let directory = self.directory.path();
        let ended = ended
            .iter()
            .map(|ended| directory.join(self.name_of(ended)));
        for path in ended.chain(present) {
            if let Err(error) = std::fs::remove_file(&path) {
                // The next attempt removes it, as it does what a prepare that failed has named.
                tracing::debug!("{} can't be removed: {error}", path.display());
            }
        }
        self.lock = None;
    }
}

#[cfg(test)]
mod tests;
