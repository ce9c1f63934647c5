//! What is given and changes nothing is said, once.

use crate::common::load_line;

#[test]
fn one_line_names_them_all_with_the_reason() {
    let loaded = load_line(
        "--source.type csv --source.path /in --source.watch.type PROCESS_ONCE --source.watch.interval 5 \
        --sink.type print --sink.format csv --stream.sql 'select 1' --sink.kafka.brokers k:9092 \
        --sink.kafka.batch.size 1 --hadoop.user.name me --error.max.count 1 --stream.checkpoint.dir /cp",
    )
    .expect("complete");
    assert_eq!(
        loaded.notes,
        ["given, but without effect here: \
          error.max.count (only with error.policy skip or dead-letter), \
          hadoop.user.name (only with paths that begin with hdfs://, or without stream.checkpoint.dir), \
          sink.format (only with sink.type file), \
          sink.kafka.batch.size (only with sink.type kafka), \
          sink.kafka.brokers (only with sink.type kafka), \
          source.watch.interval (only with source.watch.type PROCESS_CONTINUOUSLY), \
          stream.sql (only with stream.sql.enable true)"]
    );
}

#[test]
fn of_two_schemas_the_one_that_is_not_used_is_named() {
    let loaded = load_line(
        "--source.type csv --source.path /in --sink.type print --stream.sql.enable true \
        --stream.sql.schema struct<a:Int> --stream.sql.schema.json '{\"a\":\"Int\"}'",
    )
    .expect("complete");
    assert_eq!(
        loaded.notes,
        ["given, but without effect here: stream.sql.schema (stream.sql.schema.json wins)"]
    );
}

#[test]
fn rocksdb_is_noted_when_it_is_asked_for() {
    let line = "--source.type csv --source.path /in --sink.type print";
    assert!(load_line(line).expect("complete").notes.is_empty());
    let loaded = load_line(&format!("{line} --stream.checkpoint.type RocksDB")).expect("complete");
    assert_eq!(
        loaded.notes,
        ["--stream.checkpoint.type rocksdb: RocksDB is not there yet, state is kept in memory"]
    );
}

#[test]
fn a_keytab_may_be_for_checkpoints_that_are_given_no_place() {
    let line =
        "--source.type csv --source.path /in --sink.type print --security.kerberos.login.keytab /k";
    assert!(load_line(line).expect("complete").notes.is_empty());
    let loaded = load_line(&format!("{line} --stream.checkpoint.dir /cp")).expect("complete");
    let notes = loaded.notes.concat();
    assert!(notes.contains("security.kerberos.login.keytab"), "{notes}");
}
