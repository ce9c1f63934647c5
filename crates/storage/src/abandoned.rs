//! What jobs have left in their directories that died before they had a snapshot.

use std::path::Path;

use millstream_core::Result;

use crate::checkpoints::job_directories;
use crate::disk::{any_complete, subdirectories};
use crate::dispose::{remove_directory, sweep};
use crate::layout::SnapshotLayout;
use crate::names::SHARED;
use crate::owner::lock::Lock;
use crate::owner::{Holder, Locking, Ownership};

/// Removes the directories of earlier runs of the job that holds `ownership` which are dead and have nothing in them that anybody
/// goes on from. Answers how many.
///
/// # Errors
/// A directory can't be listed or removed.
pub fn sweep_abandoned(ownership: &Ownership) -> Result<usize> {
    let (checkpoints, own) = (ownership.checkpoints(), ownership.holder());
    let mut removed = 0;
    for (job, directory) in job_directories(checkpoints)? {
        let Some(noted) = Holder::noted(&directory)? else {
            continue;
        };
        if noted.job_id != job || !is_abandoned(&noted, own) || has_snapshot(&directory)? {
            continue;
        }
        let Some(lock) = Lock::try_take(directory.clone(), Locking::File)? else {
            continue;
        };
        sweep(&SnapshotLayout::new(checkpoints.clone(), job))?;
        lock.drop_journals()?;
        removed += usize::from(lock.clear_away()?);
    }
    Ok(removed)
}

/// Whether nobody misses what an earlier run has left, if that is no snapshot.
fn is_abandoned(other: &Holder, own: &Holder) -> bool {
    let is_earlier = other.is_alone
        && other.job_name == own.job_name
        && other.job_id != own.job_id
        && other.lineage.generation < own.lineage.generation;
    // What it read behind the snapshot of another job counts for all who go on from there; who does has written it down anew.
    let last = other.lineage.ancestors.last().filter(|last| last.owned);
    let is_known = last.is_none_or(|last| {
        let left = own.lineage.left_at(last.job);
        left.is_some_and(|left| left >= last.left_at)
    });
    is_earlier && is_known
}

fn has_snapshot(job_directory: &Path) -> Result<bool> {
    any_complete(&subdirectories(job_directory)?)
}

/// Removes a job's directory if nobody holds it and nothing is left in it but what its sources have noted.
pub(crate) fn remove_abandoned(job_directory: &Path) -> Result<bool> {
    // An empty directory goes at once: no file is made in it to lock it.
    if remove_directory(&job_directory.join(SHARED))? && remove_directory(job_directory)? {
        return Ok(true);
    }
    match Lock::try_take(job_directory.to_owned(), Locking::File)? {
        Some(lock) => {
            lock.drop_journals()?;
            lock.clear_away()
        }
        None => Ok(false),
    }
}

#[cfg(test)]
mod tests {
    use millstream_core::{JobId, Lineage};

    use super::*;

    fn job(number: u8) -> JobId {
        JobId::from_bytes([number; 16])
    }

    fn run(of: u8, lineage: Lineage) -> Holder {
        Holder {
            job_id: job(of),
            job_name: "mine".to_owned(),
            lineage,
            what: "a process".to_owned(),
            since: 0,
            is_alone: true,
        }
    }

    #[test]
    fn what_nobody_goes_on_from_is_abandoned() {
        let from = |left_at, generation| Lineage::fresh(1).behind(job(1), left_at, generation);
        let own = run(9, from(7, 5).owned());
        let other_name = Holder {
            job_name: "other".to_owned(),
            ..run(2, Lineage::fresh(1))
        };
        let of_server = Holder {
            is_alone: false,
            ..run(2, Lineage::fresh(1))
        };
        for (other, expected, why) in [
            (run(2, Lineage::fresh(1)), true, "it began with nothing"),
            (run(2, from(3, 4)), true, "a fork"),
            (run(2, from(7, 4).owned()), true, "from the same point"),
            (run(2, from(3, 4).owned()), true, "from before it"),
            (run(2, from(8, 4).owned()), false, "from behind it"),
            (
                run(2, Lineage::fresh(1).behind(job(3), 1, 4).owned()),
                false,
                "from somewhere else",
            ),
            (run(2, Lineage::fresh(5)), false, "a run that began later"),
            (run(9, Lineage::fresh(1)), false, "itself"),
            (other_name, false, "a job of another name"),
            (of_server, false, "a server may start it again"),
        ] {
            assert_eq!(is_abandoned(&other, &own), expected, "{why}");
        }
    }
}
