use super::is_over;
use crate::kafka::transaction::{Described, State, Transaction};

const START: i64 = 1_000;

fn transaction() -> Transaction {
    Transaction {
        id: "orders-0".to_owned(),
        producer: 41,
        epoch: 3,
        started: START,
        checkpoint: 7,
        group: "orders-0".to_owned(),
        topic: "orders".to_owned(),
        record: None,
        records: 10,
    }
}

#[test]
fn a_transaction_is_over_when_it_was_aborted_or_another_one_has_followed() {
    for (producer, epoch, state, started, expected) in [
        (41, 3, State::Ongoing, START, false),
        // Somebody has asked for its commit.
        (41, 3, State::Committing, START, false),
        (41, 4, State::Committed, START, false),
        // By hand, or by the brokers.
        (41, 3, State::Aborting, START, true),
        (41, 4, State::Aborted, START, true),
        // Another producer has taken the id.
        (41, 4, State::Empty, -1, true),
        (42, 0, State::Ongoing, START, true),
        (41, 3, State::Ongoing, START + 1, true),
    ] {
        let described = Described {
            producer,
            epoch,
            state,
            started,
            timeout: 60_000,
        };
        let is_over = is_over(&transaction(), Some(&described));
        assert_eq!(is_over, expected, "{described:?}");
    }
    // The coordinator has forgotten the id.
    assert!(is_over(&transaction(), None));
}
