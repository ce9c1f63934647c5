//! What has come out, held against what was handed over.

#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::DirEntryExt;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};
use serde_json::Value;

use crate::places::names;
use crate::record::{self, Fate};
use crate::violation::Kind;

/// One place where output becomes visible, and where a consumer takes it to.
pub(crate) struct Watched {
    good: PathBuf,
    bad: PathBuf,
    taken: PathBuf,
    /// Where other jobs write what this one does not.
    others: Vec<PathBuf>,
}

/// A visible file, by name and inode: a name may be used again once its file was taken.
pub(crate) type Key = (String, u64);

/// Reads each visible file once, when it appears.
pub(crate) struct Oracle {
    watched: Watched,
    /// How often each id has come out.
    counts: Vec<u8>,
    files: BTreeMap<Key, PathBuf>,
    /// All ids below have come out.
    low: u64,
    total: u64,
    takes: usize,
}

impl Oracle {
    /// Watches records in `good`, dead letters in `bad`, and both below `taken`.
    pub(crate) fn new(good: PathBuf, bad: PathBuf, taken: PathBuf) -> Self {
        Self {
            watched: Watched {
                good,
                bad,
                taken,
                others: Vec::new(),
            },
            counts: Vec::new(),
            files: BTreeMap::new(),
            low: 0,
            total: 0,
            takes: 0,
        }
    }

    /// Watches another place besides.
    pub(crate) fn watch(&mut self, good: PathBuf, bad: PathBuf) {
        self.watched.others.extend([good, bad]);
    }

    /// Reads what has become visible.
    ///
    /// `end`: the id behind the last that was handed over, asked for when a file has been read.
    ///
    /// # Errors
    /// What came out twice, was never handed over, is not as it was, or is not there any more.
    pub(crate) fn look(&mut self, end: &dyn Fn() -> u64) -> Result<()> {
        let mut there = BTreeMap::new();
        for directory in self.directories() {
            list(&directory, &mut there)?;
        }
        if let Some((name, path)) = self.files.iter().find(|(key, _)| !there.contains_key(*key)) {
            return Err(Kind::Vanished.because(format!(
                "{} (inode {}) was visible at {}",
                name.0,
                name.1,
                path.display()
            )));
        }
        for (key, path) in there {
            if !self.files.contains_key(&key) {
                self.read(&path, end)?;
                self.files.insert(key, path);
            }
        }
        let end = end();
        while self.low < end && self.is_met(self.low) {
            self.low += 1;
        }
        Ok(())
    }

    /// All ids below this have become what they must.
    pub(crate) fn low(&self) -> u64 {
        self.low
    }

    /// Whether nothing has come out yet.
    pub(crate) fn is_empty(&self) -> bool {
        self.total == 0
    }

    /// Whether `id` has become what it must.
    pub(crate) fn is_met(&self, id: u64) -> bool {
        record::fate(id) == Fate::Filtered || self.count(id) == 1
    }

    /// Whether `id` has come out.
    pub(crate) fn has(&self, id: u64) -> bool {
        self.count(id) > 0
    }

    fn count(&self, id: u64) -> u8 {
        let at = usize::try_from(id).unwrap_or(usize::MAX);
        self.counts.get(at).copied().unwrap_or_default()
    }

    /// The ids below `end` that have not become what they must, as ranges.
    pub(crate) fn missing(&self, end: u64) -> Vec<(u64, u64)> {
        let mut ranges: Vec<(u64, u64)> = Vec::new();
        for id in (self.low..end).filter(|id| !self.is_met(*id)) {
            match ranges.last_mut() {
                // What is filtered lies between without a word.
                Some((_, last)) if (*last + 1..id).all(|id| self.is_met(id) && !self.has(id)) => {
                    *last = id
                }
                _ => ranges.push((id, id)),
            }
        }
        ranges
    }

    /// The files that are visible or were taken.
    pub(crate) fn known(&self) -> BTreeSet<Key> {
        self.files.keys().cloned().collect()
    }

