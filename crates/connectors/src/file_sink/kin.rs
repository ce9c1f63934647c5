//! Which hidden files a run may remove: a question of lineage, and of what snapshots still name.
//!
//! - **A file in progress** is named by no snapshot. It may go once its writer is dead: the writer is an earlier run of this
//!   job or of one whose place this one has taken, at once or over others, or its own lock is free.
//! - **A prepared file** may be named by a snapshot; [`Kin`] tells when none can.
//! - **When the job has ended** its own writers are gone, and of what it has prepared nothing is wanted but what is
//!   [kept](KeptOutput). What others have left is not touched then: that is the matter of whoever goes on from them.

use std::collections::BTreeSet;

use millstream_core::lineage::Kin;
use millstream_engine::connector::Kept;

use super::lock::WriterState;
use super::names::{Hidden, Stage};
use super::writers::Writers;

/// When hidden files are removed, and uploads aborted.
#[derive(Debug, Clone, Copy)]
pub(super) enum When<'a> {
    /// At the start of an attempt: what was never prepared. Safe at any time, no snapshot names it.
    Recovering,
    /// Once every sink of the job has recovered: what is still prepared then is named by no snapshot that the job goes on
    /// from.
    Recovered,
    /// Once the job has ended.
    Ended(&'a KeptOutput),
}

/// The prepared output that somebody may still ask for when a job has ended, of all sinks: several may share a place.
#[derive(Debug)]
pub(super) struct KeptOutput {
    /// The hidden names of files.
    names: BTreeSet<String>,
    /// The ids of uploads.
    uploads: BTreeSet<String>,
}

impl KeptOutput {
    /// `None`: it can't be told.
    pub(super) fn of(kept: &Kept) -> Option<Self> {
        let Kept::Only(kept) = kept else {
            return None;
        };
        let all = |field: &str| -> BTreeSet<String> {
            let texts = kept
                .iter()
                .filter_map(|kept| kept.value.get(field)?.as_str());
            texts.map(str::to_owned).collect()
        };
        Some(Self {
            names: all("hidden"),
            uploads: all("upload"),
        })
    }

    /// Whether it holds the upload with this id.
    pub(super) fn has_upload(&self, upload: &str) -> bool {
        self.uploads.contains(upload)
    }
}

/// Whether a run may remove the hidden file that has this name.
pub(super) fn may_remove(
    kin: &Kin,
    when: When<'_>,
    name: &str,
    hidden: &Hidden,
    writers: &Writers,
) -> bool {
    let author = hidden.author;
    if let When::Ended(kept) = when {
        return author.job == kin.author.job
            && author.run <= kin.author.run
            && match hidden.stage {
                Stage::InProgress(writer) | Stage::Lock(writer) => {
                    writers.state(author, writer) != WriterState::Alive
                }
                Stage::Prepared(_) => !kept.names.contains(name),
            };
    }
    match hidden.stage {
        Stage::InProgress(writer) | Stage::Lock(writer) => match writers.state(author, writer) {
            WriterState::Alive => false,
            WriterState::Gone => true,
            WriterState::GoneElsewhere => kin.is_related(author),
            WriterState::Unknown => kin.is_earlier(author) || kin.is_superseded(author),
        },
        Stage::Prepared(checkpoint) => {
            matches!(when, When::Recovered)
                && !writers.is_alive(author)
                && kin.may_remove_prepared(author, checkpoint)
        }
    }
}

#[cfg(test)]
mod tests;
