//! Kafka as source and sink: one promise a file.

#[path = "../kafka_sink_support/mod.rs"]
mod kafka_sink_support;
#[path = "../kafka_support/mod.rs"]
mod kafka_support;

mod a_bounded_read_notices_topics_made_anew;
mod brokers_that_make_topics_make_none_for_a_job;
mod kafka_is_read_by_who_may_log_in;
mod kafka_is_read_on_whatever_becomes_of_it;
mod kafka_is_written_as_it_is_asked;
mod kafka_messages_that_make_no_sense_harm_nobody;
mod kafka_of_version_3_9_is_read_too;
mod kafka_transactions_are_asked_about_by_whoever_may;
mod kafka_transactions_are_settled;
mod kafka_transactions_are_settled_by_older_brokers;
mod kafka_transactions_outlive_process_and_broker;
mod many_partitions_are_read_in_bounded_memory;
mod partitions_of_brokers_that_are_there_are_read_while_others_are_away;
mod transactions_keep_the_order_of_what_is_written;
mod transactions_support;
mod where_reading_begins_is_decided_once;
