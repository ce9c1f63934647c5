//! What becomes of files that changed, are gone, or can't be read, when a reader meets them.

use std::io;
use std::sync::Arc;

use millstream_core::{Error, Result, codes};
use millstream_objects::StoreError;
use tracing::warn;

use super::Ledger;
use super::file::FileState;
use super::tails::Tail;
use crate::files_source::failure::Unfit;
use crate::files_source::input::InputError;
use crate::files_source::line_end::one_line_error;
use crate::files_source::listing::{FoundFile, Identity, is_away};
use crate::files_source::name::{Key, Name};
use crate::files_source::options::{Bad, Changed, Lost};
use crate::files_source::remote;

/// How reading goes on behind a file that can't be read on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Mended {
    /// As if nothing had been.
    GoesOn,
    /// The file of the piece with this number has to be announced again as what it is now; reading waits for that.
    Again(Key, u64),
    /// Reading waits until it is known whether the file of this name is there.
    Sought(Key),
    /// What had not been read of the file is lost, and that is accepted.
    Lost(Passed),
    /// The file can't be read, and is passed over.
    Bad(Passed),
}

/// A file that is not read to its end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Passed {
    pub(crate) name: Name,
    /// What it was when it was found.
    pub(crate) identity: Identity,
    pub(crate) piece: u64,
}

impl Passed {
    fn of(file: &FoundFile, piece: u64) -> Self {
        Self {
            name: file.name.clone(),
            identity: file.identity,
            piece,
        }
    }
}

impl Ledger {
    /// The file of the running task has grown; the task reads no more than what was found. `cut`: its last record had
    /// no end, and was not handed out.
    pub(crate) fn grown(&mut self, cut: bool) {
        let piece = self.running.front().map(|running| running.piece);
        let Some(state) = piece.and_then(|piece| self.state_mut(piece)) else {
            return;
        };
        if state.grows {
            return;
        }
        if state.last {
            warn!(
                file = %state.file.text,
                "the file grew when the source had ended: what was appended, and a last record that had no end, is read by who goes on \
                 from here"
            );
            return;
        }
        state.warn_once(if cut {
            "the file grew while it was being read, and its last record was cut off; neither that record nor what was \
             appended is read"
        } else {
            "the file grew while it was being read; what was appended is not read"
        });
    }

    /// The running task can't go on: what follows, or the error of the job.
    pub(crate) fn failed(&mut self, error: InputError) -> Result<Mended> {
        let piece = self.running.front().map(|running| running.piece);
        let Some(state) = piece.and_then(|piece| self.state(piece)) else {
            return Ok(Mended::GoesOn);
        };
        let (sequence, file) = (state.sequence, Arc::clone(&state.file));
        let (is_last, tries) = (state.last, state.tries);
        match error {
            InputError::Changed(now) => self.changed(sequence, &file, now),
            // Whoever opens it anew finds it where it was moved aside, or misses it.
            InputError::Vanished if tries < TRIES => {
                if let Some(state) = self.state_mut(sequence) {
                    state.tries += 1;
                }
                self.seek(sequence, &file);
                Ok(self.try_again(sequence))
            }
            // Behind the end of the source nobody looks at the directory any more.
            InputError::Missing | InputError::Vanished if is_last => self.gone(sequence, &file),
            InputError::Missing | InputError::Vanished => Ok(self.seek(sequence, &file)),
            error if is_of_disk(&error) && tries < TRIES => {
                if tries == 0 {
                    warn!(file = %file.text, cause = %error, "the file can't be read at present; it is tried again");
                }
                if let Some(state) = self.state_mut(sequence) {
                    state.tries += 1;
                }
                let sought = self.seek(sequence, &file);
                Ok(if is_last {
                    self.try_again(sequence)
                } else {
                    sought
                })
            }
            error if is_bad(&error) && self.place.bad != Bad::Fail => {
                let code = unreadable(&file.text, &error).code();
                warn!(file = %file.text, code = %code, cause = %error, "the file can't be read; it is passed over from here on");
                self.give_up(sequence);
                Ok(Mended::Bad(Passed::of(&file, sequence)))
            }
            error => Err(unreadable(&file.text, &error)),
        }
    }

