//! Who works with the checkpoints of a job: a lock in their directory, and a count of attempts that never repeats.
//!
//! ```text
//! <checkpoint dir>/<job id>/_owner    locked by whoever runs the job; says who that is, or was
//! <checkpoint dir>/<job id>/_run      the highest number that an attempt has taken
//! <checkpoint dir>/<job id>/_reached  the highest number of a snapshot whose output is committed; the same lies beside the directory
//! ```
//! On a file system without locks a [lease](lease) takes the place of the lock.

pub(crate) mod claim;
pub(crate) mod clock;
mod lease;
pub(crate) mod lock;
pub(crate) mod note;
pub(crate) mod process;

use std::path::Path;
use std::time::Duration;

use millstream_core::time::utc;
use millstream_core::{Error, JobId, Lineage, Result, codes};
use serde::{Deserialize, Serialize};

use crate::absent::is_absent;
use crate::disk::{read_if_there, write_durably};
use crate::fail;
use crate::files;
use crate::layout::SnapshotLayout;
use crate::location::Location;
use crate::names::RUN_FILE;
use crate::reached::Reached;
use claim::{Asking, check_claim};
use lock::Lock;
use note::Note;

/// How long a lease lasts that is not renewed.
const LEASE_TERM: Duration = Duration::from_secs(10);

/// How the checkpoints of a job are kept from others.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Locking {
    /// By the lock of a file, which ends with the process; by a lease where the file system has no locks.
    #[default]
    File,
    /// By a lease, whatever the file system has. Who finds one waits for three terms, to see whether it is renewed.
    Lease {
        /// How long it lasts that is not renewed.
        term: Duration,
    },
}

/// Who a job is, to others who look at its checkpoints.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// The job's name.
    pub job_name: String,
    /// Where it comes from.
    pub lineage: Lineage,
    /// The process that runs it, for people: `pid 123 on host`.
    pub what: String,
    /// Since when: milliseconds since 1970-01-01T00:00:00Z.
    pub since: u64,
    /// It runs of its own accord, so that nobody starts the same job again.
    pub is_alone: bool,
}

/// Who holds the checkpoints of a job.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Holder {
    /// The job that runs: the owner of the directory, or one that went on from it.
    pub job_id: JobId,
    /// Its name.
    pub job_name: String,
    /// Where it comes from.
    pub lineage: Lineage,
    /// The process that runs it, for people.
    pub what: String,
    /// Since when: milliseconds since 1970-01-01T00:00:00Z.
    pub since: u64,
    /// It runs of its own accord, so that nobody starts the same job again.
    #[serde(default)]
    pub is_alone: bool,
}

impl Holder {
    /// What `_owner` in a job's directory says, whether or not its writer lives; `None`: it can't be understood.
    pub(crate) fn noted(job_directory: &Path) -> Result<Option<Self>> {
        Ok(Note::in_directory(job_directory)?.map(|note| note.holder))
    }
}

impl std::fmt::Display for Holder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(
            f,
            "job {} ({}), {}, since {}",
            self.job_name,
            self.job_id,
            self.what,
            utc(self.since)
        )
    }
}

/// The checkpoints of a job, and those of the jobs that it went on from, held for as long as this lives. Nobody else can run
/// the job meanwhile, or go on from where it is.
#[derive(Debug)]
pub struct Ownership {
    layout: SnapshotLayout,
    holder: Holder,
    locking: Locking,
    /// The own one first.
    locks: Vec<Lock>,
    run: u64,
}

impl Ownership {
    /// Takes the checkpoints of `job` below `checkpoints`.
    ///
    /// # Errors
    /// - `OWNED`: somebody else has them; names who.
    /// - kind `Unavailable`: the directory can't be made, written or reached.
    pub fn acquire(checkpoints: &Location, job: JobId, owner: Owner) -> Result<Self> {
        Self::acquire_by(Locking::File, checkpoints, job, owner)
    }

    /// The same in a certain way.
    ///
    /// # Errors
    /// Those of [`acquire`](Self::acquire).
    pub fn acquire_by(
        locking: Locking,
        checkpoints: &Location,
        job: JobId,
        owner: Owner,
    ) -> Result<Self> {
        let mut ownership = Self {
            layout: SnapshotLayout::new(checkpoints.clone(), job),
            holder: Holder {
                job_id: job,
                job_name: owner.job_name,
                lineage: owner.lineage,
                what: owner.what,
                since: owner.since,
                is_alone: owner.is_alone,
            },
            locking,
            locks: Vec::new(),
            run: 0,
        };
        ownership.hold(job)?;
        Ok(ownership)
    }

    /// Takes the checkpoints of `job` as well, which this one goes on from by the name of the job (`-s latest`): two that go
    /// on from one point would write its output twice. The numbers of attempts go on above those of `job`.
    ///
    /// # Errors
    /// Those of [`acquire`](Self::acquire).
    pub fn hold(&mut self, job: JobId) -> Result<()> {
        let directory = SnapshotLayout::new(self.layout.checkpoints().clone(), job).job_directory();
        if self.locks.iter().any(|lock| lock.directory() == directory) {
            return Ok(());
        }
        let lock = Lock::take(directory, &self.holder, self.locking)?;
        self.run = self.run.max(read_run(lock.directory())?);
        self.locks.push(lock);
        Ok(())
    }

    /// Has the numbers of attempts go on above `run`, that of a snapshot which the job goes on from.
    pub fn go_on_above(&mut self, run: u64) {
        self.run = self.run.max(run);
    }

