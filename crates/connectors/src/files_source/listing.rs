//! What lies in the source's directory.

mod objects;
pub(crate) mod several;
pub(crate) mod volume;

use std::collections::BinaryHeap;
use std::fs::{self, Metadata, ReadDir};
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, UNIX_EPOCH};

use millstream_core::{Error, Result, codes};
use millstream_hdfs::{Clusters, HdfsUrl};
use millstream_objects::{ObjectUrl, Pages, Stores};
use serde::{Deserialize, Serialize};

use super::name::{Name, held, is_hidden, shown};
use super::remote;
use super::young::{age, moment};
use several::{Several, SeveralWalk};
use volume::{Volume, hdfs};

pub(crate) use objects::{Bucket, key_of};

/// What tells a file from a changed one of the same path.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub(crate) struct Identity {
    /// Bytes.
    pub(crate) size: u64,
    /// Time of the last modification, nanoseconds since 1970.
    pub(crate) mtime: i64,
}

impl Identity {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        let mtime =
            metadata
                .modified()
                .ok()
                .map_or(0, |time| match time.duration_since(UNIX_EPOCH) {
                    Ok(after) => i64::try_from(after.as_nanos()).unwrap_or(i64::MAX),
                    Err(before) => -i64::try_from(before.duration().as_nanos()).unwrap_or(i64::MAX),
                });
        Self {
            size: metadata.len(),
            mtime,
        }
    }
}

/// How a file's bytes are packed, by the ending of its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Compression {
    None,
    Gzip,
    Zstd,
}

impl Compression {
    pub(crate) fn of(name: &[u8]) -> Self {
        let Some(dot) = memchr::memrchr(b'.', name) else {
            return Self::None;
        };
        match name
            .get(dot + 1..)
            .map(<[u8]>::to_ascii_lowercase)
            .as_deref()
        {
            Some(b"gz") => Self::Gzip,
            Some(b"zst") => Self::Zstd,
            _ => Self::None,
        }
    }
}

/// A file to be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FoundFile {
    pub(crate) path: PathBuf,
    /// The path for people and for records to tell where they come from.
    pub(crate) text: Arc<str>,
    pub(crate) name: Name,
    pub(crate) identity: Identity,
    /// Since when it is known as this.
    pub(crate) found: Instant,
}

impl FoundFile {
    pub(crate) fn new(directory: &Path, name: Name, identity: Identity) -> Self {
        let path = name.below(directory);
        Self {
            text: shown(&path).into(),
            path,
            name,
            identity,
            found: moment(),
        }
    }

    /// How long it has been what it is, if it still is. Clocks of other machines may have given the time of its modification; files that
    /// were found together are waited for side by side.
    pub(crate) fn stood_still(&self) -> Duration {
        age(self.identity.mtime).max(self.found.elapsed())
    }
}

/// What tells one directory from another, whatever it is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct DirectoryId {
    pub(crate) device: u64,
    pub(crate) inode: u64,
}

/// Where a source reads: all files of a directory, or one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Root {
    pub(crate) directory: PathBuf,
    /// The one file.
    pub(crate) only: Option<Name>,
    /// The object store in which the directory is; its path is its URL, then.
    pub(crate) store: Option<Bucket>,
    /// Where it is otherwise.
    pub(crate) volume: Volume,
    /// The directories whose files are read in the place of its own; `None`: it is read itself.
    pub(crate) several: Option<Several>,
}

/// What lies behind URLs; `None`: nothing that is known.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Places<'a> {
    /// Behind `s3://`.
    pub(crate) stores: Option<&'a Stores>,
    /// Behind `hdfs://`.
    pub(crate) clusters: Option<&'a Clusters>,
}

impl Root {
    /// The root at `path`, made absolute so that it does not depend on the directory that a process was started in.
    ///
    /// # Errors
    /// The path can't be looked at.
    pub(crate) fn at(path: &Path, places: Places<'_>) -> io::Result<Self> {
        if let Some(url) = ObjectUrl::of_path(path) {
            return objects::root_at(&url, places.stores);
        }
        if let Some(url) = HdfsUrl::of_path(path) {
            return hdfs::root_at(&url, places.clusters);
        }
        let path = std::path::absolute(path)?;
        let directory = fs::metadata(&path)?.is_dir();
        let parent = path.parent().zip(path.file_name());
        Ok(match parent.filter(|_| !directory) {
            Some((parent, name)) => Self {
                only: Some(Name::of(name)),
                ..Self::directory(parent.to_owned())
            },
            None => Self::directory(path),
        })
    }

    pub(crate) fn directory(path: PathBuf) -> Self {
        Self {
            directory: path,
            only: None,
            store: None,
            volume: Volume::Disk,
            several: None,
        }
    }

    /// Whether it is in no file system of this machine.
    pub(crate) fn is_remote(&self) -> bool {
        self.store.is_some() || self.volume != Volume::Disk
    }

