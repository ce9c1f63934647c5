use super::{Readable, judge_record};
use crate::kafka::wire::requests::Fetched;

/// A batch of a producer with the offsets from `first` to `last`.
fn batch(first: i64, last: i64, producer: i64, attributes: i16) -> Vec<u8> {
    let mut bytes = first.to_be_bytes().to_vec();
    // Behind the length 49 bytes of the head, and one record of 3 bytes.
    bytes.extend(52_i32.to_be_bytes());
    bytes.extend(0_i32.to_be_bytes());
    bytes.push(2);
    bytes.extend(0_i32.to_be_bytes());
    bytes.extend(attributes.to_be_bytes());
    let span = i32::try_from(last - first).expect("small");
    bytes.extend(span.to_be_bytes());
    bytes.extend([0; 16]);
    bytes.extend(producer.to_be_bytes());
    bytes.extend([0; 10]);
    bytes.extend([1, 2, 3]);
    bytes
}

fn fetched(batches: Vec<Vec<u8>>) -> Fetched {
    Fetched {
        error: 0,
        stable: 200,
        oldest: 0,
        aborted: Vec::new(),
        batches: batches.concat(),
    }
}

const TRANSACTIONAL: i16 = 0x10;
const CONTROL: i16 = 0x30;

#[test]
fn a_record_is_its_own_marker() {
    let mine = batch(95, 104, 41, TRANSACTIONAL);
    let plain = fetched(vec![mine.clone()]);
    assert_eq!(judge_record(&plain, 100, 41), Readable::Committed);
    // The batch before may be answered, too, and the last one is cut off.
    let mut cut = batch(105, 110, 42, TRANSACTIONAL);
    cut.truncate(30);
    let among = fetched(vec![batch(90, 94, 42, 0), mine.clone(), cut]);
    assert_eq!(judge_record(&among, 100, 41), Readable::Committed);
    let undecided = Fetched {
        stable: 100,
        ..fetched(vec![])
    };
    assert_eq!(judge_record(&undecided, 100, 41), Readable::Undecided);
    for (aborted, expected) in [
        (vec![(41, 80)], Readable::Aborted),
        (vec![(41, 100)], Readable::Aborted),
        (vec![(42, 80)], Readable::Committed),
        // The next transaction of the same producer.
        (vec![(41, 101)], Readable::Committed),
    ] {
        let answer = Fetched {
            aborted,
            ..fetched(vec![mine.clone()])
        };
        assert_eq!(judge_record(&answer, 100, 41), expected);
    }
}

#[test]
fn what_is_not_its_record_proves_nothing() {
    let is_gone = |batches| {
        let judged = judge_record(&fetched(batches), 100, 41);
        assert!(matches!(judged, Readable::Gone(_)), "{judged:?}");
    };
    is_gone(vec![]);
    is_gone(vec![batch(101, 110, 41, TRANSACTIONAL)]);
    is_gone(vec![batch(95, 99, 41, TRANSACTIONAL)]);
    is_gone(vec![batch(95, 104, 42, TRANSACTIONAL)]);
    is_gone(vec![batch(95, 104, -1, 0)]);
    is_gone(vec![batch(100, 100, 41, CONTROL)]);
    let mut old = batch(95, 104, 41, TRANSACTIONAL);
    old[16] = 1;
    is_gone(vec![old]);
    let mut short = batch(95, 99, 41, TRANSACTIONAL);
    short[8..12].copy_from_slice(&3_i32.to_be_bytes());
    is_gone(vec![short]);
}
