//! Taking files of HDFS away: they are renamed as those of disks are.

use std::path::Path;

use millstream_core::{Error, Result, codes};
use millstream_hdfs::{Cluster, HdfsError, HdfsUrl, Trouble};

use crate::files_source::listing::Root;

/// Makes the directory `target`, if the one in which it is to lie is there, and checks that files of `root` can be moved there.
///
/// # Errors
/// It is in another cluster, or can't be made. One that can't be asked for now is asked when something is moved.
pub(super) fn prepare(
    cluster: &Cluster,
    root: &Root,
    target: &Path,
    parameter: &str,
) -> Result<()> {
    let Some(path) = cluster.path_of(target) else {
        let message = format!(
            "{parameter} {} is not in the cluster of {}, so files can't be moved there",
            target.display(),
            root.shown()
        );
        return Err(Error::new(&codes::OPTION_VALUE, message)
            .next("name a directory with the same hdfs://… in front as source.path"));
    };
    match make(cluster, &path, target) {
        Err(error) if error.trouble() == Trouble::Unreachable => Ok(()),
        made => made.map_err(|error| {
            let message = format!("{parameter} {} can't be used", target.display());
            Error::new(&codes::OPTION_VALUE, message)
                .cause(&error)
                .next("name a directory that can be written, or whose parent can: no more than one level is made")
        }),
    }
}

fn make(cluster: &Cluster, path: &str, target: &Path) -> Result<(), HdfsError> {
    let refused = |what: &str| Err(HdfsError::new(Trouble::Refused, what));
    if let Some(found) = cluster.look(path)? {
        return match found.is_directory {
            true => Ok(()),
            false => refused("it is a file"),
        };
    }
    let parent = HdfsUrl::of_path(target);
    let parent = parent.as_ref().and_then(HdfsUrl::parent);
    match parent {
        Some((parent, _)) if cluster.look(parent.path())?.is_some() => cluster.make_directory(path),
        _ => refused("the directory in which it is to lie is not there"),
    }
}
