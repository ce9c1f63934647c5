//! What lies behind `s3://` and `hdfs://`, as the job's options say.

use millstream_connectors::hdfs::{Clusters, HdfsSettings};
use millstream_connectors::objects::{S3Settings, Stores};
use millstream_core::{Configuration, Result};

/// What lies elsewhere than in the file systems of this machine. Nothing is asked before somebody has to.
#[derive(Debug, Clone)]
pub(crate) struct Remotes {
    /// Behind `s3://`.
    pub(crate) stores: Stores,
    /// Behind `hdfs://`.
    pub(crate) clusters: Clusters,
}

impl Remotes {
    /// What the options say.
    ///
    /// # Errors
    /// They are no settings of a store.
    pub(crate) fn of(configuration: &Configuration) -> Result<Self> {
        Ok(Self {
            stores: Stores::new(S3Settings::of(configuration)?),
            clusters: Clusters::new(HdfsSettings::of(configuration)?),
        })
    }
}
