//! Listings, in slices: a directory may hold millions of files.

use std::sync::Arc;

use hdfs_native::client::ListStatusIterator;

use crate::cluster::{Cluster, ONE_REQUEST, Status};
use crate::error::HdfsError;

/// A listing that is under way.
pub struct Listing {
    cluster: Cluster,
    entries: Arc<ListStatusIterator>,
}

impl Cluster {
    /// Begins to list what lies in a directory, and not what lies in those below.
    pub fn list(&self, path: &str) -> Listing {
        Listing {
            cluster: self.clone(),
            entries: Arc::new(self.0.client.list_status_iter(path, false)),
        }
    }
}

impl Listing {
    /// At most the next `most` entries; fewer at the end alone.
    ///
    /// # Errors
    /// The directory is not there, or the NameNode does not tell.
    pub fn next(&mut self, most: usize) -> Result<Vec<Status>, HdfsError> {
        let entries = Arc::clone(&self.entries);
        self.cluster.0.runtime.wait(ONE_REQUEST, async move {
            let mut slice = Vec::new();
            while slice.len() < most
                && let Some(entry) = entries.next().await
            {
                slice.push(Status::of(&entry?));
            }
            Ok(slice)
        })
    }
}
