//! Which points of jobs others have gone on from.

use std::collections::BTreeMap;

use super::Lineage;
use crate::ids::{CheckpointId, JobId};

/// Up to which number somebody has gone on from each job: what lies before is not the newest of anything.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GoneOn(BTreeMap<JobId, CheckpointId>);

impl GoneOn {
    /// As the lineages of points tell that were reached.
    pub fn of<'a>(lineages: impl IntoIterator<Item = &'a Lineage>) -> Self {
        let mut gone_on = BTreeMap::new();
        for ancestor in lineages.into_iter().flat_map(|other| &other.ancestors) {
            let highest = gone_on.entry(ancestor.job).or_default();
            *highest = ancestor.left_at.max(*highest);
        }
        Self(gone_on)
    }

    /// Whether somebody has gone on from this number of a job, or a later one. Of the end of a job that was noted without a
    /// number, whether from any.
    pub fn is_behind(&self, job: JobId, number: Option<CheckpointId>) -> bool {
        let left = self.0.get(&job);
        left.is_some_and(|left| number.is_none_or(|number| number <= *left))
    }
}
