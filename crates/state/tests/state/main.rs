//! What the crate promises: one promise a file.

mod common;
mod entries_restore_at_any_parallelism;
mod handles_work_under_the_current_key;
mod maps_of_version_1_restore;
mod opaque_state_is_shared_between_checkpoints;
mod snapshots_of_every_version_restore;
mod state_restores_at_any_parallelism;
mod state_that_does_not_fit_is_refused;
mod what_was_seen_restores_as_any_map;
