//! HDFS, Hive and Kerberos around the ingestion job: one promise a file.

#[path = "../common/mod.rs"]
mod common;

mod a_job_runs_for_longer_than_its_tickets_live;
mod bodies_of_hdfs_jobs_run_as_they_stand;
mod bodies_of_hive_jobs_run_as_they_stand;
mod files_of_hdfs_are_read_and_written_as_those_of_disks;
mod files_of_hdfs_are_read_and_written_once_whoever_dies;
mod full_datanodes_are_waited_for;
mod hdfs_lets_in_who_kerberos_knows;
mod hive_is_read_once_whoever_dies;
mod hive_lets_in_who_kerberos_knows;
mod jobs_go_on_with_the_namenode_that_becomes_active;
mod jobs_on_hdfs_outlive_tickets_and_kdc;
mod jobs_on_hive_outlive_tickets_and_kdc;
mod kafka_lets_in_who_kerberos_knows;
mod metastores_let_in_who_kerberos_knows;
mod partitions_of_hive_that_move_are_noticed;
mod snapshots_are_kept_in_hdfs;
mod tables_of_hive_are_read_from_their_files;
mod tables_of_hive_hold_what_hiveserver2_shows;
mod tables_of_hive_lie_in_hdfs;
mod types_of_files_of_hdfs_are_found_out;
