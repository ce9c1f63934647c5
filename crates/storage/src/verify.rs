//! Checking the files of a snapshot: their lengths at once, their checksums before their bytes are trusted, once for each.

use std::collections::BTreeMap;
use std::fmt::Display;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use millstream_core::{Error, Result};

use crate::absent::is_absent;
use crate::fail;
use crate::files::{self, StateFile};
use crate::metadata::FileEntry;
use crate::names::{METADATA_FILE, SHARED_PREFIX};
use crate::there::is_there;

const BUFFER_BYTES: usize = 256 * 1024;

/// A file of a snapshot whose bytes are those that were written. Made by [`Snapshot::verified`](crate::Snapshot::verified)
/// alone, so that nothing is read that was not checked.
#[derive(Debug, Clone)]
pub struct VerifiedFile {
    path: PathBuf,
    /// What tells the content that was verified from another one.
    content: Option<String>,
}

impl VerifiedFile {
    /// Where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Opens it.
    ///
    /// # Errors
    /// It has gone since, or can't be reached.
    pub fn open(&self) -> Result<StateFile> {
        let opened = StateFile::open_as(&self.path, self.content.as_deref());
        opened.map_err(|cause| cannot_open(&self.path, &cause))
    }

    /// All of its bytes.
    ///
    /// # Errors
    /// It has gone since, or can't be reached.
    pub fn read(&self) -> Result<Vec<u8>> {
        let mut bytes = Vec::new();
        self.open()?
            .read_to_end(&mut bytes)
            .map_err(|cause| fail::read(&self.path, &cause))?;
        Ok(bytes)
    }
}

impl VerifiedFile {
    /// The error of bytes that can't be understood though they were verified: what the disk says now, or that they are damaged.
    pub(crate) fn not_understood(&self, what: impl Display) -> Error {
        let read = self.open().and_then(|mut file| {
            io::copy(&mut file, &mut io::sink()).map_err(|cause| fail::read(&self.path, &cause))
        });
        match read {
            Ok(_) => fail::corrupt(&self.path, what),
            Err(error) => error,
        }
    }
}

/// How far the checksums of a snapshot have been verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verified {
    /// Bytes verified so far.
    pub bytes: u64,
    /// Bytes of all its files.
    pub of: u64,
}

/// What is known of the files of one snapshot, shared by everybody who reads it.
#[derive(Debug)]
pub(crate) struct Verification {
    /// Files that are known to be intact, by their paths in the snapshot. Who finds one locked waits for the answer.
    files: BTreeMap<String, Mutex<Option<VerifiedFile>>>,
    bytes: AtomicU64,
    of: u64,
    given_up: AtomicBool,
}

impl Verification {
    /// Nothing is verified yet.
    pub(crate) fn new<'a>(files: impl Iterator<Item = &'a FileEntry>) -> Self {
        let lengths: BTreeMap<&str, u64> =
            files.map(|file| (file.path.as_str(), file.bytes)).collect();
        Self {
            of: lengths.values().sum(),
            files: lengths
                .into_keys()
                .map(|path| (path.to_owned(), Mutex::default()))
                .collect(),
            bytes: AtomicU64::new(0),
            given_up: AtomicBool::new(false),
        }
    }

    /// Nobody waits for checksums any more.
    pub(crate) fn give_up(&self) {
        self.given_up.store(true, Ordering::Relaxed);
    }

    pub(crate) fn progress(&self) -> Verified {
        Verified {
            bytes: self.bytes.load(Ordering::Relaxed),
            of: self.of,
        }
    }

    /// The file, whose checksum is computed unless that was done before. What can't be read is tried again the next time.
    pub(crate) fn verified(&self, directory: &Path, entry: &FileEntry) -> Result<VerifiedFile> {
        let path = directory.join(&entry.path);
        let Some(known) = self.files.get(&entry.path) else {
            return Err(fail::corrupt(
                &path,
                "the snapshot's _metadata does not name it",
            ));
        };
        let mut intact = known.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(file) = &*intact {
            return Ok(file.clone());
        }
        let content = self.check(&path, entry)?;
        Ok(intact.insert(VerifiedFile { path, content }).clone())
    }

    fn check(&self, path: &Path, entry: &FileEntry) -> Result<Option<String>> {
        let mut file = StateFile::open(path).map_err(|cause| cannot_open(path, &cause))?;
        has_length(path, file.size(), entry)?;
        let mut counted = 0;
        let result = checksum(&mut file, |bytes| {
            counted += bytes;
            self.bytes.fetch_add(bytes, Ordering::Relaxed);
            match self.given_up.load(Ordering::Relaxed) {
                true => Err(io::ErrorKind::Interrupted.into()),
                false => Ok(()),
            }
        });
        let result = match result {
            Ok(crc) if crc == entry.crc32 => return Ok(file.content()),
            Ok(crc) => Err(fail::corrupt(
                path,
                format!("its checksum is {crc:08x}, not {:08x}", entry.crc32),
            )),
            Err(cause) => Err(fail::read(path, &cause)),
        };
        self.bytes.fetch_sub(counted, Ordering::Relaxed);
        result
    }
}

/// Checks that a file is there with its length.
pub(crate) fn check_length(path: &Path, entry: &FileEntry) -> Result<()> {
    let found = files::look(path).map_err(|cause| cannot_open(path, &cause))?;
    has_length(path, found.bytes, entry)
}

fn has_length(path: &Path, length: u64, entry: &FileEntry) -> Result<()> {
    let expected = entry.bytes;
    if length == expected {
        return Ok(());
    }
    Err(fail::corrupt(
        path,
        format!("it has {length} bytes, not {expected}"),
    ))
}

/// A file is missing if the snapshot is there without it. If all of the snapshot has gone, its disk or share has.
fn cannot_open(path: &Path, cause: &io::Error) -> Error {
    if !is_absent(cause) {
        return fail::read(path, cause);
    }
    let mut ancestors = path.ancestors().skip(1);
    // `<snapshot>/NAME`, or `<snapshot>/../shared/NAME`.
    let directory = match ancestors.next() {
        Some(shared) if shared.ends_with(SHARED_PREFIX) => ancestors.nth(1),
        directory => directory,
    };
    match directory.map(|directory| is_there(&directory.join(METADATA_FILE))) {
        Some(Ok(true)) => return fail::file_missing(path),
        Some(Err(error)) => return error,
        Some(Ok(false)) | None => {}
    }
    fail::unreachable(
        path,
        "all of the snapshot has gone, while it was being read",
    )
}

fn checksum(file: &mut StateFile, mut read: impl FnMut(u64) -> io::Result<()>) -> io::Result<u32> {
    let mut crc = crc32fast::Hasher::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let length = file.read(&mut buffer)?;
        match buffer.get(..length) {
            None | Some([]) => return Ok(crc.finalize()),
            Some(bytes) => {
                crc.update(bytes);
                read(bytes.len() as u64)?;
            }
        }
    }
}
