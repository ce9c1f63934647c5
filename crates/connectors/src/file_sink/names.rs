//! The names of the sink's files: made here, and read back here.

use std::str::FromStr;
use std::sync::Arc;

use millstream_core::lineage::{Ancestor, Author};
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
    /// The first of the jobs that went before, or the job itself.
    pub(super) family: JobId,
    /// That of the job's lineage.
    pub(super) generation: u64,
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

    /// Whose a visible file is: the job; of one that went on from others, the first of them before it, and its generation.
    fn visible(&self) -> String {
        let (family, job) = (short(self.family), short(self.job));
        match self.family == self.job {
            true => job,
            false => format!("{family}-{}-{job}", self.generation),
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

/// A visible name of this sink, taken apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Visible<'a> {
    /// Of ids the [end](short).
    family: &'a str,
    job: &'a str,
    /// `None`: of the first job of its family, or of a version of Millstream that did not write it.
    generation: Option<u64>,
    checkpoint: CheckpointId,
}

impl<'a> Visible<'a> {
    /// Takes a name apart; `None`: no visible name of this sink.
    pub(super) fn parse(name: &'a str) -> Option<Self> {
        let (stem, _) = name.strip_prefix(VISIBLE_START)?.split_once('.')?;
        let fields: Vec<&str> = stem.split('-').collect();
        let (family, generation, job, numbers) = match *fields.as_slice() {
            [job, a, b, c] => (job, None, job, [a, b, c]),
            [family, generation, job, a, b, c] => {
                (family, Some(number(generation)?), job, [a, b, c])
            }
            _ => return None,
        };
        let [checkpoint, subtask, file] = numbers.map(number);
        let is_whole = is_short(family) && is_short(job) && subtask.is_some() && file.is_some();
        Some(Self {
            family,
            job,
            generation,
            checkpoint: checkpoint.filter(|_| is_whole)?,
        })
    }

    /// Whether it was committed behind the snapshot at which a job of this `family` was left that a run of this `generation` goes
    /// on from: by that job itself, or by a run that was not known where this one began. It would have a higher generation.
    pub(super) fn is_behind(&self, left: &Ancestor, family: JobId, generation: u64) -> bool {
        let is_unknown = self.family == short(family)
            && self.generation.is_some_and(|written| written >= generation);
        self.is_of(left) || is_unknown && self.checkpoint > left.left_at
    }

    /// Whether a job committed it behind the snapshot at which it was left.
    pub(super) fn is_of(&self, left: &Ancestor) -> bool {
        self.job == short(left.job) && self.checkpoint > left.left_at
    }
}

/// Whether one of these jobs has given a file this name.
pub(super) fn is_of_any(name: &str, jobs: &[JobId]) -> bool {
    if let Some(hidden) = Hidden::parse(name) {
        return jobs.contains(&hidden.author.job);
    }
    let visible = Visible::parse(name);
    visible.is_some_and(|visible| jobs.iter().any(|job| visible.job == short(*job)))
}

/// The name of a file that people make, to tell that a directory is to be that of the job: one that it never makes itself.
pub(super) fn stand_in(job: JobId) -> String {
    format!("{VISIBLE_START}{}-0-0-0.empty", short(job))
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
