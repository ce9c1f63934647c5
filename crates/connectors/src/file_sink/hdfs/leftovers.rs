//! Hidden files of HDFS that attempts have left behind, open or not.

use millstream_core::lineage::Kin;
use millstream_hdfs::{Clusters, HdfsError, HdfsUrl, Trouble};

use crate::file_sink::kin::{When, may_remove};
use crate::file_sink::names::Hidden;
use crate::file_sink::writers::Writers;

/// Names that are asked for at once.
const SLICE: usize = 1_000;

/// Removes what `kin` may remove at that time in a directory.
///
/// # Errors
/// The cluster can't be reached, or refuses.
pub(in crate::file_sink) fn remove_in_hdfs(
    kin: &Kin,
    clusters: Option<&Clusters>,
    url: &HdfsUrl,
    when: When<'_>,
) -> Result<(), HdfsError> {
    let none = || HdfsError::new(Trouble::Refused, "this job has no settings of HDFS");
    let cluster = clusters.ok_or_else(none)?.open(url)?;
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
            if may_remove(kin, when, &entry.name, &hidden, &writers) {
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
