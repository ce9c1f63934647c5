use std::collections::BTreeMap;

use super::{Bounds, Fresh, Known, Missing, New, Start, begin, end_of, go_on, is_to_be_noted};
use crate::kafka::options::{End, Lost, Reset};
use crate::kafka::partition::Partition;

const BOUNDS: Bounds = Bounds {
    low: 10,
    high: 50,
    last: 50,
};

const FRESH: Fresh = Fresh {
    bounds: BOUNDS,
    committed: None,
    at_reset: None,
    at_end: None,
    is_added: false,
};

#[test]
fn reading_goes_on_where_it_was_or_says_what_is_missing() {
    let gone = |from, to| Missing::Records { from, to };
    let other = |from, end| Missing::Other { from, end };
    for (next, lost, start) in [
        (10, Lost::Fail, Start::At(10)),
        (30, Lost::Fail, Start::At(30)),
        // Nothing new has come.
        (50, Lost::Fail, Start::At(50)),
        // Retention took records that were not read.
        (9, Lost::Fail, Start::Refused(gone(9, 10))),
        (0, Lost::Earliest, Start::Behind(10, gone(0, 10))),
        (0, Lost::Latest, Start::Behind(50, gone(0, 50))),
        // The topic was made anew, or has lost its end.
        (51, Lost::Fail, Start::Refused(other(51, 50))),
        (51, Lost::Earliest, Start::Behind(10, other(51, 50))),
        (51, Lost::Latest, Start::Behind(50, other(51, 50))),
    ] {
        assert_eq!(go_on(next, BOUNDS, lost), start, "{next} {lost:?}");
    }
}

#[test]
fn a_position_within_a_transaction_that_is_open_is_gone_on_from() {
    let open = Bounds { last: 60, ..BOUNDS };
    for (next, start) in [
        (50, Start::At(50)),
        (51, Start::At(51)),
        (60, Start::At(60)),
        (61, Start::Refused(Missing::Other { from: 61, end: 60 })),
    ] {
        assert_eq!(go_on(next, open, Lost::Fail), start, "{next}");
    }
    let committed = Fresh {
        bounds: open,
        committed: Some(55),
        ..FRESH
    };
    // Whatever is done about what is lost: nothing is, and nothing is read twice.
    for lost in [Lost::Fail, Lost::Earliest, Lost::Latest] {
        let start = begin(&committed, Reset::Earliest, lost);
        assert_eq!(start, Start::At(55), "{lost:?}");
    }
    // What is new begins behind what can be read.
    let fresh = Fresh {
        bounds: open,
        ..FRESH
    };
    let start = begin(&fresh, Reset::Latest, Lost::Fail);
    assert_eq!(start, Start::At(50));
}

#[test]
fn the_groups_offset_comes_first_then_the_reset() {
    let committed = |offset| Fresh {
        committed: Some(offset),
        ..FRESH
    };
    let at_reset = |offset| Fresh {
        at_reset: offset,
        ..FRESH
    };
    let added = Fresh {
        is_added: true,
        ..FRESH
    };
    for (fresh, reset, start) in [
        (FRESH, Reset::Earliest, Start::At(10)),
        (FRESH, Reset::Latest, Start::At(50)),
        (FRESH, Reset::None, Start::Unknown),
        (at_reset(Some(22)), Reset::Timestamp(7), Start::At(22)),
        (at_reset(None), Reset::Timestamp(7), Start::At(50)),
        (committed(17), Reset::Earliest, Start::At(17)),
        (committed(17), Reset::None, Start::At(17)),
        (
            committed(3),
            Reset::Earliest,
            Start::Refused(Missing::Records { from: 3, to: 10 }),
        ),
        // Whatever the reset says: nothing of a new partition is passed over.
        (added, Reset::Latest, Start::At(10)),
        (added, Reset::None, Start::At(10)),
        // Nor what somebody has read of it behind the snapshot that is gone on from.
        (
            Fresh {
                committed: Some(12),
                ..added
            },
            Reset::Latest,
            Start::At(10),
        ),
    ] {
        assert_eq!(
            begin(&fresh, reset, Lost::Fail),
            start,
            "{fresh:?} {reset:?}"
        );
    }
}

