//! What the tests of this crate share.

#![allow(dead_code, unreachable_pub, reason = "each test uses a part of it")]

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use millstream::{Environment, RunOptions};

/// Options that keep everything below `directory`.
pub fn options(directory: &Path) -> RunOptions {
    let mut options = RunOptions::default();
    options
        .configuration
        .set("millstream.data-dir", directory.display().to_string());
    options
}

/// An environment that keeps everything below `directory`.
pub fn environment(directory: &Path) -> Environment {
    Environment::with_options(options(directory))
}

/// A list that a stream's records are pushed to from any thread.
pub struct Seen<T>(Arc<Mutex<Vec<T>>>);

impl<T> Clone for Seen<T> {
    fn clone(&self) -> Self {
        Self(self.0.clone())
    }
}

impl<T: Ord + Clone> Seen<T> {
    pub fn new() -> Self {
        Self(Arc::default())
    }

    pub fn push(&self, record: T) {
        self.0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .push(record);
    }

    pub fn sorted(&self) -> Vec<T> {
        let mut records = self
            .0
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .clone();
        records.sort();
        records
    }
}

/// The lines of all visible files of a directory, sorted.
pub fn committed_lines(directory: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    for entry in std::fs::read_dir(directory)
        .expect("the sink's directory")
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        assert!(!name.starts_with('.'), "{name} was left behind");
        let text = std::fs::read_to_string(entry.path()).expect("lines");
        lines.extend(text.lines().map(str::to_owned));
    }
    lines.sort();
    lines
}
