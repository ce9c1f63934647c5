//! Of rows that are the same the first goes on, exactly once, whatever happens to the job: what was seen and how far the
//! source has come are one snapshot, so that a row that is read again after a failure is not taken for a duplicate.

#![allow(clippy::panic, reason = "one of the faults")]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use crate::common::{committed_lines, environment};
use millstream::connectors::file_sink::FileSink;
use millstream::connectors::formats::TextLines;
use millstream::{Deduplication, EventTime, Fingerprint, Fingerprinted, Result, TimeOf};
use serde::{Deserialize, Serialize};

const SPLITS: u32 = 4;
/// Batches of each split.
const BATCHES: u64 = 1_500;
const ROWS: u64 = 20;
/// Keys come again after 10,000 rows of their split: most of them in another epoch, and after a restart.
const KEYS: u64 = 10_000;

/// Rows with keys, all of one split: those of different splits differ.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Batch {
    rows: Vec<(u64, i64)>,
    prints: Vec<Option<Fingerprint>>,
}

impl Batch {
    fn new(rows: Vec<(u64, i64)>) -> Self {
        let prints = rows.iter().map(|(key, _)| Some(print(*key))).collect();
        Self { rows, prints }
    }

    fn made(split: u32, index: u64) -> Self {
        let rows = index * ROWS..(index + 1) * ROWS;
        let row = |row: u64| (u64::from(split) * KEYS + row % KEYS, row as i64);
        Self::new(rows.map(row).collect())
    }
}

fn print(key: u64) -> Fingerprint {
    let mut bytes = [0; 16];
    let halves = [
        key.wrapping_mul(0x9E37_79B9_7F4A_7C15),
        key.wrapping_mul(0xC4CE_B9FE_1A85_EC53),
    ];
    for (half, value) in bytes.chunks_mut(8).zip(halves) {
        half.copy_from_slice(&value.to_le_bytes());
    }
    Fingerprint::from_bytes(bytes)
}

impl Fingerprinted for Batch {
    fn fingerprints(&self) -> &[Option<Fingerprint>] {
        &self.prints
    }

    fn time(&self, row: usize) -> Option<EventTime> {
        let (_, time) = self.rows.get(row)?;
        Some(EventTime::from_millis(*time))
    }

    fn place(&self) -> u64 {
        self.rows.len() as u64
    }

    fn only(&self, rows: &[usize]) -> Result<Self> {
        let rows = rows.iter().filter_map(|row| self.rows.get(*row).copied());
        Ok(Self::new(rows.collect()))
    }
}

/// What goes on where keys are the same for `within` rows of a split.
fn expected(within: i64) -> Vec<String> {
    let mut lines = Vec::new();
    for split in 0..SPLITS {
        let mut last = BTreeMap::new();
        for index in 0..BATCHES {
            for (key, time) in Batch::made(split, index).rows {
                if last
                    .get(&key)
                    .is_none_or(|last: &i64| time - last >= within)
                {
                    last.insert(key, time);
                    lines.push(format!("{key} at {time}"));
                }
            }
        }
    }
    lines.sort();
    lines
}

fn run(directory: &Path, parallelism: usize, within: i64) {
    let output = directory.join(format!("out-{within}"));
    let environment = environment(directory);
    environment
        .enable_checkpointing(Duration::from_millis(10))
        .restart_after(5, Duration::from_millis(10))
        .set_parallelism(parallelism);
    let panics = Arc::new(AtomicU32::new(0));
    environment
        .generate(SPLITS, Some(BATCHES), Batch::made)
        .uid("rows")
        .map(move |batch| {
            let round = panics.load(Ordering::SeqCst);
            let rows = BATCHES * ROWS * u64::from(round + 1) / 5;
            if round < 3
                && batch
                    .rows
                    .first()
                    .is_some_and(|(_, time)| *time as u64 == rows)
            {
                panics.fetch_add(1, Ordering::SeqCst);
                panic!("on purpose, at {rows}");
            }
            batch
        })
        .deduplicate(Deduplication {
            within: Duration::from_millis(within as u64),
            time: TimeOf::Record,
        })
        .uid("deduplicate")
        .flat_map(|batch: Batch, out| {
            let rows = batch.rows.iter();
            rows.for_each(|(key, time)| out.collect(format!("{key} at {time}")));
        })
        .sink_to("files", FileSink::new(&output, TextLines))
        .uid("files");
    environment
        .execute("deduplication")
        .expect("the job finishes");
    let (found, expected) = (committed_lines(&output), expected(within));
    let differs = found
        .iter()
        .zip(&expected)
        .find(|(found, right)| found != right);
    assert_eq!((found.len(), differs), (expected.len(), None));
}

#[test]
fn for_as_long_as_the_job_runs() {
    let directory = tempfile::tempdir().expect("a directory");
    run(directory.path(), 3, i64::from(u32::MAX));
}

#[test]
fn for_a_while() {
    let directory = tempfile::tempdir().expect("a directory");
    run(directory.path(), 2, 2 * KEYS as i64);
}
