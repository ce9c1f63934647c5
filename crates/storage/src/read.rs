//! Reading a snapshot: every file is checked before its bytes are trusted.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use millstream_core::{Error, KeyGroupRange, Result, codes};

use crate::absent::is_absent;
use crate::beside::neighbours;
use crate::disk::read_if_there;
use crate::fail;
use crate::files::{self, is_in_store};
use crate::location::Location;
use crate::metadata::{FileEntry, OperatorMetadata, SnapshotMetadata, StateMetadata};
use crate::names::COMMITTED_FILE;
use crate::place::check_place;
use crate::there::{is_directory_there, is_there};
use crate::verify::{Verification, Verified, VerifiedFile, check_length};

/// A completed snapshot whose files are all there with their lengths. Clones are cheap, and know of each other which
/// checksums have been verified.
#[derive(Debug, Clone)]
pub struct Snapshot {
    location: Location,
    metadata: Arc<SnapshotMetadata>,
    checkpoints: Option<Arc<str>>,
    verification: Arc<Verification>,
}

impl Snapshot {
    /// Opens the snapshot at `location` and checks that each of its files is there with its length. Reads `_metadata` alone:
    /// checksums are verified when a file is [asked for](Self::verified).
    ///
    /// # Errors
    /// - `SNAPSHOT_MISSING`: there is no completed snapshot, in a directory that can be looked at.
    /// - `SNAPSHOT_UNREACHABLE` (kind `Unavailable`): it can't be looked at, which may pass.
    /// - kind `Data`: it is damaged, cut off, another than its place says, lacks a file, is of a newer version or of another program.
    ///
    /// The error names the file and other snapshots that lie beside it.
    pub fn open(location: &Location) -> Result<Self> {
        let (metadata, checkpoints) = read_with_checkpoints(location)?;
        check_place(location.path(), &metadata)
            .map_err(|error| fail::suggest(error, &neighbours(location)))?;
        for file in metadata.files() {
            check_length(&location.path().join(&file.path), file)
                .map_err(|error| fail::suggest(error, &neighbours(location)))?;
        }
        Ok(Self {
            location: location.clone(),
            verification: Arc::new(Verification::new(metadata.files())),
            metadata: Arc::new(metadata),
            checkpoints: checkpoints.map(Arc::from),
        })
    }

    /// A file of the snapshot, once its checksum is known to fit. The first to ask reads all of the file, others wait for
    /// that; may be called on any thread.
    ///
    /// # Errors
    /// The file is damaged (kind `Data`) or can't be read at present (kind `Unavailable`); names it.
    pub fn verified(&self, file: &FileEntry) -> Result<VerifiedFile> {
        self.verification
            .verified(self.location.path(), file)
            .map_err(|error| fail::suggest(error, &neighbours(&self.location)))
    }

    /// Verifies the checksums of all files that are not known to be intact.
    ///
    /// # Errors
    /// Those of [`verified`](Self::verified), of the first file that is not.
    pub fn verify_all(&self) -> Result<()> {
        self.metadata
            .files()
            .try_for_each(|file| self.verified(file).map(drop))
    }

    /// Whoever waits for a checksum, here or through a clone, is answered by an error of kind `Unavailable` soon: the attempt
    /// that reads the snapshot has ended. For large state, which takes longer to read than anybody wants to wait.
    pub fn give_up(&self) {
        self.verification.give_up();
    }

    /// How far checksums have been verified, over all clones.
    pub fn progress(&self) -> Verified {
        self.verification.progress()
    }

    /// Where it lies.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// What its `_metadata` says.
    pub fn metadata(&self) -> &SnapshotMetadata {
        &self.metadata
    }

    /// Where its `_metadata` says that the checkpoints of its job lay; `None`: it does not.
    pub(crate) fn checkpoints(&self) -> Option<&str> {
        self.checkpoints.as_deref()
    }

    /// Whether what it holds prepared is known to be [committed](crate::mark_committed).
    ///
    /// # Errors
    /// That can't be told.
    pub fn is_committed(&self) -> Result<bool> {
        is_there(&self.location.path().join(COMMITTED_FILE))
    }

    /// The operators in it.
    pub fn operators(&self) -> impl Iterator<Item = OperatorSnapshot> {
        (0..self.metadata.operators.len()).map(|index| OperatorSnapshot::new(self, index))
    }

    /// The part of the operator with this uid.
    pub fn operator(&self, uid: &str) -> Option<OperatorSnapshot> {
        let index = self
            .metadata
            .operators
            .iter()
            .position(|operator| operator.uid == uid)?;
        Some(OperatorSnapshot::new(self, index))
    }
}

