//! What the crate promises, one promise a file.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a panic is a failed test"
)]

mod a_record_never_ends_the_process;
mod array_split;
mod arrays_do_not_depend_on_the_batch;
mod arrays_in_from_become_rows;
mod bad_rows_are_set_aside;
mod bytes_that_are_no_text_fail_alone;
mod casts_are_done_before_they_are_compared;
mod columns_are_pruned;
mod conditions_are_no_numbers;
mod days_keep_the_times_of_texts;
mod decimals_are_compared_as_they_are;
mod decimals_are_exact_or_bad;
mod each_record_goes_through_every_select;
mod errors_name_the_place;
mod fields_of_structs_are_named_by_paths;
mod flags_of_regular_expressions_are_told_by_their_names;
mod functions_of_flink_and_hive_give_what_the_guide_says;
mod functions_of_one_name_mean_what_they_do_elsewhere;
mod guide_examples_hold;
mod lambdas_give_any_items;
mod like_takes_an_escape;
mod long_chains_are_answered_or_refused;
mod maps_are_made_of_a_records_own_lists;
mod mistakes_do_not_wait_for_records;
mod names;
mod nested_expressions_are_answered_or_refused;
mod numbers_are_never_null_in_silence;
mod patterns_of_columns_are_those_of_constants;
mod projection_and_filter;
mod regular_expressions_are_not_taken_for_like;
mod right_sql_is_not_judged_by_samples;
mod round_has_one_type;
mod similar_to_is_that_of_the_standard;
mod support;
mod texts_become_decimals_as_in_files;
mod times_are_read_by_what_patterns_name;
mod times_are_right_in_every_year;
mod times_are_written_by_patterns;
mod times_in_nanoseconds_meet_others_in_microseconds;
mod times_of_longer_units_are_compared_with_fractions;
mod types_mean_what_they_say;
mod typical_mistakes_are_told_in_plain_words;
mod whole_numbers_keep_their_digits;
mod zeros_of_both_signs_are_one_number;