    /// Takes `known` files away, as a consumer does, and answers how many.
    pub(crate) fn take(&mut self, known: &BTreeSet<Key>) -> Result<usize> {
        let mut count = 0;
        self.takes += 1;
        for (kind, from) in [
            ("good", self.watched.good.clone()),
            ("bad", self.watched.bad.clone()),
        ] {
            let to = self.watched.taken.join(format!("{:03}-{kind}", self.takes));
            fs::create_dir_all(&to)?;
            for (key, path) in &mut self.files {
                if known.contains(key) && path.parent() == Some(from.as_path()) {
                    let target = to.join(&key.0);
                    fs::rename(&*path, &target)
                        .with_context(|| format!("take {}", path.display()))?;
                    *path = target;
                    count += 1;
                }
            }
        }
        Ok(count)
    }

    /// Counts everything once more from the files, and compares.
    pub(crate) fn recount(&self, end: u64) -> Result<()> {
        let mut again = Self::new(
            self.watched.good.clone(),
            self.watched.bad.clone(),
            self.watched.taken.clone(),
        );
        again.watched.others.clone_from(&self.watched.others);
        again.look(&|| end)?;
        if again.total != self.total || again.counts != self.counts {
            return Err(Kind::Falsified.because(format!(
                "{} records were visible as they came, {} lie in the same files now",
                self.total, again.total
            )));
        }
        Ok(())
    }

    fn directories(&self) -> Vec<PathBuf> {
        let taken = names(&self.watched.taken)
            .into_iter()
            .map(|name| self.watched.taken.join(name));
        [self.watched.good.clone(), self.watched.bad.clone()]
            .into_iter()
            .chain(taken)
            .chain(self.watched.others.iter().cloned())
            .collect()
    }

    fn read(&mut self, path: &Path, end: &dyn Fn() -> u64) -> Result<()> {
        let text = fs::read_to_string(path).with_context(|| format!("read {}", path.display()))?;
        let end = end();
        for (number, line) in text.lines().enumerate() {
            let id = id_of(line).filter(|id| *id < end).ok_or_else(|| {
                Kind::Falsified.because(format!("{}:{}: {line}", path.display(), number + 1))
            })?;
            self.count_in(id, path)?;
        }
        Ok(())
    }

    fn count_in(&mut self, id: u64, path: &Path) -> Result<()> {
        let at = usize::try_from(id)?;
        if at >= self.counts.len() {
            self.counts.resize(at + 1, 0);
        }
        let count = self.counts.get_mut(at).context("an id")?;
        *count += 1;
        self.total += 1;
        if *count == 1 {
            return Ok(());
        }
        let other = self.files.values().find(|path| holds(path, id));
        let other = other.map_or_else(
            || "the same file".to_owned(),
            |path| path.display().to_string(),
        );
        Err(Kind::Doubled.because(format!("id {id} is in {} and in {other}", path.display())))
    }
}

/// The id in a line of output or of dead letters, if the line is as it must be.
fn id_of(line: &str) -> Option<u64> {
    let value: Value = serde_json::from_str(line).ok()?;
    if let Some(raw) = value.get("raw") {
        return record::bad_id(raw.as_str()?).filter(|id| record::fate(*id) == Fate::Bad);
    }
    let id = value.get("id")?.as_u64()?;
    let is_right =
        record::fate(id) == Fate::Written && value.get("name")?.as_str()? == record::name(id);
    is_right.then_some(id)
}

fn holds(path: &Path, id: u64) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    text.lines().any(|line| id_of(line) == Some(id))
}

/// The visible files of `directory`; one that is not there has none.
fn list(directory: &Path, to: &mut BTreeMap<Key, PathBuf>) -> Result<()> {
    let entries = match fs::read_dir(directory) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error).with_context(|| format!("list {}", directory.display())),
    };
    for entry in entries {
        let entry = entry?;
        let name = entry.file_name().to_string_lossy().into_owned();
        if !name.starts_with(['.', '_']) {
            to.insert((name, entry.ino()), entry.path());
        }
    }
    Ok(())
}
