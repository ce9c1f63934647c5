//! What `_owner` in a job's directory says: who has the directory, or had it last, how, and which process that is.
//!
//! A lock is seen by nobody whom the file system gives no locks, so who holds by one is known to them by this alone.

use std::path::Path;

use millstream_core::{Error, Result, codes};
use serde::{Deserialize, Serialize};

use super::Holder;
use super::process::{Fate, Process};
use crate::disk::read_if_there;
use crate::names::OWNER_FILE;

/// How the directory is held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Held {
    /// By the lock of the file that the note stands in.
    Lock,
    /// By a [lease](super::lease).
    Lease,
    /// Not any more: its holder let go of it.
    Nobody,
    /// Not any more: its holder has ended, and is not started again.
    Ended,
}

/// What `_owner` says.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Note {
    #[serde(flatten)]
    pub(crate) holder: Holder,
    /// `None`: by a version that did not write it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) held: Option<Held>,
    /// The [process](Process) that has it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) process: Option<String>,
}

impl Note {
    /// That this process holds a directory for `holder`.
    pub(super) fn of_this_process(holder: &Holder, held: Held) -> Self {
        Self {
            holder: holder.clone(),
            held: Some(held),
            process: Process::own().map(|process| process.to_string()),
        }
    }

    /// The same, once it holds it no more.
    pub(super) fn released(&self, held: Held) -> Self {
        Self {
            holder: self.holder.clone(),
            held: Some(held),
            process: None,
        }
    }

    /// The note in a job's directory; `None`: there is none, or it can't be understood.
    pub(crate) fn in_directory(job_directory: &Path) -> Result<Option<Self>> {
        let bytes = read_if_there(&job_directory.join(OWNER_FILE))?;
        Ok(bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok()))
    }

    /// Whether a server would start the job again: it has not ended, but its process has.
    pub(crate) fn may_come_back(&self) -> bool {
        let is_open = self.held.is_some_and(|held| held != Held::Ended);
        is_open && !self.holder.is_alone
    }
}

/// What a note tells somebody whom the file system gives no locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Word {
    /// Nobody has the directory by a lock.
    Free,
    /// Somebody has.
    Locked,
    /// Somebody may have.
    Unknown,
}

fn word(held: Option<Held>, process: Fate) -> Word {
    match (held, process) {
        (Some(Held::Lock), Fate::Runs) => Word::Locked,
        (Some(Held::Lock), Fate::Hidden) => Word::Unknown,
        (Some(Held::Lock), Fate::Ended) => Word::Free,
        // Leases are looked at where they lie; versions that did not write how they held are not known from it.
        (None | Some(Held::Lease | Held::Nobody | Held::Ended), _) => Word::Free,
    }
}

/// Whether somebody has the directory by its lock, as its note says: for those whom the file system gives no locks.
///
/// # Errors
/// `OWNER_UNKNOWN`: the note says so of a process that can't be seen from here, and that may have ended since.
pub(super) fn is_locked_by_note(job_directory: &Path) -> Result<bool> {
    let Some(note) = Note::in_directory(job_directory)? else {
        return Ok(false);
    };
    let process = note.process.as_deref().and_then(Process::parse);
    let fate = process.map_or(Fate::Hidden, |process| process.fate());
    match word(note.held, fate) {
        Word::Free => Ok(false),
        Word::Locked => Ok(true),
        Word::Unknown => Err(unknown(job_directory, &note.holder)),
    }
}

fn unknown(job_directory: &Path, holder: &Holder) -> Error {
    let (directory, note) = (job_directory.display(), job_directory.join(OWNER_FILE));
    let message = format!(
        "the checkpoints in {directory} were locked by {holder}; there are no locks here at present, so it can't be told whether it runs"
    );
    Error::new(&codes::OWNER_UNKNOWN, message).next(format!(
        "see that locks work on that file system; where there are none, end that process and delete {}",
        note.display()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lock_counts_until_its_process_is_known_to_have_ended() {
        for (held, process, expected) in [
            (Some(Held::Lock), Fate::Runs, Word::Locked),
            (Some(Held::Lock), Fate::Hidden, Word::Unknown),
            (Some(Held::Lock), Fate::Ended, Word::Free),
            (Some(Held::Lease), Fate::Runs, Word::Free),
            (Some(Held::Lease), Fate::Hidden, Word::Free),
            (Some(Held::Nobody), Fate::Runs, Word::Free),
            (Some(Held::Ended), Fate::Hidden, Word::Free),
            (None, Fate::Hidden, Word::Free),
            (None, Fate::Runs, Word::Free),
        ] {
            assert_eq!(word(held, process), expected, "{held:?} {process:?}");
        }
    }

    #[test]
    fn notes_of_earlier_versions_are_read_and_can_read_these() {
        let old = r#"{"job_id": "01010101010101010101010101010101", "job_name": "orders",
            "lineage": {"generation": 3}, "what": "pid 1 on a", "since": 5}"#;
        let note: Note = serde_json::from_str(old).expect("understood");
        assert_eq!((note.held, note.process.as_deref()), (None, None));
        assert!(!note.may_come_back(), "nothing is known of it");
        let new = Note::of_this_process(&note.holder, Held::Lock);
        let text = serde_json::to_string(&new).expect("written");
        let holder: Holder = serde_json::from_str(&text).expect("understood");
        assert_eq!(holder, note.holder);
    }

    #[test]
    fn jobs_of_servers_come_back_until_they_have_ended() {
        let holder = |is_alone| Holder {
            job_id: millstream_core::JobId::from_bytes([1; 16]),
            job_name: "orders".to_owned(),
            lineage: millstream_core::Lineage::fresh(1),
            what: "a process".to_owned(),
            since: 0,
            is_alone,
        };
        for (held, is_alone, expected) in [
            (Held::Lock, false, true),
            (Held::Lease, false, true),
            (Held::Nobody, false, true),
            (Held::Ended, false, false),
            (Held::Lock, true, false),
            (Held::Nobody, true, false),
        ] {
            let note = Note::of_this_process(&holder(is_alone), held);
            assert_eq!(note.may_come_back(), expected, "{held:?} {is_alone}");
        }
    }
}
