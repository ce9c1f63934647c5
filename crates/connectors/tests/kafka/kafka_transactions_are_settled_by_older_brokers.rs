//! A transaction whose process has died is settled by brokers of 3.9, too, whose protocol of transactions is the older one.

#![cfg(feature = "kafka")]

use std::sync::OnceLock;

use crate::transactions_support::{session, situations};
use millstream_services::kafka::{Kafka, Version};

/// The broker that the tests share.
fn broker() -> &'static Kafka {
    static BROKER: OnceLock<Kafka> = OnceLock::new();
    BROKER.get_or_init(|| Kafka::start_as(Version::V3_9, false).expect("a broker of Kafka"))
}

#[test]
fn what_is_open_is_committed_and_asked_again_it_is_committed_already() {
    situations::what_is_open_is_committed_and_asked_again_it_is_committed_already(broker());
}

#[test]
fn what_was_committed_is_committed_already() {
    situations::what_was_committed_is_committed_already(broker());
}

#[test]
fn what_was_aborted_by_hand_is_lost() {
    situations::what_was_aborted_by_hand_is_lost(broker());
}

#[test]
fn what_timed_out_is_lost() {
    situations::what_timed_out_is_lost(broker());
}

#[test]
fn what_another_producer_has_taken_is_known_by_its_marker_or_its_record() {
    situations::what_another_producer_has_taken_is_known_by_its_marker_or_its_record(broker());
}

#[test]
fn the_next_transaction_is_never_committed_in_its_place() {
    situations::the_next_transaction_is_never_committed_in_its_place(broker());
}

#[test]
fn a_group_that_was_deleted_proves_nothing_and_the_transaction_is_settled_all_the_same() {
    situations::a_group_that_was_deleted_proves_nothing_and_the_transaction_is_settled_all_the_same(
        broker(),
    );
}

#[test]
fn a_record_that_is_gone_leaves_the_outcome_unknown() {
    situations::a_record_that_is_gone_leaves_the_outcome_unknown(broker());
}

#[test]
fn topics_are_known_by_their_ids_and_transactions_listed() {
    situations::topics_are_known_by_their_ids_and_transactions_listed(broker());
}

#[test]
fn the_cluster_tells_which_protocol_it_has() {
    let version = session(&broker().brokers()).version_of_transactions();
    assert!(version.expect("an answer").version < 2);
}
