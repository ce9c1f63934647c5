//! Directories of HDFS.

use std::io;
use std::path::{Path, PathBuf};

use millstream_core::hash::stable_hash;
use millstream_hdfs::{Cluster, Clusters, HdfsError, HdfsUrl, Status, Trouble};

use super::super::{DirectoryId, Entries, Identity, Kind, Listed, Odd, Root, Walk};
use super::Volume;
use crate::files_source::name::{Name, held, is_hidden};

/// Entries that are asked for at once.
const SLICE: usize = 1_000;
/// Nanoseconds in a millisecond, in which clusters tell times.
const MILLISECOND: i64 = 1_000_000;

impl Identity {
    /// That of a file of a cluster.
    pub(crate) fn of_hdfs(status: &Status) -> Self {
        let modified = i64::try_from(status.modified).unwrap_or(i64::MAX);
        Self {
            size: status.size,
            mtime: modified.saturating_mul(MILLISECOND),
        }
    }
}

/// The root at a URL: the one file of that name, or all that lies in the directory.
///
/// # Errors
/// It is not there, or the cluster does not tell.
pub(in crate::files_source) fn root_at(
    url: &HdfsUrl,
    clusters: Option<&Clusters>,
) -> io::Result<Root> {
    let cluster = open(url, clusters)?;
    let found = cluster.look(url.path())?.ok_or(io::ErrorKind::NotFound)?;
    let parent = url.parent().filter(|_| !found.is_directory);
    Ok(match parent {
        Some((parent, name)) => Root {
            only: Some(Name::new(name.as_bytes())),
            ..root(&parent, cluster)
        },
        None => root(url, cluster),
    })
}

/// The root of a directory that can't be asked for now.
///
/// # Errors
/// The settings can't be used.
pub(in crate::files_source) fn root_of(
    url: &HdfsUrl,
    clusters: Option<&Clusters>,
) -> io::Result<Root> {
    Ok(root(url, open(url, clusters)?))
}

fn root(url: &HdfsUrl, cluster: Cluster) -> Root {
    Root {
        directory: PathBuf::from(url.to_string()),
        only: None,
        store: None,
        volume: Volume::Hdfs(cluster),
        several: None,
    }
}

fn open(url: &HdfsUrl, clusters: Option<&Clusters>) -> io::Result<Cluster> {
    let none = || HdfsError::new(Trouble::Refused, "there are no settings of HDFS");
    Ok(clusters.ok_or_else(none)?.open(url)?)
}

/// Where in the cluster a path lies.
pub(crate) fn path_in(cluster: &Cluster, path: &Path) -> io::Result<String> {
    let elsewhere = || io::Error::other(format!("{} is not in {cluster:?}", path.display()));
    cluster.path_of(path).ok_or_else(elsewhere)
}

/// What stands for the identity of a directory that is there: clusters tell none.
///
/// # Errors
/// It is not there, or that can't be told.
pub(in crate::files_source) fn directory_id(
    cluster: &Cluster,
    directory: &Path,
) -> io::Result<DirectoryId> {
    let found = cluster.look(&path_in(cluster, directory)?)?;
    match found {
        None => Err(io::ErrorKind::NotFound.into()),
        Some(found) if !found.is_directory => Err(io::ErrorKind::NotADirectory.into()),
        Some(_) => Ok(DirectoryId {
            device: 0,
            inode: stable_hash(directory.as_os_str().as_encoded_bytes()),
        }),
    }
}

/// Begins to list what lies in the root.
///
/// # Errors
/// The directory, or the one file, is not there or can't be looked at.
pub(in crate::files_source) fn walk(root: &Root, cluster: &Cluster) -> io::Result<Walk> {
    let directory = directory_id(cluster, &root.directory)?;
    let (listing, page) = match &root.only {
        None => {
            let path = path_in(cluster, &root.directory)?;
            (Some(cluster.list(&path)), Vec::new())
        }
        Some(name) => {
            let found = cluster.look(&path_in(cluster, &name.below(&root.directory))?)?;
            let listed = match found {
                Some(found) => listed(&found),
                None => Some(Listed {
                    name: name.clone(),
                    kind: Kind::Held(
                        find_held(cluster, &root.directory, name).ok_or(io::ErrorKind::NotFound)?,
                    ),
                }),
            };
            (None, listed.into_iter().collect())
        }
    };
    Ok(Walk {
        root: root.directory.clone(),
        directory,
        entries: Entries::Hdfs { listing, page },
    })
}

/// At most the next `most` entries of a listing of which some were read.
pub(in crate::files_source) fn next_of_listing(
    listing: &mut Option<millstream_hdfs::Listing>,
    page: &mut Vec<Listed>,
    most: usize,
) -> io::Result<Vec<Listed>> {
    while page.len() < most
        && let Some(under_way) = listing
    {
        let slice = under_way.next(SLICE)?;
        if slice.len() < SLICE {
            *listing = None;
        }
        page.extend(slice.iter().filter_map(listed));
    }
    let rest = page.split_off(most.min(page.len()));
    Ok(std::mem::replace(page, rest))
}

/// What is read by its name, of what lies in a directory. A file without a byte holds no record, and is mostly one that has just
/// been begun: nothing is known of it before it is longer.
fn listed(status: &Status) -> Option<Listed> {
    let bytes = status.name.as_bytes();
    if let Some(name) = held(bytes) {
        let kind = Kind::Held(Name::new(bytes));
        return Some(Listed { name, kind });
    }
    let is_empty = !status.is_directory && status.size == 0;
    (!is_hidden(bytes) && !is_empty).then(|| Listed {
        name: Name::new(bytes),
        kind: kind_of(status),
    })
}

/// What an entry is.
pub(crate) fn kind_of(status: &Status) -> Kind {
    if status.is_directory {
        Kind::Odd(Odd::Directory)
    } else {
        Kind::File(Identity::of_hdfs(status))
    }
}

/// The hidden name under which the file of `name` lies in `directory`, if it does.
pub(crate) fn find_held(cluster: &Cluster, directory: &Path, name: &Name) -> Option<Name> {
    let mut listing = cluster.list(&path_in(cluster, directory).ok()?);
    loop {
        let slice = listing.next(SLICE).ok()?;
        let mut names = slice.iter().map(|status| status.name.as_bytes());
        if let Some(hidden) = names.find(|hidden| held(hidden).as_ref() == Some(name)) {
            return Some(Name::new(hidden));
        }
        if slice.len() < SLICE {
            return None;
        }
    }
}
