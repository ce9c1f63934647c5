//! Where everything of a round lies.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A directory that a fault can strike.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Place {
    Input,
    Output,
    Checkpoints,
    Savepoints,
    Data,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Input => "input",
            Self::Output => "output",
            Self::Checkpoints => "checkpoints",
            Self::Savepoints => "savepoints",
            Self::Data => "data",
        })
    }
}

/// The directories of a round.
pub(crate) struct Places {
    pub(crate) root: PathBuf,
}

impl Places {
    /// Makes the directories.
    pub(crate) fn make(root: PathBuf) -> io::Result<Self> {
        let places = Self { root };
        for name in ["logs", "taken", "away", "elsewhere"] {
            fs::create_dir_all(places.root.join(name))?;
        }
        for place in [
            Place::Input,
            Place::Output,
            Place::Checkpoints,
            Place::Savepoints,
            Place::Data,
        ] {
            fs::create_dir_all(places.path(place))?;
        }
        fs::create_dir_all(places.bad())?;
        std::os::unix::fs::symlink("in", places.root.join("link-to-in"))?;
        Ok(places)
    }

    pub(crate) fn path(&self, place: Place) -> PathBuf {
        match place {
            Place::Input => self.root.join("in"),
            // Records and dead letters come and go together.
            Place::Output => self.root.join("out"),
            Place::Checkpoints => self.root.join("checkpoints"),
            Place::Savepoints => self.root.join("savepoints"),
            Place::Data => self.root.join("data"),
        }
    }

    /// Where records come out.
    pub(crate) fn good(&self) -> PathBuf {
        self.path(Place::Output).join("good")
    }

    /// Where bad records come out.
    pub(crate) fn bad(&self) -> PathBuf {
        self.path(Place::Output).join("bad")
    }

    /// Where a consumer puts what it has taken.
    pub(crate) fn taken(&self) -> PathBuf {
        self.root.join("taken")
    }

    /// Where the job puts input that is committed.
    pub(crate) fn moved(&self) -> PathBuf {
        self.root.join("moved")
    }

    /// Where a directory is while it is away.
    pub(crate) fn away(&self, place: Place) -> PathBuf {
        self.root.join("away").join(place.to_string())
    }

    /// Where savepoints lie that `stop -p` writes: no directory that the options of the job name.
    pub(crate) fn elsewhere(&self) -> PathBuf {
        self.root.join("elsewhere")
    }

    pub(crate) fn logs(&self) -> PathBuf {
        self.root.join("logs")
    }
}

/// The names in a directory; none where it is not there.
pub(crate) fn names(directory: &Path) -> Vec<String> {
    let entries = fs::read_dir(directory).into_iter().flatten().flatten();
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.file_name().into_string().ok())
        .collect();
    names.sort();
    names
}

/// Moves what lies below `from` to the same place below `to`, directories into those that are there. Of a file that is
/// in both places the one of `to` stays.
pub(crate) fn merge(from: &Path, to: &Path) -> io::Result<()> {
    for name in names(from) {
        let (source, target) = (from.join(&name), to.join(&name));
        if source.is_dir() && target.is_dir() {
            merge(&source, &target)?;
        } else if target.exists() {
            fs::remove_file(&source)?;
        } else {
            fs::rename(&source, &target)?;
        }
    }
    fs::remove_dir(from)
}