    /// The number of a new attempt: above those of all attempts before it, of this job and of those that it went on from. No
    /// other attempt ever gets it: it is on disk when this returns.
    ///
    /// # Errors
    /// It can't be written, or the ownership is [lost](Self::check).
    pub fn next_run(&mut self) -> Result<u64> {
        self.check()?;
        let run = self.run.saturating_add(1);
        let path = self.layout.job_directory().join(RUN_FILE);
        let text = serde_json::to_vec(&Run { run }).map_err(|cause| fail::write(&path, cause))?;
        write_durably(&path, &text).map_err(|cause| fail::write(&path, cause))?;
        self.run = run;
        Ok(run)
    }

    /// Notes how far the output of a job is committed, so that [`newest`](crate::newest) takes no older snapshot for its last:
    /// of this job, or of one that it went on from. Of others, which it holds nothing of, nothing is noted. Call it before the
    /// commit, once the snapshot is in place.
    ///
    /// # Errors
    /// It can't be written.
    pub fn note_reached(&self, reached: &Reached) -> Result<()> {
        let layout = SnapshotLayout::new(self.layout.checkpoints().clone(), reached.job_id);
        let directory = layout.job_directory();
        if !self.locks.iter().any(|lock| lock.directory() == directory) {
            return Ok(());
        }
        reached.note(&directory)
    }

    /// Checks that the checkpoints are held still: before anything is made visible to others (`_metadata`, a commit).
    ///
    /// # Errors
    /// `OWNERSHIP_TAKEN`: somebody else has taken them, and keeps them. `OWNERSHIP_LOST`: somebody may.
    pub fn check(&self) -> Result<()> {
        self.locks.iter().try_for_each(Lock::check)
    }

    /// Checks that a snapshot may be this job's to delete; `has_ended`: whether a job is known to have ended.
    ///
    /// # Errors
    /// Those of [`check_claim`].
    pub fn check_claim(
        &self,
        location: &Location,
        has_ended: &dyn Fn(JobId) -> bool,
    ) -> Result<()> {
        let asking = Asking {
            checkpoints: self.checkpoints(),
            own: Some(self.holder.job_id),
            has_ended,
        };
        check_claim(location, asking)
    }

    /// Who holds them.
    pub(crate) fn holder(&self) -> &Holder {
        &self.holder
    }

    /// Where the checkpoints of all jobs lie.
    pub(crate) fn checkpoints(&self) -> &Location {
        self.layout.checkpoints()
    }

    /// Gives all up. The directory of a job goes with it if nothing is left in it but the ownership: no checkpoint, and no note
    /// of its end.
    ///
    /// # Errors
    /// A directory can't be removed.
    pub fn end(mut self) -> Result<()> {
        // Whoever goes on from where this one did looks for what it read behind that.
        let last = self.holder.lineage.ancestors.last();
        let is_kept = |lock: &Lock| lock.check().is_ok();
        if self.holder.is_alone && last.is_none_or(|last| !last.owned) {
            let own = self.locks.first().filter(|lock| is_kept(lock));
            own.map_or(Ok(()), Lock::drop_journals)?;
        }
        while let Some(mut lock) = self.locks.pop() {
            // What somebody else has taken by now is theirs, to the last note.
            if is_kept(&lock) && !lock.clear_away()? {
                lock.say_ended()?;
            }
        }
        Ok(())
    }
}

fn owned(job_directory: &Path) -> Error {
    let holder = Holder::noted(job_directory).ok().flatten();
    let holder = holder.map_or_else(|| "another process".to_owned(), |holder| holder.to_string());
    Error::new(
        &codes::OWNED,
        format!(
            "the checkpoints in {} belong to {holder}",
            job_directory.display()
        ),
    )
    .next("stop that job first, or name a snapshot with -s PATH to start a second one beside it")
}

/// Whether there is anything in the directory of the checkpoints of `job`: whoever has ever held them has left something there.
///
/// # Errors
/// That can't be told, because the directory can't be reached.
pub fn has_been_held(checkpoints: &Location, job: JobId) -> Result<bool> {
    let directory = SnapshotLayout::new(checkpoints.clone(), job).job_directory();
    match files::list(&directory) {
        Ok(entries) => Ok(!entries.is_empty()),
        Err(error) if is_absent(&error) => Ok(false),
        Err(error) => Err(fail::read(&directory, &error)),
    }
}

/// Who holds the checkpoints of `job` at present, if anybody does.
///
/// # Errors
/// That can't be told, because the directory can't be reached: treat them as held.
pub fn holder(checkpoints: &Location, job: JobId) -> Result<Option<Holder>> {
    holder_in(&SnapshotLayout::new(checkpoints.clone(), job).job_directory())
}

/// Who holds the checkpoints in a job's directory; `None`: nobody.
pub(crate) fn holder_in(job_directory: &Path) -> Result<Option<Holder>> {
    if !lock::is_held(job_directory)? {
        return Ok(None);
    }
    let noted = Holder::noted(job_directory)?;
    noted.map(Some).ok_or_else(|| owned(job_directory))
}

/// What `_run` holds.
#[derive(Serialize, Deserialize)]
struct Run {
    run: u64,
}

fn read_run(job_directory: &Path) -> Result<u64> {
    let path = job_directory.join(RUN_FILE);
    let Some(bytes) = read_if_there(&path)? else {
        return Ok(0);
    };
    let read: Run = serde_json::from_slice(&bytes).map_err(|cause| fail::corrupt(&path, cause))?;
    Ok(read.run)
}
