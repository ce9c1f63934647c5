//! The preloaded library that makes the disk fail and moves the clock, and the file that tells it to.

use std::fs::{File, OpenOptions};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, Result, ensure};

const SOURCE: &str = include_str!("../shim/shim.c");

/// What a fault of the disk strikes. The numbers are those of shim.c.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operations {
    /// What makes or lengthens files.
    Space,
    /// Writing and syncing.
    Writes,
    /// Syncing alone.
    Syncs,
    /// Renaming and removing.
    Names,
    /// Opening and reading.
    Reads,
    /// Everything.
    All,
}

impl Operations {
    fn bits(self) -> u32 {
        match self {
            Self::Space => 1 | 2,
            Self::Writes => 1 | 2 | 4,
            Self::Syncs => 4,
            Self::Names => 8,
            Self::Reads => 16 | 32,
            Self::All => 1 | 2 | 4 | 8 | 16 | 32 | 64,
        }
    }
}

/// How the disk fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Failure {
    NoSpace,
    Broken,
}

impl Failure {
    fn number(self) -> i32 {
        match self {
            Self::NoSpace => rustix::io::Errno::NOSPC.raw_os_error(),
            Self::Broken => rustix::io::Errno::IO.raw_os_error(),
        }
    }
}

/// Builds the library into `directory`.
pub(crate) fn build(directory: &Path) -> Result<PathBuf> {
    let (source, library) = (directory.join("shim.c"), directory.join("shim.so"));
    std::fs::write(&source, SOURCE)?;
    let output = Command::new("cc")
        .args(["-shared", "-fPIC", "-O1", "-o"])
        .args([&library, &source])
        .arg("-ldl")
        .output()
        .context("cc builds the preloaded library: install a C compiler")?;
    ensure!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(library)
}

/// The file that tells the library what to do.
pub(crate) struct Control {
    file: File,
    pub(crate) path: PathBuf,
}

impl Control {
    pub(crate) fn create(path: PathBuf) -> Result<Self> {
        let mut options = OpenOptions::new();
        let file = options
            .read(true)
            .write(true)
            .create(true)
            .truncate(true)
            .open(&path)?;
        file.set_len(4096)?;
        Ok(Self { file, path })
    }

    /// Moves the clock to so many seconds from the true time.
    pub(crate) fn shift_clock(&self, seconds: i64) -> Result<()> {
        Ok(self.file.write_all_at(&seconds.to_ne_bytes(), 0)?)
    }

    /// Lets so many of 1,000 operations below `prefix` fail.
    pub(crate) fn fail(
        &self,
        prefix: &Path,
        failure: Failure,
        operations: Operations,
        per_mille: u32,
    ) -> Result<()> {
        self.heal()?;
        let mut text = prefix.as_os_str().as_encoded_bytes().to_vec();
        text.push(0);
        self.file.write_all_at(&text, 32)?;
        let numbers = [
            failure.number().to_ne_bytes(),
            operations.bits().to_ne_bytes(),
            per_mille.to_ne_bytes(),
        ];
        self.file.write_all_at(&numbers.concat(), 12)?;
        Ok(self.file.write_all_at(&1_u32.to_ne_bytes(), 8)?)
    }

    /// Lets nothing fail any more. The clock stays where it is.
    pub(crate) fn heal(&self) -> Result<()> {
        Ok(self.file.write_all_at(&0_u32.to_ne_bytes(), 8)?)
    }

    /// How many operations have failed so far.
    pub(crate) fn hits(&self) -> Result<u64> {
        let mut bytes = [0; 8];
        self.file.read_exact_at(&mut bytes, 24)?;
        Ok(u64::from_ne_bytes(bytes))
    }
}
