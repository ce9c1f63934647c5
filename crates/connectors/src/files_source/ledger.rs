//! What one reader knows of every file: which splits are its own, what it has handed out, what comes next.
//!
//! Pure: it is told what was found and what was handed out, and says what to read. All offsets are
//! places between records: everything that begins in a stretch `[from, to)` of the file is one piece of
//! work, so the same records come out whatever the split size and the parallelism are.
//!
//! Files that have left the directory are forgotten, so the ledger is never larger than the directory.

mod change;
mod entry;
mod file;
mod share;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use millstream_core::{Error, Result, codes};
use millstream_engine::connector::StateEntry;

pub(crate) use self::change::unreadable;
use self::entry::{Entry, Part, Restored};
use self::file::FileState;
pub(crate) use self::file::Totals;
use self::share::Share;
use super::fetch::Task;
use super::listing::{Compression, FoundFile, Listing};
use super::options::Changed;
use super::stream::Start;

/// Who reads, and how files are split among readers.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    pub(crate) subtask: usize,
    pub(crate) parallelism: usize,
    /// Bytes in a split of a file that can be split.
    pub(crate) split: u64,
    /// Whether no file can be split, because text is decoded before it is cut.
    pub(crate) decodes_first: bool,
    pub(crate) changed: Changed,
}

/// The task that is being handed out.
#[derive(Debug)]
struct Running {
    number: u64,
    path: Arc<str>,
    from: u64,
    to: u64,
    /// Bytes up to here have been counted as read.
    counted: u64,
}

/// What came of a task that has ended.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Finished {
    /// Bytes of the file that count as read by now and did not before.
    pub(crate) bytes: u64,
    /// Whether a file whose first split is the reader's has been read to its end.
    pub(crate) file: bool,
}

/// The ledger of one reader.
#[derive(Debug)]
pub(crate) struct Ledger {
    place: Place,
    files: BTreeMap<Arc<str>, FileState>,
    /// Files with splits that have not been given out, in the order in which they are read.
    waiting: VecDeque<Arc<str>>,
    running: VecDeque<Running>,
    next_number: u64,
    /// The state that the job was restored from, until the first listing.
    restored: Option<(Vec<StateEntry>, Restored)>,
    /// Files that have been read and forgotten.
    gone: Totals,
    columns: Option<Vec<String>>,
}

impl Ledger {
    /// The ledger of a reader that starts from `entries`, those of all readers of a snapshot.
    pub(crate) fn new(place: Place, entries: Option<Vec<StateEntry>>) -> Result<Self> {
        let mut columns = None;
        let restored = match entries {
            None => None,
            Some(mut entries) => {
                // Readers that had not looked yet wrote what they were restored from, each of them.
                let mut seen = BTreeSet::new();
                entries.retain(|entry| seen.insert(entry.value.to_string()));
                let mut restored = Restored::read(&entries)?;
                columns = restored.columns.take();
                Some((entries, restored))
            }
        };
        Ok(Self {
            place,
            files: BTreeMap::new(),
            waiting: VecDeque::new(),
            running: VecDeque::new(),
            next_number: 0,
            restored,
            gone: Totals::default(),
            columns,
        })
    }

    /// The names of the columns, if the first file has told them or the snapshot knew.
    pub(crate) fn columns(&self) -> Option<&[String]> {
        self.columns.as_deref()
    }

    /// Keeps the names of the columns in snapshots from now on.
    pub(crate) fn set_columns(&mut self, names: Vec<String>) {
        self.columns = Some(names);
    }

