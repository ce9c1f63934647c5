use std::cell::Cell;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use millstream_engine::connector::{
    Limit, SourceOutput, SourceProgress, SourceReader, SourceStatus,
};

use super::rate::Pace;
use super::reader::{GeneratorReader, Split};

#[test]
fn a_rate_is_kept_whatever_the_polls_ask_for() {
    let now = Rc::new(Cell::new(Duration::ZERO));
    let clock = now.clone();
    let pace = Pace::new(100.0, Box::new(move || clock.get()));
    let splits = vec![Split { number: 0, next: 0 }, Split { number: 1, next: 0 }];
    let progress = SourceProgress::default();
    let mut reader = GeneratorReader::new(
        Arc::new(|_, index| index),
        splits,
        None,
        Some(pace),
        progress,
    );
    let mut out = SourceOutput::new();

    let waits = reader
        .poll(&mut out, Limit::records(1_000))
        .expect("a generator can't fail");
    assert_eq!(
        waits,
        SourceStatus::Pending(Some(Duration::from_millis(10)))
    );
    for seconds in 1..=3 {
        now.set(Duration::from_secs(seconds));
        while let SourceStatus::Ready(_) = reader
            .poll(&mut out, Limit::records(7))
            .expect("can't fail")
        {}
        assert_eq!(out.records().len() as u64, seconds * 100);
    }
}