    /// The same at a path that can't be looked at now.
    ///
    /// # Errors
    /// It can't be known where that is.
    pub(crate) fn away(path: &Path, places: Places<'_>) -> io::Result<Self> {
        match (ObjectUrl::of_path(path), HdfsUrl::of_path(path)) {
            (Some(url), _) => objects::root_of(&url, places.stores),
            (None, Some(url)) => hdfs::root_of(&url, places.clusters),
            (None, None) => Ok(Self::directory(std::path::absolute(path)?)),
        }
    }

    /// What it is called.
    pub(crate) fn shown(&self) -> String {
        match &self.only {
            Some(name) => shown(&name.below(&self.directory)),
            None => shown(&self.directory),
        }
    }

    /// What lies at the path of the directory now.
    ///
    /// # Errors
    /// Nothing that can be looked at.
    pub(crate) fn id(&self) -> io::Result<DirectoryId> {
        if self.store.is_some() || self.several.is_some() {
            return Ok(objects::directory_id(&self.directory));
        }
        if let Volume::Hdfs(cluster) = &self.volume {
            return hdfs::directory_id(cluster, &self.directory);
        }
        let metadata = fs::metadata(&self.directory)?;
        Ok(DirectoryId {
            device: metadata.dev(),
            inode: metadata.ino(),
        })
    }

    /// Begins to list it.
    ///
    /// # Errors
    /// The directory, or the one file, is not there or can't be looked at.
    pub(crate) fn walk(&self) -> io::Result<Walk> {
        if let Some(several) = &self.several {
            return Ok(Walk {
                root: self.directory.clone(),
                directory: self.id()?,
                entries: Entries::Several(Box::new(several.walk(self)?)),
            });
        }
        if let Some(store) = &self.store {
            return objects::walk(self, store);
        }
        if let Volume::Hdfs(cluster) = &self.volume {
            return hdfs::walk(self, cluster);
        }
        let directory = self.id()?;
        let entries = match &self.only {
            None => Entries::All(fs::read_dir(&self.directory)?),
            Some(name) => Entries::One(Some(self.only_entry(name)?)),
        };
        Ok(Walk {
            root: self.directory.clone(),
            directory,
            entries,
        })
    }
}

impl Root {
    /// The name under which the one file lies.
    fn only_entry(&self, name: &Name) -> io::Result<Name> {
        match fs::metadata(name.below(&self.directory)) {
            Ok(_) => Ok(name.clone()),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                find_held_on_disk(&self.directory, name).ok_or(error)
            }
            Err(error) => Err(error),
        }
    }
}

/// What an entry of the directory is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Kind {
    File(Identity),
    Odd(Odd),
    /// A file that somebody was about to take away, under this hidden name.
    Held(Name),
}

/// Why an entry is no file that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Odd {
    Directory,
    Special,
    Dangling,
    Denied,
    Empty,
    Packed,
}

impl Odd {
    /// What it is, in words that follow its name.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Directory => "is a directory",
            Self::Special => "is neither a file nor a directory",
            Self::Dangling => "is a link that leads to no file",
            Self::Denied => "may not be read: permission denied",
            Self::Empty => "is empty: no file of columns is",
            Self::Packed => "is compressed in a way that is not read (gzip and Zstandard are)",
        }
    }

    /// The error of a source that is to fail for it.
    pub(crate) fn error(self, path: &Path) -> Error {
        let name = shown(path);
        let next = "take it away, give it a name that begins with `_` or `.`, or set source.file.bad to skip or quarantine";
        match self {
            Self::Directory => Error::new(
                &codes::SOURCE_NESTED,
                format!("the source directory holds the directory {name}"),
            ),
            _ => Error::new(&codes::SOURCE_PATH, format!("{name} {}", self.words())),
        }
        .next(next)
    }
}

/// One entry of the directory.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Listed {
    pub(crate) name: Name,
    pub(crate) kind: Kind,
}

enum Entries {
    All(ReadDir),
    One(Option<Name>),
    /// Of an object store, page by page.
    Objects {
        pages: Option<Pages>,
        page: Vec<Listed>,
    },
    /// Of a cluster, in slices.
    Hdfs {
        listing: Option<millstream_hdfs::Listing>,
        page: Vec<Listed>,
    },
    /// Of several directories, one after the other.
    Several(Box<SeveralWalk>),
}

/// A listing that is under way, taken in slices.
pub(crate) struct Walk {
    root: PathBuf,
    pub(crate) directory: DirectoryId,
    entries: Entries,
}

impl Walk {
    /// At most the next `most` entries that are read by their names; fewer at the end alone. Entries that vanish
    /// meanwhile are passed over.
    ///
    /// # Errors
    /// The directory can't be read on.
    pub(crate) fn slice(&mut self, most: usize) -> io::Result<Vec<Listed>> {
        let mut slice = Vec::new();
        if let Entries::Objects { pages, page } = &mut self.entries {
            return next_of_pages(pages.as_mut(), page, most);
        }
        if let Entries::Hdfs { listing, page } = &mut self.entries {
            return hdfs::next_of_listing(listing, page, most);
        }
        if let Entries::Several(several) = &mut self.entries {
            return several.slice(most);
        }
        while slice.len() < most {
            let Some(name) = self.next_name()? else { break };
            if let Some(held) = held(name.bytes()) {
                let kind = Kind::Held(name);
                slice.push(Listed { name: held, kind });
            } else if let Some(kind) = kind_on_disk(&name.below(&self.root))? {
                slice.push(Listed { name, kind });
            }
        }
        Ok(slice)
    }

