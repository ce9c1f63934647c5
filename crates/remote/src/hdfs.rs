//! The calls of storage, made of those of a cluster of HDFS.
//!
//! - A small file is written under a name that nobody sees, and renamed: in the place of what is there, or only if nothing is.
//! - A file of state has its name from the beginning: nobody reads it before `_metadata` names it. What is short is written by one
//!   request, beside others.
//! - What the cluster can't do now is tried again for a while, and what became of a rename that was not answered is looked up.

mod listing;
mod patience;
mod reading;
mod writing;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use millstream_hdfs::{Cluster, Clusters, HdfsError, HdfsFile, HdfsUrl, Status, Trouble};
use millstream_storage::{Entry, Files, Found, ReadAt, WriteFile, resolved};

use listing::{BEGUN, entries};
use patience::patiently;
use reading::{Opened, read_whole};
use writing::Written;

/// Blocks of a file that are kept while it is read.
const KEPT: usize = 2;

/// The clusters of a process.
#[derive(Debug)]
pub(crate) struct Hdfs {
    clusters: Clusters,
}

impl Hdfs {
    pub(crate) fn new(clusters: Clusters) -> Self {
        Self { clusters }
    }

    fn at(&self, path: &Path) -> io::Result<(Cluster, String)> {
        let url = url_of(path)?;
        let cluster = self.clusters.open(&url)?;
        Ok((cluster, url.path().to_owned()))
    }
}

impl Files for Hdfs {
    fn place(&self, path: &Path) -> io::Result<PathBuf> {
        let named = self.clusters.named(&url_of(path)?)?;
        Ok(PathBuf::from(named.to_string()))
    }

    fn look(&self, path: &Path) -> io::Result<Found> {
        let (cluster, at) = self.at(path)?;
        let found = cluster.look(&at)?.ok_or_else(|| absent(path))?;
        Ok(Found {
            is_directory: found.is_directory,
            bytes: found.size,
            written: Some(SystemTime::UNIX_EPOCH + Duration::from_millis(found.modified)),
        })
    }

    fn has_file(&self, path: &Path) -> io::Result<bool> {
        let (cluster, at) = self.at(path)?;
        Ok(cluster.look(&at)?.is_some_and(|found| !found.is_directory))
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
        let (cluster, at) = self.at(directory)?;
        let found = entries(&cluster, &at)?.into_iter();
        let seen = found.filter(|entry| !entry.name.ends_with(BEGUN));
        let entry = |entry: Status| Entry {
            name: entry.name.into(),
            is_directory: entry.is_directory,
        };
        Ok(seen.map(entry).collect())
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let (cluster, at) = self.at(path)?;
        Ok(read_whole(&cluster, &at)?)
    }

    fn open(&self, path: &Path, content: Option<&str>) -> io::Result<Arc<dyn ReadAt>> {
        let (cluster, at) = self.at(path)?;
        let found = cluster.look(&at)?.ok_or_else(|| absent(path))?;
        let opened = Opened(HdfsFile::open(&cluster, &at, found.size, KEPT)?);
        if content.is_some_and(|known| opened.content().as_deref() != Some(known)) {
            let what = format!("{} is not the file that was verified", path.display());
            return Err(HdfsError::new(Trouble::Changed, what).into());
        }
        Ok(Arc::new(opened))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        let (cluster, at) = self.at(path)?;
        Ok(Box::new(Written::new(cluster, at)))
    }

    fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let (cluster, at) = self.at(path)?;
        let begun = format!("{at}{BEGUN}");
        let bytes = Bytes::copy_from_slice(bytes);
        // What was renamed though nobody said so is written and renamed once more.
        Ok(patiently(|| {
            cluster.put(&begun, bytes.clone(), true).wait()?;
            cluster.rename_over(&begun, &at)
        })?)
    }

    fn put_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let (cluster, at) = self.at(path)?;
        if cluster.look(&at)?.is_some() {
            return Ok(is_of(&cluster, &at, bytes)?);
        }
        if bytes.is_empty() {
            // Nothing of it can be missing.
            let made = patiently(|| cluster.put(&at, Bytes::new(), false).wait());
            return Ok(made.or_else(|error| made_before(&cluster, &at, bytes, error))?);
        }
        let begun = format!("{at}.{:016x}{BEGUN}", rand::random::<u64>());
        let content = Bytes::copy_from_slice(bytes);
        let put = patiently(|| cluster.put(&begun, content.clone(), true).wait())
            .and_then(|()| patiently(|| cluster.rename_new(&begun, &at)))
            .or_else(|error| {
                // Whoever begins anew in this directory takes it away where this fails.
                drop(cluster.remove(&begun));
                made_before(&cluster, &at, bytes, error)
            });
        Ok(put?)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (cluster, from) = self.at(from)?;
        let (_, to) = self.at(to)?;
        let mut was_asked = false;
        Ok(patiently(|| {
            let renamed = cluster.rename_over(&from, &to);
            match renamed {
                Err(error) if was_asked && error.trouble() == Trouble::Absent => {
                    cluster.look(&to)?.map(drop).ok_or(error)
                }
                renamed => {
                    was_asked = true;
                    renamed
                }
            }
        })?)
    }

    fn remove(&self, path: &Path) -> io::Result<Option<u64>> {
        let (cluster, at) = self.at(path)?;
        let Some(found) = cluster.look(&at)? else {
            return Ok(None);
        };
        if found.is_directory {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        patiently(|| cluster.remove(&at))?;
        Ok(Some(found.size))
    }

    fn make_directory(&self, directory: &Path) -> io::Result<()> {
        let (cluster, at) = self.at(directory)?;
        Ok(patiently(|| cluster.make_directory(&at))?)
    }

    fn make_subdirectory(&self, directory: &Path) -> io::Result<()> {
        let (cluster, at) = self.at(directory)?;
        Ok(patiently(|| cluster.make_subdirectory(&at))?)
    }

    fn remove_directory(&self, directory: &Path) -> io::Result<bool> {
        let (cluster, at) = self.at(directory)?;
        let found = match entries(&cluster, &at) {
            Err(error) if error.trouble() == Trouble::Absent => return Ok(true),
            found => found?,
        };
        if found.iter().any(|entry| !entry.name.ends_with(BEGUN)) {
            return Ok(false);
        }
        self.abort_begun(directory)?;
        match patiently(|| cluster.remove(&at)) {
            Err(error) if error.trouble() == Trouble::Exists => Ok(false),
            removed => {
                removed?;
                Ok(true)
            }
        }
    }

    /// What a NameNode has answered is in its journal.
    fn sync(&self, _directory: &Path) -> io::Result<()> {
        Ok(())
    }

    fn abort_begun(&self, directory: &Path) -> io::Result<()> {
        let (cluster, at) = self.at(directory)?;
        let found = match entries(&cluster, &at) {
            Err(error) if error.trouble() == Trouble::Absent => return Ok(()),
            found => found?,
        };
        for begun in found.iter().filter(|entry| entry.name.ends_with(BEGUN)) {
            cluster.remove(&format!("{at}/{}", begun.name))?;
        }
        Ok(())
    }
}

fn url_of(path: &Path) -> io::Result<HdfsUrl> {
    HdfsUrl::of_path(&resolved(path)).ok_or_else(|| {
        let what = format!("{} is no path in HDFS", path.display());
        io::Error::new(io::ErrorKind::InvalidInput, what)
    })
}

/// Whether a file that could not be made is there with these bytes: what was asked for before, and not answered, may have been done.
fn made_before(
    cluster: &Cluster,
    path: &str,
    bytes: &[u8],
    error: HdfsError,
) -> Result<(), HdfsError> {
    match cluster.look(path)? {
        Some(_) => is_of(cluster, path, bytes),
        None => Err(error),
    }
}

/// Checks that a file that is there is of these bytes.
fn is_of(cluster: &Cluster, path: &str, bytes: &[u8]) -> Result<(), HdfsError> {
    match read_whole(cluster, path)? == bytes {
        true => Ok(()),
        false => Err(HdfsError::new(
            Trouble::Exists,
            format!("{path} is there already"),
        )),
    }
}

fn absent(path: &Path) -> io::Error {
    HdfsError::new(Trouble::Absent, format!("there is no {}", path.display())).into()
}
