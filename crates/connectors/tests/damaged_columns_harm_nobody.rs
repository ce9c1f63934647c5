//! Whatever bytes of a Parquet or ORC file are changed: no panic gets out of the reader, memory and time are bounded, and
//! what goes wrong is told in one line with the file's name.
//!
//! `MILLSTREAM_MUTANTS=1000` plays that many files, `MILLSTREAM_SEED=7` others; each is named by the number that plays it
//! again. With `MILLSTREAM_TELL=1` it is told before it is read.

#![allow(
    clippy::indexing_slicing,
    clippy::disallowed_methods,
    reason = "places are within the bytes, and a damaged file must not take for ever"
)]

mod columns_support;
mod files_source_support;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use arrow::array::{ArrayRef, Int64Array};
use columns_support::{format_of, lines, written_by_others};
use files_source_support::Attempt;
use millstream_connectors::files_source::{
    Bad, ColumnFileOptions, ColumnFileSource, Comparison, Condition, Test,
};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// Files that are changed.
const FILES: [&str; 11] = [
    "pyarrow-types.parquet",
    "pyarrow-types.orc",
    "pyarrow-types-v1.parquet",
    "pyarrow-zlib.orc",
    "pyarrow-pages.parquet",
    "pyarrow-snappy.orc",
    "pyarrow-gzip.parquet",
    "pyarrow-lz4.orc",
    "pyarrow-brotli.parquet",
    "pyarrow-zstd.orc",
    "pyarrow-bloom.parquet",
];

/// Files that are played by the ordinary tests.
const FEW: u64 = 132;
/// The longest that one file may take on a slow machine.
const PATIENCE: Duration = Duration::from_secs(60);
/// The most memory that the process may have had.
const MEMORY: u64 = 3 << 30;

/// Changes some of the bytes.
fn mutate(random: &mut StdRng, bytes: &mut Vec<u8>) {
    // What tells where everything is stands at the end, before the last bytes by which the format is known.
    let place = |random: &mut StdRng, length: usize| match random.random_range(0..8) {
        0 => length - 1 - random.random_range(0..length.min(9)),
        1 | 2 => length.saturating_sub(9 + random.random_range(0..length.min(1_500))),
        _ => random.random_range(0..length),
    };
    for _ in 0..random.random_range(1..=2) {
        let at = place(random, bytes.len());
        match random.random_range(0..24) {
            0..8 => bytes[at] ^= 1 << random.random_range(0..8),
            8..14 => bytes[at] = random.random(),
            14..16 => bytes[at] = 0xFF,
            16..18 => {
                let end = bytes.len().min(at + random.random_range(1..16));
                bytes[at..end].fill(random.random());
            }
            18..20 => {
                let end = bytes.len().min(at + 20);
                bytes[at..end]
                    .iter_mut()
                    .for_each(|byte| *byte = random.random());
            }
            20 | 21 => bytes.insert(at, random.random()),
            22 => drop(bytes.remove(at)),
            _ => bytes.truncate(at.max(1)),
        }
        if bytes.is_empty() {
            bytes.push(0);
        }
    }
}

/// Reads a file of which bad files are passed over; how many rows came. An error is only a schema's.
fn read(path: &Path, name: &str) -> Result<usize, String> {
    let mut options = ColumnFileOptions::new(path, format_of(name));
    options.intake.bad = Some(Bad::Skip);
    let source = ColumnFileSource::new(options).map_err(|error| error.to_string())?;
    let ids = source
        .schema()
        .and_then(|schema| schema.index_of("id").ok());
    let conditions = ids.map(|column| {
        let value: ArrayRef = Arc::new(Int64Array::from(vec![10]));
        let test = Test::Compares(Comparison::GreaterOrEqual, value);
        vec![Condition { column, test }]
    });
    let source = source.with_conditions(conditions.unwrap_or_default());
    let read = Attempt::start(&source, 2).read_to_end();
    let parsed = read.map_err(|error| error.to_string())?;
    Ok(lines(&parsed, false).len())
}

fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find(|line| line.starts_with("VmHWM:"));
    let kilobytes = line.and_then(|line| line.split_whitespace().nth(1)?.parse::<u64>().ok());
    kilobytes.expect("a number") << 10
}

fn number_of(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

#[test]
fn files_with_changed_bytes() {
    let seed = number_of("MILLSTREAM_SEED").unwrap_or(1);
    let mutants = number_of("MILLSTREAM_MUTANTS").unwrap_or(FEW);
    let (mut whole, mut longest) = (0, Duration::ZERO);
    for number in 0..mutants {
        let name = FILES[usize::try_from(number).expect("few") % FILES.len()];
        let mut random = StdRng::seed_from_u64(seed.wrapping_mul(1_000_003) + number);
        let mut bytes = std::fs::read(written_by_others(name)).expect("is there");
        mutate(&mut random, &mut bytes);
        let directory = tempfile::tempdir().expect("a directory");
        let mutant = format!("seed {seed}, number {number}, of {name}");
        std::fs::write(directory.path().join(name), bytes).expect("is written");
        // What ends the process can't tell which file it was.
        if number_of("MILLSTREAM_TELL").is_some() {
            println!("{mutant}");
        }
        let started = Instant::now();
        match read(directory.path(), name) {
            Ok(rows) => whole += usize::from(rows > 0),
            Err(told) => {
                let expected = ["MS-6018", "MS-6008", "MS-5003"];
                let is_expected = expected.iter().any(|code| told.starts_with(code));
                assert!(is_expected && told.lines().count() == 1, "{mutant}: {told}");
            }
        }
        longest = longest.max(started.elapsed());
        assert!(longest < PATIENCE, "{mutant} takes {longest:?}");
        let memory = most_memory();
        assert!(memory < MEMORY, "{mutant} takes {memory} bytes");
    }
    println!(
        "{mutants} files, of {whole} of which rows came; {longest:?} at most, {} MB at most",
        most_memory() >> 20
    );
}
