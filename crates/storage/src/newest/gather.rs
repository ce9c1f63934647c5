//! Everything on disk that says something about the jobs of one name.

use std::path::{Path, PathBuf};

use millstream_core::{CheckpointId, Error, JobId, Lineage, Result, codes};

use crate::absent::is_absent;
use crate::disk::subdirectories;
use crate::ended::Ended;
use crate::fail;
use crate::files;
use crate::location::Location;
use crate::metadata::{MetadataHints, SnapshotKind, SnapshotMetadata};
use crate::names::{COMMITTED_FILE, METADATA_FILE};
use crate::owner::Holder;
use crate::place::{check_place, checkpoint_number};
use crate::reached::{Reached, beside, missing_directories};
use crate::there::is_there;

/// What was found of the jobs of one name.
#[derive(Debug, Default)]
pub(super) struct Found {
    pub(super) candidates: Vec<Candidate>,
    pub(super) unreadable: Vec<Unreadable>,
    /// The jobs that have run at all, with or without snapshots.
    pub(super) jobs: Vec<(JobId, Lineage)>,
}

/// A point up to which output was committed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Candidate {
    pub(super) what: What,
    /// The snapshot; of one that is deleted or only noted, the directory of its job.
    pub(super) location: Location,
    pub(super) job: JobId,
    /// `None`: the end of the job, whatever its number.
    pub(super) number: Option<CheckpointId>,
    /// The attempt that wrote it: what a later one wrote is newer, whatever the numbers. Of [`What::Reached`] not noted.
    pub(super) run: u64,
    pub(super) lineage: Lineage,
    pub(super) created: u64,
    /// It holds output of which nothing says that it was committed.
    pub(super) is_open: bool,
}

/// What a candidate is. Of two at one boundary the later of these counts.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum What {
    /// A note that output is committed up to here, which is none to go on from.
    Reached,
    /// A savepoint of version 1 at which nothing was committed: the job went on.
    OnTheWay,
    /// A savepoint; its job went on.
    Savepoint,
    /// A checkpoint.
    Checkpoint,
    /// The savepoint that its job ended with.
    Last,
    /// The last snapshot of a job that ended with this status, deleted since.
    Deleted { status: String },
}

/// A `_metadata` that can't be read, and what is known of it nevertheless.
#[derive(Debug, Clone)]
pub(super) struct Unreadable {
    pub(super) job: Option<JobId>,
    pub(super) number: Option<CheckpointId>,
    pub(super) error: Error,
}

pub(super) fn gather(
    checkpoints: Option<&Location>,
    savepoints: &[Location],
    job_name: &str,
) -> Result<Found> {
    let mut gathering = Gathering {
        job_name,
        found: Found::default(),
    };
    if let Some(checkpoints) = checkpoints {
        for job_directory in sorted(checkpoints)? {
            gathering.job(&job_directory)?;
        }
        for (job, job_directory) in missing_directories(checkpoints)? {
            gathering.missing(job, &job_directory)?;
        }
    }
    for location in savepoints {
        for directory in sorted(location)? {
            gathering.snapshot(directory, None);
        }
    }
    Ok(gathering.found)
}

fn sorted(location: &Location) -> Result<Vec<PathBuf>> {
    let mut directories = subdirectories(location.path())?;
    directories.sort();
    Ok(directories)
}

struct Gathering<'a> {
    job_name: &'a str,
    found: Found,
}

