//! Reading a snapshot: every file is checked before anything is restored.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use millstream_core::{Error, KeyGroupRange, Result, codes};

use crate::fail;
use crate::find::neighbours;
use crate::location::Location;
use crate::metadata::{
    COMMITTED_FILE, FileEntry, OperatorMetadata, SnapshotMetadata, StateMetadata,
};

const BUFFER_BYTES: usize = 256 * 1024;

/// A completed snapshot whose files have all been checked. Clones are cheap.
#[derive(Debug, Clone)]
pub struct Snapshot {
    location: Location,
    metadata: Arc<SnapshotMetadata>,
}

impl Snapshot {
    /// Opens the snapshot at `location` and checks that each of its files is there with its length and
    /// checksum. Reads all files once.
    ///
    /// # Errors
    /// There is no completed snapshot, it was written by a newer version, or a file is damaged, cut off
    /// or missing. The error names the file and other snapshots that lie beside it.
    pub fn open(location: &Location) -> Result<Self> {
        let metadata = read_metadata(location)?;
        let files = metadata
            .operators
            .iter()
            .flat_map(|operator| &operator.states);
        for file in files.flat_map(|state| &state.files) {
            verify(location.path(), file)
                .map_err(|error| fail::suggest(error, &neighbours(location)))?;
        }
        Ok(Self {
            location: location.clone(),
            metadata: Arc::new(metadata),
        })
    }

    /// Where it lies.
    pub fn location(&self) -> &Location {
        &self.location
    }

    /// What its `_metadata` says.
    pub fn metadata(&self) -> &SnapshotMetadata {
        &self.metadata
    }

    /// Whether what it holds prepared is known to be [committed](crate::mark_committed).
    pub fn is_committed(&self) -> bool {
        self.location.path().join(COMMITTED_FILE).exists()
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

    /// The files of `state` that may hold entries of `key_groups`, with their paths.
    pub fn files<'a>(
        &'a self,
        state: &'a StateMetadata,
        key_groups: KeyGroupRange,
    ) -> impl Iterator<Item = (PathBuf, &'a FileEntry)> {
        let overlaps = move |file: &&FileEntry| {
            file.key_groups.start < key_groups.end && key_groups.start < file.key_groups.end
        };
        state
            .files
            .iter()
            .filter(overlaps)
            .map(|file| (self.snapshot.location.path().join(&file.path), file))
    }
}

/// Reads `_metadata` alone; its files are not looked at.
///
/// # Errors
/// There is none, or it can't be read; names the file and snapshots beside it.
pub(crate) fn read_metadata(location: &Location) -> Result<SnapshotMetadata> {
    let path = location.metadata_path();
    let bytes = std::fs::read(&path).map_err(|cause| match cause.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => no_snapshot(location),
        _ => fail::read(&path, cause),
    })?;
    SnapshotMetadata::from_text(&bytes, &path)
        .map_err(|error| fail::suggest(error, &neighbours(location)))
}

fn no_snapshot(location: &Location) -> Error {
    let there = location.path().is_dir();
    let what = if there {
        "holds no _metadata, so no snapshot was completed there"
    } else {
        "does not exist"
    };
    let error = Error::new(&codes::SNAPSHOT_MISSING, format!("{location} {what}"))
        .next("give the directory of a completed snapshot or its _metadata file");
    fail::suggest(error, &neighbours(location))
}

fn verify(directory: &Path, entry: &FileEntry) -> Result<()> {
    let path = directory.join(&entry.path);
    if !entry.is_inside() {
        return Err(fail::corrupt(
            &path,
            "its path leads out of the snapshot's directory",
        ));
    }
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(fail::file_missing(&path));
        }
        Err(error) => return Err(fail::read(&path, error)),
    };
    let length = file
        .metadata()
        .map_err(|cause| fail::read(&path, cause))?
        .len();
    if length != entry.bytes {
        let expected = entry.bytes;
        return Err(fail::corrupt(
            &path,
            format!("it has {length} bytes, not {expected}"),
        ));
    }
    let crc = checksum(&mut file).map_err(|cause| fail::read(&path, cause))?;
    if crc != entry.crc32 {
        return Err(fail::corrupt(
            &path,
            format!("its checksum is {crc:08x}, not {:08x}", entry.crc32),
        ));
    }
    Ok(())
}

fn checksum(file: &mut File) -> io::Result<u32> {
    let mut crc = crc32fast::Hasher::new();
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let length = file.read(&mut buffer)?;
        match buffer.get(..length) {
            None | Some([]) => return Ok(crc.finalize()),
            Some(bytes) => crc.update(bytes),
        }
    }
}
