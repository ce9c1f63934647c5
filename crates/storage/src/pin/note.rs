//! A pin in a store, which has no locks: a note beside `_metadata`, renewed for as long as the snapshot is needed.
//!
//! ```text
//! <snapshot>/_pin-<16 digits>-<number>    a count that is raised again and again, and which process does that
//! ```
//! Who pins makes the note first and looks for `_metadata` then. Who deletes sets `_metadata` aside first and looks for notes then. So
//! one of the two sees the other.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use millstream_core::Result;
use millstream_core::hash::stable_hash;

use crate::absent::is_absent;
use crate::fail;
use crate::files;
use crate::names::{METADATA_FILE, PIN};
use crate::owner::clock::Clock;
use crate::owner::process::Process;

/// A note is renewed three times in a term; one that stands still for three terms is nobody's.
const TERM: Duration = Duration::from_secs(10);
const RENEWALS: u32 = 3;
const TERMS: u32 = 3;
/// Who wants to delete looks this often in a term.
const LOOKS: u32 = 10;

/// A note that this process renews until it is dropped.
#[derive(Debug)]
pub(super) struct Note {
    path: PathBuf,
    ended: Arc<(Mutex<bool>, Condvar)>,
    thread: Option<JoinHandle<()>>,
}

impl Note {
    /// Makes one; `None`: it can't be made, or there is no snapshot.
    pub(super) fn take(directory: &Path) -> Option<Self> {
        static MADE: AtomicU64 = AtomicU64::new(0);
        let process = Process::own()?.to_string();
        let number = MADE.fetch_add(1, Ordering::Relaxed);
        let name = format!("{PIN}{:016x}-{number}", stable_hash(process.as_str()));
        let path = directory.join(name);
        files::put(&path, &content(0, &process)).ok()?;
        // Dropped where there is no snapshot: that takes it away.
        let note = Self::renewed(path, process)?;
        let files = files::of(directory).ok()?;
        let is_there = files.has_file(&directory.join(METADATA_FILE));
        is_there.is_ok_and(|there| there).then_some(note)
    }

    #[allow(clippy::disallowed_methods, reason = "the home of the note's thread")]
    fn renewed(path: PathBuf, process: String) -> Option<Self> {
        let ended: Arc<(Mutex<bool>, Condvar)> = Arc::default();
        let (at, until) = (path.clone(), Arc::clone(&ended));
        let thread = std::thread::Builder::new()
            .name("pin".to_owned())
            .spawn(move || renew(&at, &process, &until))
            .ok()?;
        Some(Self {
            path,
            ended,
            thread: Some(thread),
        })
    }
}

fn content(count: u64, process: &str) -> Vec<u8> {
    format!("{count} {process}").into_bytes()
}

fn renew(path: &Path, process: &str, (ended, told): &(Mutex<bool>, Condvar)) {
    let mut count = 0;
    let mut has_ended = ended.lock().unwrap_or_else(PoisonError::into_inner);
    while !*has_ended {
        let waited = told.wait_timeout(has_ended, TERM / RENEWALS);
        has_ended = waited.unwrap_or_else(PoisonError::into_inner).0;
        if !*has_ended {
            count += 1;
            // What fails is tried again: there is no better moment.
            drop(files::put(path, &content(count, process)));
        }
    }
}

impl Drop for Note {
    fn drop(&mut self) {
        *self.ended.0.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.ended.1.notify_all();
        if let Some(thread) = self.thread.take() {
            // It does nothing that could panic, and nothing would follow from it.
            drop(thread.join());
        }
        // What can't be removed stands still.
        drop(files::remove(&self.path));
    }
}

/// Whether somebody renews a note beside the snapshot in `directory`. Watches for three terms where that can't be told at once;
/// notes that nobody renews are removed.
#[allow(
    clippy::disallowed_methods,
    reason = "nothing announces that a note is not renewed any more"
)]
pub(super) fn is_pinned(directory: &Path) -> Result<bool> {
    let clock = Clock::of_machine();
    let first = notes(directory)?;
    let mut looked = clock.now();
    let mut still = Duration::ZERO;
    let mut now = first.clone();
    while !now.is_empty() && still < TERM * TERMS {
        if now.iter().any(|(path, said)| first.get(path) != Some(said)) {
            return Ok(true);
        }
        std::thread::sleep(TERM / LOOKS);
        now = notes(directory)?;
        let gap = clock.now().saturating_sub(looked);
        looked += gap;
        // Who was suspended in between has seen nothing of that.
        still += gap.min(TERM);
    }
    for path in now.keys() {
        files::remove(path).map_err(|cause| fail::write(path, cause))?;
    }
    Ok(false)
}

/// The notes beside a snapshot, and what they say. Those of processes that have ended go.
fn notes(directory: &Path) -> Result<BTreeMap<PathBuf, Vec<u8>>> {
    let entries = match files::list(directory) {
        Ok(entries) => entries,
        Err(error) if is_absent(&error) => return Ok(BTreeMap::new()),
        Err(error) => return Err(fail::read(directory, &error)),
    };
    let mut notes = BTreeMap::new();
    for entry in entries {
        if !entry
            .name
            .to_str()
            .is_some_and(|name| name.starts_with(PIN))
        {
            continue;
        }
        let path = directory.join(entry.name);
        let said = match files::read(&path) {
            Ok(said) => said,
            Err(error) if is_absent(&error) => continue,
            Err(error) => return Err(fail::read(&path, &error)),
        };
        let text = String::from_utf8_lossy(&said);
        let process = text
            .split_once(' ')
            .and_then(|(_, who)| Process::parse(who));
        if process.is_some_and(|process| process.has_ended()) {
            files::remove(&path).map_err(|cause| fail::write(&path, cause))?;
        } else {
            notes.insert(path, said);
        }
    }
    Ok(notes)
}