#[test]
fn the_group_notes_a_beginning_that_nobody_would_find_again() {
    let added = Fresh {
        is_added: true,
        ..FRESH
    };
    let committed = Fresh {
        committed: Some(17),
        ..FRESH
    };
    let at_reset = Fresh {
        at_reset: Some(22),
        ..FRESH
    };
    for (fresh, reset, is_noted) in [
        (FRESH, Reset::Latest, true),
        // No record was as new as that, and there may be one soon.
        (FRESH, Reset::Timestamp(7), true),
        (at_reset, Reset::Timestamp(7), false),
        (FRESH, Reset::Earliest, false),
        // One that was added is there from the start the next time.
        (added, Reset::Latest, true),
        (added, Reset::None, true),
        (
            Fresh {
                is_added: true,
                ..at_reset
            },
            Reset::Timestamp(7),
            true,
        ),
        (added, Reset::Earliest, false),
        // What the group knows stays.
        (committed, Reset::Latest, false),
        (committed, Reset::None, false),
    ] {
        assert_eq!(
            is_to_be_noted(&fresh, reset),
            is_noted,
            "{fresh:?} {reset:?}"
        );
    }
}

#[test]
fn reading_ends_where_it_was_asked_to() {
    let partition = Partition::new("orders", 1);
    let at_end = Fresh {
        at_end: Some(33),
        ..FRESH
    };
    let offsets = |pairs: &[(i32, i64)]| End::Offsets(BTreeMap::from_iter(pairs.to_vec()));
    for (fresh, end, expected) in [
        (FRESH, End::None, None),
        (FRESH, End::Latest, Some(50)),
        (FRESH, End::Timestamp(7), Some(50)),
        (at_end, End::Timestamp(7), Some(33)),
        (FRESH, offsets(&[(1, 70)]), Some(70)),
        (FRESH, offsets(&[(0, 70)]), Some(0)),
    ] {
        assert_eq!(end_of(&partition, &fresh, &end), expected, "{end:?}");
    }
}

fn partitions(names: &[&str]) -> Vec<Partition> {
    let partition = |name: &&str| Partition::parse(name).expect("a partition");
    names.iter().map(partition).collect()
}

fn new(name: &str, is_added: bool) -> New {
    New {
        partition: Partition::parse(name).expect("a partition"),
        is_added,
        is_anew: false,
    }
}

fn look(known: &mut Known, there: &[Partition]) -> Vec<New> {
    let new = known.new_among(there, |_| false);
    known.take(&new);
    new
}

#[test]
fn the_first_look_finds_where_to_begin_and_later_ones_what_was_added() {
    let mut known = Known::default();
    let found = look(&mut known, &partitions(&["a/0", "a/1"]));
    assert_eq!(found, [new("a/0", false), new("a/1", false)]);
    assert_eq!(look(&mut known, &partitions(&["a/0", "a/1"])), []);
    let found = look(&mut known, &partitions(&["a/0", "a/1", "a/2", "b/0"]));
    assert_eq!(found, [new("a/2", true), new("b/0", true)]);
}

#[test]
fn behind_a_restart_a_topic_that_was_named_anew_begins_as_at_first() {
    let mut known = Known::restored(partitions(&["a/0"]), false);
    let found = look(&mut known, &partitions(&["a/0", "a/1", "b/0"]));
    assert_eq!(found, [new("a/1", true), new("b/0", false)]);
    let mut known = Known::restored(partitions(&["a/0"]), true);
    let found = look(&mut known, &partitions(&["a/0", "b/0"]));
    assert_eq!(found, [new("b/0", true)]);
}

#[test]
fn topics_that_are_gone_are_named() {
    let known = Known::restored(partitions(&["a/0", "a/1", "b/0"]), false);
    assert_eq!(known.missing_topics(&partitions(&["a/0"])), ["b"]);
    assert_eq!(
        known.missing_topics(&partitions(&["a/1", "b/0", "c/0"])),
        [""; 0]
    );
}

#[test]
fn a_topic_that_is_forgotten_is_new_when_it_comes_back() {
    let mut known = Known::restored(partitions(&["a/0", "a/1", "b/0"]), true);
    known.forget("a");
    assert_eq!(known.partitions(), partitions(&["b/0"]));
    assert_eq!(known.missing_topics(&partitions(&["b/0"])), [""; 0]);
    let found = look(&mut known, &partitions(&["a/0", "b/0"]));
    assert_eq!(found, [new("a/0", true)]);
}

#[test]
fn a_topic_that_was_made_anew_is_new_with_all_its_partitions() {
    let known = Known::restored(partitions(&["a/0", "a/1", "b/0"]), false);
    let there = partitions(&["a/0", "b/0", "c/0"]);
    let found = known.new_among(&there, |partition| *partition.topic == *"a");
    let anew = New {
        is_anew: true,
        ..new("a/0", true)
    };
    assert_eq!(found, [anew, new("c/0", false)]);
}
