//! Taking the checkpoints of a job, so that nobody else runs it or goes on from where it is.

use millstream_core::{Error, JobId, Lineage, Result, codes};
use millstream_storage::{Location, Owner, Ownership, Snapshot, lineage_of, newest};

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
}

impl Owning<'_> {
    /// Takes them.
    ///
    /// # Errors
    /// Somebody else has them, which the error names; or a directory can't be reached.
    pub(crate) fn take(&self) -> Result<(Ownership, Lineage)> {
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
        };
        let mut ownership = Ownership::acquire(self.checkpoints, self.job, owner)?;
        if let Some(metadata) = metadata {
            ownership.go_on_above(metadata.run);
        }
        // The one that it went on from is the last of those that went before, also when it is started again.
        if self.is_latest
            && let Some(before) = lineage.ancestors.last()
        {
            ownership.hold(before.job)?;
        }
        if let Some(restored) = self.restored.filter(|_| self.is_latest) {
            self.check_newest(restored)?;
        }
        Ok((ownership, lineage))
    }

    /// Looks once more, now that nobody else can go on from there: whoever has done so in between has written output behind it.
    fn check_newest(&self, restored: &Location) -> Result<()> {
        let savepoints = std::slice::from_ref(self.savepoints);
        match newest(Some(self.checkpoints), savepoints, self.name)? {
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
