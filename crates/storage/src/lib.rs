//! Snapshots on disk: where they lie, what `_metadata` says, checksums, and the two formats of state.
//!
//! A snapshot (checkpoint or savepoint) is one directory. It exists when its `_metadata` is in place:
//! a [`SnapshotTarget`] writes the state files first and `_metadata` last, [`Snapshot`] checks
//! every file before its bytes are trusted, and [`dispose`] takes `_metadata` out of its place first. The layout is
//! Flink's; `_metadata` is readable JSON.
//!
//! Two formats of state: [`canonical`] (Parquet with real columns: every backend and every tool reads
//! it) and [`native`] (the memory backend's own).
//!
//! This crate knows neither the engine nor a state backend.

mod abandoned;
mod absent;
mod behind;
mod beside;
pub mod canonical;
mod checkpoints;
mod disk;
mod dispose;
mod elsewhere;
mod ended;
mod fail;
mod files;
mod generation;
mod job_names;
mod layout;
mod location;
mod mark_ended;
mod metadata;
mod names;
pub mod native;
mod newest;
pub mod notes;
mod owed;
mod owner;
mod pin;
mod place;
mod reached;
mod read;
mod shared;
mod there;
mod verify;
mod write;

pub use abandoned::sweep_abandoned;
pub use behind::{Behind, From, Rival, directories_behind, overtaken};
pub use checkpoints::checkpoints_of;
pub use disk::{same_place, subdirectories};
pub use dispose::{Disposed, discard_incomplete, dispose, sweep};
pub use elsewhere::Elsewhere;
pub use ended::{Ended, ended_jobs};
pub use fail::{corrupt as damaged, may_pass};
pub use files::{
    Entry, Files, Found, ReadAt, StateFile, Upload, WriteFile, give_store, is_in_store, resolved,
};
pub use generation::lineage_of;
pub use job_names::job_names;
pub use layout::SnapshotLayout;
pub use location::Location;
pub use mark_ended::mark_ended;
pub use metadata::{
    EntryMetadata, FileEntry, OperatorMetadata, PreparedMetadata, SnapshotFormat, SnapshotKind,
    SnapshotMetadata, StateKind, StateMetadata,
};
pub use names::{METADATA_FILE, REACHED_DIRECTORY};
pub use newest::{Newest, committed_behind, newest, newest_beside};
pub use owed::{OwedNote, Place};
pub use owner::claim::{Asking, check_claim, claimed, has_said_ended, needed_by, real, say_ended};
pub use owner::{Holder, Locking, Owner, Ownership, has_been_held, holder};
pub use pin::Pin;
pub use reached::{Reached, reached};
pub use read::{OperatorSnapshot, Snapshot, list_of};
pub use there::{is_directory_there, is_there};
pub use verify::{Verified, VerifiedFile};
pub use write::{SnapshotTarget, StateFileWriter, mark_committed};
