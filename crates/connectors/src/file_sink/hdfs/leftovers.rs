//! Hidden files of HDFS that attempts have left behind, open or not.

use std::collections::BTreeSet;

use millstream_core::lineage::Kin;
use millstream_hdfs::{Clusters, HdfsError, HdfsUrl, Trouble};

use crate::file_sink::kin::{When, may_remove};
use crate::file_sink::names::Hidden;
use crate::file_sink::writers::Writers;

/// Names that are asked for at once.
const SLICE: usize = 1_000;

/// What a run removes before it writes, and when its job has ended.
pub(in crate::file_sink) struct HdfsLeftovers<'a> {
    kin: Kin,
    clusters: Option<&'a Clusters>,
    places: BTreeSet<HdfsUrl>,
}

impl<'a> HdfsLeftovers<'a> {
    /// What `kin` may remove in these directories.
    pub(in crate::file_sink) fn new(
        kin: Kin,
        clusters: Option<&'a Clusters>,
        places: impl IntoIterator<Item = HdfsUrl>,
    ) -> Self {
        let places = places.into_iter().collect();
        Self {
            kin,
            clusters,
            places,
        }
    }

    /// Removes what may be removed at that time. What can't be is logged: it is hidden, and does no harm but take space.
    pub(in crate::file_sink) fn remove(&self, when: When<'_>) {
        for url in &self.places {
            if let Err(error) = self.remove_in(url, when) {
                let job = self.kin.author.job;
                tracing::warn!(
                    "what was left behind for job {job} in {url} can't be removed: {error}"
                );
            }
        }
    }

    fn remove_in(&self, url: &HdfsUrl, when: When<'_>) -> Result<(), HdfsError> {
        let none = || HdfsError::new(Trouble::Refused, "this job has no settings of HDFS");
        let cluster = self.clusters.ok_or_else(none)?.open(url)?;
        let mut listing = cluster.list(url.path());
        // There are no locks, so nothing is known of the writers but whose they are.
        let writers = Writers::default();
        loop {
            let slice = match listing.next(SLICE) {
                Err(error) if error.trouble() == Trouble::Absent => return Ok(()),
                slice => slice?,
            };
            for entry in &slice {
                let hidden = Hidden::parse(&entry.name);
                let Some(hidden) = hidden.filter(|_| !entry.is_directory) else {
                    continue;
                };
                if may_remove(&self.kin, when, &entry.name, &hidden, &writers) {
                    let left = url.join(&entry.name);
                    tracing::debug!("removes {left}, left behind");
                    // Another one may have been quicker.
                    cluster.remove(left.path())?;
                }
            }
            if slice.len() < SLICE {
                return Ok(());
            }
        }
    }
}
