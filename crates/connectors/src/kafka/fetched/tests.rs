use std::time::Duration;

use rdkafka::statistics::{Partition as Told, Statistics, Topic};

use super::Fetched;
use crate::kafka::partition::Partition;

/// Statistics of a consumer of this age: partition 3 of orders, fetched up to here.
fn statistics(age: Duration, next: i64) -> Statistics {
    let told = Told {
        partition: 3,
        next_offset: next,
        ..Told::default()
    };
    let mut topic = Topic::default();
    topic.partitions.insert(3, told);
    let mut statistics = Statistics {
        age: i64::try_from(age.as_micros()).expect("a short time"),
        ..Statistics::default()
    };
    statistics.topics.insert("orders".to_owned(), topic);
    statistics
}

#[test]
fn only_statistics_that_are_younger_than_what_was_seen_count() {
    let fetched = Fetched::default();
    let orders = Partition::new("orders", 3);
    let seen = fetched.made + Duration::from_secs(5);
    assert_eq!(fetched.next(&orders, seen), None);
    fetched.hear(&statistics(Duration::from_secs(5), 7));
    assert_eq!(fetched.next(&orders, seen), None);
    fetched.hear(&statistics(Duration::from_secs(6), 8));
    assert_eq!(fetched.at(), seen + Duration::from_secs(1));
    assert_eq!(fetched.next(&orders, seen), Some(8));
    assert_eq!(fetched.next(&Partition::new("orders", 4), seen), None);
    // A partition that begins has none.
    fetched.hear(&statistics(Duration::from_secs(7), -1_001));
    assert_eq!(fetched.next(&orders, seen), None);
}
