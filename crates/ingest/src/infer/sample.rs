//! The beginning of the first file of what is looked at, wherever that lies.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use flate2::read::MultiGzDecoder;
use millstream_connectors::hdfs::{HdfsError, HdfsFile, HdfsUrl};
use millstream_connectors::objects::{Entry, ObjectFile, ObjectUrl, StoreError};
use millstream_core::{Configuration, Error, Result, codes};

use crate::pipeline::Remotes;

/// Bytes that are looked at.
pub(super) const HEAD: u64 = 256 * 1024;
/// Entries of a directory of HDFS that are asked for at once.
const SLICE: usize = 1_000;

/// The beginning of a file.
pub(super) struct Sample {
    /// What it is called.
    pub(super) name: String,
    /// Its first bytes; of what is compressed what is in it.
    pub(super) head: Vec<u8>,
}

/// Looks at a file, or at the first of a directory. What the `arguments` say of stores and clusters counts, beside the
/// `configuration`.
///
/// # Errors
/// There is none, or it can't be read.
pub(super) fn take(
    what: &str,
    arguments: &[String],
    configuration: &Configuration,
) -> Result<Sample> {
    let remotes = || Remotes::of(&of_remotes(arguments, configuration));
    if let Some(url) = ObjectUrl::parse(what) {
        return of_store(&url, &remotes()?);
    }
    if let Some(url) = HdfsUrl::parse(what) {
        return of_hdfs(&url, &remotes()?);
    }
    of_disk(Path::new(what))
}

/// The options of stores and clusters among the arguments. All of those are read only once it is known what there is.
fn of_remotes(arguments: &[String], configuration: &Configuration) -> Configuration {
    let mut configuration = configuration.clone();
    for (place, word) in arguments.iter().enumerate() {
        let Some(word) = word.strip_prefix("--") else {
            continue;
        };
        let (name, value) = match word.split_once('=') {
            Some((name, value)) => (name, Some(value)),
            None => (word, arguments.get(place + 1).map(String::as_str)),
        };
        if let Some(value) =
            value.filter(|_| name.starts_with("s3.") || name.starts_with("hadoop."))
        {
            configuration.set(name, value);
        }
    }
    configuration
}

fn is_visible(name: &str) -> bool {
    !name.starts_with(['.', '_'])
}

fn none_in(what: impl std::fmt::Display) -> Error {
    Error::new(&codes::SOURCE_PATH, format!("{what} holds no file"))
        .next("put a file there first, or name another directory")
}

fn of_store(url: &ObjectUrl, remotes: &Remotes) -> Result<Sample> {
    let failed = |error: StoreError| {
        Error::new(&codes::SOURCE_PATH, format!("{url} can't be read"))
            .cause(&error)
            .next(error.next_step())
    };
    let store = remotes.stores.open(url.bucket()).map_err(failed)?;
    let whole = match url.key() {
        "" => None,
        key => store.head(key).map_err(failed)?,
    };
    let (found, object) = match whole {
        // One of no bytes may stand for the directory itself.
        Some(object) if object.size > 0 => (url.clone(), object),
        _ => {
            let mut pages = store.list(&url.prefix());
            let first = loop {
                let Some(page) = pages.next_page().map_err(failed)? else {
                    return Err(none_in(url));
                };
                // Names come in their order.
                let mut objects = page.into_iter().filter_map(|entry| match entry {
                    Entry::Object(name, object) if is_visible(&name) => Some((name, object)),
                    _ => None,
                });
                if let Some(first) = objects.next() {
                    break first;
                }
            };
            (url.join(&first.0), first.1)
        }
    };
    let file = ObjectFile::open(&store, found.key(), object.size, 0).map_err(failed)?;
    head(found.to_string(), file.reader())
}

