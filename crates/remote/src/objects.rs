//! The calls of storage, made of those of an object store.
//!
//! - A directory is there if a key goes on behind its own. One that is to be there with nothing in it has an object, `_directory`.
//! - A small file is put by one request, one that must be new by a request that holds only then.
//! - A file of state is uploaded in parts once it is longer than one; what is shorter is put by one request.
//! - Another name is a copy and a deletion, in this order.

mod directory;
mod reading;
mod writing;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use millstream_objects::{ObjectFile, ObjectUrl, Store, StoreError, Stores, Trouble};
use millstream_storage::{Entry, Files, Found, ReadAt, WriteFile, resolved};

use directory::{MARKER, entries, is_there, url_of};
use reading::Opened;
use writing::Written;

/// Blocks of a file that are kept while it is read.
const KEPT: usize = 2;

/// The object stores of a process.
#[derive(Debug)]
pub(crate) struct Objects {
    stores: Stores,
}

impl Objects {
    pub(crate) fn new(stores: Stores) -> Self {
        Self { stores }
    }

    fn at(&self, path: &Path) -> io::Result<(Store, ObjectUrl)> {
        let url = url_of(path)?;
        let store = self.stores.open(url.bucket())?;
        Ok((store, url))
    }
}

impl Files for Objects {
    fn place(&self, path: &Path) -> io::Result<PathBuf> {
        url_of(path)?;
        Ok(resolved(path))
    }

    fn look(&self, path: &Path) -> io::Result<Found> {
        let (store, url) = self.at(path)?;
        let object = match url.key().is_empty() {
            true => None,
            false => store.head(url.key())?,
        };
        if let Some(object) = object {
            let since = u64::try_from(object.modified).ok().map(Duration::from_secs);
            return Ok(Found {
                is_directory: false,
                bytes: object.size,
                written: since.map(|since| SystemTime::UNIX_EPOCH + since),
            });
        }
        match is_there(&store, &url)? {
            true => Ok(Found {
                is_directory: true,
                bytes: 0,
                written: None,
            }),
            false => Err(absent(path)),
        }
    }

    fn has_file(&self, path: &Path) -> io::Result<bool> {
        let (store, url) = self.at(path)?;
        Ok(store.head(url.key())?.is_some())
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
        let (store, url) = self.at(directory)?;
        entries(&store, &url)?.ok_or_else(|| absent(directory))
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let (store, url) = self.at(path)?;
        let (_, bytes) = store.get(url.key()).wait()?;
        Ok(bytes.into())
    }

    fn open(&self, path: &Path, content: Option<&str>) -> io::Result<Arc<dyn ReadAt>> {
        let (store, url) = self.at(path)?;
        let found = store.head(url.key())?.ok_or_else(|| absent(path))?;
        let file = ObjectFile::open(&store, url.key(), found.size, KEPT)?;
        let is_other = |known: &str| {
            file.object()
                .etag
                .as_deref()
                .is_some_and(|etag| etag != known)
        };
        if content.is_some_and(is_other) {
            let what = format!("{} is not the object that was verified", path.display());
            return Err(StoreError::new(Trouble::Changed, what).into());
        }
        Ok(Arc::new(Opened(file)))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        let (store, url) = self.at(path)?;
        Ok(Box::new(Written::new(store, url.key().to_owned())))
    }

    fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let (store, url) = self.at(path)?;
        let put = store.put(url.key(), Bytes::copy_from_slice(bytes));
        Ok(put.wait()?)
    }

    fn put_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let (store, url) = self.at(path)?;
        let put = store.put_new(url.key(), Bytes::copy_from_slice(bytes));
        Ok(put.wait()?)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        let (store, from) = self.at(from)?;
        let to = url_of(to)?;
        let (_, bytes) = store.get(from.key()).wait()?;
        store.put(to.key(), bytes).wait()?;
        Ok(store.delete(from.key())?)
    }

    fn remove(&self, path: &Path) -> io::Result<Option<u64>> {
        let (store, url) = self.at(path)?;
        let Some(object) = store.head(url.key())? else {
            return Ok(None);
        };
        store.delete(url.key())?;
        Ok(Some(object.size))
    }

    fn make_directory(&self, directory: &Path) -> io::Result<()> {
        self.put(&directory.join(MARKER), &[])
    }

    fn make_subdirectory(&self, directory: &Path) -> io::Result<()> {
        self.make_directory(directory)
    }

    fn remove_directory(&self, directory: &Path) -> io::Result<bool> {
        let (store, url) = self.at(directory)?;
        for entry in entries(&store, &url)?.into_iter().flatten() {
            let name = entry.name.to_string_lossy();
            // A store that has directories of its own tells of them for a while after the last object is gone.
            if !entry.is_directory || is_there(&store, &url.join(&name))? {
                return Ok(false);
            }
        }
        store.delete(url.join(MARKER).key())?;
        Ok(true)
    }

    /// What a store has answered is there for good.
    fn sync(&self, _directory: &Path) -> io::Result<()> {
        Ok(())
    }

    fn abort_begun(&self, directory: &Path) -> io::Result<()> {
        let (store, url) = self.at(directory)?;
        for begun in store.unfinished(&url.prefix())? {
            store.abort(&begun.key, &begun.upload)?;
        }
        Ok(())
    }
}

fn absent(path: &Path) -> io::Error {
    let what = format!("there is no object {}", path.display());
    StoreError::new(Trouble::Absent, what).into()
}
