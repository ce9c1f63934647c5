use std::collections::BTreeMap;

use millstream_engine::connector::{Gauges, Notice};
use rdkafka::statistics::{Broker, Statistics, Window};

use super::{Before, Sent};

fn told(node: i32, requests: u64, retries: u64, latency: (i64, i64)) -> Statistics {
    let (avg, cnt) = latency;
    let broker = Broker {
        name: format!("broker {node}"),
        nodeid: node,
        tx: requests,
        txretries: retries,
        txbytes: requests * 100,
        rtt: Some(Window {
            avg,
            max: avg * 2,
            cnt,
            ..Window::default()
        }),
        ..Broker::default()
    };
    let mut statistics = Statistics::default();
    statistics.brokers.insert(broker.name.clone(), broker);
    statistics
}

fn shown(gauges: &Gauges) -> BTreeMap<String, f64> {
    gauges.all().into_iter().collect()
}

#[test]
fn what_producers_tell_is_added_up_and_never_twice() {
    let gauges = Gauges::default();
    let sent = Sent::new(gauges.clone(), Notice::default(), true);
    let (one, other) = (Before::default(), Before::default());
    sent.hear(&one, &told(1, 10, 1, (2_500, 3)));
    sent.hear(&one, &told(1, 15, 1, (0, 0)));
    sent.hear(&other, &told(1, 4, 2, (0, 0)));
    sent.hear(&other, &told(-1, 7, 0, (9_000, 1)));
    sent.delivered(120, true);
    sent.ended(true);
    let shown = shown(&gauges);
    for (name, value) in [
        ("KafkaProducer.request-total", 26.0),
        ("KafkaProducer.record-retry-total", 3.0),
        ("KafkaProducer.outgoing-byte-total", 2_600.0),
        ("KafkaProducer.record-send-total", 1.0),
        ("KafkaProducer.record-bytes-total", 120.0),
        ("KafkaProducer.record-error-total", 0.0),
        ("KafkaProducer.transactions-committed-total", 1.0),
        ("KafkaProducer.transactions-aborted-total", 0.0),
        ("KafkaProducer.node-1.request-latency-avg", 2.5),
        ("KafkaProducer.node-1.request-latency-max", 5.0),
    ] {
        assert_eq!(shown.get(name), Some(&value), "{name}: {shown:?}");
    }
    assert!(!shown.keys().any(|name| name.contains("node--1")));
}

#[test]
fn brokers_that_are_away_are_shown_until_one_is_back() {
    let held_up = Notice::default();
    let sent = Sent::new(Gauges::default(), held_up.clone(), false);
    let before = Before::default();
    let with = |state: &str, waiting: u64| at(1, state, waiting);
    sent.waits_for("no broker".to_owned());
    for told in [with("DOWN", 0), with("UP", 3)] {
        sent.hear(&before, &told);
        assert_eq!(held_up.get().as_deref(), Some("no broker"));
    }
    sent.hear(&before, &with("UP", 0));
    assert_eq!(held_up.get(), None);
    sent.waits_for("no broker".to_owned());
    sent.delivered(1, true);
    assert_eq!(held_up.get(), None);
}

/// One broker that is up or not, and so many messages, when the producer was so many seconds old.
fn at(seconds: i64, state: &str, messages: u64) -> Statistics {
    let mut told = told(1, 1, 0, (0, 0));
    told.age = seconds * 1_000_000;
    told.msg_cnt = messages;
    for broker in told.brokers.values_mut() {
        broker.state = state.to_owned();
    }
    told
}

#[test]
fn a_producer_that_goes_on_does_not_hide_that_another_one_waits() {
    let held_up = Notice::default();
    let one = Sent::new(Gauges::default(), held_up.clone(), true);
    let other = one.of_another();
    let (of_one, of_other) = (Before::default(), Before::default());
    one.waits_for("broker 1 is away".to_owned());
    other.hear(&of_other, &at(1, "UP", 0));
    other.delivered(1, true);
    assert_eq!(held_up.get().as_deref(), Some("broker 1 is away"));
    other.waits_for("broker 2 is away".to_owned());
    one.hear(&of_one, &at(2, "UP", 0));
    assert_eq!(held_up.get().as_deref(), Some("broker 2 is away"));
    other.delivered(1, true);
    assert_eq!(held_up.get(), None);
}

#[test]
fn a_producer_stands_still_that_has_messages_and_delivers_none_for_half_a_minute() {
    let sent = Sent::new(Gauges::default(), Notice::default(), false);
    let before = Before::default();
    let other = sent.of_another();
    assert!(!sent.hear(&before, &at(100, "UP", 0)), "it has none");
    assert!(!sent.hear(&before, &at(129, "UP", 5)));
    other.delivered(1, true);
    assert!(sent.hear(&before, &at(130, "UP", 5)), "another one moves");
    sent.delivered(1, true);
    assert!(!sent.hear(&before, &at(131, "UP", 4)));
    assert!(!sent.hear(&before, &at(160, "UP", 4)));
    assert!(sent.hear(&before, &at(161, "UP", 4)));
    assert!(!sent.hear(&before, &at(162, "UP", 0)));
}

#[test]
fn deliveries_of_what_is_not_waited_for_hide_nothing() {
    let held_up = Notice::default();
    let sent = Sent::new(Gauges::default(), held_up.clone(), false);
    let before = Before::default();
    sent.waits_for("broker 1 is away".to_owned());
    assert!(!sent.hear(&before, &at(100, "UP", 0)));
    sent.waits_for("broker 1 is away".to_owned());
    sent.delivered(1, false);
    assert!(sent.hear(&before, &at(130, "UP", 5)));
    assert_eq!(held_up.get().as_deref(), Some("broker 1 is away"));
    sent.delivered(1, true);
    assert!(!sent.hear(&before, &at(131, "UP", 4)));
    assert_eq!(held_up.get(), None);
}
