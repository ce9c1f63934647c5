//! A file that is open to be read: of a disk, or of an object store.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom};
use std::os::unix::fs::{FileExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use bytes::Bytes;
use millstream_hdfs::{Cluster, HdfsFile};
use millstream_objects::{ObjectFile, Store};
use rustix::fs::OFlags;

use super::away::{find_copy, find_in};
use super::beginning::{BEGINNING, fingerprint};
use super::failure::InputError;
use super::listing::volume::Volume;
use super::listing::volume::hdfs;
use super::listing::{FoundFile, Identity, key_of};

/// MiB of an object that are kept to be read again: text is read once, from its beginning to its end.
const KEPT_OF_TEXT: usize = 2;
/// The same of columns, which lie side by side.
const KEPT_OF_COLUMNS: usize = 32;

/// How the files of a source are got at.
#[derive(Debug, Clone, Default)]
pub(crate) struct Access {
    /// Where files are moved that can't be read to their end, and are read from there as far as that goes.
    pub(crate) aside: Option<PathBuf>,
    /// The object store that they lie in; `None`: in `volume`.
    pub(crate) store: Option<Store>,
    pub(crate) volume: Volume,
    /// Whether any place of a file may be read at any time.
    pub(crate) at_random: bool,
}

/// An open file.
#[derive(Debug)]
pub(crate) enum Opened {
    Disk(File),
    Object {
        file: Box<ObjectFile>,
        /// Where what is read next begins.
        at: u64,
        /// What it is: where it is a copy that lies aside, what was moved there.
        is: Identity,
    },
    Hdfs {
        file: Box<HdfsFile>,
        /// The same.
        at: u64,
    },
}

impl Access {
    /// Opens a file where it lies, or where it was moved because it can't be read to its end.
    ///
    /// # Errors
    /// It is not there, or can't be opened.
    pub(crate) fn open(&self, file: &FoundFile) -> Result<Opened, InputError> {
        let opened = match &self.store {
            None => self.open_file(file),
            Some(store) => self.open_object(store, file),
        };
        opened.map_err(|error| match error.kind() {
            io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => InputError::Missing,
            _ => InputError::Io(error),
        })
    }

    fn open_file(&self, file: &FoundFile) -> io::Result<Opened> {
        let size = file.identity.size;
        self.open_path(&file.path, size).or_else(|error| {
            let aside = self.aside.as_deref();
            let moved = aside.filter(|_| error.kind() == io::ErrorKind::NotFound);
            let found = |aside| find_in(&self.volume, aside, &file.name, file.identity);
            moved
                .and_then(found)
                .map_or(Err(error), |path| self.open_path(&path, size))
        })
    }

    fn open_path(&self, path: &Path, size: u64) -> io::Result<Opened> {
        match &self.volume {
            Volume::Disk => open_file(path).map(Opened::Disk),
            Volume::Hdfs(cluster) => self.open_in(cluster, path, size),
        }
    }

    fn open_in(&self, cluster: &Cluster, path: &Path, size: u64) -> io::Result<Opened> {
        let path = hdfs::path_in(cluster, path)?;
        let file = HdfsFile::open(cluster, &path, size, self.kept() / 2)?;
        Ok(Opened::Hdfs {
            file: Box::new(file),
            at: 0,
        })
    }

    /// How many MiB of a file that lies elsewhere are kept.
    fn kept(&self) -> usize {
        if self.at_random {
            KEPT_OF_COLUMNS
        } else {
            KEPT_OF_TEXT
        }
    }

    fn open_object(&self, store: &Store, file: &FoundFile) -> io::Result<Opened> {
        let kept = self.kept();
        let size = file.identity.size;
        let open =
            |key: &str| -> io::Result<ObjectFile> { Ok(ObjectFile::open(store, key, size, kept)?) };
        let key = key_of(store, &file.path)?;
        let error = match open(&key) {
            Ok(opened) => {
                let is = Identity::of_object(opened.object());
                return Ok(Opened::object(opened, is));
            }
            Err(error) => error,
        };
        let aside = self.aside.as_deref();
        let Some(aside) = aside.filter(|_| error.kind() == io::ErrorKind::NotFound) else {
            return Err(error);
        };
        let Some(copy) = find_copy(store, aside, &file.name, file.identity)? else {
            return Err(error);
        };
        let opened = open(&copy.key)?;
        // Another object may have come in its place since it was found.
        if Identity::of_object(opened.object()) == Identity::of_object(&copy) {
            Ok(Opened::object(opened, file.identity))
        } else {
            Err(error)
        }
    }
}

/// Opens a file; anything else that lies there is an error and never waits.
fn open_file(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK.bits() as i32;
    let file = OpenOptions::new()
        .read(true)
        .custom_flags(flags)
        .open(path)?;
    if file.metadata()?.is_file() {
        Ok(file)
    } else {
        Err(io::Error::new(io::ErrorKind::IsADirectory, "it is no file"))
    }
}

impl Opened {
    fn object(file: ObjectFile, is: Identity) -> Self {
        Self::Object {
            file: Box::new(file),
            at: 0,
            is,
        }
    }

    /// Whether it is `found`, or what it is instead: it may have been written to since. An object is what it was when it was opened.
    pub(crate) fn identity(&self, found: Identity) -> io::Result<Identity> {
        match self {
            Self::Disk(file) => Ok(Identity::of(&file.metadata()?)),
            // A copy of what was found that was put in its place is that.
            Self::Object { file, .. } if found.is_copied_to(file.object()) => Ok(found),
            Self::Object { is, .. } => Ok(*is),
            Self::Hdfs { file, .. } => Ok(Identity::of_hdfs(file.status())),
        }
    }

    /// The first bytes, as they are now; of an object, what stands for them.
    fn beginning(&self) -> io::Result<Vec<u8>> {
        if let Self::Object { is, .. } = self {
            return Ok(is.content());
        }
        let (mut bytes, mut at) = (vec![0; BEGINNING], 0);
        while let Some(rest) = bytes.get_mut(at..).filter(|rest| !rest.is_empty()) {
            match self.read_at(rest, at as u64) {
                Ok(0) => break,
                Ok(length) => at += length,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        bytes.truncate(at);
        Ok(bytes)
    }

    /// Whether it begins as `found` did, by the fingerprint of that (0: not known).
    pub(crate) fn begins_as(&self, found: Identity, beginning: u64) -> io::Result<bool> {
        Ok(beginning == 0 || fingerprint(&self.beginning()?, found.size) == beginning)
    }

    /// Checks that it begins as what was found: another file may have its size and its time.
    ///
    /// # Errors
    /// It does not, or can't be read.
    pub(crate) fn check_beginning(
        &self,
        found: &FoundFile,
        beginning: u64,
    ) -> Result<(), InputError> {
        if self.begins_as(found.identity, beginning)? {
            return Ok(());
        }
        Err(InputError::Changed(self.identity(found.identity)?))
    }

    /// Reads on from `offset`.
    pub(crate) fn seek(&mut self, offset: u64) -> io::Result<()> {
        match self {
            Self::Disk(file) => file.seek(SeekFrom::Start(offset)).map(drop),
            Self::Object { at, .. } | Self::Hdfs { at, .. } => {
                *at = offset;
                Ok(())
            }
        }
    }

    /// Bytes from a place on, as many as there are at once.
    pub(crate) fn read_at(&self, buffer: &mut [u8], from: u64) -> io::Result<usize> {
        match self {
            Self::Disk(file) => file.read_at(buffer, from),
            Self::Object { file, .. } => Ok(file.read_at(buffer, from)?),
            Self::Hdfs { file, .. } => Ok(file.read_at(buffer, from)?),
        }
    }

    /// Bytes of the file, all of which must be there.
    pub(crate) fn range(&self, from: u64, length: usize) -> io::Result<Bytes> {
        match self {
            Self::Disk(file) => {
                let mut bytes = vec![0; length];
                file.read_exact_at(&mut bytes, from)?;
                Ok(bytes.into())
            }
            Self::Object { file, .. } => Ok(file.bytes(from, length)?),
            Self::Hdfs { file, .. } => Ok(file.bytes(from, length)?),
        }
    }
}

impl Read for Opened {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Disk(file) => file.read(buffer),
            Self::Object { file, at, .. } => {
                let length = file.read_at(buffer, *at)?;
                *at += length as u64;
                Ok(length)
            }
            Self::Hdfs { file, at } => {
                let length = file.read_at(buffer, *at)?;
                *at += length as u64;
                Ok(length)
            }
        }
    }
}
