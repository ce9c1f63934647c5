//! The few calls that snapshots need of what keeps them: a disk of this machine, or a store that was
//! [given](give_store).
//!
//! A path says which it is. `/data/cp/…` is on a disk; `s3://bucket/cp/…` is whatever is known as `s3`, `hdfs://…` as `hdfs`. What decides (verification,
//! which snapshot is the newest, disposal, lineage) is the same for both and asks here. Errors are those of the system, by their
//! kind: what is not there is [`NotFound`](io::ErrorKind::NotFound), and what does not answer is no statement about what is there.

mod local;
mod state_file;
mod stores;

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};
use std::time::SystemTime;

pub use state_file::StateFile;
pub use stores::give_store;
pub(crate) use stores::{canonical, names as names_of_stores};

/// What lies at a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// A directory, or what stands for one: keys that go on behind it.
    pub is_directory: bool,
    /// Its length.
    pub bytes: u64,
    /// When it was written. For people.
    pub written: Option<SystemTime>,
}

/// What lies in a directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Its name there.
    pub name: OsString,
    /// Whether it is a directory.
    pub is_directory: bool,
}

/// An open file, of which any part can be read. What is read is of what was there when it was opened, or an error.
pub trait ReadAt: fmt::Debug + Send + Sync {
    /// Its length.
    fn bytes(&self) -> u64;

    /// What tells its content from another one under its name; `None`: nothing does.
    fn content(&self) -> Option<String>;

    /// Reads at most as many bytes as there is room for; 0: behind the end.
    ///
    /// # Errors
    /// They can't be read.
    fn read_at(&self, buffer: &mut [u8], from: u64) -> io::Result<usize>;
}

/// What is left to be waited for until a file is in place.
pub type Upload = Box<dyn FnOnce() -> io::Result<()> + Send>;

/// A file that is being written. Dropped, nothing may be left of it but a file that nobody refers to.
pub trait WriteFile: io::Write + fmt::Debug + Send {
    /// Ends it. It survives a crash of the machine once what is answered has been called.
    ///
    /// # Errors
    /// It can't be written to its end.
    fn finish(self: Box<Self>) -> io::Result<Upload>;
}

/// What keeps files of snapshots. All of its calls wait.
pub trait Files: fmt::Debug + Send + Sync {
    /// The one way in which a place is written down. Nothing is looked at.
    ///
    /// # Errors
    /// It is no place here.
    fn place(&self, path: &Path) -> io::Result<PathBuf>;

    /// Looks at a file or directory.
    ///
    /// # Errors
    /// It is not there, or that can't be told.
    fn look(&self, path: &Path) -> io::Result<Found>;

    /// Looks whether a file is there. What can only be a directory need not be found.
    ///
    /// # Errors
    /// That can't be told.
    fn has_file(&self, path: &Path) -> io::Result<bool>;

    /// What lies in a directory.
    ///
    /// # Errors
    /// It is not there, or can't be listed to its end.
    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>>;

    /// The content of a small file.
    ///
    /// # Errors
    /// It is not there, or can't be read.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Opens a file; of a `content` that it is known to have had.
    ///
    /// # Errors
    /// It is not there, has another content, or can't be read.
    fn open(&self, path: &Path, content: Option<&str>) -> io::Result<Arc<dyn ReadAt>>;

    /// Makes a file that is not there.
    ///
    /// # Errors
    /// It is there, or can't be made.
    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>>;