/// One operator's part of a snapshot. Clones are cheap and may go to other threads.
#[derive(Debug, Clone)]
pub struct OperatorSnapshot {
    snapshot: Snapshot,
    index: usize,
    /// The states that were asked for, over all clones.
    taken: Arc<Mutex<BTreeSet<String>>>,
}

impl OperatorSnapshot {
    fn new(snapshot: &Snapshot, index: usize) -> Self {
        Self {
            snapshot: snapshot.clone(),
            index,
            taken: Arc::default(),
        }
    }

    /// What `_metadata` says of the operator.
    pub fn metadata(&self) -> &OperatorMetadata {
        // Made by `Snapshot` alone, whose metadata never changes.
        self.snapshot
            .metadata
            .operators
            .get(self.index)
            .expect("the index of an operator")
    }

    /// The snapshot that it is a part of.
    pub fn snapshot(&self) -> &Snapshot {
        &self.snapshot
    }

    /// The names of the states that nobody has asked this handle or a clone of it for.
    pub fn not_taken(&self) -> Vec<String> {
        let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let states = self.metadata().states.iter();
        let names = states.map(|state| state.name.clone());
        names.filter(|name| !taken.contains(name)).collect()
    }

    /// The keyed state with this name, which is noted as taken.
    pub fn state(&self, name: &str) -> Option<&StateMetadata> {
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        taken.insert(name.to_owned());
        drop(taken);
        self.metadata()
            .states
            .iter()
            .find(|state| state.name == name)
    }

    /// The files of `state` that may hold entries of `key_groups`; get at them by [`verified`](Self::verified).
    pub fn files<'a>(
        &'a self,
        state: &'a StateMetadata,
        key_groups: KeyGroupRange,
    ) -> impl Iterator<Item = &'a FileEntry> {
        let overlaps = move |file: &&FileEntry| {
            file.key_groups.start < key_groups.end && key_groups.start < file.key_groups.end
        };
        state.files.iter().filter(overlaps)
    }

    /// A file of one of its states, once its checksum is known to fit.
    ///
    /// # Errors
    /// Those of [`Snapshot::verified`].
    pub fn verified(&self, file: &FileEntry) -> Result<VerifiedFile> {
        self.snapshot.verified(file)
    }
}

/// Reads `_metadata` alone; its files are not looked at.
///
/// # Errors
/// There is none, it can't be reached or read, or was not written by Millstream; names the file and snapshots beside it.
pub(crate) fn read_metadata(location: &Location) -> Result<SnapshotMetadata> {
    let (metadata, _) = read_with_checkpoints(location)?;
    Ok(metadata)
}

/// The same, and where it says that the checkpoints of its job lay.
fn read_with_checkpoints(location: &Location) -> Result<(SnapshotMetadata, Option<String>)> {
    let path = location.metadata_path();
    let bytes = files::read(&path).map_err(|cause| {
        if is_absent(&cause) {
            no_snapshot(location)
        } else {
            fail::read(&path, &cause)
        }
    })?;
    SnapshotMetadata::with_checkpoints(&bytes, &path)
        .map_err(|error| fail::suggest(error, &neighbours(location)))
}

/// The content of the list of the snapshot at `location`, whatever that is; `None`: there is none.
///
/// # Errors
/// It can't be read.
pub fn list_of(location: &Location) -> Result<Option<Vec<u8>>> {
    read_if_there(&location.metadata_path())
}

/// A directory without `_metadata`, or one that is not there, holds no snapshot. Where what it would lie in is not there either,
/// nothing is known: a disk or share may not be mounted.
fn no_snapshot(location: &Location) -> Error {
    let parent = location.path().parent().unwrap_or(location.path());
    // A store has no directories that could be away: it has answered.
    if !is_in_store(parent)
        && let Err(cause) = files::look(parent)
    {
        return if is_absent(&cause) {
            let why = format!("{} is not there", parent.display());
            fail::unreachable(location.path(), why)
        } else {
            fail::read(parent, &cause)
        };
    }
    let there = match is_directory_there(location.path()) {
        Ok(there) => there,
        Err(error) => return error,
    };
    let what = if there {
        "holds no _metadata, so no snapshot was completed there"
    } else {
        "does not exist"
    };
    let error = Error::new(&codes::SNAPSHOT_MISSING, format!("{location} {what}"))
        .next("give the directory of a completed snapshot or its _metadata file");
    fail::suggest(error, &neighbours(location))
}
