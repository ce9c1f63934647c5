//! The files of a job's directory.

use std::fs::{self, File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use millstream_core::{Error, Result, TriggerId, codes};
use millstream_process::regular::{self, at_once};
use millstream_protocol::link::{
    CountedFrom, ENDING_FILE, JobReport, LAUNCH_FILE, LEFT_OUT_FILE, LOCK_FILE, Launch,
    OUTCOME_FILE, RESTORED_FILE, STARTED_FILE, STOP_FILE, SUBMISSION_FILE, StopBegun, Submission,
};
use millstream_storage::Location;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The directory of the job that this process runs.
#[derive(Debug, Clone)]
pub(super) struct JobDirectory {
    path: PathBuf,
}

impl JobDirectory {
    pub(super) fn new(path: &Path) -> Self {
        Self {
            path: path.to_path_buf(),
        }
    }

    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Locks the directory for as long as the file is open.
    pub(super) fn lock(&self) -> Result<File> {
        let path = self.file(LOCK_FILE);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .write(true)
            .custom_flags(at_once())
            .open(&path)
            .map_err(|cause| unusable(&path, "opened", cause))?;
        let about = file
            .metadata()
            .map_err(|cause| unusable(&path, "looked at", cause))?;
        // A pipe that somebody reads opens, and so does a device, which others may lock as well.
        if !about.is_file() {
            return Err(no_file(&path, "locked"));
        }
        match file.try_lock() {
            Ok(()) => Ok(file),
            Err(fs::TryLockError::WouldBlock) => Err(Error::new(
                &codes::JOB_STATE,
                format!("another process runs the job of {}", self.path.display()),
            )
            .next("leave it to that process")),
            Err(fs::TryLockError::Error(cause)) => Err(unusable(&path, "locked", cause)),
        }
    }

    pub(super) fn submission(&self) -> Result<Submission> {
        read_submission(&self.file(SUBMISSION_FILE))
    }

    pub(super) fn launch(&self) -> Result<Launch> {
        Ok(self.read(LAUNCH_FILE)?.unwrap_or_default())
    }

    pub(super) fn stop_begun(&self) -> Result<Option<StopBegun>> {
        self.read(STOP_FILE)
    }

    /// A stop has begun, behind the one that is noted.
    pub(super) fn begin_stop(&self, stop: StopBegun) -> Result<()> {
        self.write(STOP_FILE, &stop.after(self.stop_begun()?))
    }

    /// If it is the stop that had begun: its savepoint is complete.
    pub(super) fn stop_written(&self, id: TriggerId) -> Result<()> {
        match self.stop_begun()? {
            Some(stop) if stop.id == id && !stop.written => self.write(
                STOP_FILE,
                &StopBegun {
                    written: true,
                    ..stop
                },
            ),
            _ => Ok(()),
        }
    }

    /// If it is the stop that had begun: nobody waits for its end any more.
    pub(super) fn end_stop(&self, id: TriggerId) -> Result<()> {
        match self.stop_begun()? {
            Some(stop) if stop.id == id && !stop.ended => self.write(
                STOP_FILE,
                &StopBegun {
                    ended: true,
                    ..stop
                },
            ),
            _ => Ok(()),
        }
    }

    /// Whether the job has begun to run, in this process or another.
    pub(super) fn has_begun(&self) -> Result<bool> {
        self.has(STARTED_FILE)
    }

    /// From now on the job may write output.
    pub(super) fn begin_run(&self) -> Result<()> {
        self.write(STARTED_FILE, &std::process::id())
    }

    pub(super) fn restored_from(&self) -> Result<Option<Location>> {
        let text: Option<String> = self.read(RESTORED_FILE)?;
        text.map(|text| text.parse()).transpose()
    }

    pub(super) fn pin_restored_from(&self, location: &Location) -> Result<()> {
        self.write(RESTORED_FILE, &location.to_string())
    }

    /// What the numbers of the job go on from.
    pub(super) fn counted_from(&self) -> Result<Option<CountedFrom>> {
        let Some(restored) = self.restored_from()? else {
            return Ok(None);
        };
        Ok(Some(CountedFrom {
            snapshot: restored.to_string(),
            leaves_out: self.read(LEFT_OUT_FILE)?,
        }))
    }

    /// Output had been committed behind the snapshot that the job is started from, up to here.
    pub(super) fn pin_left_out(&self, up_to: &str) -> Result<()> {
        self.write(LEFT_OUT_FILE, &up_to)
    }

    /// Whether the job's outcome is on disk.
    pub(super) fn has_outcome(&self) -> Result<bool> {
        self.has(OUTCOME_FILE)
    }

    /// What its last process, or its server, has left.
    pub(super) fn outcome(&self) -> Result<Option<JobReport>> {
        self.read(OUTCOME_FILE)
    }

    pub(super) fn write_outcome(&self, report: &JobReport) -> Result<()> {
        self.write(OUTCOME_FILE, report)
    }

    /// What the outcome is if nothing more is heard of the process.
    pub(super) fn ending(&self) -> Result<Option<JobReport>> {
        self.read(ENDING_FILE)
    }

    pub(super) fn write_ending(&self, report: &JobReport) -> Result<()> {
        self.write(ENDING_FILE, report)
    }

    pub(super) fn remove_ending(&self) -> Result<()> {
        self.remove(ENDING_FILE)
    }

    /// Whether there is a file. One that can't be looked at is not absent.
    fn has(&self, name: &str) -> Result<bool> {
        let path = self.file(name);
        path.try_exists()
            .map_err(|cause| unusable(&path, "looked at", cause))
    }

    /// Whether the directory itself is known to be gone.
    pub(super) fn is_gone(&self) -> bool {
        matches!(self.path.try_exists(), Ok(false))
    }

    fn remove(&self, name: &str) -> Result<()> {
        let path = self.file(name);
        match fs::remove_file(&path) {
            Ok(()) => self.sync(),
            Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(()),
            Err(cause) => Err(unusable(&path, "deleted", cause)),
        }
    }

    fn read<T: DeserializeOwned>(&self, name: &str) -> Result<Option<T>> {
        read_file(&self.file(name))
    }

    /// Puts a file in place that survives a crash of the machine: whole, or not at all.
    fn write(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let path = self.file(name);
        let temporary = self.file(&format!(".{name}.tmp"));
        let text = serde_json::to_vec(value).map_err(|cause| unusable(&path, "written", cause))?;
        let opened = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .custom_flags(at_once())
            .open(&temporary);
        let mut file = opened.map_err(|cause| unusable(&temporary, "opened", cause))?;
        let written = file.write_all(&text).and_then(|()| {
            file.sync_all()?;
            fs::rename(&temporary, &path)
        });
        written.map_err(|cause| unusable(&path, "written", cause))?;
        self.sync()
    }

    fn sync(&self) -> Result<()> {
        let synced = File::open(&self.path).and_then(|directory| directory.sync_all());
        synced.map_err(|cause| unusable(&self.path, "synced", cause))
    }
}

/// Reads a submission.
pub(super) fn read_submission(path: &Path) -> Result<Submission> {
    read_file(path)?.ok_or_else(|| {
        Error::new(
            &codes::JOB_DIRECTORY,
            format!("{} is not there", path.display()),
        )
        .next("job processes are started by `millstream server` only")
    })
}

/// Reads a file of JSON; `None`: it is not there.
fn read_file<T: DeserializeOwned>(path: &Path) -> Result<Option<T>> {
    let bytes = match regular::open(path) {
        Ok(Some(mut file)) => {
            let mut bytes = Vec::new();
            let read = file.read_to_end(&mut bytes);
            read.map_err(|cause| unusable(path, "read", cause))?;
            bytes
        }
        Ok(None) => return Err(no_file(path, "read")),
        Err(cause) if cause.kind() == ErrorKind::NotFound => return Ok(None),
        Err(cause) => return Err(unusable(path, "read", cause)),
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .map_err(|cause| unusable(path, "understood", cause))
}

fn no_file(path: &Path, verb: &str) -> Error {
    unusable(path, verb, "it is no regular file")
        .next("move it away, and put back the file that was there before")
}

fn unusable(path: &Path, verb: &str, cause: impl std::fmt::Display) -> Error {
    Error::new(
        &codes::JOB_DIRECTORY,
        format!("{} can't be {verb}", path.display()),
    )
    .cause(cause)
    .next("see that the server's data directory is writable and its disk not full")
}

#[cfg(test)]
mod tests;