impl Gathering<'_> {
    fn job(&mut self, job_directory: &Path) -> Result<()> {
        let name = job_directory.file_name().and_then(|name| name.to_str());
        let job: Option<JobId> = name.and_then(|name| name.parse().ok());
        let owner = Holder::noted(job_directory)?;
        if let Some(owner) = &owner
            && owner.job_name == self.job_name
        {
            self.found.jobs.push((owner.job_id, owner.lineage.clone()));
        }
        let (candidates, unreadable) = (self.found.candidates.len(), self.found.unreadable.len());
        let mut other_name = owner.is_some_and(|owner| owner.job_name != self.job_name);
        for directory in sorted(&Location::from_path(job_directory)?)? {
            other_name |= self.snapshot(directory, job) == Seen::Other;
        }
        if other_name && self.found.candidates.len() == candidates {
            // The directory is that of a job of another name, and so is what can't be read in it.
            self.found.unreadable.truncate(unreadable);
        }
        if let Some(reached) = Reached::noted(job_directory)? {
            self.reached(reached, job_directory)?;
        }
        match Ended::noted(job_directory)? {
            Some(ended) if ended.job_name == self.job_name => self.ended(ended, job_directory),
            _ => Ok(()),
        }
    }

    fn reached(&mut self, reached: Reached, job_directory: &Path) -> Result<()> {
        if reached.job_name == self.job_name {
            self.found.candidates.push(Candidate {
                what: What::Reached,
                location: Location::from_path(job_directory)?,
                job: reached.job_id,
                number: Some(reached.number),
                run: 0,
                lineage: reached.lineage,
                created: 0,
                is_open: false,
            });
        }
        Ok(())
    }

    /// Takes note of a job of which nothing is left but how far it came.
    fn missing(&mut self, job: JobId, job_directory: &Path) -> Result<()> {
        if let Some(reached) = Reached::noted(job_directory)? {
            return self.reached(reached, job_directory);
        }
        let path = beside(job_directory).unwrap_or_else(|| job_directory.to_owned());
        // Cut off when the power failed: the job had begun to commit, and nobody can tell what it is called.
        if is_there(&path)? {
            let error = fail::corrupt(&path, "it tells of a job whose checkpoints are not there");
            self.found.unreadable.push(Unreadable {
                job: Some(job),
                number: None,
                error: error.next("bring them back; where that job is not missed, delete the file"),
            });
        }
        Ok(())
    }

    fn ended(&mut self, ended: Ended, job_directory: &Path) -> Result<()> {
        let (what, location) = match ended.savepoint {
            Some(savepoint) => (What::Last, savepoint.parse()?),
            None => {
                let status = ended.status;
                (
                    What::Deleted { status },
                    Location::from_path(job_directory)?,
                )
            }
        };
        self.found.candidates.push(Candidate {
            what,
            location,
            job: ended.job_id,
            number: ended.number,
            run: ended.run.unwrap_or(u64::MAX),
            lineage: ended.lineage,
            created: ended.ended,
            is_open: false,
        });
        Ok(())
    }

    /// Looks at what lies in `directory`, which is below that of `job`.
    fn snapshot(&mut self, directory: PathBuf, job: Option<JobId>) -> Seen {
        let path = directory.join(METADATA_FILE);
        let bytes = match files::read(&path) {
            Ok(bytes) => bytes,
            Err(error) if is_absent(&error) => return Seen::Nothing,
            Err(error) => {
                return self.unreadable(&directory, job, &[], fail::read(&path, &error));
            }
        };
        let metadata = match SnapshotMetadata::from_text(&bytes, &path) {
            Ok(metadata) => metadata,
            Err(error) if error.code() == codes::SNAPSHOT_FOREIGN.id => {
                // Where savepoints lie, anybody may keep files of that name. Where a checkpoint of a job lies, they are ours.
                if job.is_none() || checkpoint_number(&directory).is_none() {
                    return Seen::Nothing;
                }
                let error = fail::corrupt(&path, "it holds something else than was written");
                return self.unreadable(&directory, job, &[], error);
            }
            Err(error) => return self.unreadable(&directory, job, &bytes, error),
        };
        if metadata.job_name != self.job_name {
            return Seen::Other;
        }
        if let Err(error) = check_place(&directory, &metadata) {
            return self.unreadable(&directory, job, &bytes, error);
        }
        let location = Location::from_path(&directory);
        match location.and_then(|location| candidate(metadata, location)) {
            Ok(candidate) => self.found.candidates.push(candidate),
            Err(error) => return self.unreadable(&directory, job, &bytes, error),
        }
        Seen::Ours
    }

    fn unreadable(
        &mut self,
        directory: &Path,
        job: Option<JobId>,
        bytes: &[u8],
        error: Error,
    ) -> Seen {
        let hints = MetadataHints::of(bytes);
        if hints
            .job_name
            .is_some_and(|job_name| job_name != self.job_name)
        {
            return Seen::Other;
        }
        let number = checkpoint_number(directory);
        self.found.unreadable.push(Unreadable {
            job: job.or(hints.job_id),
            number: number.or(hints.checkpoint_id),
            error,
        });
        Seen::Ours
    }
}

/// What lay in a directory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Seen {
    /// No snapshot.
    Nothing,
    /// A snapshot of this name, or one that may be.
    Ours,
    /// A snapshot of another name.
    Other,
}

fn candidate(metadata: SnapshotMetadata, location: Location) -> Result<Candidate> {
    let mut operators = metadata.operators.iter();
    // Version 1 noted nothing beside savepoints.
    let is_open = metadata.run > 0
        && operators.any(|operator| !operator.prepared.is_empty())
        && !is_there(&location.path().join(COMMITTED_FILE))?;
    let what = match metadata.kind {
        SnapshotKind::Checkpoint => What::Checkpoint,
        SnapshotKind::Savepoint if metadata.last => What::Last,
        SnapshotKind::Savepoint if metadata.is_committed_boundary() => What::Savepoint,
        SnapshotKind::Savepoint => What::OnTheWay,
    };
    Ok(Candidate {
        what,
        location,
        job: metadata.job_id,
        number: Some(metadata.checkpoint_id),
        run: metadata.run,
        lineage: metadata.lineage,
        created: metadata.created,
        is_open,
    })
}
