//! A disk of this machine, or what is mounted as one.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Entry, Files, Found, ReadAt, Upload, WriteFile};
use crate::absent::is_absent;
use crate::names::IN_PROGRESS;

const BUFFER_BYTES: usize = 256 * 1024;
/// How many directories are synced at least, from the innermost up: a process that died may have made them, and not synced.
const SYNCED_PARENTS: usize = 3;

/// The disks of this machine.
#[derive(Debug)]
pub(super) struct Local;

impl Files for Local {
    fn place(&self, path: &Path) -> io::Result<PathBuf> {
        std::path::absolute(path)
    }

    fn look(&self, path: &Path) -> io::Result<Found> {
        let found = fs::metadata(path)?;
        Ok(Found {
            is_directory: found.is_dir(),
            bytes: found.len(),
            written: found.modified().ok(),
        })
    }

    fn has_file(&self, path: &Path) -> io::Result<bool> {
        match fs::metadata(path) {
            Ok(_) => Ok(true),
            Err(error) if is_absent(&error) => Ok(false),
            Err(error) => Err(error),
        }
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<Entry>> {
        let mut entries = Vec::new();
        for entry in fs::read_dir(directory)? {
            let entry = entry?;
            let is_directory = match fs::metadata(entry.path()) {
                Ok(found) => found.is_dir(),
                // A link to nothing, or gone meanwhile.
                Err(error) if is_absent(&error) => false,
                Err(error) => {
                    let what = format!("{}: {error}", entry.path().display());
                    return Err(io::Error::new(error.kind(), what));
                }
            };
            entries.push(Entry {
                name: entry.file_name(),
                is_directory,
            });
        }
        Ok(entries)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        // A pipe may never be written, and a device never ends.
        if !fs::metadata(path)?.is_file() {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "it is no file"));
        }
        fs::read(path)
    }

    fn open(&self, path: &Path, _content: Option<&str>) -> io::Result<Arc<dyn ReadAt>> {
        let file = File::open(path)?;
        let bytes = file.metadata()?.len();
        Ok(Arc::new(Opened { file, bytes }))
    }

    fn create(&self, path: &Path) -> io::Result<Box<dyn WriteFile>> {
        let file = File::create_new(path)?;
        Ok(Box::new(Written(BufWriter::with_capacity(
            BUFFER_BYTES,
            file,
        ))))
    }

    fn put(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let in_progress = path.with_extension(IN_PROGRESS);
        write_synced(&in_progress, bytes)?;
        fs::rename(&in_progress, path)
    }

    fn put_new(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut file = File::create_new(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn remove(&self, path: &Path) -> io::Result<Option<u64>> {
        let removed = fs::symlink_metadata(path)
            .and_then(|found| fs::remove_file(path).map(|()| found.len()));
        match removed {
            Ok(length) => Ok(Some(length)),
            Err(error) if is_absent(&error) => Ok(None),
            Err(error) => Err(error),
        }
    }

    fn make_directory(&self, directory: &Path) -> io::Result<()> {
        let new = directory.ancestors().take_while(|path| !path.exists());
        let depth = (new.count() + 1).max(SYNCED_PARENTS);
        fs::create_dir_all(directory)?;
        for parent in directory.ancestors().take(depth) {
            self.sync(parent)?;
        }
        Ok(())
    }

    /// Anything made above it, where a disk is away, would stand in the place of what lies on the disk.
    fn make_subdirectory(&self, directory: &Path) -> io::Result<()> {
        match fs::create_dir(directory) {
            Err(error) if error.kind() != io::ErrorKind::AlreadyExists => return Err(error),
            _ => {}
        }
        self.sync(directory)?;
        directory
            .parent()
            .map_or(Ok(()), |parent| self.sync(parent))
    }

    fn remove_directory(&self, directory: &Path) -> io::Result<bool> {
        match fs::remove_dir(directory) {
            Ok(()) => Ok(true),
            Err(error) => match error.kind() {
                io::ErrorKind::NotFound => Ok(true),
                io::ErrorKind::DirectoryNotEmpty => Ok(false),
                _ => Err(error),
            },
        }
    }

    fn sync(&self, directory: &Path) -> io::Result<()> {
        match File::open(directory) {
            Ok(file) => file.sync_all(),
            // A parent that may be entered but not listed can't be synced, and was not made by us.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// What was begun lies in the directory, as all else.
    fn abort_begun(&self, _directory: &Path) -> io::Result<()> {
        Ok(())
    }
}

fn write_synced(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[derive(Debug)]
struct Opened {
    file: File,
    bytes: u64,
}

impl ReadAt for Opened {
    fn bytes(&self) -> u64 {
        self.bytes
    }

    fn content(&self) -> Option<String> {
        None
    }

    fn read_at(&self, buffer: &mut [u8], from: u64) -> io::Result<usize> {
        self.file.read_at(buffer, from)
    }
}

#[derive(Debug)]
struct Written(BufWriter<File>);

impl Write for Written {
    fn write(&mut self, buffer: &[u8]) -> io::Result<usize> {
        self.0.write(buffer)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

impl WriteFile for Written {
    fn finish(mut self: Box<Self>) -> io::Result<Upload> {
        self.0.flush()?;
        self.0.get_ref().sync_all()?;
        Ok(Box::new(|| Ok(())))
    }
}
