//! What the crate promises, one promise a file.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic is a failed test"
)]

mod a_record_never_ends_the_process;
mod array_split;
mod arrays_in_from_become_rows;
mod bad_rows_are_set_aside;
mod columns_are_pruned;
mod decimals_are_compared_as_they_are;
mod decimals_are_exact_or_bad;
mod each_record_goes_through_every_select;
mod errors_name_the_place;
mod fields_of_structs_are_named_by_paths;
mod functions_of_flink_and_hive_give_what_the_guide_says;
mod functions_of_one_name_mean_what_they_do_elsewhere;
mod guide_examples_hold;
mod lambdas_give_any_items;
mod like_takes_an_escape;
mod long_chains_are_answered_or_refused;
mod mistakes_do_not_wait_for_records;
mod names;
mod nested_expressions_are_answered_or_refused;
mod numbers_are_never_null_in_silence;
mod projection_and_filter;
mod right_sql_is_not_judged_by_samples;
mod similar_to_is_that_of_the_standard;
mod support;
mod times_are_read_by_what_patterns_name;
mod times_are_right_in_every_year;
mod times_are_written_by_patterns;
mod times_in_nanoseconds_meet_others_in_microseconds;
mod types_mean_what_they_say;
mod typical_mistakes_are_told_in_plain_words;
