//! Several directories that are read as one: those of a table's partitions.
//!
//! A file has the name that its path has below the directory of the source (`dt=2024-01-01/000000_0`), and its whole path
//! where it lies elsewhere. So the ledger knows it by that, whichever directories there are.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Kind, Listed, Odd, Root, Walk};
use crate::files_source::name::Name;

/// Knows which directories there are.
pub(crate) trait Directories: fmt::Debug + Send + Sync {
    /// Those that there are now, in order: paths, or URLs where the source's directory is one. No two are the same.
    ///
    /// # Errors
    /// It can't be told.
    fn now(&self) -> io::Result<Vec<PathBuf>>;
}

/// The directories of a source.
#[derive(Debug, Clone)]
pub(crate) struct Several(Arc<dyn Directories>);

impl Several {
    pub(crate) fn new(directories: Arc<dyn Directories>) -> Self {
        Self(directories)
    }

    /// Begins to list them. `root`: the directory of the source.
    pub(super) fn walk(&self, root: &Root) -> io::Result<SeveralWalk> {
        let alone = Root {
            several: None,
            ..root.clone()
        };
        Ok(SeveralWalk {
            root: alone,
            left: self.0.now()?.into(),
            current: None,
        })
    }
}

impl PartialEq for Several {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Several {}

/// Directories that are Hive's own parts of one: the sides of a `UNION ALL`.
const PARTS: &[u8] = b"HIVE_UNION_SUBDIR_";

/// Endings of files whose bytes Hadoop packs and nobody here unpacks.
const PACKED: &[&[u8]] = &[b".snappy", b".lzo", b".lz4", b".bz2", b".deflate"];

/// A listing of several directories.
pub(super) struct SeveralWalk {
    /// The directory of the source.
    root: Root,
    left: VecDeque<PathBuf>,
    current: Option<(PathBuf, Walk)>,
}

impl SeveralWalk {
    /// At most the next `most` entries; fewer at the end alone.
    ///
    /// # Errors
    /// A directory can't be read on.
    pub(super) fn slice(&mut self, most: usize) -> io::Result<Vec<Listed>> {
        let mut all = Vec::new();
        while all.len() < most {
            let Some((directory, walk)) = &mut self.current else {
                if !self.next()? {
                    break;
                }
                continue;
            };
            let slice = walk.slice(most - all.len())?;
            if slice.is_empty() {
                self.current = None;
                continue;
            }
            for listed in slice {
                match listed.kind {
                    // A file without bytes has no rows.
                    Kind::Held(_) | Kind::File(super::Identity { size: 0, .. }) => {}
                    Kind::Odd(Odd::Directory) if listed.name.bytes().starts_with(PARTS) => {
                        self.left.push_front(listed.name.below(directory));
                    }
                    kind => all.push(Listed {
                        kind: judged(kind, &listed.name),
                        name: name_of(&self.root.directory, &listed.name.below(directory)),
                    }),
                }
            }
        }
        Ok(all)
    }

    /// Begins with the next directory; false: there is none. One that is not there holds nothing.
    fn next(&mut self) -> io::Result<bool> {
        let Some(directory) = self.left.pop_front() else {
            return Ok(false);
        };
        let root = Root {
            directory: directory.clone(),
            ..self.root.clone()
        };
        match root.walk() {
            Ok(walk) => self.current = Some((directory, walk)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        Ok(true)
    }
}

fn judged(kind: Kind, name: &Name) -> Kind {
    let is_packed = PACKED.iter().any(|ending| name.bytes().ends_with(ending));
    match kind {
        Kind::File(_) if is_packed => Kind::Odd(Odd::Packed),
        kind => kind,
    }
}

/// The name of a file in the ledger.
fn name_of(root: &Path, file: &Path) -> Name {
    let below = file.strip_prefix(root).unwrap_or(file);
    Name::new(below.as_os_str().as_bytes())
}

#[cfg(test)]
mod tests;