    fn changed(&mut self, sequence: u64, file: &FoundFile, now: Identity) -> Result<Mended> {
        let policy = self.place.changed;
        let Some(state) = self.state(sequence) else {
            return Ok(Mended::GoesOn);
        };
        // Nobody else has a part in a single split: what is there now can be read instead.
        let is_single = state.share.split == 0 || state.is_small();
        let has_grown = state.grows && self.is_followed(sequence, file);
        let untouched = !state.is_begun() && is_single && !has_grown;
        if !untouched && policy != Changed::Reread {
            // Other readers may have begun with it, of which this one does not know.
            let when = match state.is_begun() {
                true => READ,
                false => "it was found and began to be read",
            };
            return Err(changed_since(
                when,
                &file.text,
                (&file.identity, &now),
                policy,
            ));
        }
        if !untouched {
            warn!(file = %file.text, "the file changed while it was being read; it is read again");
        }
        if self.state(sequence).is_some_and(|state| state.superseded) {
            self.give_up(sequence);
            return Ok(Mended::GoesOn);
        }
        self.block(sequence);
        Ok(Mended::Again(file.name.key(), sequence))
    }

    /// Whether a later piece of the file has been announced.
    fn is_followed(&self, sequence: u64, file: &FoundFile) -> bool {
        let mut pieces = self.pieces.iter();
        pieces.any(|state| state.sequence > sequence && state.file.name == file.name)
    }

    /// Reading waits until the file is announced again, or is known to be [gone](Self::blocked_is_gone).
    fn block(&mut self, sequence: u64) {
        self.running.retain(|running| running.piece != sequence);
        if let Some(state) = self.state_mut(sequence) {
            state.blocked = true;
            state.running = 0;
        }
    }

    /// Reading waits until a look at the directory has told whether the file [is there](Self::blocked_is_there) or
    /// [gone](Self::blocked_is_gone): the whole directory may be away.
    ///
    /// Whatever else was given out is put back: its files may be away, too.
    fn seek(&mut self, sequence: u64, file: &FoundFile) -> Mended {
        let running = std::mem::take(&mut self.running);
        for piece in running.into_iter().map(|running| running.piece) {
            let tails = self.tails_of(piece);
            if let Some(state) = self.state_mut(piece).filter(|state| state.running > 0) {
                state.running = 0;
                state.put_back(&tails);
            }
        }
        let at = self
            .pieces
            .partition_point(|state| state.sequence < sequence);
        self.given = self.given.min(at);
        if let Some(state) = self.state_mut(sequence) {
            (state.blocked, state.sought) = (true, true);
        }
        self.pass_finished();
        Mended::Sought(file.name.key())
    }

    /// It is opened again at once, without asking whether the file is there: behind the end of the source nobody tells. How long
    /// that takes is up to who opens it: the client of a cluster waits for its NameNode before it gives up.
    fn try_again(&mut self, sequence: u64) -> Mended {
        if let Some(state) = self.state_mut(sequence) {
            (state.blocked, state.sought) = (false, false);
        }
        self.pass_finished();
        Mended::GoesOn
    }

    /// The stretches in front of a piece in which records without their ends begin that are to be handed out with it.
    fn tails_of(&self, piece: u64) -> Vec<(u64, u64)> {
        let Some(state) = self.state(piece) else {
            return Vec::new();
        };
        let until = if state.last {
            state.file.identity.size
        } else {
            state.from
        };
        let tails = self.tails.of(state.file.name.key(), piece, until);
        let own = |stretch: &(u64, u64)| !state.last || stretch.1 == until;
        tails.map(Tail::stretch).filter(own).collect()
    }

    /// Whether it is to be told whether the file that reading waits for is there.
    pub(crate) fn is_sought(&self) -> bool {
        self.pieces
            .front()
            .is_some_and(|state| state.blocked && state.sought)
    }

    /// The file that reading waits for is there: it is read on.
    pub(crate) fn blocked_is_there(&mut self) -> Mended {
        if self.is_sought()
            && let Some(state) = self.pieces.front_mut()
        {
            (state.blocked, state.sought) = (false, false);
        }
        // All of it may have been handed out before the disk failed.
        self.pass_finished();
        Mended::GoesOn
    }

    /// The file that reading waits for; `None`: it waits for none.
    pub(crate) fn blocked(&self) -> Option<Key> {
        let first = self.pieces.front().filter(|state| state.blocked);
        first.map(|state| state.file.name.key())
    }

