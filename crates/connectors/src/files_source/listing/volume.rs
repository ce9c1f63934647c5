//! Where files lie that can be renamed and looked at: on disks of this machine, or in a cluster of HDFS.
//!
//! Objects can't be renamed: what is done with them instead stands beside what is done here.

pub(crate) mod hdfs;
mod rename;

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use millstream_hdfs::{Cluster, FileState, HdfsFile};
use rustix::fs::OFlags;

use self::rename::rename_on_disk;
use super::{Identity, Kind, find_held_on_disk, kind_on_disk};
use crate::files_source::beginning::BEGINNING;
use crate::files_source::name::Name;

/// Where the files of a source lie.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) enum Volume {
    /// On disks, as this machine sees them.
    #[default]
    Disk,
    /// In this cluster; a path is its URL, then.
    Hdfs(Cluster),
}

impl Volume {
    /// What lies at a path; `None`: nothing any more.
    pub(crate) fn kind(&self, path: &Path) -> io::Result<Option<Kind>> {
        match self {
            Self::Disk => kind_on_disk(path),
            Self::Hdfs(cluster) => {
                let found = cluster.look(&hdfs::path_in(cluster, path)?)?;
                Ok(found.as_ref().map(hdfs::kind_of))
            }
        }
    }

    /// What a file is now.
    pub(crate) fn identity(&self, path: &Path) -> io::Result<Identity> {
        match self {
            Self::Disk => Ok(Identity::of(&fs::metadata(path)?)),
            Self::Hdfs(cluster) => {
                let found = cluster.look(&hdfs::path_in(cluster, path)?)?;
                let found = found.ok_or(io::ErrorKind::NotFound)?;
                Ok(Identity::of_hdfs(&found))
            }
        }
    }

    /// Whether it is a file that lies there, under whatever name.
    pub(crate) fn is_file(&self, path: &Path) -> bool {
        match self {
            Self::Disk => path.is_file(),
            Self::Hdfs(_) => matches!(self.kind(path), Ok(Some(Kind::File(_)))),
        }
    }

    /// Renames what no other file is replaced by.
    pub(crate) fn rename_new(&self, from: &Path, to: &Path) -> io::Result<()> {
        match self {
            Self::Disk => rename_on_disk(from, to),
            Self::Hdfs(cluster) => {
                let (from, to) = (hdfs::path_in(cluster, from)?, hdfs::path_in(cluster, to)?);
                Ok(cluster.rename_new(&from, &to)?)
            }
        }
    }

    /// Removes a file.
    pub(crate) fn remove(&self, path: &Path) -> io::Result<()> {
        match self {
            Self::Disk => fs::remove_file(path),
            Self::Hdfs(cluster) => {
                let was_there = cluster.remove(&hdfs::path_in(cluster, path)?)?;
                was_there
                    .then_some(())
                    .ok_or_else(|| io::ErrorKind::NotFound.into())
            }
        }
    }

    /// Where the bytes of a file below `directory` lie: a link means what it meant under its own name.
    pub(crate) fn content(&self, directory: &Path, file: &Path) -> PathBuf {
        match self {
            Self::Disk => {
                let link = fs::read_link(file);
                link.map_or_else(|_| file.to_owned(), |link| directory.join(link))
            }
            Self::Hdfs(_) => file.to_owned(),
        }
    }

    /// The hidden name under which the file of `name` lies in `directory`, if it does.
    pub(crate) fn find_held(&self, directory: &Path, name: &Name) -> Option<Name> {
        match self {
            Self::Disk => find_held_on_disk(directory, name),
            Self::Hdfs(cluster) => hdfs::find_held(cluster, directory, name),
        }
    }

    /// What a file is now, and its first bytes.
    pub(crate) fn head(&self, path: &Path) -> io::Result<(Identity, Vec<u8>)> {
        match self {
            Self::Disk => {
                let file = open(path)?;
                let identity = Identity::of(&file.metadata()?);
                let mut beginning = Vec::with_capacity(BEGINNING);
                file.take(BEGINNING as u64).read_to_end(&mut beginning)?;
                Ok((identity, beginning))
            }
            Self::Hdfs(cluster) => {
                let file = HdfsFile::open(cluster, &hdfs::path_in(cluster, path)?, 0, 1)?;
                let identity = Identity::of_hdfs(file.status());
                let length = (BEGINNING as u64).min(identity.size);
                let length = usize::try_from(length).unwrap_or(BEGINNING);
                Ok((identity, file.bytes(0, length)?.to_vec()))
            }
        }
    }

    /// Whether the length of a file is its last one, or somebody writes it and only a part of what is there can be read.
    pub(crate) fn state_of(&self, path: &Path) -> io::Result<FileState> {
        let Self::Hdfs(cluster) = self else {
            // On a disk that is told by time alone.
            return Ok(FileState::Whole);
        };
        let path = hdfs::path_in(cluster, path)?;
        match cluster.look(&path)? {
            Some(status) => Ok(cluster.state_of(&path, &status)?),
            None => Ok(FileState::Whole),
        }
    }

    /// `length` bytes of a file from `from` on, as far as it has them.
    pub(crate) fn read(&self, path: &Path, from: u64, length: u64) -> io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        match self {
            Self::Disk => {
                let mut file = open(path)?;
                file.seek(SeekFrom::Start(from))?;
                file.take(length).read_to_end(&mut bytes)?;
            }
            Self::Hdfs(cluster) => {
                let file = HdfsFile::open(cluster, &hdfs::path_in(cluster, path)?, 0, 1)?;
                let left = file.status().size.saturating_sub(from).min(length);
                let left = usize::try_from(left).unwrap_or(usize::MAX);
                bytes = file.bytes(from, left)?.to_vec();
            }
        }
        Ok(bytes)
    }
}

/// Opens a file of a disk without waiting for whatever else it may be.
fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits() as i32;
    OpenOptions::new().read(true).custom_flags(flags).open(path)
}