fn of_hdfs(url: &HdfsUrl, remotes: &Remotes) -> Result<Sample> {
    let failed = |error: HdfsError| {
        Error::new(&codes::SOURCE_PATH, format!("{url} can't be read"))
            .cause(&error)
            .next(error.next_step())
    };
    let cluster = remotes.clusters.open(url).map_err(failed)?;
    let status = cluster.look(url.path()).map_err(failed)?;
    let found = match status {
        Some(status) if !status.is_directory => url.clone(),
        _ => {
            let mut listing = cluster.list(url.path());
            let mut first: Option<String> = None;
            loop {
                let slice = listing.next(SLICE).map_err(failed)?;
                let is_last = slice.len() < SLICE;
                let files = slice.into_iter().filter(|entry| !entry.is_directory);
                let names = files
                    .map(|entry| entry.name)
                    .filter(|name| is_visible(name));
                first = first.into_iter().chain(names).min();
                if is_last {
                    break;
                }
            }
            url.join(&first.ok_or_else(|| none_in(url))?)
        }
    };
    let file = HdfsFile::open(&cluster, found.path(), 0, 0).map_err(failed)?;
    head(found.to_string(), file.reader())
}

fn of_disk(path: &Path) -> Result<Sample> {
    let unreadable = |cause: io::Error| {
        Error::new(
            &codes::SOURCE_PATH,
            format!("{} can't be read", path.display()),
        )
        .cause(cause)
        .next(
            "give a file or a directory of files; for a topic of Kafka give --source.kafka.brokers behind its name, for a table of Hive \
             --source.db.url",
        )
    };
    let file = first(path, unreadable)?;
    let opened = File::open(&file).map_err(|cause| unopened(&file.to_string_lossy(), cause))?;
    head(file.to_string_lossy().into_owned(), opened)
}

fn first(path: &Path, unreadable: impl Fn(io::Error) -> Error + Copy) -> Result<PathBuf> {
    let metadata = fs::metadata(path).map_err(unreadable)?;
    if metadata.is_file() {
        return Ok(path.to_owned());
    }
    let mut files = Vec::new();
    for entry in fs::read_dir(path).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        let is_file = entry.file_type().map_err(unreadable)?.is_file();
        if is_file && is_visible(&entry.file_name().to_string_lossy()) {
            files.push(entry.path());
        }
    }
    let first = files.into_iter().min();
    first.ok_or_else(|| none_in(path.display()))
}

fn unopened(name: &str, cause: io::Error) -> Error {
    Error::new(&codes::SOURCE_READ, format!("{name} can't be read"))
        .cause(cause)
        .next("check its permissions")
}

fn head<'a>(name: String, file: impl Read + 'a) -> Result<Sample> {
    let mut head = Vec::new();
    unpacked(&name, file)
        .and_then(|file| file.take(HEAD).read_to_end(&mut head))
        .map_err(|cause| unopened(&name, cause))?;
    Ok(Sample { name, head })
}

/// What is in a file, by the end of its name.
fn unpacked<'a>(name: &str, file: impl Read + 'a) -> io::Result<Box<dyn Read + 'a>> {
    let ending = Path::new(name).extension();
    let ending = ending.map(|ending| ending.to_ascii_lowercase());
    Ok(match ending.as_deref().and_then(|ending| ending.to_str()) {
        Some("gz") => Box::new(MultiGzDecoder::new(file)),
        Some("zst") => Box::new(zstd::Decoder::new(file)?),
        _ => Box::new(file),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_stores_are_taken_from_the_arguments() {
        let arguments = [
            "--source.type=csv",
            "--s3.endpoint",
            "http://store",
            "--s3.connection.ssl.enabled=false",
            "--hadoop.user.name=ann",
        ];
        let arguments = arguments.map(str::to_owned);
        let mut given = Configuration::new();
        given.set("s3.region", "north");
        let found = of_remotes(&arguments, &given);
        for (name, expected) in [
            ("s3.endpoint", Some("http://store")),
            ("s3.connection.ssl.enabled", Some("false")),
            ("s3.region", Some("north")),
            ("hadoop.user.name", Some("ann")),
            ("source.type", None),
        ] {
            assert_eq!(found.text(name), expected, "{name}");
        }
    }
}