    /// The file that reading waits for is gone: what follows, or the error of the job.
    pub(crate) fn blocked_is_gone(&mut self) -> Result<Mended> {
        let first = self.pieces.front().filter(|state| state.blocked);
        let Some((sequence, file)) = first.map(|state| (state.sequence, state.file.clone())) else {
            return Ok(Mended::GoesOn);
        };
        self.gone(sequence, &file)
    }

    /// The file that reading waits for is there and may not be opened, which the job is to pass over.
    pub(crate) fn blocked_is_denied(&mut self) -> Mended {
        let first = self.pieces.front().filter(|state| state.blocked);
        let Some((sequence, file)) = first.map(|state| (state.sequence, state.file.clone())) else {
            return Mended::GoesOn;
        };
        warn!(file = %file.text, "the file can't be opened any more; it is passed over from here on");
        self.give_up(sequence);
        Mended::Bad(Passed::of(&file, sequence))
    }

    fn gone(&mut self, sequence: u64, file: &FoundFile) -> Result<Mended> {
        if self.place.lost == Lost::Fail {
            return Err(lost(&[file.text.to_string()], 1));
        }
        warn!(file = %file.text, "the file is gone, and what had not been read of it is lost; source.file.lost is skip");
        self.give_up(sequence);
        Ok(Mended::Lost(Passed::of(file, sequence)))
    }

    /// Nothing more is read of a piece.
    fn give_up(&mut self, sequence: u64) {
        let at = self
            .pieces
            .binary_search_by_key(&sequence, |state| state.sequence);
        if let Ok(at) = at {
            let mut ends: Vec<u64> = self.tails_of(sequence).iter().map(|tail| tail.1).collect();
            let file = self.pieces.get(at).map(|state| Arc::clone(&state.file));
            if let Some(file) = file {
                ends.push(file.identity.size);
                let key = file.name.key();
                ends.iter().for_each(|end| self.tails.forget(key, *end));
            }
            self.remove(at);
        }
        self.pass_finished();
    }
}

/// How often a file is tried again that is there and that the disk does not give, until something of it was read.
const TRIES: u32 = 50;

/// Whether an error says that the disk is away.
fn is_of_disk(error: &InputError) -> bool {
    match error {
        InputError::Io(cause) | InputError::Damaged { cause, .. } => is_away(cause),
        _ => false,
    }
}

