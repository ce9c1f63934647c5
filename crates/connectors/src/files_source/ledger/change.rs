//! What becomes of files that changed, or are gone, before or after they were read.

use std::path::Path;
use std::sync::Arc;

use millstream_core::codes::Code;
use millstream_core::{Error, Result, codes};
use tracing::warn;

use super::Ledger;
use super::entry::Part;
use super::file::FileState;
use super::share::Share;
use crate::files_source::input::InputError;
use crate::files_source::listing::{FoundFile, Identity};
use crate::files_source::options::Changed;

impl Ledger {
    /// Sets a known file against what it is now.
    pub(super) fn compare(&mut self, found: &FoundFile) -> Result<()> {
        let changed = self.place.changed;
        let Some(state) = self.files.get_mut(&found.path) else {
            return Ok(());
        };
        if state.file.identity == found.identity {
            return Ok(());
        }
        // Whoever owns a single split, or nothing yet, starts on whatever there is now.
        let untouched = !state.is_begun() && state.running == 0;
        if untouched && (state.share.split == 0 || changed != Changed::Ignore || state.is_small()) {
            self.start_over(found.clone());
            return Ok(());
        }
        match changed {
            Changed::Fail => return Err(changed_error(&found.path, &state.file.identity, found)),
            Changed::Reread => {
                warn!(file = %found.path, "the file changed after it was read; it is read again");
                self.start_over(found.clone());
            }
            Changed::Ignore => {
                state.warn_once("the file changed after it was found; what changed is not read");
            }
        }
        Ok(())
    }

    /// The file of the running task has grown; the task reads no more than what was found.
    pub(crate) fn grown(&mut self) {
        let path = self
            .running
            .front()
            .map(|running| Arc::clone(&running.path));
        if let Some(state) = path.and_then(|path| self.files.get_mut(&path)) {
            state.warn_once("the file grew while it was being read; what was appended is not read");
        }
    }

    /// The running task can't go on. If its file is to be started over, or may be passed over, the ledger
    /// is mended; else this is the error of the job.
    pub(crate) fn failed(&mut self, error: InputError) -> Result<()> {
        let Some(path) = self
            .running
            .front()
            .map(|running| Arc::clone(&running.path))
        else {
            return Ok(());
        };
        let Some(state) = self.files.get(&path) else {
            return Ok(());
        };
        let found = state.file.identity;
        let untouched = !state.is_begun() && (state.share.split == 0 || state.is_small());
        match error {
            InputError::Changed(now) => {
                let found_now = FoundFile {
                    path: Arc::clone(&path),
                    identity: now,
                };
                if self.place.changed != Changed::Reread && !untouched {
                    return Err(changed_error(&path, &found, &found_now));
                }
                if !untouched {
                    warn!(file = %path, "the file changed while it was being read; it is read again");
                }
                self.start_over(found_now);
                Ok(())
            }
            // Whether other readers have handed out records of it is not known where they have a part in it.
            InputError::Missing if untouched => {
                warn!(file = %path, "the file was taken away before it was read");
                self.running.retain(|running| running.path != path);
                self.files.remove(&path);
                Ok(())
            }
            // The checkpoint to go on from knows how much of it has been read, by whomever.
            InputError::Missing => Err(gone(&path, &codes::SOURCE_READ)),
            error => Err(unreadable(&path, &error)),
        }
    }

    /// Forgets what was handed out of a file and begins again with what it is now.
    fn start_over(&mut self, found: FoundFile) {
        let path = Arc::clone(&found.path);
        self.running.retain(|running| running.path != path);
        self.waiting.retain(|waiting| *waiting != path);
        self.add(Arc::new(found));
    }
}

impl FileState {
    /// Whether the file is a single split.
    fn is_small(&self) -> bool {
        self.file.identity.size <= self.share.split
    }

    fn warn_once(&mut self, what: &str) {
        if !self.warned {
            self.warned = true;
            warn!(file = %self.file.path, "{what}; `source.file.changed` = reread or fail does otherwise");
        }
    }
}

