//! Listings, in slices: a directory may hold millions of files.

use std::sync::Arc;

use hdfs_native::HdfsError as Native;
use hdfs_native::client::ListStatusIterator;

use crate::cluster::{Cluster, Status};
use crate::error::HdfsError;
use crate::name_nodes::{Asked, ONE_REQUEST};

/// A listing that is under way.
pub struct Listing {
    cluster: Cluster,
    path: String,
    asked: Asked,
    entries: Arc<ListStatusIterator>,
    /// Whether something was told of it.
    is_begun: bool,
}

impl Cluster {
    /// Begins to list what lies in a directory, and not what lies in those below.
    pub fn list(&self, path: &str) -> Listing {
        let asked = self.0.nodes.asked();
        let entries = asked.client.list_status_iter(path, false);
        Listing {
            cluster: self.clone(),
            path: path.to_owned(),
            asked,
            entries: Arc::new(entries),
            is_begun: false,
        }
    }
}

impl Listing {
    /// At most the next `most` entries; fewer at the end alone.
    ///
    /// # Errors
    /// The directory is not there, or the NameNode does not tell.
    pub fn next(&mut self, most: usize) -> Result<Vec<Status>, HdfsError> {
        let slice = match self.slice(most) {
            Err(error) if error.is_left() && !self.is_begun => {
                *self = self.cluster.list(&self.path);
                self.slice(most)
            }
            slice => slice,
        };
        self.is_begun |= slice.is_ok();
        slice
    }

    fn slice(&self, most: usize) -> Result<Vec<Status>, HdfsError> {
        let inner = Arc::clone(&self.cluster.0);
        let (asked, entries) = (self.asked.clone(), Arc::clone(&self.entries));
        self.cluster.0.runtime.wait(ONE_REQUEST, async move {
            let slice = async {
                let mut slice = Vec::new();
                while slice.len() < most
                    && let Some(entry) = entries.next().await
                {
                    slice.push(Status::of(&entry?));
                }
                Ok::<_, Native>(slice)
            };
            inner.nodes.within(&asked, slice).await
        })
    }
}
