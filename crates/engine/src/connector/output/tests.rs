use millstream_core::EventTime;

use super::{Announced, SourceOutput};

fn active(millis: i64) -> Announced {
    Announced::Active(EventTime::from_millis(millis))
}

#[test]
fn the_least_of_the_splits_counts() {
    let mut out = SourceOutput::<u64>::new();
    assert_eq!(out.announced(), Announced::Active(EventTime::MIN));
    out.split(3).watermark(EventTime::from_millis(50));
    out.split(9).watermark(EventTime::from_millis(30));
    assert_eq!(out.announced(), active(30));
    out.split(9).watermark(EventTime::from_millis(20));
    assert_eq!(out.announced(), active(30), "it never goes back");
    out.end_split(9);
    assert_eq!(out.announced(), active(50));
}

#[test]
fn an_idle_split_holds_nothing_back() {
    let mut out = SourceOutput::<u64>::new();
    out.split(1).watermark(EventTime::from_millis(50));
    out.split(2).idle();
    assert_eq!(out.announced(), active(50));
    out.split(1).idle();
    assert_eq!(out.announced(), Announced::Idle);
    out.split(2).active();
    assert_eq!(out.announced(), Announced::Active(EventTime::MIN));
}

#[test]
fn what_is_taken_is_counted_once() {
    let mut out = SourceOutput::new();
    out.push(1);
    out.extend([2, 3]);
    out.bytes(24);
    assert_eq!(out.take(), (vec![1, 2, 3], 24));
    assert_eq!(out.take(), (vec![], 0));
}
