//! What the files say of a job's past.

use millstream_core::options::SAVEPOINT_DIRECTORY;
use millstream_core::{Configuration, JobId, Result};
use millstream_protocol::link::{Launch, StopBegun};
use millstream_protocol::{Facts, Offer, SnapshotRef, UnfinishedStop};
use millstream_storage::{Location, Snapshot, SnapshotLayout, checkpoints_of};

use super::directory::JobDirectory;

/// Finds the job's own completed checkpoints, and a stop whose savepoint was completed. Only the newest checkpoint
/// is looked into: no older one would be gone back to.
pub(super) fn facts(
    directory: &JobDirectory,
    job: JobId,
    launch: &Launch,
    checkpoints: &Location,
) -> Result<Facts> {
    let layout = SnapshotLayout::new(checkpoints.clone(), job);
    let (completed, unused) = checkpoints_of(&layout)?;
    let stop = stop_begun(directory)?;
    let newest = completed.last().map(|(number, _)| *number);
    let checkpoints = completed.into_iter().map(|(checkpoint, location)| Offer {
        damage: (Some(checkpoint) == newest)
            .then(|| damage(&location))
            .flatten(),
        snapshot: SnapshotRef {
            checkpoint,
            path: location.to_string(),
            savepoint: false,
        },
    });
    let mut offered: Vec<Offer> = checkpoints.collect();
    let (failed, unfinished_stop) = match stop {
        Some(stop) if stop.ended => (Some(stop), None),
        stop => (None, stop.map(unfinished)),
    };
    // A stop that failed after its savepoint was complete: the job went on from there.
    if let Some(stop) = failed.filter(|stop| Some(stop.checkpoint) > newest) {
        offered.push(Offer {
            damage: damage(&stop.path.parse()?),
            snapshot: savepoint(stop),
        });
    }
    Ok(Facts {
        offered,
        restored_from: None,
        completed_up_to: launch.completed_up_to,
        next_checkpoint: launch.next_checkpoint.max(unused),
        unfinished_stop,
    })
}

fn damage(location: &Location) -> Option<String> {
    let error = Snapshot::open(location).err()?;
    Some(error.message().to_owned())
}

/// The stop that had begun, if its savepoint is complete: output may be committed up to it already.
fn stop_begun(directory: &JobDirectory) -> Result<Option<StopBegun>> {
    let Some(stop) = directory.stop_begun()? else {
        return Ok(None);
    };
    let location: Location = stop.path.parse()?;
    if !location.is_complete() {
        directory.forget_stop()?;
        return Ok(None);
    }
    Ok(Some(stop))
}

fn unfinished(stop: StopBegun) -> UnfinishedStop {
    UnfinishedStop {
        id: stop.id,
        savepoint: savepoint(stop),
    }
}

fn savepoint(stop: StopBegun) -> SnapshotRef {
    SnapshotRef {
        checkpoint: stop.checkpoint,
        path: stop.path,
        savepoint: true,
    }
}

/// Where savepoints go that name no directory; `None`: such a request is refused, as in Flink.
pub(super) fn savepoint_directory(configuration: &Configuration) -> Result<Option<Location>> {
    let directory = configuration.get(&SAVEPOINT_DIRECTORY)?;
    directory.map(|text| text.parse()).transpose()
}