    fn next_name(&mut self) -> io::Result<Option<Name>> {
        match &mut self.entries {
            Entries::One(name) => Ok(name.take()),
            Entries::Objects { .. } | Entries::Hdfs { .. } | Entries::Several(_) => Ok(None),
            Entries::All(entries) => {
                for entry in entries.by_ref() {
                    let name = entry?.file_name();
                    let bytes = name.as_encoded_bytes();
                    if !is_hidden(bytes) || held(bytes).is_some() {
                        return Ok(Some(Name::of(&name)));
                    }
                }
                Ok(None)
            }
        }
    }
}

/// At most the next `most` entries of a listing of which a page was read.
fn next_of_pages(
    mut pages: Option<&mut Pages>,
    page: &mut Vec<Listed>,
    most: usize,
) -> io::Result<Vec<Listed>> {
    while page.len() < most {
        let next = match &mut pages {
            Some(pages) => pages.next_page()?,
            None => None,
        };
        let Some(next) = next else { break };
        page.extend(next.into_iter().filter_map(objects::listed));
    }
    let rest = page.split_off(most.min(page.len()));
    Ok(std::mem::replace(page, rest))
}

/// The hidden name under which the file of `name` lies in `directory`, if it does.
pub(crate) fn find_held_on_disk(directory: &Path, name: &Name) -> Option<Name> {
    let entries = fs::read_dir(directory).ok()?;
    let names = entries.flatten().map(|entry| entry.file_name());
    names
        .filter(|hidden| held(hidden.as_encoded_bytes()).as_ref() == Some(name))
        .map(|hidden| Name::of(&hidden))
        .next()
}

/// What lies at `path`; `None`: nothing any more.
pub(crate) fn kind_on_disk(path: &Path) -> io::Result<Option<Kind>> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Ok(Some(Kind::Odd(Odd::Directory))),
        Ok(metadata) if metadata.is_file() => Ok(Some(Kind::File(Identity::of(&metadata)))),
        Ok(_) => Ok(Some(Kind::Odd(Odd::Special))),
        Err(error) if is_away(&error) => Err(error),
        Err(error) => match fs::symlink_metadata(path) {
            Ok(link) if link.is_symlink() => Ok(Some(Kind::Odd(Odd::Dangling))),
            Err(gone) if gone.kind() == io::ErrorKind::NotFound => Ok(None),
            _ => Err(error),
        },
    }
}

/// The oldest files (by modification time, then by name), at most `most`. For sources that look before they run. `odd`
/// decides about what is no file.
///
/// # Errors
/// The path can't be read, or what `odd` says.
pub(crate) fn oldest(
    root: &Root,
    most: usize,
    odd: impl Fn(&Path, Odd) -> Result<()>,
) -> Result<Vec<FoundFile>> {
    let unreadable = |error: io::Error| path_error(&root.shown(), &error);
    let mut walk = root.walk().map_err(unreadable)?;
    let mut files = BinaryHeap::new();
    loop {
        let slice = walk.slice(1_024).map_err(unreadable)?;
        if slice.is_empty() {
            break;
        }
        for listed in slice {
            match listed.kind {
                Kind::File(identity) => files.push((identity.mtime, listed.name, identity)),
                Kind::Odd(what) => odd(&listed.name.below(&root.directory), what)?,
                Kind::Held(_) => {}
            }
            if files.len() > most {
                files.pop();
            }
        }
    }
    let files = files.into_sorted_vec().into_iter();
    let found = files.map(|(_, name, identity)| FoundFile::new(&root.directory, name, identity));
    Ok(found.collect())
}

/// The error of a source whose path can't be read before it runs.
pub(crate) fn path_error(shown: &str, error: &io::Error) -> Error {
    let next = remote::next_step(error);
    Error::new(&codes::SOURCE_PATH, format!("{shown} can't be read"))
        .cause(error)
        .next(next.unwrap_or("check the source path and its permissions"))
}

/// Whether an error says that a disk or a server is away, or the machine out of something, rather than that a path is wrong. Only what is
/// known to be a statement about the path or its permissions is taken for one.
pub(crate) fn is_away(error: &io::Error) -> bool {
    use io::ErrorKind as Kind;
    let of_the_path = matches!(
        error.kind(),
        Kind::NotFound
            | Kind::PermissionDenied
            | Kind::NotADirectory
            | Kind::IsADirectory
            | Kind::InvalidInput
            | Kind::InvalidFilename
            | Kind::Unsupported
    );
    let loops = Some(rustix::io::Errno::LOOP.raw_os_error());
    // What the system did not say is damage of the content.
    let number = error.raw_os_error();
    remote::is_away(error) || number.is_some() && number != loops && !of_the_path
}

#[cfg(test)]
mod tests;