    /// Takes note of what lies in the directory now.
    ///
    /// # Errors
    /// A file changed and that is to fail the job, or one is gone before it was read to its end.
    pub(crate) fn observe(&mut self, listing: &Listing) -> Result<()> {
        if let Some((_, restored)) = self.restored.take() {
            self.adopt(restored, listing)?;
        }
        for found in listing {
            if self.files.contains_key(&found.path) {
                self.compare(found)?;
            } else {
                self.add(Arc::new(found.clone()));
            }
        }
        let present: BTreeSet<&str> = listing.iter().map(|found| found.path.as_ref()).collect();
        let gone = &mut self.gone;
        self.files.retain(|path, state| {
            let stays = present.contains(path.as_ref()) || !state.is_idle();
            if !stays {
                gone.add(state);
            }
            stays
        });
        Ok(())
    }

    fn add(&mut self, file: Arc<FoundFile>) {
        let path = Arc::clone(&file.path);
        let state = FileState::new(file, self.share(&path));
        if state.splits > 0 {
            self.waiting.push_back(Arc::clone(&path));
        }
        self.files.insert(path, state);
    }

    fn share(&self, path: &str) -> Share {
        let place = &self.place;
        let whole = place.decodes_first || Compression::of(path) != Compression::None;
        let split = if whole { 0 } else { place.split };
        Share::new(path, split, place.subtask, place.parallelism)
    }

    /// Puts a snapshot's state and the first listing after it together.
    fn adopt(&mut self, restored: Restored, listing: &Listing) -> Result<()> {
        let present: BTreeMap<&str, &FoundFile> = listing
            .iter()
            .map(|found| (found.path.as_ref(), found))
            .collect();
        for (path, parts) in restored.files {
            let share = self.share(&path);
            match present.get(path.as_ref()) {
                None => change::check_gone(&path, &share, &parts)?,
                Some(found) => {
                    if let Some(state) = self.restore_file(found, share, parts)? {
                        self.files.insert(Arc::clone(&path), state);
                    }
                }
            }
        }
        // Reading goes on in the order of the listing, whatever the order of the paths is.
        for found in listing {
            let waits = |state: &FileState| state.given < state.splits;
            if self.files.get(&found.path).is_some_and(waits) {
                self.waiting.push_back(Arc::clone(&found.path));
            }
        }
        Ok(())
    }

    /// The next stretch to be read, if there is one.
    pub(crate) fn next_task(&mut self) -> Option<Task> {
        loop {
            let path = self.waiting.front()?;
            let Some((state, (from, to))) = self
                .files
                .get_mut(path)
                .and_then(|state| state.next_gap().map(|gap| (state, gap)))
            else {
                self.waiting.pop_front();
                continue;
            };
            let number = self.next_number;
            self.next_number += 1;
            state.running += 1;
            let known = state.starts.partition_point(|start| start.offset <= from);
            let task = Task {
                number,
                file: Arc::clone(&state.file),
                from,
                to,
                known: known
                    .checked_sub(1)
                    .and_then(|last| state.starts.get(last))
                    .copied(),
                may_grow: self.place.changed == Changed::Ignore && state.share.split > 0,
            };
            self.running.push_back(Running {
                number,
                path: Arc::clone(path),
                from,
                to,
                counted: from,
            });
            return Some(task);
        }
    }

    /// Whether a task is still wanted; it isn't after its file has been put back to its beginning.
    pub(crate) fn is_running(&self, task: u64) -> bool {
        self.running
            .front()
            .is_some_and(|running| running.number == task)
    }

    /// The file of the running task.
    pub(crate) fn file(&self) -> Option<Arc<str>> {
        self.running
            .front()
            .map(|running| Arc::clone(&running.path))
    }

    /// Whether the file of the running task is one split, whose offsets are not those of its bytes.
    pub(crate) fn is_whole(&self) -> bool {
        let state = self
            .running
            .front()
            .and_then(|running| self.files.get(&running.path));
        state.is_some_and(|state| state.share.split == 0)
    }

