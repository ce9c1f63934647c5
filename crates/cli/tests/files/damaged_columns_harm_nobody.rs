//! Damaged Parquet and ORC files among sound ones: whatever is wrong with them, the job goes on, within bounded memory and
//! time, every record of the sound files comes through, and each file that can't be read is named in one line with a code.
//!
//! `MILLSTREAM_MUTANTS=1000` plays that many files, `MILLSTREAM_SEED=7` others. Each has its number in its name; the
//! same seed makes it again.

#![allow(
    clippy::disallowed_methods,
    reason = "a damaged file must not take for ever, which is measured"
)]
#![allow(
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic is a failed test"
)]

use crate::common;
mod mutants;

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::common::running::{self, Said};
use crate::common::{ONCE, ingest, lines, put};
use datagen::random::Random;

/// Files of the same columns, of one format.
const FAMILIES: [&[&str]; 7] = [
    &["pyarrow-types.parquet"],
    &["pyarrow-types-v1.parquet"],
    &[
        "pyarrow-pages.parquet",
        "pyarrow-gzip.parquet",
        "pyarrow-bloom.parquet",
        "pyarrow-brotli.parquet",
        "pyarrow-none.parquet",
        "pyarrow-lz4.parquet",
        "pyarrow-snappy.parquet",
        "pyarrow-zstd.parquet",
    ],
    &["pyarrow-types.orc"],
    &[
        "pyarrow-stripes.orc",
        "pyarrow-zlib.orc",
        "pyarrow-snappy.orc",
        "pyarrow-lz4.orc",
        "pyarrow-zstd.orc",
        "pyarrow-uncompressed.orc",
    ],
    &["java-types-v1.parquet", "java-types-v2.parquet"],
    &["java-types-zlib.orc", "java-types-none.orc"],
];

/// Files that are damaged in the ordinary tests.
const FEW: u64 = 280;
/// Every so many damaged ones there is a sound one.
const SOUND: u64 = 10;
/// The longest that a file may take, on a slow machine.
const PATIENCE: Duration = Duration::from_millis(500);
/// Kilobytes of addresses that a job may have; it takes a third of them when nothing is damaged.
const ADDRESSES: u64 = 3 << 20;

pub(crate) fn written_by_others(name: &str) -> Vec<u8> {
    let files = Path::new(env!("CARGO_MANIFEST_DIR")).join("../connectors/tests/columns_files");
    fs::read(files.join(name)).expect("is there")
}

fn number_of(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

/// Runs a job in bounded memory: what asks for more ends the process.
fn run(job: &Command, directory: &Path) -> Said {
    let mut command = Command::new("sh");
    common::environment::without_settings(&mut command);
    let script = format!("ulimit -v {ADDRESSES} && exec \"$@\"");
    command
        .args(["-c", &script, "sh"])
        .arg(job.get_program())
        .args(job.get_args())
        .current_dir(directory);
    running::run(command)
}

fn job(directory: &Path, format: &str, parameters: &[&str]) -> Said {
    let format = format!("--source.type={format}");
    let common = [ONCE, &format, "--sink.type=file", "--sink.path=out"];
    let job = ingest(directory, &["-p", "2"], &[&common, parameters].concat());
    run(&job, directory)
}

/// How often each line is there.
fn counted(lines: Vec<String>) -> BTreeMap<String, usize> {
    let mut counted = BTreeMap::new();
    for line in lines {
        *counted.entry(line).or_default() += 1;
    }
    counted
}

/// What the sound file of a family holds.
fn truth(family: &[&str], format: &str) -> BTreeMap<String, usize> {
    let place = tempfile::tempdir().expect("a directory");
    let name = format!("in/{}", family[0]);
    put(place.path(), &name, written_by_others(family[0]));
    let said = job(place.path(), format, &[]);
    assert_eq!(said.code, Some(0), "{}", said.err);
    counted(lines(&place.path().join("out")))
}

fn damaged_among_sound(family: &[&str], number: u64) {
    let seed = number_of("MILLSTREAM_SEED").unwrap_or(1);
    let mutants = number_of("MILLSTREAM_MUTANTS").unwrap_or(FEW);
    let mutants = mutants.div_ceil(FAMILIES.len() as u64);
    let format = family[0].rsplit('.').next().expect("a format");
    let truth = truth(family, format);
    let place = tempfile::tempdir().expect("a directory");
    let mut random = Random::new(seed.wrapping_mul(1_000_003) + number);
    let (mut sound, mut names) = (0, Vec::new());
    for number in 0..mutants {
        if number % SOUND == 0 {
            let name = format!("in/{number:05}-a-sound.{format}");
            put(place.path(), &name, written_by_others(family[0]));
            sound += 1;
        }
        let of = family[number as usize % family.len()];
        let mutant = mutants::mutant(&mut random, of, &written_by_others(of));
        names.push(format!("{number:05}-{of}"));
        put(place.path(), &format!("in/{number:05}-{of}"), mutant);
    }
    let started = Instant::now();
    let quarantine = ["--source.file.bad=quarantine", "--source.file.bad.path=bad"];
    let said = job(place.path(), format, &quarantine);
    let took = started.elapsed();
    let what = format!("seed {seed}, files like {}", family[0]);
    assert_eq!(said.code, Some(0), "{what}: {}", said.err);
    assert!(took < PATIENCE * mutants as u32, "{what}: takes {took:?}");

    let found = counted(lines(&place.path().join("out")));
    for (line, times) in &truth {
        let found = found.get(line).copied().unwrap_or(0);
        assert!(found >= times * sound, "{what}: {found} times {line}");
    }
    let away = fs::read_dir(place.path().join("bad")).expect("some are bad");
    let away: Vec<String> = away
        .map(|entry| {
            entry
                .expect("an entry")
                .file_name()
                .into_string()
                .expect("text")
        })
        .collect();
    for name in &away {
        let known = names.iter().find(|known| name.contains(known.as_str()));
        let known = known.unwrap_or_else(|| panic!("{what}: {name} is a sound file"));
        let mut told = said
            .err
            .lines()
            .filter(|line| line.contains(known.as_str()));
        let is_told = told.any(|line| line.contains("MS-6018") || line.contains("MS-6008"));
        assert!(is_told, "{what}: nothing is told of {known}:\n{}", said.err);
    }
    println!(
        "{what}: {mutants} damaged, of which {} are told bad, in {took:?}",
        away.len()
    );
}

#[test]
fn parquet_of_every_type() {
    damaged_among_sound(FAMILIES[0], 0);
}

#[test]
fn parquet_of_every_codec() {
    damaged_among_sound(FAMILIES[2], 2);
}

#[test]
fn parquet_of_its_first_version() {
    damaged_among_sound(FAMILIES[1], 1);
}

#[test]
fn orc_of_every_type() {
    damaged_among_sound(FAMILIES[3], 3);
}

#[test]
fn orc_of_every_codec() {
    damaged_among_sound(FAMILIES[4], 4);
}

#[test]
fn parquet_of_java() {
    damaged_among_sound(FAMILIES[5], 5);
}

#[test]
fn orc_of_java() {
    damaged_among_sound(FAMILIES[6], 6);
}
