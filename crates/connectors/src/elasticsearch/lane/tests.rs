use std::sync::Arc;
use std::time::Duration;

use super::{Lane, Settled};
use crate::elasticsearch::bulk::OfRow;
use crate::elasticsearch::options::Flush;
use crate::rows::Origin;

fn lane(actions: usize, interval: Duration) -> Lane {
    Lane::new(Flush {
        actions,
        bytes: 1_000,
        interval,
        concurrent: 1,
    })
}

fn push(lane: &Lane, epoch: u64, key: u64, bytes: usize) -> bool {
    let origin = Arc::new(Origin {
        file: "f".into(),
        offsets: vec![0],
        lines: Vec::new(),
        times: Vec::new(),
        raws: None,
    });
    let of = OfRow {
        key,
        origin: &origin,
        row: 0,
        is_alone: false,
    };
    lane.push(epoch, of, |out| out.resize(out.len() + bytes, b'x'))
}

const LONG: Duration = Duration::from_secs(3_600);

#[test]
fn bulks_end_at_their_size_and_with_the_epoch() {
    let lane = lane(3, LONG);
    for key in 0..4 {
        assert!(push(&lane, 0, key, 10));
    }
    assert_eq!(lane.next().map(|bulk| bulk.len()), Some(3));
    // One is on its way, one waits, one gathers: that is all.
    for key in 4..9 {
        assert!(push(&lane, 0, key, 10));
    }
    assert!(!push(&lane, 0, 9, 10));
    assert!(lane.is_wanted() && !lane.is_wanted());
    let bulk = lane.next().expect("the one that waits");
    assert_eq!(bulk.len(), 3);
    lane.done(bulk, Settled::default());
    // A new epoch begins a new bulk.
    assert!(push(&lane, 1, 9, 10));
    assert!(!lane.is_settled(0));
    let bulk = lane.next().expect("the rest of the first epoch");
    assert_eq!((bulk.len(), bulk.epoch), (3, 0));
    lane.done(bulk, Settled::default());
    assert!(lane.is_settled(0) && !lane.is_settled(1));
    lane.flush();
    let bulk = lane.next().expect("flushed");
    assert_eq!((bulk.len(), bulk.epoch), (1, 1));
    lane.done(bulk, Settled::default());
    assert!(lane.is_settled(1));
    // By bytes.
    assert!(push(&lane, 1, 1, 2_000) && push(&lane, 1, 2, 1));
    assert_eq!(lane.next().map(|bulk| bulk.bytes()), Some(2_000));
}

/// Neither of two changes of one document makes up for the other where they may write other fields.
#[test]
fn a_bulk_has_one_of_a_document_where_each_must_arrive() {
    let lane = lane(3, LONG);
    let origin = Arc::new(Origin {
        file: "f".into(),
        offsets: vec![0],
        lines: Vec::new(),
        times: Vec::new(),
        raws: None,
    });
    let alone = |key| {
        let of = OfRow {
            key,
            origin: &origin,
            row: 0,
            is_alone: true,
        };
        lane.push(0, of, |out| out.push(b'x'))
    };
    assert!(alone(1) && alone(2) && alone(1));
    assert_eq!(lane.next().map(|bulk| bulk.len()), Some(2));
    assert!(alone(1), "the other waits");
    assert!(!alone(1), "there is no room for a third one");
}

#[test]
fn a_bulk_that_gathers_is_sent_after_its_interval() {
    let lane = lane(100, Duration::from_millis(1));
    assert!(push(&lane, 0, 1, 1));
    assert_eq!(lane.next().map(|bulk| bulk.len()), Some(1));
    lane.close();
    assert!(lane.next().is_none());
}
