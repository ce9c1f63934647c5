//! What the files say of a job's past.

use std::path::Path;

use millstream_core::options::SAVEPOINT_DIRECTORY;
use millstream_core::{Configuration, Error, ErrorKind, JobId, Lineage, Result, codes};
use millstream_engine::job::{Keeper, Run};
use millstream_protocol::link::{Launch, StopBegun};
use millstream_protocol::{Condition, Facts, Offer, SnapshotRef, UnfinishedStop};
use millstream_storage::{
    Location, Ownership, Reached, Snapshot, SnapshotLayout, checkpoints_of, has_been_held, reached,
};

use super::directory::JobDirectory;
use super::siblings::Siblings;
use crate::ownership::Owning;

/// Keeps what a job has that a server runs: in the directory of the job, and in that of its checkpoints.
pub(super) struct Past {
    pub(super) directory: JobDirectory,
    pub(super) job: JobId,
    pub(super) name: String,
    pub(super) launch: Launch,
    pub(super) checkpoints: Location,
    pub(super) savepoints: Location,
    /// The snapshot that the user had the job started from.
    pub(super) restored: Option<Location>,
    /// Whether that was the newest of the job's name.
    pub(super) is_latest: bool,
    /// Whether that was given to the job (`--claimMode CLAIM`).
    pub(super) is_claimed: bool,
    /// The checkpoints, once they could be taken.
    pub(super) owned: Option<(Ownership, Lineage)>,
}

impl Past {
    /// Takes the checkpoints, if that has not been done.
    pub(super) fn own(&mut self) -> Result<&mut (Ownership, Lineage)> {
        let owned = match self.owned.take() {
            Some(owned) => owned,
            None => self.take()?,
        };
        Ok(self.owned.insert(owned))
    }

    fn take(&self) -> Result<(Ownership, Lineage)> {
        let has_run = self.directory.has_begun()?;
        // A job that has run has had one, with its owner's name in it. Made anew where a disk is to be mounted, it would be
        // hidden by that; taken where an empty one stands in for it, it would have the job begin anew.
        if has_run && !has_been_held(&self.checkpoints, self.job)? {
            return Err(away(&self.layout().job_directory()));
        }
        // A job that has run knows its lineage, wherever that snapshot is by now.
        let restored = self.restored.as_ref().filter(|_| !has_run);
        if let Some(claimed) = restored.filter(|_| self.is_claimed && !self.is_latest) {
            self.siblings().check_claim(claimed, &self.checkpoints)?;
        }
        let owned = Owning {
            checkpoints: &self.checkpoints,
            savepoints: &self.savepoints,
            job: self.job,
            name: &self.name,
            restored,
            is_latest: self.is_latest,
            is_alone: false,
        }
        .take()?;
        if let Some(up_to) = &owned.left_behind {
            self.directory.pin_left_out(up_to)?;
        }
        Ok((owned.ownership, owned.lineage))
    }

    fn siblings(&self) -> Siblings {
        Siblings::of(&self.directory, self.job)
    }

    fn layout(&self) -> SnapshotLayout {
        SnapshotLayout::new(self.checkpoints.clone(), self.job)
    }

    /// Takes the checkpoints anew where what was taken is not what lies there now: a directory that stood in for them, or one
    /// that was put back from a copy.
    fn own_what_is_there(&mut self) -> Result<()> {
        if self.check().is_err() {
            self.owned = None;
        }
        self.own().map(drop)
    }

    /// Finds the job's own completed checkpoints, and a stop that had begun. Only the newest checkpoint is looked into: no
    /// older one would be gone back to.
    fn facts(&mut self) -> Result<Facts> {
        self.own_what_is_there()?;
        let (_, lineage) = self.own()?;
        let lineage = lineage.clone();
        let (completed, unused) = checkpoints_of(&self.layout())?;
        let newest = completed.last().map(|(number, _)| *number);
        let mut offered: Vec<Offer> = completed
            .into_iter()
            .map(|(checkpoint, location)| {
                let snapshot = SnapshotRef {
                    checkpoint,
                    path: location.to_string(),
                    savepoint: false,
                };
                match Some(checkpoint) == newest {
                    true => looked_into(snapshot, &location),
                    false => Offer::usable(snapshot),
                }
            })
            .collect();
        let stop = self.directory.stop_begun()?;
        for gone_on_from in stop.iter().flat_map(StopBegun::gone_on_from) {
            if Some(gone_on_from.checkpoint) > newest {
                let (checkpoint, path) = (gone_on_from.checkpoint, gone_on_from.path);
                offered.push(savepoint(checkpoint, path)?);
            }
        }
        let unfinished_stop = stop.filter(|stop| !stop.ended).map(|stop| {
            let StopBegun {
                id,
                checkpoint,
                path,
                written,
                ..
            } = stop;
            Ok::<_, Error>(UnfinishedStop {
                id,
                savepoint: savepoint(checkpoint, path)?,
                written,
            })
        });
        Ok(Facts {
            offered,
            unreachable: None,
            taken: None,
            restored_from: None,
            completed_up_to: self.launch.completed_up_to.max(reached(
                &self.checkpoints,
                self.job,
                &lineage,
            )?),
            next_checkpoint: self.launch.next_checkpoint.max(unused),
            unfinished_stop: unfinished_stop.transpose()?,
        })
    }
}

