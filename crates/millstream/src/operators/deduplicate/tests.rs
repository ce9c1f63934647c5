use std::time::Duration;

use millstream_core::hash::stable_hash;
use millstream_core::{EventTime, JobId, Lineage, MaxParallelism, OperatorId, Result};
use millstream_engine::Chunk;
use millstream_engine::connector::{
    SnapshotFormat, SnapshotKind, SnapshotRequest, SourceProgress, Waker,
};
use millstream_engine::graph::Partitioner;
use millstream_engine::operator::{Operator, OperatorContext, Port};
use millstream_state::Fingerprint;
use serde::{Deserialize, Serialize};

use super::{Deduplicate, FingerprintPartitioner};
use crate::deduplication::{Deduplication, Fingerprinted, TimeOf};
use crate::operators::OpenOperator;

/// Rows with a key, or without, and a time.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Batch {
    rows: Vec<(Option<u64>, i64)>,
    prints: Vec<Option<Fingerprint>>,
}

impl Batch {
    fn new(rows: &[(Option<u64>, i64)]) -> Self {
        let prints = rows.iter().map(|(key, _)| key.map(print));
        Self {
            rows: rows.to_vec(),
            prints: prints.collect(),
        }
    }
}

fn print(key: u64) -> Fingerprint {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&stable_hash(&key).to_le_bytes());
    bytes[8..].copy_from_slice(&stable_hash(&(key, 1)).to_le_bytes());
    Fingerprint::from_bytes(bytes)
}

impl Fingerprinted for Batch {
    fn fingerprints(&self) -> &[Option<Fingerprint>] {
        &self.prints
    }

    fn time(&self, row: usize) -> Option<EventTime> {
        let (_, time) = self.rows.get(row)?;
        (*time >= 0).then(|| EventTime::from_millis(*time))
    }

    fn place(&self) -> u64 {
        self.rows.len() as u64
    }

    fn only(&self, rows: &[usize]) -> Result<Self> {
        let rows: Vec<_> = rows.iter().map(|row| self.rows[*row]).collect();
        Ok(Self::new(&rows))
    }
}

fn context() -> OperatorContext {
    OperatorContext {
        job: JobId::from_bytes([1; 16]),
        operator: OperatorId::from_uid("deduplicate"),
        uid: "deduplicate".to_owned(),
        subtask: 0,
        parallelism: 1,
        max_parallelism: MaxParallelism::DEFAULT,
        lineage: Lineage::default(),
        run: 1,
        next_checkpoint: 1,
        restored: None,
        waker: Waker::none(),
        progress: SourceProgress::default(),
    }
}

/// An operator that takes rows less than a second apart for the same.
fn operator(time: TimeOf) -> Box<dyn Operator> {
    let options = Deduplication {
        within: Duration::from_secs(1),
        time,
    };
    let operator = Deduplicate::<Batch>::new(options);
    operator.open(&context()).expect("nothing to restore")
}

fn process(operator: &mut dyn Operator, rows: &[(Option<u64>, i64)]) -> Vec<(Option<u64>, i64)> {
    let mut out = Vec::new();
    let chunk = Chunk::new(vec![Batch::new(rows)]);
    operator
        .process(Port::First, chunk, &mut out)
        .expect("it goes well");
    let batches = out
        .into_iter()
        .flat_map(|chunk| chunk.into_records::<Batch>().expect("batches"));
    batches.flat_map(|batch| batch.rows).collect()
}

fn advance(operator: &mut dyn Operator, time: EventTime) {
    let more = operator.advance_to(time, 100, &mut Vec::new());
    assert!(!more.expect("it goes well"));
}

const A: Option<u64> = Some(1);
const B: Option<u64> = Some(2);

#[test]
fn the_first_of_each_key_goes_on_and_the_others_are_counted() {
    let mut operator = operator(TimeOf::Record);
    let rows = [
        (A, 5_000),
        (B, 5_000),
        (A, 5_999),
        (None, 5_000),
        (A, 6_000),
        (None, 5_000),
    ];
    let kept = [rows[0], rows[1], rows[3], rows[4], rows[5]];
    assert_eq!(process(&mut *operator, &rows), kept);
    assert_eq!(process(&mut *operator, &rows[..2]), []);
    assert_eq!(
        process(&mut *operator, &[(B, 3_900), (B, 3_950)]),
        [(B, 3_900)]
    );
    let numbers = operator.numbers().expect("it counts");
    assert_eq!((numbers.deduplicated, numbers.filtered), (4, 0));
}

