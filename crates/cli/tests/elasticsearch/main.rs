//! Elasticsearch and OpenSearch behind the ingestion job: one promise a file.

#[path = "../common/mod.rs"]
mod common;

mod a_document_that_others_have_newer_is_left_out;
mod bodies_of_elasticsearch_jobs_run_as_they_stand;
mod documents_are_there_once_under_sigkill;
mod documents_are_written_as_each_sync_type_says;
mod documents_that_are_refused_follow_the_policy;
mod mistakes_about_elasticsearch_are_told_before_anything_is_read;
mod objects_of_kafka_become_documents_as_they_are;
mod servers_are_logged_in_to_as_they_ask;
mod servers_that_are_away_from_the_start_fail_the_job;
mod storms_of_refusals_lose_no_document;
mod the_guide_of_elasticsearch_is_true;
mod what_earlier_runs_have_written_is_not_removed;
