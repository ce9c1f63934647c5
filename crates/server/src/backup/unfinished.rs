//! A backup while it is written: beside its file, so that under that name there is the whole of it or nothing, whenever this is killed.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use millstream_core::{Error, Result, codes};

use crate::files;

/// What is written, under the name of the backup with `.part` behind it. It is taken away where it is not finished.
pub(super) struct Unfinished {
    file: PathBuf,
    part: PathBuf,
    /// Its lock tells others that somebody writes it. On shares SQLite's own locks of what is written and this one would be of one
    /// kind, so it is another file.
    _held: File,
}

impl Unfinished {
    /// Begins the backup `file`, and takes away what one that was killed has left of it.
    ///
    /// # Errors
    /// It is there already, another one writes it, or it can't be written.
    pub(super) fn begin(file: &Path) -> Result<Self> {
        refuse_present(file)?;
        let part = part_of(file);
        let lock = lock_of(&part);
        if lock.is_file() && files::is_locked(&lock)? {
            let message = format!("another backup is being written to {}", file.display());
            return Err(Error::new(&codes::SERVER_DIRECTORY, message)
                .next("wait for that one, or name another file"));
        }
        for left in left_of(&part) {
            files::remove(&left)?;
        }
        let held = made(&lock)?;
        // Where nothing can be locked, two at once are not told apart.
        drop(held.try_lock());
        // It may hold secrets, so nobody else can ever read it.
        drop(made(&part)?);
        Ok(Self {
            file: file.to_path_buf(),
            part,
            _held: held,
        })
    }

    /// Where to write it.
    pub(super) fn path(&self) -> &Path {
        &self.part
    }

    /// Puts it in its place.
    ///
    /// # Errors
    /// Something is there by now, or it can't be written.
    pub(super) fn finish(self) -> Result<()> {
        refuse_present(&self.file)?;
        let put = || -> io::Result<()> {
            File::open(&self.part)?.sync_all()?;
            fs::rename(&self.part, &self.file)?;
            let above = self.file.parent();
            let above = above.filter(|above| !above.as_os_str().is_empty());
            files::sync(above.unwrap_or(Path::new(".")))
        };
        put().map_err(|cause| files::unusable(&self.file, "written", cause))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // In its place it has another name by now.
        for left in left_of(&self.part) {
            drop(fs::remove_file(left));
        }
    }
}

/// The name under which a backup is written.
fn part_of(file: &Path) -> PathBuf {
    with_ending(file, ".part")
}

/// The name of the file whose lock says that a backup is being written.
fn lock_of(part: &Path) -> PathBuf {
    with_ending(part, ".lock")
}

/// What may lie there of a backup that is being written.
fn left_of(part: &Path) -> [PathBuf; 3] {
    [
        part.to_path_buf(),
        with_ending(part, "-journal"),
        lock_of(part),
    ]
}

/// A new file that nobody else may read.
fn made(path: &Path) -> Result<File> {
    OpenOptions::new()
        .create_new(true)
        .write(true)
        .mode(0o600)
        .open(path)
        .map_err(|cause| files::unusable(path, "written", cause))
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

fn refuse_present(file: &Path) -> Result<()> {
    match fs::symlink_metadata(file) {
        Ok(_) => Err(Error::new(
            &codes::SERVER_DIRECTORY,
            format!("{} is there already", file.display()),
        )
        .next("name a file that is not there yet")),
        Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(cause) => Err(files::unusable(file, "written", cause)),
    }
}
