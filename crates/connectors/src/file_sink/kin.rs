//! Which hidden files a run may remove: a question of lineage.
//!
//! - **A file in progress** is named by no snapshot. It may go once its writer is dead: the writer is an earlier run of this
//!   job or of the job that this one went on from under its lock, or its own lock is free.
//! - **A prepared file** may be named by a snapshot; [`Kin`] tells when none can.

use millstream_core::lineage::Kin;

use super::lock::WriterState;
use super::names::{Hidden, Stage};
use super::writers::Writers;

/// Whether a run may remove a hidden file.
pub(super) fn may_remove(kin: &Kin, hidden: &Hidden, writers: &Writers) -> bool {
    let author = hidden.author;
    match hidden.stage {
        Stage::InProgress(writer) | Stage::Lock(writer) => match writers.state(author, writer) {
            WriterState::Alive => false,
            WriterState::Gone => true,
            WriterState::GoneElsewhere => kin.is_related(author),
            WriterState::Unknown => kin.is_earlier(author),
        },
        Stage::Prepared(checkpoint) => {
            !writers.is_alive(author) && kin.may_remove_prepared(author, checkpoint)
        }
    }
}

#[cfg(test)]
mod tests;
