//! Files of limited size: older parts are numbered `.1`, `.2`, ….

use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A file that is longer is put aside, in bytes.
pub const LARGEST: u64 = 16 << 20;
/// So many older parts are kept.
pub const KEPT: u32 = 5;

/// So much is written before it is tried again to begin another part, in bytes.
const STEP: u64 = 64 << 10;

/// The parts of a file that is written to for long. Whoever writes asks before what it has to write whether to go on with another
/// file.
#[derive(Debug)]
pub struct Parts {
    path: PathBuf,
    largest: u64,
    kept: u32,
    /// So much more may be written until it is tried again, where it was tried in vain.
    excess: u64,
}

impl Parts {
    /// Those of the file at `path`, which is put aside when it is longer than `largest` bytes; `kept` older ones are kept.
    pub fn new(path: &Path, largest: u64, kept: u32) -> Self {
        Self {
            path: path.to_path_buf(),
            largest,
            kept,
            excess: 0,
        }
    }

    /// The file to go on with, where the one that is written to has `length` bytes, and these are too many: what lies at the path is
    /// put aside. `None`: the same.
    ///
    /// # Errors
    /// No other file can be begun, so that the same is to be gone on with. It is tried again once that has grown by some more.
    pub fn renewed(&mut self, length: u64) -> io::Result<Option<File>> {
        if length <= self.largest {
            self.excess = 0;
            return Ok(None);
        }
        if length <= self.largest.saturating_add(self.excess) {
            return Ok(None);
        }
        let begun = self.begin();
        self.excess = match begun {
            Ok(_) => 0,
            Err(_) => (length - self.largest).saturating_add(STEP),
        };
        begun.map(Some)
    }

    fn begin(&self) -> io::Result<File> {
        match fs::metadata(&self.path) {
            Ok(lying) if lying.len() > self.largest => put_aside(&self.path, self.kept)?,
            Err(error) if error.kind() != ErrorKind::NotFound => return Err(error),
            // Somebody has taken the file away or put another in its place: no part has to go for it.
            _ => {}
        }
        append(&self.path)
    }
}

/// Opens a file to write to its end; it is made if it is not there.
fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// Moves `path` to `path.1`, that to `path.2`, and so on; the oldest is gone. One that fails costs no more than the oldest part,
/// however often it is tried again.
fn put_aside(path: &Path, kept: u32) -> io::Result<()> {
    let numbered = |number: u32| PathBuf::from(format!("{}.{number}", path.display()));
    let is_there = |result: io::Result<()>| match result {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        done => done.map(|()| true),
    };
    // More were kept before.
    let mut surplus = kept + 1;
    while is_there(fs::remove_file(numbered(surplus)))? {
        surplus += 1;
    }
    if kept == 0 {
        return fs::remove_file(path);
    }
    // One that failed has left a number free.
    let is_free = |number: &u32| matches!(numbered(*number).try_exists(), Ok(false));
    let last = (1..kept).find(is_free).unwrap_or(kept);
    for number in (1..last).rev() {
        is_there(fs::rename(numbered(number), numbered(number + 1)))?;
    }
    fs::rename(path, numbered(1))
}

/// A file of lines that puts itself aside. Behind a line of which a full disk has taken a part, the next one begins on its own.
pub(crate) struct Rotating {
    file: File,
    parts: Parts,
    /// Whether what was written last was no whole line: the rest of it may follow.
    is_begun: bool,
    /// Whether the file ends with a part of a line whose rest does not follow.
    is_cut: bool,
}

impl Rotating {
    pub(crate) fn open(path: &Path, largest: u64, kept: u32) -> io::Result<Self> {
        Ok(Self {
            file: append(path)?,
            parts: Parts::new(path, largest, kept),
            is_begun: false,
            is_cut: ends_within_line(path),
        })
    }

    fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let length = self.file.metadata()?.len();
        // A line is worth more than the limit.
        if let Ok(Some(file)) = self.parts.renewed(length) {
            self.file = file;
            self.is_cut = false;
        }
        if self.is_cut {
            self.file.write_all(b"\n")?;
            (self.is_cut, self.is_begun) = (false, false);
        }
        self.file.write(bytes)
    }
}

/// Whether a file ends with a part of a line, as one does that its last process was writing to when the disk was full. What can't be
/// read is taken to be whole.
fn ends_within_line(path: &Path) -> bool {
    let mut last = [0];
    let read = File::open(path).and_then(|mut file| {
        file.seek(SeekFrom::End(-1))?;
        file.read_exact(&mut last)
    });
    read.is_ok() && last != *b"\n"
}

impl Write for Rotating {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.append(bytes);
        match &written {
            Ok(count) => self.is_begun = bytes.get(..*count).is_some_and(|it| !it.ends_with(b"\n")),
            // Whoever writes tries again at once.
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) => self.is_cut |= std::mem::take(&mut self.is_begun),
        }
        written
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests;
