//! Where the records of a job went.

use millstream_core::{CheckpointId, Numbers};
use serde::Serialize;
use utoipa::ToSchema;

use crate::views::JobView;

/// The equation of a job: `read + produced` is the sum of the others, and `difference` 0.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct JobNumbers {
    /// The checkpoint at whose boundary they hold.
    checkpoint: u64,
    read: u64,
    produced: u64,
    written: u64,
    filtered: u64,
    deduplicated: u64,
    bad: u64,
    late: u64,
    /// Above 0: so many records are missing; below 0: so many are too many.
    difference: i64,
    /// The snapshot that the job was started from: these numbers go on from those that it holds.
    #[serde(rename = "goes-on-from", skip_serializing_if = "Option::is_none")]
    goes_on_from: Option<String>,
    /// Output had been committed behind that snapshot when the job was started, up to here: it is not among these numbers.
    #[serde(rename = "leaves-out", skip_serializing_if = "Option::is_none")]
    leaves_out: Option<String>,
}

impl JobNumbers {
    /// Those of the newest boundary that is committed.
    pub(crate) fn of(job: &JobView) -> Option<Self> {
        let report = job.report.as_ref()?;
        let closed = report.numbers?;
        let from = report.counted_from.as_ref();
        Some(Self {
            goes_on_from: from.map(|from| from.snapshot.clone()),
            leaves_out: from.and_then(|from| from.leaves_out.clone()),
            ..Self::at(closed.checkpoint, &closed.numbers)
        })
    }

    /// The numbers at the boundary of a checkpoint.
    pub(crate) fn at(checkpoint: CheckpointId, numbers: &Numbers) -> Self {
        Self {
            checkpoint,
            read: numbers.read,
            produced: numbers.produced,
            written: numbers.written,
            filtered: numbers.filtered,
            deduplicated: numbers.deduplicated,
            bad: numbers.bad,
            late: numbers.late,
            difference: difference(numbers),
            goes_on_from: None,
            leaves_out: None,
        }
    }
}

/// By how much the numbers do not close.
pub(crate) fn difference(numbers: &Numbers) -> i64 {
    let difference = numbers.difference();
    let limit = if difference < 0 { i64::MIN } else { i64::MAX };
    i64::try_from(difference).unwrap_or(limit)
}
