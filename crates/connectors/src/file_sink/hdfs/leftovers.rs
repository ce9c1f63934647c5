//! Hidden files of HDFS that dead attempts have left behind, open or not.

use std::collections::BTreeSet;

use millstream_core::lineage::Kin;
use millstream_hdfs::{Clusters, HdfsError, HdfsUrl, Trouble};

use crate::file_sink::kin::may_remove;
use crate::file_sink::names::{Hidden, Stage};
use crate::file_sink::writers::Writers;

/// Names that are asked for at once.
const SLICE: usize = 1_000;

/// What a run removes before it writes.
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

    /// Removes files that were never prepared. Safe at any time: no snapshot names them.
    pub(in crate::file_sink) fn remove_unprepared(&self) {
        self.remove(false);
    }

    /// Removes prepared files too. Only once every sink of the job has recovered: what is still prepared then is named by
    /// no snapshot that this job goes on from.
    pub(in crate::file_sink) fn remove_all(&self) {
        self.remove(true);
    }

    /// What can't be removed is logged: it is hidden, and does no harm but take space.
    fn remove(&self, prepared: bool) {
        for url in &self.places {
            if let Err(error) = self.remove_in(url, prepared) {
                let job = self.kin.author.job;
                tracing::warn!(
                    "what was left behind for job {job} in {url} can't be removed: {error}"
                );
            }
        }
    }

    fn remove_in(&self, url: &HdfsUrl, prepared: bool) -> Result<(), HdfsError> {
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
                let asked_for = prepared || !matches!(hidden.stage, Stage::Prepared(_));
                if asked_for && may_remove(&self.kin, &hidden, &writers) {
                    let left = url.join(&entry.name);
                    tracing::debug!("removes {left}, left behind by a run that died");
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
