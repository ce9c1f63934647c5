use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{FULL, Gauge, LOW, Weigher};
use crate::chunk::Chunk;
use crate::connector::Waker;

#[test]
fn who_waits_is_woken_once_when_there_is_room_again() {
    let woken = Arc::new(AtomicUsize::new(0));
    let counter = woken.clone();
    let gauge = Gauge::new(Waker::new(move || {
        counter.fetch_add(1, Ordering::SeqCst);
    }));
    let parts: Vec<_> = (0..8).map(|_| gauge.add(FULL / 8)).collect();
    assert!(gauge.is_full());
    for (taken, part) in parts.into_iter().enumerate() {
        drop(part);
        let left = FULL - (taken as u64 + 1) * (FULL / 8);
        assert_eq!(woken.load(Ordering::SeqCst), usize::from(left < LOW));
    }
    assert!(gauge.is_empty());
}

#[test]
fn sizes_are_guessed_within_a_small_factor() {
    let mut weigher = Weigher::default();
    let text = |length| Chunk::new(vec!["x".repeat(length); 100]);
    for length in [10, 1_000, 100_000] {
        let mut guessed = 0;
        for _ in 0..100 {
            guessed = weigher.weigh(&text(length));
        }
        let real = 100 * length as u64;
        let most = real * 2 + 100 * 50;
        assert!((real..most).contains(&guessed), "{length}: {guessed}");
    }
    let known = Chunk::new(vec![1_u8]).with_bytes(77);
    assert_eq!(weigher.weigh(&known), 77);
}
