//! Taking the checkpoints of a job, so that nobody else runs it or goes on from where it is.

use millstream_core::{Error, JobId, Lineage, Result, codes};
use millstream_storage::{
    Location, Owner, Ownership, Snapshot, SnapshotLayout, committed_behind, has_been_held, holder,
    is_directory_there, lineage_of, newest_beside, overtaken, sweep,
};

use crate::clock::time_of_day;

/// A job whose checkpoints are to be taken.
pub(crate) struct Owning<'a> {
    /// Where the checkpoints of all jobs lie.
    pub(crate) checkpoints: &'a Location,
    /// Where savepoints lie that name no directory.
    pub(crate) savepoints: &'a Location,
    /// The job.
    pub(crate) job: JobId,
    /// Its name.
    pub(crate) name: &'a str,
    /// The snapshot that it goes on from.
    pub(crate) restored: Option<&'a Location>,
    /// Whether that is the newest of its name (`-s latest`): then it goes on as the same job, and nobody else must.
    pub(crate) is_latest: bool,
    /// Whether no server starts it again.
    pub(crate) is_alone: bool,
}

/// The checkpoints of a job that were taken.
pub(crate) struct Owned {
    pub(crate) ownership: Ownership,
    /// Where the job comes from.
    pub(crate) lineage: Lineage,
    /// Output was committed behind the snapshot that the job goes on from, up to here, for people; `None`: none that is known of.
    pub(crate) left_behind: Option<String>,
}

