//! What the crate promises: one promise a file.

mod answers_are_heard_whole;
mod bodies_are_read_as_flink_reads_them;
mod common;
mod errors_say_what_to_do;
mod other_users_of_the_machine_are_kept_out;
mod packages_outlast_the_data_directory;
mod requests_are_answered_as_documented;
mod strangers_are_kept_out;
mod tokens_allow_what_their_roles_say;