/// Whether an error is the file's, not the disk's.
fn is_bad(error: &InputError) -> bool {
    match error {
        InputError::Damaged { .. }
        | InputError::Marked(_)
        | InputError::Window
        | InputError::Columns(_) => true,
        // A store refuses all of its objects, once keys are not valid any more.
        InputError::Io(cause) if StoreError::of(cause).is_some() => false,
        InputError::Io(cause) => matches!(
            cause.kind(),
            io::ErrorKind::PermissionDenied | io::ErrorKind::IsADirectory
        ),
        InputError::Missing
        | InputError::Vanished
        | InputError::Changed(_)
        | InputError::OneLine(_)
        | InputError::Endless { .. } => false,
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
            warn!(file = %self.file.text, "{what}; `source.file.changed` = append, reread or fail does otherwise");
        }
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

/// The names that are told of many.
const TOLD: usize = 3;

/// Files that had been found were gone before they were read to their end; the first of `count`.
pub(crate) fn lost(files: &[String], count: usize) -> Error {
    let told = files.iter().take(TOLD).map(String::as_str);
    let told: Vec<&str> = told.collect();
    let more = match count - told.len().min(count) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (are, them) = if count == 1 {
        ("is", "it")
    } else {
        ("are", "them")
    };
    let message = format!(
        "{}{more} {are} gone, and no more than a part of {them} has been read",
        told.join(", ")
    );
    Error::new(&codes::SOURCE_LOST, message)
        .next("put back what is gone, or set source.file.lost to skip to go on without")
}

/// Files had been found, and others lie in their places, before what was read of them was in a checkpoint.
pub(crate) fn overwritten(files: &[String]) -> Error {
    let told: Vec<&str> = files.iter().take(TOLD).map(String::as_str).collect();
    let more = match files.len() - told.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    let (was, it) = if files.len() == 1 {
        ("was", "it")
    } else {
        ("were", "them")
    };
    let message = format!(
        "{}{more} {was} overwritten before what was read of {it} was in a checkpoint",
        told.join(", ")
    );
    Error::new(&codes::SOURCE_LOST, message).next(
        "put back what was there, or set source.file.lost to skip to have what lies there now read in its place",
    )
}

/// The error of a file that changed where what to do about that is `chosen`.
pub(crate) fn changed_error(path: &str, then: &Identity, now: &Identity, chosen: Changed) -> Error {
    changed_since(READ, path, (then, now), chosen)
}

/// Since when a file has changed that was read, in words.
const READ: &str = "records of it were read";

fn changed_since(
    when: &str,
    path: &str,
    (then, now): (&Identity, &Identity),
    chosen: Changed,
) -> Error {
    let other = match chosen {
        Changed::Append => "reread",
        _ => "reread or append",
    };
    let how = if then == now {
        format!("its bytes are others, {} as before", describe(now))
    } else {
        format!("{} then, {} now", describe(then), describe(now))
    };
    Error::new(
        &codes::SOURCE_CHANGED,
        format!("{path} changed after {when}: {how}"),
    )
    .next(format!(
        "put the file back, or set source.file.changed to {other}; write files under a name that begins \
         with `_` and rename them when they are complete",
    ))
}

fn describe(identity: &Identity) -> String {
    format!(
        "{} bytes of {} ms",
        identity.size,
        identity.mtime / 1_000_000
    )
}

/// What a file that can't be read means to the user.
pub(crate) fn unreadable(name: &str, error: &InputError) -> Error {
    match error {
        InputError::Damaged { at, cause } => Error::new(
            &codes::SOURCE_COMPRESSED,
            format!("{name} is damaged or cut off at byte {at} of the compressed file"),
        )
        .cause(cause)
        .next("replace the file, take it away, or set source.file.bad to skip or quarantine"),
        InputError::Window => Error::new(
            &codes::SOURCE_COMPRESSED,
            format!(
                "{name} is compressed with a larger window than the 128 MiB that a reader takes"
            ),
        )
        .next("compress it again with zstd --long=27 at most, or without --long"),
        InputError::Marked(marked) => {
            Error::new(&codes::BAD_RECORD, format!("{name} {marked}")).next(marked.next_step())
        }
        InputError::Endless { offset, limit, end } => {
            let long = format!(
                "{name}: the record at offset {offset} is far longer than {limit} bytes, and"
            );
            let (what, next) = match end {
                None => (
                    "its end is not in sight".to_owned(),
                    "close the quote that was opened there, or raise source.record.max.size"
                        .to_owned(),
                ),
                Some(end) => (
                    format!("goes on behind `{end}`, with which its lines seem to end"),
                    format!(
                        "set source.line.delimiter to {end} or to auto, or raise source.record.max.size"
                    ),
                ),
            };
            Error::new(&codes::BAD_RECORD, format!("{long} {what}")).next(next)
        }
        InputError::OneLine(end) => one_line_error(name, end),
        InputError::Columns(unfit) => unfit_error(name, unfit),
        InputError::Missing | InputError::Vanished => {
            Error::new(&codes::SOURCE_PATH, format!("{name} is gone"))
                .next("put the file back, or take it out of what is read")
        }
        other => {
            let of_store = match other {
                InputError::Io(cause) => remote::next_step(cause),
                _ => None,
            };
            Error::new(&codes::SOURCE_READ, format!("{name} can't be read"))
                .cause(other)
                .next(of_store.unwrap_or("check the disk and the file's permissions"))
        }
    }
}

/// What a file of columns that can't be read means to the user.
fn unfit_error(name: &str, unfit: &Unfit) -> Error {
    let bad = "set source.file.bad to skip or quarantine";
    match unfit {
        Unfit::Damaged(what) => Error::new(
            &codes::SOURCE_COLUMNS,
            format!("{name} is damaged or cut off: {what}"),
        )
        .next(format!("replace the file, take it away, or {bad}")),
        Unfit::Encrypted => Error::new(&codes::SOURCE_COLUMNS, format!("{name} is encrypted"))
            .next(format!(
                "write it without encryption, take it away, or {bad}"
            )),
        Unfit::Schema(what) => Error::new(
            &codes::SOURCE_SCHEMA,
            format!("{name} has another schema: {what}"),
        )
        .next(format!(
            "write the file with the schema of the others, move it to a job of its own, or {bad}"
        )),
        Unfit::Large(what) => Error::new(
            &codes::SOURCE_COLUMNS,
            format!("{name} can't be read in bounded memory: {what}"),
        )
        .next(format!(
            "write the file with smaller stripes (orc.stripe.size), read fewer of its columns, or {bad}"
        )),
    }
}

#[cfg(test)]
mod tests;
