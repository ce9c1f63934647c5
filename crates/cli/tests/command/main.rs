//! The command line itself, and what is delivered with it: one promise a file.

#[path = "../common/mod.rs"]
mod common;

mod a_dry_run_shows_rows_and_leaves_nothing;
mod a_flink_user_finds_the_way_in;
mod a_small_job_stops_and_resumes_with_few_syncs;
mod command_lines_that_lack_something_are_told_in_one_line;
mod commands_without_a_server_say_so_in_one_line;
mod completions_and_manual_pages_cover_every_action;
mod doctor_looks_at_the_files_of_a_job;
mod every_error_can_be_explained;
mod info_shows_the_plan_of_a_job;
mod packages_run_a_job_where_they_are_installed;
mod progress_is_logged_where_nobody_watches;
mod refused_values_are_shown_by_their_references;
mod run_hands_a_package_its_options_and_arguments;
mod run_refuses_what_it_can_not_do;
mod settings_under_older_keys_count;
mod the_containers_steps_run_here;
mod the_image_has_the_libraries_of_the_command;
mod the_log_goes_where_it_is_told;
mod the_packaged_configuration_is_true;
mod the_readme_is_true;
mod the_time_of_all_tests_is_told;
mod types_of_columns_are_found_out;