#[test]
fn what_a_watermark_has_passed_is_forgotten() {
    let mut operator = operator(TimeOf::Record);
    assert_eq!(process(&mut *operator, &[(A, 5_000)]).len(), 1);
    advance(&mut *operator, EventTime::from_millis(5_999));
    assert_eq!(process(&mut *operator, &[(A, 5_500)]), []);
    advance(&mut *operator, EventTime::from_millis(6_000));
    assert_eq!(
        process(&mut *operator, &[(A, 5_500)]),
        [(A, 5_500)],
        "it was forgotten"
    );
    assert_eq!(
        process(&mut *operator, &[(A, 5_500)]),
        [],
        "and is known again"
    );
    let late = [(A, 4_999), (A, 4_999)];
    assert_eq!(
        process(&mut *operator, &late),
        late,
        "too late to be compared"
    );
    advance(&mut *operator, EventTime::MAX);
    assert_eq!(
        process(&mut *operator, &[(A, 5_600)]),
        [],
        "the end of time forgets nothing"
    );
}

#[test]
fn how_far_time_has_come_is_state() {
    let request = SnapshotRequest {
        checkpoint: 1,
        kind: SnapshotKind::Checkpoint,
        format: SnapshotFormat::Native,
        full: true,
    };
    let mut operator = operator(TimeOf::Record);
    let entries = operator.snapshot(&request).expect("a snapshot").entries;
    assert!(entries.is_empty());
    advance(&mut *operator, EventTime::from_millis(6_000));
    advance(&mut *operator, EventTime::from_millis(5_000));
    let snapshot = operator.snapshot(&request).expect("a snapshot");
    let entry = snapshot.entries.first().expect("a time");
    assert_eq!(
        (entry.key.as_str(), entry.value.as_i64()),
        ("time-0", Some(6_000))
    );
    assert_eq!(snapshot.states.len(), 1);
}

#[test]
fn by_the_clock_the_times_of_rows_do_not_count() {
    let mut operator = operator(TimeOf::Clock);
    let rows = [(A, 5_000), (A, 900_000), (B, 0)];
    assert_eq!(process(&mut *operator, &rows), [rows[0], rows[2]]);
    advance(&mut *operator, EventTime::from_millis(i64::MAX - 1));
    assert_eq!(process(&mut *operator, &[(B, 7)]), []);
}

#[test]
fn a_row_without_a_time_has_that_at_which_it_comes() {
    let mut operator = operator(TimeOf::Record);
    assert_eq!(
        process(&mut *operator, &[(A, -1), (A, 5_000), (A, -1)]).len(),
        2
    );
}

#[test]
fn each_row_goes_to_the_subtask_of_its_key() {
    let groups = MaxParallelism::DEFAULT;
    let partitioner = FingerprintPartitioner::<Batch>::new();
    let rows: Vec<_> = (0..100)
        .map(|key| ((key % 7 > 0).then_some(key), 5_000))
        .collect();
    for parallelism in 1..=4 {
        let mut out = Vec::new();
        let batches = vec![Batch::new(&rows), Batch::new(&[]), Batch::new(&[(A, 1)])];
        let chunk = Chunk::new(batches);
        partitioner
            .split(chunk, parallelism, groups, &mut out)
            .expect("it goes well");
        let mut all = Vec::new();
        for chunk in out {
            let to = chunk.destination() as usize;
            for batch in chunk.into_records::<Batch>().expect("batches") {
                assert_eq!(batch.rows.len(), batch.prints.len());
                for print in batch.prints.iter().flatten() {
                    let group = groups.group_of(stable_hash(print));
                    assert_eq!(groups.owner(group, parallelism), to);
                }
                all.push(batch);
            }
        }
        let empty = all.iter().filter(|batch| batch.rows.is_empty()).count();
        let mut found: Vec<_> = all.into_iter().flat_map(|batch| batch.rows).collect();
        let mut expected = rows.clone();
        expected.push((A, 1));
        found.sort_unstable();
        expected.sort_unstable();
        assert_eq!((found, empty), (expected, 1), "at {parallelism}");
    }
}

#[test]
fn a_row_dated_beyond_what_is_remembered_goes_by_the_time_at_which_it_comes() {
    let mut operator = operator(TimeOf::Record);
    let micros = 1_732_960_000_000_000;
    let rows = [(A, micros), (A, micros), (A, 5_000)];
    assert_eq!(
        process(&mut *operator, &rows),
        [rows[0], rows[2]],
        "the same at once, and no match for a time that is remembered"
    );
}
