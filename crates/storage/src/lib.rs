//! Snapshots on disk: where they lie, what `_metadata` says, checksums, and the two formats of state.
//!
//! A snapshot (checkpoint or savepoint) is one directory. It exists when its `_metadata` is in place:
//! a [`SnapshotTarget`] writes the state files first and `_metadata` last, [`Snapshot::open`] checks
//! every file before anything is restored, and [`dispose`] takes `_metadata` away first. The layout is
//! Flink's; `_metadata` is readable JSON.
//!
//! Two formats of state: [`canonical`] (Parquet with real columns: every backend and every tool reads
//! it) and [`native`] (the memory backend's own).
//!
//! This crate knows neither the engine nor a state backend.

pub mod canonical;
mod dispose;
mod fail;
mod find;
mod layout;
mod location;
mod metadata;
pub mod native;
mod read;
mod write;

pub use dispose::{discard_incomplete, dispose, remove_empty_job_directory};
pub use fail::corrupt as damaged;
pub use find::{checkpoints_of, mark_ended, newest};
pub use layout::SnapshotLayout;
pub use location::Location;
pub use metadata::{
    EntryMetadata, FileEntry, METADATA_FILE, OperatorMetadata, PreparedMetadata, SnapshotFormat,
    SnapshotKind, SnapshotMetadata, StateKind, StateMetadata,
};
pub use read::{OperatorSnapshot, Snapshot};
pub use write::{SnapshotTarget, StateFileWriter, mark_committed};
