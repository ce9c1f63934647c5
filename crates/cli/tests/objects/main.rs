//! Object stores as input, output and home of snapshots: one promise a file.

#[path = "../common/mod.rs"]
mod common;

mod a_job_that_goes_on_elsewhere_leaves_nothing_where_it_wrote;
mod a_job_that_slept_beyond_its_lease_commits_nothing_in_a_store;
mod a_store_that_lets_nothing_be_written_is_told_at_once;
mod an_ended_job_leaves_nothing_in_stores;
mod disposal_leaves_uploads_to_copies;
mod doctor_looks_at_object_stores;
mod objects_are_read_and_written_as_files_are;
mod objects_are_read_and_written_exactly_once_under_sigkill;
mod snapshots_are_kept_in_object_stores;
mod types_of_objects_are_found_out;
