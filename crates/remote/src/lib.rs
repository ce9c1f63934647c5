//! Snapshots that do not lie on a disk of this machine: the calls that [storage](millstream_storage::Files) needs, by those that an
//! object store has, or a cluster of HDFS.
//!
//! [`give`] has the paths `s3://bucket/key` and `hdfs://…` mean what a configuration describes, for the whole process.

mod hdfs;
mod objects;

use std::io;
use std::sync::Arc;

use millstream_core::{Configuration, Result};
use millstream_hdfs::{Clusters, HdfsError, HdfsSettings};
use millstream_objects::{S3Settings, Stores};
use millstream_storage::{Files, give_store};

use hdfs::Hdfs;
use objects::Objects;

/// How the paths of object stores begin. They are written down with the first.
const OBJECTS: [&str; 3] = ["s3", "s3a", "s3n"];
/// How those of HDFS do.
const HDFS: [&str; 1] = ["hdfs"];

/// Has paths of object stores and of HDFS mean what `configuration` describes, in this process, until something else is given.
/// Nothing is asked of a store or a cluster before somebody uses such a path.
///
/// # Errors
/// The configuration describes none.
pub fn give(configuration: &Configuration) -> Result<()> {
    let stores = Stores::new(S3Settings::of(configuration)?);
    let clusters = Clusters::new(HdfsSettings::of(configuration)?);
    let objects: Arc<dyn Files> = Arc::new(Objects::new(stores));
    let hdfs: Arc<dyn Files> = Arc::new(Hdfs::new(clusters));
    give_store(&OBJECTS, &objects);
    give_store(&HDFS, &hdfs);
    Ok(())
}

/// What to do about an error of a file that lies in a store or a cluster, for people.
pub fn next_step(error: &io::Error) -> &'static str {
    match HdfsError::of(error) {
        // Also where they are given no place: that directory belongs to the user whose job was first there.
        Some(error) if error.is_of_rights() => {
            "let that user write there (hdfs dfs -chown, -setfacl; home directories below /user are made by who may), or name another \
             directory (stream.checkpoint.dir, state.checkpoints.dir, state.savepoints.dir)"
        }
        Some(error) => error.next_step(),
        None => {
            "see that the store runs, and that s3.endpoint, the keys and what they may do are right"
        }
    }
}