impl Keeper for Past {
    fn look(&mut self) -> Facts {
        self.facts().unwrap_or_else(|error| {
            let mut facts = Facts::default();
            if error.code() == codes::OWNED.id {
                // Where that one ends, its output is behind the job's newest snapshot: nothing is to be waited for.
                facts.taken = Some(format!("{}; {}", error.message(), error.next_step()));
            } else {
                facts.unreachable = Some(error.to_string());
            }
            facts
        })
    }

    fn begin_run(&mut self) -> Result<Run> {
        let (ownership, lineage) = self.own()?;
        Ok(Run {
            lineage: lineage.clone(),
            number: ownership.next_run()?,
        })
    }

    fn check(&self) -> Result<()> {
        if let Some((ownership, _)) = &self.owned {
            return ownership.check();
        }
        // What stood in for them was let go, and they are not back.
        match self.directory.has_begun()? {
            true => Err(away(&self.layout().job_directory())),
            false => Ok(()),
        }
    }

    fn reached(&mut self, reached: &Reached) -> Result<()> {
        let owned = self.owned.as_ref();
        owned.map_or(Ok(()), |(ownership, _)| ownership.note_reached(reached))
    }

    fn check_claim(&self, location: &Location) -> Result<()> {
        self.siblings().check_claim(location, &self.checkpoints)
    }

    fn ended(&mut self) {
        if let Some((ownership, _)) = self.owned.take()
            && let Err(error) = ownership.end()
        {
            tracing::warn!(
                "The directory of the job's checkpoints could not be tidied up: {error}"
            );
        }
    }
}

impl Drop for Past {
    fn drop(&mut self) {
        // A job that could not be started is not started again, and leaves nothing.
        if matches!(self.directory.has_begun(), Ok(false)) {
            self.ended();
        }
    }
}

/// The newest snapshot of its own that the job of `directory` has to go back to, for who only looks into it. `None`: it has none.
///
/// # Errors
/// The directory of its checkpoints is away, or can't be looked at.
pub(super) fn newest_of(
    directory: &JobDirectory,
    checkpoints: &Location,
) -> Result<Option<Location>> {
    let job = directory.submission()?.job;
    let layout = SnapshotLayout::new(checkpoints.clone(), job);
    if directory.has_begun()? && !has_been_held(checkpoints, job)? {
        return Err(away(&layout.job_directory()));
    }
    let (mut completed, _) = checkpoints_of(&layout)?;
    let mut newest = completed.pop();
    let stop = directory.stop_begun()?;
    for savepoint in stop.iter().flat_map(StopBegun::gone_on_from) {
        let number = newest.as_ref().map(|(number, _)| *number);
        if Some(savepoint.checkpoint) > number {
            newest = Some((savepoint.checkpoint, savepoint.path.parse()?));
        }
    }
    Ok(newest.map(|(_, location)| location))
}

fn away(directory: &Path) -> Error {
    Error::new(
        &codes::SNAPSHOT_UNREACHABLE,
        format!(
            "the directory of the job's checkpoints, {}, is not there",
            directory.display()
        ),
    )
    .next(
        "bring it back, or cancel the job; or the place of checkpoints has changed since the job ran (HADOOP_CONF_DIR, \
         state.checkpoints.dir): name the one that it had",
    )
}

fn savepoint(checkpoint: u64, path: String) -> Result<Offer> {
    let location: Location = path.parse()?;
    let snapshot = SnapshotRef {
        checkpoint,
        path,
        savepoint: true,
    };
    Ok(looked_into(snapshot, &location))
}

fn looked_into(snapshot: SnapshotRef, location: &Location) -> Offer {
    let opened = Snapshot::open(location).and_then(|opened| opened.is_committed());
    match opened {
        Ok(committed) => Offer {
            committed,
            ..Offer::usable(snapshot)
        },
        Err(error) => Offer {
            condition: match error.kind() {
                ErrorKind::Data => Condition::Damaged(error.message().to_owned()),
                _ => Condition::Unreachable(error.message().to_owned()),
            },
            ..Offer::usable(snapshot)
        },
    }
}

/// Where savepoints go that name no directory; `None`: such a request is refused, as in Flink.
pub(super) fn savepoint_directory(configuration: &Configuration) -> Result<Option<Location>> {
    let directory = configuration.get(&SAVEPOINT_DIRECTORY)?;
    directory.map(|text| text.parse()).transpose()
}
