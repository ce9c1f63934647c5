//! The dead letters themselves, wherever they lie.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use millstream_connectors::hdfs::{HdfsError, HdfsFile, HdfsUrl};
use millstream_connectors::kafka::{KafkaSinkOptions, read_letters};
use millstream_connectors::objects::{Entry, Object, ObjectFile, ObjectUrl, StoreError, Stores};
use millstream_connectors::rows::letters::Line;
use millstream_core::{Error, Result, codes};

use crate::parameters::DeadLetters;
use crate::pipeline::Remotes;

/// MiB of an object that are kept: it is read once.
const KEPT: usize = 2;
/// Names of HDFS that are asked for at once.
const SLICE: usize = 1_000;

/// What is done with each: where it lies, and what it is. Answers whether to go on.
pub(super) type Visit<'a> = dyn FnMut(&str, u64, Line) -> Result<bool> + 'a;

/// Where letters are read from.
pub(super) struct From<'a> {
    pub(super) place: &'a DeadLetters,
    /// The sink of the output, where that is Kafka.
    pub(super) sink: Option<&'a KafkaSinkOptions>,
    /// What lies behind `s3://` and `hdfs://`.
    pub(super) remotes: Remotes,
}

/// Reads the letters of the job with this name.
pub(super) fn each(from: &From<'_>, job: &str, visit: &mut Visit<'_>) -> Result<()> {
    let mut own = |place: &str, number: u64, line: Line| match &line.job {
        // Several jobs may share a topic or a directory.
        Some(other) if other != job => Ok(true),
        _ => visit(place, number, line),
    };
    match from.place {
        DeadLetters::Files(path) => match (ObjectUrl::of_path(path), HdfsUrl::of_path(path)) {
            (Some(url), _) => objects(&url, &from.remotes.stores, &mut own),
            (None, Some(url)) => in_hdfs(&url, &from.remotes, &mut own),
            (None, None) => files(path, &mut own),
        },
        DeadLetters::Topic(options) => read_letters(options, &mut own),
        DeadLetters::WithOutput { topic, .. } => {
            let sink = from.sink.ok_or_else(|| {
                Error::new(
                    &codes::INTERNAL,
                    "dead letters go with output that is not Kafka's",
                )
            })?;
            let options = KafkaSinkOptions {
                topic: topic.clone(),
                ..sink.clone()
            };
            read_letters(&options, &mut own)
        }
    }
}

fn files(directory: &Path, visit: &mut Visit<'_>) -> Result<()> {
    let unread = |path: &Path, error: io::Error| {
        let next = "check error.dead-letter.path of the job, and who may read it";
        unread(&path.display().to_string(), error).next(next)
    };
    let directory = match directory.canonicalize() {
        // Nothing was ever written.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        found => found.map_err(|error| unread(directory, error))?,
    };
    let entries = fs::read_dir(&directory).map_err(|error| unread(&directory, error))?;
    let mut paths: Vec<PathBuf> = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| unread(&directory, error))?.path();
        let name = path
            .file_name()
            .map(|name| name.to_string_lossy().into_owned());
        let is_visible =
            name.is_some_and(|name| !name.starts_with('.') && name.ends_with(".jsonl"));
        if is_visible && path.is_file() {
            paths.push(path);
        }
    }
    paths.sort_unstable();
    for path in paths {
        let place = path.display().to_string();
        let file = File::open(&path).map_err(|error| unread(&path, error))?;
        if !lines(&place, file, visit)? {
            return Ok(());
        }
    }
    Ok(())
}

/// The same of objects.
fn objects(url: &ObjectUrl, stores: &Stores, visit: &mut Visit<'_>) -> Result<()> {
    let failed = |place: &str, error: StoreError| {
        let next = error.next_step();
        unread(place, error.into()).next(next)
    };
    let shown = url.to_string();
    let store = stores.open(url.bucket());
    let store = store.map_err(|error| failed(&shown, error))?;
    let mut pages = store.list(&url.prefix());
    let mut found: Vec<Object> = Vec::new();
    while let Some(page) = pages.next_page().map_err(|error| failed(&shown, error))? {
        found.extend(page.into_iter().filter_map(|entry| match entry {
            Entry::Object(name, object) if !name.starts_with('.') && name.ends_with(".jsonl") => {
                Some(object)
            }
            Entry::Object(..) | Entry::Directory(_) => None,
        }));
    }
    found.sort_unstable_by(|a, b| a.key.cmp(&b.key));
    for object in found {
        let place = format!("s3://{}/{}", url.bucket(), object.key);
        let file = ObjectFile::open(&store, &object.key, object.size, KEPT);
        let file = file.map_err(|error| failed(&place, error))?;
        if !lines(&place, file.reader(), visit)? {
            return Ok(());
        }
    }
    Ok(())
}

/// The same of files in HDFS.
fn in_hdfs(url: &HdfsUrl, remotes: &Remotes, visit: &mut Visit<'_>) -> Result<()> {
    let failed = |place: &str, error: HdfsError| {
        let next = error.next_step();
        unread(place, error.into()).next(next)
    };
    let shown = url.to_string();
    let cluster = remotes.clusters.open(url);
    let cluster = cluster.map_err(|error| failed(&shown, error))?;
    let found = cluster.look(url.path());
    if found.map_err(|error| failed(&shown, error))?.is_none() {
        // Nothing was ever written.
        return Ok(());
    }
    let mut listing = cluster.list(url.path());
    let mut names = Vec::new();
    loop {
        let slice = listing.next(SLICE).map_err(|error| failed(&shown, error))?;
        let is_last = slice.len() < SLICE;
        let letters = slice.into_iter().filter(|entry| {
            !entry.is_directory && !entry.name.starts_with('.') && entry.name.ends_with(".jsonl")
        });
        names.extend(letters.map(|entry| entry.name));
        if is_last {
            break;
        }
    }
    names.sort_unstable();
    for file in names.iter().map(|name| url.join(name)) {
        let place = file.to_string();
        let opened = HdfsFile::open(&cluster, file.path(), 0, KEPT);
        let opened = opened.map_err(|error| failed(&place, error))?;
        if !lines(&place, opened.reader(), visit)? {
            return Ok(());
        }
    }
    Ok(())
}

/// Hands over the letters of a file. Whether to go on.
fn lines(place: &str, file: impl Read, visit: &mut Visit<'_>) -> Result<bool> {
    for (number, text) in (1..).zip(BufReader::new(file).lines()) {
        let text = text.map_err(|error| {
            let next = "check error.dead-letter.path of the job, and who may read it";
            unread(place, error).next(next)
        })?;
        let line: Line = serde_json::from_str(&text).map_err(|cause| {
            let message = format!("line {number} of {place} is no dead letter");
            Error::new(&codes::DEAD_LETTERS, message)
                .cause(cause)
                .next("take the file out of the directory if it is another one's")
        })?;
        if !visit(place, number, line)? {
            return Ok(false);
        }
    }
    Ok(true)
}

fn unread(place: &str, error: io::Error) -> Error {
    let message = format!("dead letters can't be read from {place}");
    Error::new(&codes::DEAD_LETTERS, message).cause(error)
}