    /// The records before `next` that belong to the running task have been handed out. Answers how many
    /// more bytes of the file count as read: none where offsets are not those of its bytes.
    pub(crate) fn handed_out(&mut self, next: Start) -> u64 {
        let Some(running) = self.running.front_mut() else {
            return 0;
        };
        let Some(state) = self.files.get_mut(&running.path) else {
            return 0;
        };
        state.done.insert(running.from, next.offset.min(running.to));
        state.reached(next);
        running.count(state, next.offset)
    }

    /// The running task has ended; the next record that is not its own begins at `next`.
    pub(crate) fn finished(&mut self, next: Start) -> Finished {
        let Some(mut running) = self.running.pop_front() else {
            return Finished::default();
        };
        let Some(state) = self.files.get_mut(&running.path) else {
            return Finished::default();
        };
        state.done.insert(running.from, running.to);
        state.reached(next);
        state.running -= 1;
        Finished {
            bytes: running.count(state, running.to),
            file: state.is_idle() && state.share.owns_first(),
        }
    }

    /// Whether nothing is left to read of what has been found.
    pub(crate) fn is_idle(&self) -> bool {
        self.waiting.is_empty() && self.running.is_empty() && self.restored.is_none()
    }

    /// What the reader has to do and has done since the job was started from nothing.
    pub(crate) fn totals(&self) -> Totals {
        let mut totals = self.gone;
        self.files.values().for_each(|state| totals.add(state));
        totals
    }

    /// The state of this reader: entries for its own splits.
    pub(crate) fn snapshot(&self) -> Result<Vec<StateEntry>> {
        let subtask = self.place.subtask;
        if let Some((entries, _)) = &self.restored {
            // Before the first listing nothing has moved. Keys are unique within the operator.
            let again = |(number, entry): (usize, &StateEntry)| StateEntry {
                key: format!("restored {number}#{subtask}"),
                value: entry.value.clone(),
            };
            return Ok(entries.iter().enumerate().map(again).collect());
        }
        let mut entries = Vec::new();
        if let Some(names) = &self.columns {
            let columns = Entry::Columns {
                names: names.clone(),
            };
            entries.push((format!("columns#{subtask}"), columns));
        }
        for (path, state) in &self.files {
            if let Some(entry) = state.entry() {
                entries.push((format!("{path}#{subtask}"), Entry::File(entry)));
            }
        }
        let written = entries.into_iter().map(|(key, entry)| {
            let value = serde_json::to_value(entry).map_err(|error| {
                Error::new(
                    &codes::INTERNAL,
                    format!("the position in {key} can't be written"),
                )
                .cause(error)
            })?;
            Ok(StateEntry { key, value })
        });
        written.collect()
    }
}

impl Running {
    /// Counts the bytes before `offset` as read; answers how many of them had not been counted.
    fn count(&mut self, state: &FileState, offset: u64) -> u64 {
        if state.share.split == 0 {
            return 0;
        }
        let read = offset.min(self.to).min(state.file.identity.size);
        let more = read.saturating_sub(self.counted);
        self.counted += more;
        more
    }
}

/// Sets the parts of a restored file against the file as it is now.
impl Ledger {
    fn restore_file(
        &self,
        found: &FoundFile,
        share: Share,
        parts: Vec<Part>,
    ) -> Result<Option<FileState>> {
        let Some(resolved) = change::resolve(found, &parts, self.place.changed)? else {
            return Ok(None);
        };
        if (share.split == 0) != resolved.whole && !resolved.is_complete() {
            return Err(change::counted_otherwise(&found.path));
        }
        let file = FoundFile {
            path: Arc::clone(&found.path),
            identity: resolved.identity,
        };
        let mut state = FileState::new(Arc::new(file), share);
        state.warned = resolved.identity != found.identity;
        state.restored = !resolved.done.is_empty();
        if resolved.is_complete() {
            state.given = state.splits;
            state.done.insert(0, u64::MAX);
        } else {
            state.done = resolved.done;
            state.starts = resolved.starts;
        }
        Ok(Some(state))
    }
}

#[cfg(test)]
mod tests;
