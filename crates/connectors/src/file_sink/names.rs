//! The names of the sink's files: made here, and read back here.

use std::str::FromStr;
use std::sync::Arc;

use millstream_core::lineage::Author;
use millstream_core::{CheckpointId, JobId};

/// A directory below that of the sink, by its path; empty where files are not parted.
pub(super) type Partition = Arc<str>;

const START: &str = ".part-";
const VISIBLE_START: &str = "part-";
const IN_PROGRESS: &str = ".inprogress";
const PREPARED: &str = ".prepared";
const LOCK: &str = ".lock";
/// Digits of a job's id.
const ID_DIGITS: usize = 32;
/// Digits of it in visible names.
const SHORT: usize = 8;

/// Makes the names of one writer's files.
#[derive(Debug, Clone)]
pub(super) struct Names {
    /// The job that this one went on from under its lock, or the job itself.
    pub(super) origin: JobId,
    pub(super) job: JobId,
    /// The first of the runs whose place the job takes, or the job itself.
    pub(super) line: JobId,
    pub(super) run: u64,
    pub(super) subtask: usize,
    /// Tells writers of one run and subtask apart: several sinks may share a directory.
    pub(super) slot: u64,
    pub(super) extension: &'static str,
}

impl Names {
    fn run(&self) -> String {
        format!("{START}{}-{}-{}", self.origin, self.job, self.run)
    }

    /// The name of the writer's lock.
    pub(super) fn lock(&self) -> String {
        format!("{}-{}-{}{LOCK}", self.run(), self.subtask, self.slot)
    }

    /// The hidden name of a file that is being written.
    pub(super) fn in_progress(&self, number: u64) -> String {
        let (run, extension) = (self.run(), self.extension);
        format!(
            "{run}-{}-{}-{number}.{extension}{IN_PROGRESS}",
            self.subtask, self.slot
        )
    }

    /// The hidden name of a file that is prepared, and the visible one that it will have.
    pub(super) fn prepared(&self, checkpoint: CheckpointId, number: u64) -> (String, String) {
        let tail = format!("{checkpoint}-{}-{number}.{}", self.subtask, self.extension);
        (
            format!("{}-{tail}{PREPARED}", self.run()),
            format!("{VISIBLE_START}{}-{tail}", self.visible()),
        )
    }

    /// Whose a visible file is: the job, and before it the first of the runs whose place it takes, if that is another one.
    fn visible(&self) -> String {
        match self.line == self.job {
            true => short(self.job),
            false => format!("{}-{}", short(self.line), short(self.job)),
        }
    }
}

/// What a hidden file is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// Being written; named by no snapshot.
    InProgress(Writer),
    /// Complete; may be named by snapshots from this one on.
    Prepared(CheckpointId),
    /// The lock of a writer.
    Lock(Writer),
}

/// A writer among those of its run.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Writer {
    pub(super) subtask: u64,
    pub(super) slot: u64,
}

/// A hidden name of this sink, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Hidden {
    pub(super) author: Author,
    pub(super) stage: Stage,
}

impl Hidden {
    /// Takes a name apart; `None`: no hidden name of this sink.
    pub(super) fn parse(name: &str) -> Option<Self> {
        let (stem, endings) = name.strip_prefix(START)?.split_once('.')?;
        let fields: Vec<&str> = stem.split('-').collect();
        let (author, rest) = author(&fields)?;
        // Of the end alone: the extension of a format may be any.
        let stage = match (format!(".{endings}"), rest) {
            (endings, [subtask, slot]) if endings == LOCK => Stage::Lock(Writer {
                subtask: number(subtask)?,
                slot: number(slot)?,
            }),
            (endings, [subtask, slot, _]) if endings.ends_with(IN_PROGRESS) => {
                Stage::InProgress(Writer {
                    subtask: number(subtask)?,
                    slot: number(slot)?,
                })
            }
            // As the first version named it.
            (endings, [subtask, _]) if endings.ends_with(IN_PROGRESS) && author.run == 0 => {
                Stage::InProgress(Writer {
                    subtask: number(subtask)?,
                    slot: 0,
                })
            }
            (endings, [checkpoint, _, _]) if endings.ends_with(PREPARED) => {
                Stage::Prepared(number(checkpoint)?)
            }
            _ => return None,
        };
        Some(Self { author, stage })
    }
}

/// The number of the checkpoint that a visible file of `job` was committed with, or of a run that took its place as the first of
/// such a line; `None`: it is none of theirs.
pub(super) fn committed_with(name: &str, job: JobId) -> Option<CheckpointId> {
    let (stem, _) = name.strip_prefix(VISIBLE_START)?.split_once('.')?;
    let fields: Vec<&str> = stem.split('-').collect();
    let [first, rest @ ..] = fields.as_slice() else {
        return None;
    };
    let numbers = match rest {
        [other, rest @ ..] if rest.len() == 3 && is_short(other) => rest,
        rest => rest,
    };
    let [checkpoint, subtask, file] = numbers else {
        return None;
    };
    let checkpoint = number(checkpoint).filter(|_| *first == short(job));
    checkpoint.filter(|_| number(subtask).is_some() && number(file).is_some())
}

/// Whether a field is the end of a job's id.
fn is_short(field: &str) -> bool {
    field.len() == SHORT && field.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// The end of a job's id: that is where ids differ which people choose.
fn short(job: JobId) -> String {
    let mut id = job.to_string();
    id.split_off(ID_DIGITS - SHORT)
}

/// Who wrote it, and the fields behind that.
fn author<'a, 'b>(fields: &'a [&'b str]) -> Option<(Author, &'a [&'b str])> {
    let [first, rest @ ..] = fields else {
        return None;
    };
    let first = job(first)?;
    match rest {
        [second, run, rest @ ..] if second.len() == ID_DIGITS => {
            let author = Author {
                origin: first,
                job: job(second)?,
                run: number(run)?,
            };
            Some((author, rest))
        }
        rest => {
            let author = Author {
                origin: first,
                job: first,
                run: 0,
            };
            Some((author, rest))
        }
    }
}

fn job(field: &str) -> Option<JobId> {
    JobId::from_str(field).ok()
}

fn number(field: &str) -> Option<u64> {
    field.parse().ok()
}

#[cfg(test)]
mod tests;
