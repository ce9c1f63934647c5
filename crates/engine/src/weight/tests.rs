use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::{FULL, Gauge, LOW};
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
