//! Where a snapshot, or a directory of snapshots, lies.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use millstream_core::{Error, Result, codes};

use crate::files::{self, canonical, is_in_store, names_of_stores, store_named};
use crate::names::METADATA_FILE;
use crate::there::is_there;

/// A directory as users name it: `/data/sp`, `data/sp`, `file:/data/sp`, `file:///data/sp`, or the
/// `_metadata` file in it; or what a store has, `s3://bucket/sp` or `hdfs://host:port/sp`, if one was [given](crate::give_store).
/// Prints as Flink prints it: `file:/data/sp`.
///
/// The path is absolute; a relative one is taken from the working directory.
///
/// ```
/// let location: millstream_storage::Location = "file:///data/sp/_metadata".parse()?;
/// assert_eq!(location.to_string(), "file:/data/sp");
/// # Ok::<(), millstream_core::Error>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Location {
    pub(crate) path: PathBuf,
}

impl Location {
    /// The directory at `path`.
    ///
    /// # Errors
    /// The path is empty, or relative while the working directory can't be told.
    pub fn from_path(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        if is_in_store(path) {
            return path.to_string_lossy().parse();
        }
        let place = files::of(path).and_then(|files| files.place(path));
        let path = place.map_err(|cause| {
            Error::new(
                &codes::SNAPSHOT_MISSING,
                format!("`{}` is not a path", path.display()),
            )
            .cause(cause)
            .next("give the directory of a snapshot or its _metadata file")
        })?;
        let path = if path.file_name().is_some_and(|name| name == METADATA_FILE) {
            path.parent().map(Path::to_path_buf).unwrap_or_default()
        } else {
            // Collecting the components takes trailing slashes away.
            path.components().collect()
        };
        Ok(Self { path })
    }

    /// The directory, absolute.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The path of the snapshot's `_metadata`.
    pub fn metadata_path(&self) -> PathBuf {
        self.path.join(METADATA_FILE)
    }

    /// Whether a completed snapshot lies here, that is, whether `_metadata` is in place.
    ///
    /// # Errors
    /// That can't be told.
    pub fn is_complete(&self) -> Result<bool> {
        is_there(&self.metadata_path())
    }
}

impl fmt::Display for Location {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match is_in_store(&self.path) {
            true => write!(f, "{}", self.path.display()),
            false => write!(f, "file:{}", self.path.display()),
        }
    }
}

impl FromStr for Location {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let text = text.trim();
        let Some(scheme) = scheme(text) else {
            return Self::from_path(text);
        };
        if let Some(name) = canonical(scheme) {
            return in_store(text, scheme, name);
        }
        if !scheme.eq_ignore_ascii_case("file") {
            return Err(no_store(text, scheme));
        }
        let rest = text.get(scheme.len() + 1..).unwrap_or_default();
        let Some(authority) = rest.strip_prefix("//") else {
            return Self::from_path(rest);
        };
        let (host, _) = authority.split_once('/').unwrap_or((authority, ""));
        if !host.is_empty() && host != "localhost" {
            return Err(Error::new(
                &codes::SNAPSHOT_SCHEME,
                format!("`{text}` lies on the machine `{host}`, not on this one"),
            )
            .next("mount the directory, and name it with three slashes: file:///data/savepoints"));
        }
        Self::from_path(authority.get(host.len()..).unwrap_or_default())
    }
}

fn no_store(text: &str, scheme: &str) -> Error {
    if scheme.eq_ignore_ascii_case("viewfs") {
        let message = format!("snapshots can't be kept in `{text}`: viewfs: is not supported");
        return Error::new(&codes::SNAPSHOT_SCHEME, message).next(
            "write what the mount table has in its place, hdfs://… (fs.viewfs.mounttable.… in core-site.xml)",
        );
    }
    let mut known = names_of_stores();
    known.insert(0, "file");
    Error::new(
        &codes::SNAPSHOT_SCHEME,
        format!("snapshots can't be kept in `{scheme}:` yet (`{text}`)"),
    )
    .next(format!(
        "name a directory of this machine, for example file:///data/savepoints (there is {}:)",
        known.join(":, ")
    ))
}

/// A location in the store that is written down as `name`.
fn in_store(text: &str, scheme: &str, name: &str) -> Result<Location> {
    let no_place = || {
        Error::new(
            &codes::SNAPSHOT_MISSING,
            format!("`{text}` is no place in a store"),
        )
        .next("write it as s3://bucket/key or hdfs://host:port/path, without `.` and `..`")
    };
    let rest = text.get(scheme.len()..).unwrap_or_default();
    if rest.split('/').any(|part| matches!(part, "." | "..")) {
        return Err(no_place());
    }
    let path = PathBuf::from(format!("{name}{rest}"));
    let path = store_named(name)
        .and_then(|files| files.place(&path))
        .map_err(|cause| no_place().cause(cause))?;
    let is_metadata = path.file_name().is_some_and(|name| name == METADATA_FILE);
    let path = match path.parent().filter(|_| is_metadata) {
        Some(directory) => directory.to_path_buf(),
        None => path,
    };
    Ok(Location { path })
}

/// What stands before the first colon, if it reads as the scheme of a URL.
fn scheme(text: &str) -> Option<&str> {
    let (scheme, _) = text.split_once(':')?;
    let letters = |c: char| c.is_ascii_alphanumeric() || matches!(c, '+' | '-' | '.');
    let is_scheme =
        scheme.starts_with(|c: char| c.is_ascii_alphabetic()) && scheme.chars().all(letters);
    is_scheme.then_some(scheme)
}

#[cfg(test)]
mod tests {
    use super::Location;

    fn printed(text: &str) -> String {
        text.parse::<Location>().expect("a path").to_string()
    }

    #[test]
    fn every_way_to_name_a_snapshot_means_the_same() {
        for text in [
            "/data/sp/savepoint-f8cccb-d08cc0ef01b6",
            "/data/sp/savepoint-f8cccb-d08cc0ef01b6/",
            "/data/sp/savepoint-f8cccb-d08cc0ef01b6/_metadata",
            "file:/data/sp/savepoint-f8cccb-d08cc0ef01b6",
            "file:///data/sp/savepoint-f8cccb-d08cc0ef01b6/_metadata",
            "file://localhost/data/sp/savepoint-f8cccb-d08cc0ef01b6",
            "FILE:/data/sp/savepoint-f8cccb-d08cc0ef01b6",
        ] {
            assert_eq!(
                printed(text),
                "file:/data/sp/savepoint-f8cccb-d08cc0ef01b6",
                "{text}"
            );
        }
    }

    #[test]
    fn a_relative_path_starts_in_the_working_directory() {
        let here = std::env::current_dir().expect("a working directory");
        assert_eq!(printed("sp/one"), format!("file:{}/sp/one", here.display()));
        assert_eq!(
            printed("file:sp/one"),
            format!("file:{}/sp/one", here.display())
        );
    }

    #[test]
    fn storage_that_is_not_there_is_refused_by_name() {
        for text in ["hdfs://name:9000/sp", "s3://bucket/sp", "file://other/sp"] {
            let error = text.parse::<Location>().expect_err(text);
            assert_eq!(error.code(), "MS-3009");
            assert!(error.message().contains(text), "{error}");
        }
        let error = "viewfs://all/sp".parse::<Location>().expect_err("viewfs");
        assert_eq!(error.code(), "MS-3009");
        assert!(error.to_string().contains("mount table"), "{error}");
        assert!("".parse::<Location>().is_err());
    }
}
