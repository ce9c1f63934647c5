use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use super::{
    ApiVersions, Authenticate, Coordinates, CreateTopic, DescribeConfigs, DescribeTransaction,
    EndTxn, Fetch, FindCoordinator, Handshake, Heartbeat, InitProducerId, ListTransactions,
    Metadata, OffsetFetch, Request,
};
use crate::kafka::wire::bytes::{Reader, Writer};

fn written<R: Request>(request: &R, version: i16) -> Vec<u8> {
    let mut out = Writer::default();
    out.set_flexible(version >= R::FLEXIBLE);
    request.write(&mut out, version);
    out.into_bytes()
}

fn read<R: Request>(bytes: &[u8], version: i16) -> Option<R::Answer> {
    R::read(&mut Reader::new(bytes, version >= R::FLEXIBLE), version).ok()
}

/// Reads what is no answer in every version.
fn survives<R: Request>(random: &mut StdRng) {
    for version in R::VERSIONS.0..=R::VERSIONS.1 {
        for _ in 0..3_000 {
            let length = random.random_range(0..200);
            // Small numbers are lengths that are believed, large ones those that are not.
            let bytes: Vec<u8> = (0..length)
                .map(|_| match random.random_range(0..4) {
                    0 => random.random_range(0..=255),
                    1 => 255,
                    2 => random.random_range(0..4),
                    _ => 0,
                })
                .collect();
            drop(read::<R>(&bytes, version));
        }
    }
}

#[test]
fn whatever_is_answered_nobody_panics() {
    let random = &mut StdRng::seed_from_u64(10);
    survives::<ApiVersions>(random);
    survives::<Handshake<'_>>(random);
    survives::<Authenticate>(random);
    survives::<FindCoordinator<'_>>(random);
    survives::<DescribeTransaction<'_>>(random);
    survives::<ListTransactions>(random);
    survives::<EndTxn<'_>>(random);
    survives::<InitProducerId<'_>>(random);
    survives::<OffsetFetch<'_>>(random);
    survives::<Fetch<'_>>(random);
    survives::<Metadata<'_>>(random);
    survives::<Heartbeat<'_>>(random);
    survives::<DescribeConfigs<'_>>(random);
    survives::<CreateTopic<'_>>(random);
}

#[test]
fn an_answer_that_is_cut_off_is_no_answer() {
    let mut out = Writer::default();
    out.set_flexible(true);
    out.i32(0);
    out.array(&[()], |out, ()| {
        out.i16(0);
        out.text("orders-0");
        out.text("Ongoing");
        out.i32(60_000);
        out.i64(1_000);
        out.i64(41);
        out.i16(3);
        out.array(&["orders"], |out, topic| {
            out.text(topic);
            out.array(&[0, 1], |out, partition| out.i32(*partition));
            out.end();
        });
        out.end();
    });
    out.end();
    let whole = out.into_bytes();
    let state = read::<DescribeTransaction<'_>>(&whole, 0).expect("an answer");
    assert_eq!((state.producer, state.epoch, state.started), (41, 3, 1_000));
    assert_eq!((state.state.as_str(), state.timeout), ("Ongoing", 60_000));
    for length in 0..whole.len() {
        let cut = &whole[..length];
        assert_eq!(read::<DescribeTransaction<'_>>(cut, 0), None, "{length}");
    }
}

#[test]
fn a_coordinator_is_found_in_each_form() {
    let request = FindCoordinator {
        what: Coordinates::Transaction,
        name: "ab",
    };
    assert_eq!(written(&request, 1), [0, 2, b'a', b'b', 1]);
    assert_eq!(written(&request, 3), [3, b'a', b'b', 1, 0]);
    assert_eq!(written(&request, 6), [1, 2, 3, b'a', b'b', 0]);
    let old = [
        0, 0, 0, 0, 0, 0, 255, 255, 0, 0, 0, 1, 0, 1, b'k', 0, 0, 35, 132,
    ];
    let found = read::<FindCoordinator<'_>>(&old, 2).expect("an answer");
    assert_eq!(
        (found.error, found.host.as_str(), found.port),
        (0, "k", 9092)
    );
    let new = [
        0, 0, 0, 0, 2, 3, b'a', b'b', 0, 0, 0, 1, 2, b'k', 0, 0, 35, 132, 0, 15, 0, 0, 0,
    ];
    let found = read::<FindCoordinator<'_>>(&new, 4).expect("an answer");
    assert_eq!(
        (found.error, found.host.as_str(), found.port),
        (15, "k", 9092)
    );
}

/// An error of the whole group comes without partitions.
#[test]
fn an_offset_is_read_with_the_error_that_counts() {
    let of_group = [0, 0, 0, 0, 2, 2, b'g', 1, 0, 16, 0, 0];
    let read_ = read::<OffsetFetch<'_>>(&of_group, 8).expect("an answer");
    assert_eq!((read_.error, read_.offset), (16, -1));
    let mut partition = vec![0, 0, 0, 0, 2, 2, b'g', 2, 2, b't', 2, 0, 0, 0, 0];
    partition.extend(7_i64.to_be_bytes());
    partition.extend([255, 255, 255, 255, 1, 0, 0, 0, 0, 0, 0, 0, 0]);
    let read_ = read::<OffsetFetch<'_>>(&partition, 9).expect("an answer");
    assert_eq!((read_.error, read_.offset), (0, 7));
}
