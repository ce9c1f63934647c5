use millstream_engine::connector::StateEntry;

use super::{Partition, Position};

#[test]
fn a_name_is_read_back() {
    for name in ["orders/0", "a.b-c_d/17"] {
        let partition = Partition::parse(name).expect("a partition");
        assert_eq!(partition.to_string(), name);
    }
    for name in ["orders", "/0", "orders/", "orders/-1", "orders/x", ""] {
        assert_eq!(Partition::parse(name), None, "{name}");
    }
}

#[test]
fn the_partitions_of_a_topic_are_spread_evenly() {
    for parallelism in 1..=8 {
        let mut shares = vec![0; parallelism];
        for number in 0..24 {
            shares[Partition::new("orders", number).reader(parallelism)] += 1;
        }
        let (least, most) = (shares.iter().min(), shares.iter().max());
        let apart = most.unwrap_or(&0) - least.unwrap_or(&0);
        assert!(apart <= 1, "{parallelism}: {shares:?}");
    }
}

#[test]
fn topics_with_one_partition_do_not_all_go_to_one_reader() {
    let readers: std::collections::BTreeSet<usize> = (0..32)
        .map(|topic| Partition::new(format!("topic-{topic}"), 0).reader(4))
        .collect();
    assert_eq!(readers.len(), 4);
}

/// Snapshots hold positions by owner: who reads what must not change between versions.
#[test]
fn who_reads_what_is_fixed() {
    let readers: Vec<usize> = (0..4)
        .map(|number| Partition::new("orders", number).reader(3))
        .collect();
    let first = readers[0];
    assert_eq!(readers, [first, (first + 1) % 3, (first + 2) % 3, first]);
    assert_eq!(first, FIRST_OF_ORDERS);
}

/// The subtask of three that reads `orders/0`.
const FIRST_OF_ORDERS: usize = 1;

#[test]
fn a_position_is_restored_from_its_entry() {
    for end in [None, Some(90)] {
        let position = Position {
            partition: Partition::new("orders", 3),
            next: 17,
            end,
        };
        let entry = position.entry();
        assert_eq!(entry.key, "orders/3");
        assert_eq!(Position::restore(&entry).expect("a position"), position);
    }
}

#[test]
fn other_entries_and_newer_versions_are_refused() {
    let entry = |key: &str, value: &str| StateEntry {
        key: key.to_owned(),
        value: serde_json::from_str(value).expect("JSON"),
    };
    for (key, value, why) in [
        ("split-3", r#"{"version":1,"next":4}"#, "no position"),
        ("orders/3", r#"{"offset":4}"#, "no position"),
        ("orders/3", r#"{"version":2,"next":4}"#, "version 2"),
    ] {
        let error = Position::restore(&entry(key, value)).expect_err(key);
        assert!(error.message().contains(why), "{error}");
    }
}
