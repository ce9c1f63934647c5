//! Files of limited size: older parts are numbered `.1`, `.2`, ….

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

/// A file that is longer is put aside, in bytes.
pub const LARGEST: u64 = 16 << 20;
/// So many older parts are kept.
pub const KEPT: u32 = 5;

/// Opens a file to write to its end; it is made if it is not there.
///
/// # Errors
/// It can't be opened.
pub fn append(path: &Path) -> io::Result<File> {
    OpenOptions::new().create(true).append(true).open(path)
}

/// Moves `path` to `path.1`, that to `path.2`, and so on; the oldest is gone.
///
/// # Errors
/// A file can't be renamed, `path` is not there for example.
pub fn put_aside(path: &Path) -> io::Result<()> {
    put_aside_keeping(path, KEPT)
}

/// The same, where `kept` older parts are kept.
fn put_aside_keeping(path: &Path, kept: u32) -> io::Result<()> {
    let numbered = |number: u32| PathBuf::from(format!("{}.{number}", path.display()));
    let is_there = |result: io::Result<()>| match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        done => done.map(|()| true),
    };
    // More were kept before.
    let mut surplus = kept.max(1);
    while is_there(fs::remove_file(numbered(surplus)))? {
        surplus += 1;
    }
    if kept == 0 {
        return fs::remove_file(path);
    }
    for number in (1..kept).rev() {
        is_there(fs::rename(numbered(number), numbered(number + 1)))?;
    }
    fs::rename(path, numbered(1))
}

/// A file that puts itself aside.
pub(crate) struct Rotating {
    path: PathBuf,
    file: File,
    largest: u64,
    kept: u32,
}

impl Rotating {
    pub(crate) fn open(path: &Path, largest: u64, kept: u32) -> io::Result<Self> {
        Ok(Self {
            path: path.to_path_buf(),
            file: append(path)?,
            largest,
            kept,
        })
    }
}

impl Write for Rotating {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.file.metadata()?.len() > self.largest {
            put_aside_keeping(&self.path, self.kept)?;
            self.file = append(&self.path)?;
        }
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_file_is_put_aside_in_parts_and_the_oldest_goes() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("some.log");
        let mut log = Rotating::open(&path, LARGEST, KEPT).expect("it can be opened");
        for part in 0..=KEPT + 1 {
            log.file.set_len(LARGEST + 1).expect("it can grow");
            log.write_all(format!("part {part}").as_bytes())
                .expect("it can be written");
        }
        let newest = fs::read_to_string(&path).expect("a new file");
        assert_eq!(newest, format!("part {}", KEPT + 1));
        let files = fs::read_dir(directory.path())
            .expect("it can be listed")
            .count();
        assert_eq!(files, KEPT as usize + 1);
    }

    #[test]
    fn as_many_parts_are_kept_as_are_asked_for_now() {
        let directory = tempfile::tempdir().expect("a directory");
        let path = directory.path().join("some.log");
        for (kept, files) in [(4, 5), (2, 3), (0, 1)] {
            let mut log = Rotating::open(&path, 10, kept).expect("it can be opened");
            for part in 0..8 {
                log.write_all(format!("part {part}, of some length").as_bytes())
                    .expect("it can be written");
            }
            let there = fs::read_dir(directory.path()).expect("listed").count();
            assert_eq!(there, files, "{kept}");
        }
    }
}
