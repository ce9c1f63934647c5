//! The names of what is announced, written down before it is: so that a file which was read behind the last checkpoint,
//! and is gone when the job goes on from it, can be told by its name.
//!
//! Journals lie in the job's own directory, `_intake-<source>-<run>-<part>`, one part for what lies between two
//! checkpoints. A part is dropped when no retained checkpoint is older than what it holds.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use millstream_core::CheckpointId;
use millstream_core::hash::stable_hash;

use super::piece::{Piece, decode_records, encode_record};

/// A part that is closed, and the number behind its last piece.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    end: u64,
}

/// The journal that an attempt writes.
#[derive(Debug)]
pub(crate) struct Journal {
    directory: PathBuf,
    prefix: String,
    run: u64,
    number: u64,
    open: Option<(File, Part)>,
    closed: Vec<Part>,
    /// Completed checkpoints, and what had been announced before them.
    checkpoints: Vec<(CheckpointId, u64)>,
}

/// What the names of a source's journals begin with.
fn prefix(uid: &str) -> String {
    format!("_intake-{:016x}-", stable_hash(uid.as_bytes()))
}

impl Journal {
    /// A journal of the source `uid` for the attempt `run`.
    pub(crate) fn new(directory: PathBuf, uid: &str, run: u64) -> Self {
        Self {
            directory,
            prefix: prefix(uid),
            run,
            number: 0,
            open: None,
            closed: Vec::new(),
            checkpoints: Vec::new(),
        }
    }

    /// Writes pieces down; they are on the disk when this returns.
    ///
    /// # Errors
    /// They are not.
    pub(crate) fn write(&mut self, pieces: &[Piece]) -> io::Result<()> {
        let Some(last) = pieces.last() else {
            return Ok(());
        };
        if self.open.is_none() {
            self.open = Some(self.create()?);
        }
        let Some((mut file, mut part)) = self.open.take() else {
            return Ok(());
        };
        part.end = last.sequence + 1;
        let written = file
            .write_all(&encode_record(pieces))
            .and_then(|()| file.sync_data());
        match written {
            Ok(()) => self.open = Some((file, part)),
            // Nothing is written behind half a record.
            Err(_) => self.closed.push(part),
        }
        written
    }

    fn create(&mut self) -> io::Result<(File, Part)> {
        // No directory is made: where a disk is away, it would stand in the place of the job's own.
        loop {
            let name = format!("{}{:010}-{:06}", self.prefix, self.run, self.number);
            self.number += 1;
            let path = self.directory.join(name);
            match OpenOptions::new().create_new(true).append(true).open(&path) {
                Ok(file) => {
                    File::open(&self.directory)?.sync_all()?;
                    return Ok((file, Part { path, end: 0 }));
                }
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// A checkpoint is complete before which `announced` pieces had been announced. Drops what no retained checkpoint
    /// needs.
    ///
    /// # Errors
    /// The directory can't be read or changed; nothing is lost by that.
    pub(crate) fn completed(&mut self, checkpoint: CheckpointId, announced: u64) -> io::Result<()> {
        self.checkpoints.push((checkpoint, announced));
        self.closed.extend(self.open.take().map(|(_, part)| part));
        let Some(oldest) = oldest_checkpoint(&self.directory)? else {
            return Ok(());
        };
        self.checkpoints.retain(|(number, _)| *number >= oldest);
        // An older checkpoint than this attempt's own keeps everything.
        let Some((_, needed)) = self
            .checkpoints
            .first()
            .filter(|(number, _)| *number == oldest)
        else {
            return Ok(());
        };
        let needed = *needed;
        self.drop_earlier_runs()?;
        for part in self.closed.extract_if(.., |part| part.end <= needed) {
            remove(&part.path)?;
        }
        Ok(())
    }

    /// Every retained checkpoint is this attempt's own, so what earlier attempts announced is covered.
    fn drop_earlier_runs(&self) -> io::Result<()> {
        for (run, path) in parts(&self.directory, &self.prefix)? {
            if run < self.run {
                remove(&path)?;
            }
        }
        Ok(())
    }
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}

/// The file that makes a directory a checkpoint.
const METADATA: &str = "_metadata";

/// The lowest number of a checkpoint in the job's directory. What is not complete, or is being deleted, is none.
fn oldest_checkpoint(directory: &Path) -> io::Result<Option<CheckpointId>> {
    let mut oldest = None;
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        let name = entry.file_name();
        let number = name.to_str().and_then(|name| name.strip_prefix("chk-"));
        if let Some(number) = number.and_then(|number| number.parse::<CheckpointId>().ok())
            && entry.path().join(METADATA).exists()
        {
            oldest = Some(oldest.map_or(number, |oldest: CheckpointId| oldest.min(number)));
        }
    }
    Ok(oldest)
}

/// The journals in a directory, each with its run, in the order in which they were written.
fn parts(directory: &Path, prefix: &str) -> io::Result<Vec<(u64, PathBuf)>> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let mut parts = Vec::new();
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name();
        let rest = name.to_str().and_then(|name| name.strip_prefix(prefix));
        let run = rest.and_then(|rest| rest.split('-').next());
        if let Some(run) = run.and_then(|run| run.parse().ok()) {
            parts.push((run, entry.path()));
        }
    }
    parts.sort();
    Ok(parts)
}

/// What was announced behind a snapshot that the run `run` took when it had announced `announced` pieces: by that run,
/// and by those that came after it. `directories`: those of the job and of the jobs that went before.
///
/// # Errors
/// A journal can't be read.
pub(crate) fn announced_behind(
    directories: &[PathBuf],
    uid: &str,
    run: u64,
    announced: u64,
) -> io::Result<Vec<Piece>> {
    let mut pieces = Vec::new();
    for directory in directories {
        for (writer, path) in parts(directory, &prefix(uid))? {
            if writer < run {
                continue;
            }
            let read = decode_records(&fs::read(&path)?);
            let behind = |piece: &Piece| writer > run || piece.sequence >= announced;
            pieces.extend(read.into_iter().filter(behind));
        }
    }
    Ok(pieces)
}

#[cfg(test)]
mod tests;
