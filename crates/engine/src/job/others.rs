//! What other jobs have done behind the snapshot that a job goes on from.

use millstream_core::{Error, Lineage, Result};
use millstream_storage::{Behind, Elsewhere, From, Snapshot, SnapshotLayout, directories_behind};

/// Where they have noted that, and who of them reads what the job reads: below the directory of its own checkpoints, and where the
/// snapshot comes from. Nobody, where the snapshot is its own.
///
/// # Errors
/// That can't be told, because the directory of its own checkpoints can't be reached. Of another one a warning says so.
pub(super) fn behind(
    snapshot: &Snapshot,
    layout: &SnapshotLayout,
    lineage: &Lineage,
    own_name: &str,
) -> Result<Behind> {
    let (checkpoints, job) = (layout.checkpoints(), layout.job());
    let metadata = snapshot.metadata();
    if metadata.job_id == job {
        return Ok(Behind::default());
    }
    let Elsewhere {
        directories,
        unknown,
    } = Elsewhere::of(snapshot, checkpoints);
    let from = From {
        restored: metadata.job_id,
        number: metadata.checkpoint_id,
        own_name,
        elsewhere: &directories,
    };
    let behind = directories_behind(checkpoints, job, lineage, from)?;
    let unknown = unknown.iter().map(Error::to_string);
    for why in unknown.chain(behind.unknown.iter().cloned()) {
        let location = snapshot.location();
        tracing::warn!(
            "It can't be told what other jobs have done behind {location}, such as take files away (source.after.commit): {why}"
        );
    }
    Ok(behind)
}