/// What of a restored file holds for the file as it is now; `None`: nothing, it is read anew.
pub(super) fn resolve(found: &FoundFile, parts: &[Part], changed: Changed) -> Result<Option<Part>> {
    let same = parts
        .iter()
        .filter(|part| part.identity == found.identity)
        .cloned();
    let other = parts.iter().find(|part| part.identity != found.identity);
    match (other, changed) {
        (None, _) => Ok(same.reduce(together)),
        (Some(other), Changed::Fail) => Err(changed_error(&found.path, &other.identity, found)),
        (Some(_), Changed::Reread) => {
            warn!(file = %found.path, "the file changed since the snapshot; it is read again");
            Ok(same.reduce(together))
        }
        (Some(_), Changed::Ignore) => ignore(found, parts),
    }
}

/// Holds on to the oldest version of a file: it was read, or can still be read as its first bytes.
fn ignore(found: &FoundFile, parts: &[Part]) -> Result<Option<Part>> {
    let mut parts = parts.to_vec();
    parts.sort_by_key(|part| part.identity.mtime);
    let Some(part) = parts.into_iter().reduce(together) else {
        return Ok(None);
    };
    let appended = !part.whole && part.identity.grew_into(&found.identity);
    if !part.is_complete() && !appended && part.identity != found.identity {
        return Err(changed_error(&found.path, &part.identity, found));
    }
    warn!(
        file = %found.path,
        "the file changed since it was found; what changed is not read; \
         `source.file.changed` = reread or fail does otherwise"
    );
    Ok(Some(part))
}

/// Both parts as one, of the first one's version.
fn together(mut part: Part, other: Part) -> Part {
    for (from, to) in other.done.within(0, u64::MAX) {
        part.done.insert(from, to);
    }
    part.starts.extend(other.starts);
    part.starts.sort_unstable();
    part
}

/// A file of the snapshot that is not there any more must have been read to its end by the readers
/// whose splits are this one's now.
pub(super) fn check_gone(path: &Arc<str>, share: &Share, parts: &[Part]) -> Result<()> {
    let lost = parts.iter().any(|part| {
        let mut own = share.ranges(0, share.count(part.identity.size));
        let end = if part.whole {
            u64::MAX
        } else {
            part.identity.size
        };
        own.any(|(from, to)| !part.done.covers(from, to.min(end)))
    });
    if lost && !parts.iter().any(Part::is_complete) {
        Err(gone(path, &codes::SOURCE_PATH))
    } else {
        Ok(())
    }
}

/// Offsets of the snapshot mean something else now.
pub(super) fn counted_otherwise(path: &str) -> Error {
    Error::new(
        &codes::STATE_TYPE,
        format!("{path} was read in part with another charset or delimiter, so its position has no meaning"),
    )
    .next("restore with the charset and delimiters of the snapshot")
}

fn gone(path: &str, code: &'static Code) -> Error {
    Error::new(
        code,
        format!("{path} is gone, and no more than a part of it has been read"),
    )
    .next("put the file back as it was, or start without this snapshot")
}

fn changed_error(path: &str, then: &Identity, now: &FoundFile) -> Error {
    Error::new(
        &codes::SOURCE_CHANGED,
        format!(
            "{path} changed after records of it were read: {} then, {} now",
            describe(then),
            describe(&now.identity)
        ),
    )
    .next(
        "put the file back, or set source.file.changed to reread; write files under a name that begins \
         with `_` and rename them when they are complete",
    )
}

fn describe(identity: &Identity) -> String {
    format!(
        "{} bytes of {} ms",
        identity.size,
        identity.mtime / 1_000_000
    )
}

/// What a file that can't be read means to the user.
pub(crate) fn unreadable(path: &str, error: &InputError) -> Error {
    let name = Path::new(path).display();
    match error {
        InputError::Damaged { at, cause } => Error::new(
            &codes::SOURCE_COMPRESSED,
            format!("{name} is damaged or cut off at byte {at} of the compressed file"),
        )
        .cause(cause)
        .next("replace the file, or take it away"),
        InputError::Endless { offset, limit } => Error::new(
            &codes::BAD_RECORD,
            format!(
                "{name}: the record at offset {offset} is far longer than {limit} bytes, and its end is not in sight"
            ),
        )
        .next("close the quote that was opened there, or raise source.record.max.size"),
        InputError::Missing => Error::new(&codes::SOURCE_PATH, format!("{name} is gone"))
            .next("put the file back, or take it out of what is read"),
        other => Error::new(&codes::SOURCE_READ, format!("{name} can't be read"))
            .cause(other)
            .next("check the disk and the file's permissions"),
    }
}
