//! How prepared files of HDFS get their visible names.

use std::collections::BTreeSet;

use millstream_core::{Error, Result, codes};
use millstream_engine::connector::CommitOutcome;
use millstream_hdfs::{Cluster, Clusters, HdfsError, HdfsUrl, Trouble};

use super::hdfs_error;
use crate::file_sink::prepared::PreparedFile;

/// How often a file is looked at again that has changed its name in between.
const LOOKS: usize = 4;

/// Directories of clusters as a committer sees them.
pub(in crate::file_sink) struct HdfsPlaces<'a> {
    clusters: Option<&'a Clusters>,
    /// Directories of partitions that are known to be there.
    there: BTreeSet<HdfsUrl>,
}

impl<'a> HdfsPlaces<'a> {
    /// In the clusters of a job.
    pub(in crate::file_sink) fn new(clusters: Option<&'a Clusters>) -> Self {
        Self {
            clusters,
            there: BTreeSet::new(),
        }
    }

    /// Brings one file to its visible name below `url`, or tells why that is not possible.
    ///
    /// # Errors
    /// The cluster can't be reached or refuses: it is to be tried again.
    pub(in crate::file_sink) fn settle(
        &mut self,
        url: &HdfsUrl,
        file: &PreparedFile,
    ) -> Result<CommitOutcome> {
        let none = || HdfsError::new(Trouble::Refused, "this job has no settings of HDFS");
        let cluster = self.clusters.ok_or_else(none);
        let cluster = cluster.and_then(|clusters| clusters.open(url));
        let cluster = cluster.map_err(|error| hdfs_error("commit to", url, &error))?;
        for _ in 0..LOOKS {
            if let Some(outcome) = self.look(&cluster, url, file)? {
                return Ok(outcome);
            }
        }
        let message = format!(
            "{} changes its name again and again",
            url.join(&file.hidden)
        );
        Err(Error::new(&codes::SINK_WRITE, message).next("see who else renames files there"))
    }

    /// Tries once. `None`: what was found has changed since.
    fn look(
        &mut self,
        cluster: &Cluster,
        url: &HdfsUrl,
        file: &PreparedFile,
    ) -> Result<Option<CommitOutcome>> {
        let (hidden, shown) = (url.join(&file.hidden), url.join(&file.shown()));
        let size = |place: &HdfsUrl| {
            let found = cluster.look(place.path());
            let found = found.map_err(|error| hdfs_error("look at", place, &error))?;
            Ok::<_, Error>(found.map(|found| found.size))
        };
        let holds = |place: &HdfsUrl, bytes: u64| {
            let written = file.bytes;
            format!("{place} holds {bytes} bytes where {written} were written")
        };
        let outcome = match (size(&hidden)?, size(&shown)?) {
            (None, Some(bytes)) if bytes == file.bytes => CommitOutcome::AlreadyCommitted,
            (None, Some(bytes)) => CommitOutcome::Unknown(holds(&shown, bytes)),
            (None, None) => missing(cluster, url, &hidden, &shown)?,
            (Some(bytes), _) if bytes != file.bytes => CommitOutcome::Lost(holds(&hidden, bytes)),
            (Some(_), Some(_)) => return Err(foreign(&hidden, &shown)),
            (Some(_), None) => {
                self.make_partition(cluster, url, &file.partition)?;
                match cluster.rename_new(hidden.path(), shown.path()) {
                    Ok(()) => CommitOutcome::Committed,
                    Err(error) if matches!(error.trouble(), Trouble::Exists | Trouble::Absent) => {
                        self.there.clear();
                        return Ok(None);
                    }
                    Err(error) => return Err(hdfs_error("rename to", &shown, &error)),
                }
            }
        };
        Ok(Some(outcome))
    }

    fn make_partition(&mut self, cluster: &Cluster, url: &HdfsUrl, partition: &str) -> Result<()> {
        if partition.is_empty() {
            return Ok(());
        }
        let directory = url.join(partition);
        if self.there.contains(&directory) {
            return Ok(());
        }
        let made = cluster.make_directory(directory.path());
        made.map_err(|error| hdfs_error("make the directory", &directory, &error))?;
        self.there.insert(directory);
        Ok(())
    }
}

/// A file that has neither name is lost only if its directory is there.
fn missing(
    cluster: &Cluster,
    url: &HdfsUrl,
    hidden: &HdfsUrl,
    shown: &HdfsUrl,
) -> Result<CommitOutcome> {
    let found = cluster.look(url.path());
    let found = found.map_err(|error| hdfs_error("look at the directory", url, &error))?;
    if found.is_none() {
        let message = format!("there is no directory {url} any more");
        return Err(Error::new(&codes::SINK_WRITE, message)
            .next("bring it back with its files; the commit is tried again"));
    }
    Ok(CommitOutcome::Lost(format!(
        "neither {hidden} nor {shown} is there"
    )))
}

fn foreign(hidden: &HdfsUrl, shown: &HdfsUrl) -> Error {
    let message = format!(
        "{hidden} can't be committed: a file that this job did not write has the name {shown}"
    );
    Error::new(&codes::SINK_WRITE, message).next("move that file away; the commit is tried again")
}