    /// Puts a small file in place at once and whole, whatever was there. On a disk its directory is to be [synced](Self::sync).
    ///
    /// # Errors
    /// It can't be written, or nobody can tell whether it is.
    fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// The same if nothing is there, or exactly these bytes. Of two who do so with different bytes, one can only.
    ///
    /// # Errors
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists), or that nobody can tell whether it is there.
    fn put_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Gives a small file another name. After a crash in between it has both.
    ///
    /// # Errors
    /// It is not there, or can't be renamed.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Removes a file, and answers its length; `None`: there is none.
    ///
    /// # Errors
    /// It can't be removed.
    fn remove(&self, path: &Path) -> io::Result<Option<u64>>;

    /// Makes a directory with its parents, if it is not there.
    ///
    /// # Errors
    /// It can't be made.
    fn make_directory(&self, directory: &Path) -> io::Result<()>;

    /// Makes a directory, if it is not there, in one that is.
    ///
    /// # Errors
    /// It can't be made.
    fn make_subdirectory(&self, directory: &Path) -> io::Result<()>;

    /// Removes a directory if nothing is in it; answers whether it is gone.
    ///
    /// # Errors
    /// It can't be removed.
    fn remove_directory(&self, directory: &Path) -> io::Result<bool>;

    /// Makes what was put, renamed or removed in a directory survive a crash of the machine.
    ///
    /// # Errors
    /// It may not survive one.
    fn sync(&self, directory: &Path) -> io::Result<()>;

    /// Gives up files in a directory that were begun by a process that died, and that nobody sees.
    ///
    /// # Errors
    /// They can't be found or given up.
    fn abort_begun(&self, directory: &Path) -> io::Result<()>;
}

/// What keeps the file at `path`.
///
/// # Errors
/// It is in a store that was not given.
pub(crate) fn of(path: &Path) -> io::Result<Arc<dyn Files>> {
    static LOCAL: LazyLock<Arc<dyn Files>> = LazyLock::new(|| Arc::new(local::Local));
    match scheme_of(path) {
        None => Ok(Arc::clone(&LOCAL)),
        Some(scheme) => store_named(scheme),
    }
}

/// What is known as this store.
pub(crate) fn store_named(scheme: &str) -> io::Result<Arc<dyn Files>> {
    stores::named(scheme).ok_or_else(|| {
        let what = format!("no store is known as `{scheme}:`");
        io::Error::new(io::ErrorKind::Unsupported, what)
    })
}

/// Whether a path is one of a store, rather than of a disk of this machine.
pub fn is_in_store(path: &Path) -> bool {
    scheme_of(path).is_some()
}

/// What stands before `://`.
fn scheme_of(path: &Path) -> Option<&str> {
    let (scheme, _) = path.to_str()?.split_once("://")?;
    (!scheme.is_empty() && !scheme.contains('/')).then_some(scheme)
}

/// The store that a path is of, with the bucket or the machine; `None`: it is on a disk of this machine.
pub(crate) fn store_of(path: &Path) -> Option<&str> {
    let behind = scheme_of(path)?.len() + "://".len();
    let text = path.to_str()?;
    let first = text.get(behind..)?.split('/').next()?;
    text.get(..behind + first.len())
}

/// Where a path of a store leads: without `.`, `..` and empty parts.
pub fn resolved(path: &Path) -> PathBuf {
    let text = path.to_str().and_then(|text| text.split_once("://"));
    let Some((scheme, rest)) = text.filter(|_| is_in_store(path)) else {
        return path.to_owned();
    };
    // The bucket, or the machine, which a path need not name.
    let (first, rest) = rest.split_once('/').unwrap_or((rest, ""));
    let mut parts = vec![first];
    for part in rest.split('/') {
        match part {
            "" | "." => {}
            // Never out of it.
            ".." if parts.len() > 1 => drop(parts.pop()),
            ".." => {}
            part => parts.push(part),
        }
    }
    PathBuf::from(format!("{scheme}://{}", parts.join("/")))
}

/// Reads a small file.
pub(crate) fn read(path: &Path) -> io::Result<Vec<u8>> {
    of(path)?.read(path)
}

/// Looks at a file or directory.
pub(crate) fn look(path: &Path) -> io::Result<Found> {
    of(path)?.look(path)
}

/// What lies in a directory.
pub(crate) fn list(directory: &Path) -> io::Result<Vec<Entry>> {
    of(directory)?.list(directory)
}

/// Puts a small file in place at once and whole.
pub(crate) fn put(path: &Path, bytes: &[u8]) -> io::Result<()> {
    of(path)?.put(path, bytes)
}

/// Removes a file.
pub(crate) fn remove(path: &Path) -> io::Result<Option<u64>> {
    of(path)?.remove(path)
}

#[cfg(test)]
mod tests;
