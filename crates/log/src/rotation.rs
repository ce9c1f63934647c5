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
    let numbered = |number: u32| PathBuf::from(format!("{}.{number}", path.display()));
    for number in (1..KEPT).rev() {
        match fs::rename(numbered(number), numbered(number + 1)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    fs::rename(path, numbered(1))
}

/// A file that puts itself aside.
pub(crate) struct Rotating {
    path: PathBuf,
    file: File,
}

impl Rotating {
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self {
            path: path.to_path_buf(),
            file: append(path)?,
        })
    }
}

impl Write for Rotating {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.file.metadata()?.len() > LARGEST {
            put_aside(&self.path)?;
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
        let mut log = Rotating::open(&path).expect("it can be opened");
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
}
