//! Format `native`, version 2: the memory backend's own. Sections of entries, each of one key group,
//! so that a reader skips the groups that it does not own.
//!
//! ```text
//! header   8 bytes  "MSTATE\r\n"
//!          u32      version (2)
//! section  u16      key group
//!          u32      number of entries
//!          u64      length of the entries in bytes
//!          …        the entries: key, place, value, key, place, value, … in postcard's encoding
//! ```
//! The place tells the entries of one key apart: the key in a map, the position in a list (u64), the time of a timer (i64, in
//! milliseconds). Where a key has one entry it is nothing, and takes no bytes. In version 1 there was no place, and a map or
//! list was one value.
//!
//! Numbers are little-endian. A group may have several sections, one after the other, and groups come in
//! order. The file ends with a section; its length and checksum stand in `_metadata`.

use std::io::{self, BufReader, Read, Write};
use std::path::PathBuf;

use millstream_core::{KeyGroup, KeyGroupRange, Result};

use crate::fail;
use crate::files::StateFile;
use crate::metadata::FileEntry;
use crate::verify::VerifiedFile;
use crate::write::StateFileWriter;

const MAGIC: &[u8; 8] = b"MSTATE\r\n";
const VERSION: u32 = 2;
const BUFFER_BYTES: usize = 256 * 1024;

/// Writes a file of format native.
#[derive(Debug)]
pub struct NativeWriter {
    file: StateFileWriter,
    entries: u64,
}

impl NativeWriter {
    /// Begins the file.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn new(file: StateFileWriter) -> Result<Self> {
        let mut writer = Self { file, entries: 0 };
        writer.write(MAGIC)?;
        writer.write(&VERSION.to_le_bytes())?;
        Ok(writer)
    }

    /// Writes one section: `entries` entries of `group`, encoded in `bytes`.
    ///
    /// # Errors
    /// The file can't be written.
    pub fn section(&mut self, group: KeyGroup, entries: u32, bytes: &[u8]) -> Result<()> {
        self.write(&group.to_le_bytes())?;
        self.write(&entries.to_le_bytes())?;
        self.write(&(bytes.len() as u64).to_le_bytes())?;
        self.write(bytes)?;
        self.entries += u64::from(entries);
        Ok(())
    }

    /// Ends the file.
    ///
    /// # Errors
    /// The file can't be written to its end.
    pub fn finish(self, key_groups: KeyGroupRange) -> Result<FileEntry> {
        self.file.finish(key_groups, self.entries)
    }

    fn write(&mut self, bytes: &[u8]) -> Result<()> {
        self.file
            .write_all(bytes)
            .map_err(|cause| fail::write(self.file.path(), cause))
    }
}

/// Reads a file of format native, section by section.
#[derive(Debug)]
pub struct NativeReader {
    file: BufReader<StateFile>,
    path: PathBuf,
    key_groups: KeyGroupRange,
    left: u64,
    version: u32,
}

/// The entries of one section.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Section {
    /// The key group that all of them belong to.
    pub group: KeyGroup,
    /// How many there are.
    pub entries: u32,
    /// The entries as they were written.
    pub bytes: Vec<u8>,
}

impl NativeReader {
    /// Opens the file, to read the sections of `key_groups` alone.
    ///
    /// # Errors
    /// The file is missing, is not of this format, or of a newer version; names the file.
    pub fn open(file: &VerifiedFile, key_groups: KeyGroupRange) -> Result<Self> {
        let path = file.path();
        let file = file.open()?;
        let left = file.size();
        let file = BufReader::with_capacity(BUFFER_BYTES, file);
        let mut reader = Self {
            file,
            path: path.to_path_buf(),
            key_groups,
            left,
            version: VERSION,
        };
        if reader.array::<8>()? != *MAGIC {
            return Err(fail::corrupt(
                path,
                "it does not begin as a file of native state",
            ));
        }
        let version = u32::from_le_bytes(reader.array()?);
        if version > VERSION {
            return Err(fail::newer(path, version.into(), VERSION.into()));
        }
        reader.version = version;
        Ok(reader)
    }

    /// Whether each entry of a map or list stands by itself, as since version 2.
    pub fn is_by_entry(&self) -> bool {
        self.version >= 2
    }

    /// The next section of the wanted groups; `None` at the end of the file.
    ///
    /// # Errors
    /// The file ends within a section or can't be read; names the file.
    pub fn next_section(&mut self) -> Result<Option<Section>> {
        while self.left > 0 {
            let group = KeyGroup::from_le_bytes(self.array()?);
            let entries = u32::from_le_bytes(self.array()?);
            let length = u64::from_le_bytes(self.array()?);
            if length > self.left {
                return Err(self.ends_early());
            }
            if self.key_groups.contains(group) {
                let mut bytes = vec![0; usize::try_from(length).map_err(|_| self.ends_early())?];
                self.fill(&mut bytes)?;
                return Ok(Some(Section {
                    group,
                    entries,
                    bytes,
                }));
            }
            self.left -= length;
            let offset = i64::try_from(length).map_err(|_| self.ends_early())?;
            self.file
                .seek_relative(offset)
                .map_err(|cause| fail::read(&self.path, &cause))?;
        }
        Ok(None)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N]> {
        let mut bytes = [0; N];
        self.fill(&mut bytes)?;
        Ok(bytes)
    }

    fn fill(&mut self, bytes: &mut [u8]) -> Result<()> {
        self.file
            .read_exact(bytes)
            .map_err(|cause| match cause.kind() {
                io::ErrorKind::UnexpectedEof => self.ends_early(),
                _ => fail::read(&self.path, &cause),
            })?;
        self.left = self.left.saturating_sub(bytes.len() as u64);
        Ok(())
    }

    fn ends_early(&self) -> millstream_core::Error {
        fail::corrupt(&self.path, "it ends within a section")
    }
}
