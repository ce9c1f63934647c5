//! Snapshots that do not lie on a disk of this machine: the calls that [storage](millstream_storage::Files) needs, by those that an
//! object store has.
//!
//! [`give`] has the paths `s3://bucket/key` mean the store that a configuration describes, for the whole process.
//!
//! What a store does not have is made of what it has:
//!
//! - A directory is there if a key goes on behind its own. One that is to be there with nothing in it has an object, `_directory`.
//! - A small file is put by one request, one that must be new by a request that holds only then.
//! - A file of state is uploaded in parts once it is longer than one; what is shorter is put by one request.
//! - Another name is a copy and a deletion, in this order.

mod directory;
mod files;
mod reading;
mod writing;

use std::sync::Arc;

use millstream_core::{Configuration, Result};
use millstream_objects::{S3Settings, Stores};
use millstream_storage::{Files, give_store};

use files::Objects;

/// How the paths of object stores begin. They are written down with the first.
const SCHEMES: [&str; 3] = ["s3", "s3a", "s3n"];

/// Has paths of object stores mean the store that `configuration` describes, in this process, until another one is given. Nothing
/// is asked of it before somebody uses such a path.
///
/// # Errors
/// The configuration describes none.
pub fn give(configuration: &Configuration) -> Result<()> {
    let stores = Stores::new(S3Settings::of(configuration)?);
    let files: Arc<dyn Files> = Arc::new(Objects::new(stores));
    give_store(&SCHEMES, &files);
    Ok(())
}