impl Owning<'_> {
    /// Takes them.
    ///
    /// # Errors
    /// Somebody else has them, which the error names; or a directory can't be reached.
    pub(crate) fn take(&self) -> Result<Owned> {
        // Also one that begins anew with the id of a job that others have gone on from: they would take what it writes for what that
        // one has left.
        if self.restored.is_none() || has_been_held(self.checkpoints, self.job)? {
            self.check_overtaken()?;
        }
        let restored = self.restored.map(Snapshot::open).transpose()?;
        let metadata = restored.as_ref().map(Snapshot::metadata);
        let lineage = lineage_of(self.checkpoints, self.job, self.name, metadata)?;
        let lineage = match self.is_latest {
            true => lineage.owned(),
            false => lineage,
        };
        let owner = Owner {
            job_name: self.name.to_owned(),
            lineage: lineage.clone(),
            what: what(),
            since: time_of_day(),
            is_alone: self.is_alone,
        };
        let ownership = Ownership::acquire(self.checkpoints, self.job, owner);
        let mut ownership = ownership.map_err(|error| self.unless_own(self.job, error))?;
        if let Some(metadata) = metadata {
            ownership.go_on_above(metadata.run);
        }
        // The one that it went on from is the last of those that went before, also when it is started again.
        if self.is_latest
            && let Some(before) = lineage.ancestors.last()
        {
            self.hold_before(before.job, &mut ownership)?;
        }
        if let Some(restored) = self.restored.filter(|_| self.is_latest) {
            self.check_newest(restored)?;
        }
        let written_again = restored.as_ref().filter(|_| !self.is_latest);
        Ok(Owned {
            left_behind: written_again.and_then(|restored| self.leaves_behind(restored)),
            ownership,
            lineage,
        })
    }

    /// What it means that somebody has the checkpoints in the directory `of` a job. A process of this very job may run on a machine that
    /// nobody sees from here, and what it commits is the job's own: it is waited for.
    fn unless_own(&self, of: JobId, error: Error) -> Error {
        if error.code() != codes::OWNED.id {
            return error;
        }
        let what = match holder(self.checkpoints, of) {
            Ok(Some(holder)) if holder.job_id == self.job => holder.what,
            Ok(Some(_)) => return error,
            // Where that was another job, the next look finds what it has left.
            Ok(None) => "it has just ended".to_owned(),
            Err(unknown) if unknown.code() != codes::OWNED.id => return unknown,
            // It does not say who it is, which it does in a moment.
            Err(_) => "one that is just beginning, or ending".to_owned(),
        };
        let message = format!("an earlier process of the job has its checkpoints still: {what}");
        Error::new(&codes::OWNERSHIP_LOST, message).next("see that it ends, or cancel the job")
    }

    /// Up to where output was committed behind the snapshot that the job goes on from, which is said then: it will be written again.
    fn leaves_behind(&self, restored: &Snapshot) -> Option<String> {
        let savepoints = std::slice::from_ref(self.savepoints);
        let location = restored.location();
        match committed_behind(self.checkpoints, savepoints, restored) {
            Ok(None) => None,
            Ok(Some(last)) => {
                tracing::warn!(
                    "{location} is not the newest snapshot of its line: output committed since, up to {last}, will be written again."
                );
                Some(last)
            }
            Err(error) => {
                tracing::warn!(
                    "It can't be told whether output was committed since {location}, which would be written again: {error}"
                );
                None
            }
        }
    }

    /// A job that has run before goes on from its own snapshots. Somebody may have gone on from them meanwhile, where the server
    /// was away, and have come to an end.
    fn check_overtaken(&self) -> Result<()> {
        // By the notes first: it may take half a minute to see whether a lease is renewed.
        let Some(other) = overtaken(self.checkpoints, self.job)? else {
            return Ok(());
        };
        // Whoever has them now is named by what follows.
        if holder(self.checkpoints, self.job)?.is_some() {
            return Ok(());
        }
        let message = format!(
            "job {other} has gone on from the checkpoints of job `{}` ({}) and committed output behind them",
            self.name, self.job
        );
        let next = match self.restored {
            None => "go on with that one: start the job again with `-s latest`",
            Some(_) => "start it with an id of its own",
        };
        Err(Error::new(&codes::OWNED, message).next(next))
    }

    /// Takes the checkpoints of the job that this one goes on from as well. Where they are not there, nobody can tell what came
    /// of that job; a job that has run may have seen its predecessor tidied up.
    fn hold_before(&self, before: JobId, ownership: &mut Ownership) -> Result<()> {
        let layout = SnapshotLayout::new(self.checkpoints.clone(), before);
        let directory = layout.job_directory();
        if is_directory_there(&directory)? {
            let held = ownership.hold(before);
            held.map_err(|error| self.unless_own(before, error))?;
            // It died, or has ended, and nobody else sweeps what it has left.
            if let Err(error) = sweep(&layout) {
                tracing::warn!("What job {before} has left stays: {error}");
            }
            return Ok(());
        }
        if self.restored.is_none() {
            return Ok(());
        }
        let message = format!(
            "the newest snapshot of job `{}` is of job {before}, whose checkpoints are not at {}: there may be newer ones",
            self.name,
            directory.display()
        );
        Err(Error::new(&codes::SNAPSHOT_UNREACHABLE, message)
            .next("bring that directory back, or name the snapshot with -s PATH to go on from it all the same"))
    }

    /// Looks once more, now that nobody else can go on from there: whoever has done so in between has written output behind it.
    fn check_newest(&self, restored: &Location) -> Result<()> {
        let savepoints = std::slice::from_ref(self.savepoints);
        match newest_beside(self.job, self.checkpoints, savepoints, self.name)? {
            Some(newest) if newest.location != *restored => {
                let (name, now) = (self.name, newest.location);
                let message =
                    format!("job `{name}` has gone on from {restored} meanwhile, up to {now}");
                Err(Error::new(&codes::OWNED, message)
                    .next("start it again: it goes on from there"))
            }
            _ => Ok(()),
        }
    }
}

/// This process, for people.
fn what() -> String {
    let pid = std::process::id();
    let host = std::fs::read_to_string("/proc/sys/kernel/hostname");
    match host.as_deref().map(str::trim) {
        Ok(host) if !host.is_empty() => format!("pid {pid} on {host}"),
        _ => format!("pid {pid}"),
    }
}
