//! What of a data directory goes into a backup beside the records: the small files of jobs and packages.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::{self, FileType, Metadata};
use std::io::{self, ErrorKind};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use millstream_core::{JobId, Result, book};
use millstream_process::regular;
use rusqlite::{Connection, params};

use super::contents::{self, NotAdded};
use super::{digests, failed};
use crate::data_directory::kinds;
use crate::files;

/// What is in the directory of a job and means something only while its process lives, or is what a file system keeps at its root.
const LEFT_OUT: [&str; 4] = ["lock", "job.sock", "job.sock.lock", "lost+found"];
/// Files that belong to no table of the records.
const TABLE: &str = "
    CREATE TABLE backup_files (path TEXT PRIMARY KEY, mode INTEGER NOT NULL, content INTEGER NOT NULL) STRICT;
";

/// What tells that two names are of one file. Its number alone does not: one that is replaced meanwhile gives that to the next one.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Inode {
    device: u64,
    number: u64,
    links: u64,
    bytes: u64,
    written: (i64, i64),
    changed: (i64, i64),
}

impl Inode {
    /// `None`: it has no other name.
    fn shared(about: &Metadata) -> Option<Self> {
        (about.nlink() > 1).then(|| Self {
            device: about.dev(),
            number: about.ino(),
            links: about.nlink(),
            bytes: about.size(),
            written: (about.mtime(), about.mtime_nsec()),
            changed: (about.ctime(), about.ctime_nsec()),
        })
    }
}

/// Adds the files of jobs and packages, and answers what there is and is none. One that goes away meanwhile belongs to a job that has
/// ended.
pub(super) fn add_files(backup: &mut Connection, data: &Path, file: &Path) -> Result<Vec<String>> {
    let failed = |cause| failed(file, cause);
    let transaction = backup.transaction().map_err(failed)?;
    for tables in [contents::TABLES, TABLE, digests::TABLE] {
        transaction.execute_batch(tables).map_err(failed)?;
    }
    // Packages are linked into the directories of their jobs.
    let mut known: HashMap<Inode, i64> = HashMap::new();
    let mut left_out = Vec::new();
    for path in paths(data, &mut left_out)? {
        let place = data.join(&path);
        let Some(about) = if_there(&place, fs::symlink_metadata(&place))? else {
            continue;
        };
        if !about.is_file() {
            // The book of the files that a job reads is made anew by its process.
            let is_book = about.is_dir() && path.ends_with(book::DIRECTORY);
            if !is_book {
                left_out.push(described(data, &path, about.file_type()));
            }
            continue;
        }
        let Some((opened, about)) = if_there(&place, open(&place))? else {
            continue;
        };
        let inode = Inode::shared(&about);
        let of_another = inode.as_ref().and_then(|inode| known.get(inode).copied());
        let content = if let Some(content) = of_another {
            content
        } else {
            let content = contents::add(&transaction, &opened).map_err(|why| match why {
                NotAdded::Read(cause) => files::unusable(&place, "read", cause),
                NotAdded::Written(cause) => failed(cause),
            })?;
            known.extend(inode.map(|inode| (inode, content)));
            content
        };
        transaction
            .execute(
                "INSERT INTO backup_files (path, mode, content) VALUES (?, ?, ?)",
                params![path.to_string_lossy(), about.mode() & 0o777, content],
            )
            .map_err(failed)?;
    }
    digests::note(&transaction).map_err(failed)?;
    transaction.commit().map_err(failed)?;
    Ok(left_out)
}

/// Opens a file; what is known of it is of that one, whatever has its name meanwhile.
fn open(place: &Path) -> io::Result<(fs::File, Metadata)> {
    let file = regular::open_required(place)?;
    let about = file.metadata()?;
    Ok((file, about))
}

/// What is read of `path`; `None`: it has gone away meanwhile. What is there and can't be read would be missing in the backup.
fn if_there<T>(path: &Path, read: io::Result<T>) -> Result<Option<T>> {
    match read {
        Ok(found) => Ok(Some(found)),
        Err(cause) if cause.kind() == ErrorKind::NotFound => Ok(None),
        Err(cause) => Err(files::unusable(path, "read", cause)),
    }
}

fn described(data: &Path, path: &Path, found: FileType) -> String {
    let link = kinds::link_to_nothing(&data.join(path));
    let what = link.unwrap_or_else(|| kinds::kind(found).to_owned());
    format!("{} ({what})", path.display())
}

/// The files that are kept, from the data directory on. What has the name of a job and is no directory is added to `left_out`.
fn paths(data: &Path, left_out: &mut Vec<String>) -> Result<Vec<PathBuf>> {
    let mut found = names(data, Path::new("packages"))?;
    for job in names(data, Path::new("jobs"))? {
        let name = job.file_name().and_then(OsStr::to_str);
        // Nothing else there is the server's, and it may not be allowed to look into that.
        let is_job = name.is_some_and(|name| name.parse::<JobId>().is_ok());
        if !is_job {
            continue;
        }
        match kinds::look(&data.join(&job)) {
            Some(about) if !about.is_dir() => {
                left_out.push(described(data, &job, about.file_type()));
            }
            _ => found.extend(names(data, &job)?),
        }
    }
    found.retain(|path| {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_log = ["job.log", "job.out"]
            .iter()
            .any(|log| name.starts_with(log));
        !is_log && !name.ends_with(".tmp") && !LEFT_OUT.contains(&&*name)
    });
    Ok(found)
}

/// What lies in a directory, from the data directory on; nothing where it has gone away meanwhile.
fn names(data: &Path, directory: &Path) -> Result<Vec<PathBuf>> {
    let place = data.join(directory);
    let read: io::Result<Vec<PathBuf>> = fs::read_dir(&place).and_then(|entries| {
        let paths = entries.map(|entry| entry.map(|entry| directory.join(entry.file_name())));
        paths.collect()
    });
    Ok(if_there(&place, read)?.unwrap_or_default())
}

#[cfg(test)]
mod tests;
