//! Files that are appended to, in pieces that end anywhere within a record, while the job that follows them is killed
//! and goes on at another parallelism and split size: every record comes out once, compared record by record.

#![allow(clippy::indexing_slicing, reason = "a test may panic")]

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;
use std::process::Command;
use std::time::Duration;

use crate::common::{ONCE, Running, ingest, lines, running};
use datagen::random::Random;

const FILES: u64 = 3;
const KILLS: u64 = 20;
/// The longest pause between two writes.
const PAUSE_MS: u64 = 12;

/// What is written, and what has to come of it.
struct Feeder {
    random: Random,
    files: Vec<File>,
    /// What is left of a record to be written, by file.
    rests: Vec<Vec<u8>>,
    expected: BTreeMap<String, usize>,
    next: u64,
}

impl Feeder {
    fn new(directory: &Path, seed: u64) -> Self {
        let input = directory.join("in");
        fs::create_dir_all(&input).expect("created");
        let open = |file| {
            let path = input.join(format!("f{file}.csv"));
            let mut file = OpenOptions::new();
            file.create(true).append(true).open(path).expect("opens")
        };
        let mut feeder = Self {
            random: Random::new(seed),
            files: (0..FILES).map(open).collect(),
            rests: vec![Vec::new(); FILES as usize],
            expected: BTreeMap::new(),
            next: 0,
        };
        // The first record of the first file tells how many columns there are.
        feeder.write(0, 1, false);
        feeder
    }

    /// The next record as it is written; every third holds a line end.
    fn record(&mut self) -> Vec<u8> {
        let id = self.next;
        self.next += 1;
        let text = "y".repeat(self.random.below(20) as usize);
        let (written, shown) = match id % 3 {
            0 => (format!("\"{text}\n{id}\""), format!("{text}\\n{id}")),
            _ => (text.clone(), text),
        };
        let row = match shown.as_str() {
            "" => format!(r#"{{"_col0":"{id}","_col1":null}}"#),
            shown => format!(r#"{{"_col0":"{id}","_col1":"{shown}"}}"#),
        };
        self.expected.insert(row, 1);
        format!("{id},{written}\n").into_bytes()
    }

    /// Appends `records`, the last of them up to any byte where it is `cut`.
    fn write(&mut self, file: usize, records: u64, cut: bool) {
        let mut bytes = std::mem::take(&mut self.rests[file]);
        for _ in 0..records {
            bytes.extend(self.record());
        }
        if cut {
            let at = self.random.below(bytes.len() as u64 + 1) as usize;
            self.rests[file] = bytes.split_off(at);
        }
        self.files[file].write_all(&bytes).expect("is written");
    }

    /// Appends to files for a while.
    #[allow(
        clippy::disallowed_methods,
        reason = "a writer that is looked at while it writes takes its time"
    )]
    fn write_on(&mut self, writes: u64) {
        for _ in 0..writes {
            let file = self.random.below(FILES) as usize;
            let records = 1 + self.random.below(6);
            self.write(file, records, true);
            let pause = self.random.below(PAUSE_MS);
            std::thread::sleep(Duration::from_millis(pause));
        }
    }

    /// Writes what is left, but for the end of the last line of one file.
    fn end(&mut self) {
        for file in 0..FILES as usize {
            self.write(file, 1, false);
        }
        let last = self.record();
        let without_end = &last[..last.len() - 1];
        self.files[1].write_all(without_end).expect("is written");
    }
}

fn job(directory: &Path, random: &mut Random, parallelism: u64, more: &[&str]) -> Command {
    let parallelism = parallelism.to_string();
    let mut options = vec!["-p", parallelism.as_str()];
    if has_checkpoint(directory) {
        options.extend(["-s", "latest"]);
    }
    let parameters = [
        "--source.type=csv",
        "--source.file.changed=append",
        "--sink.type=file",
        "--sink.path=out",
    ];
    let mut command = ingest(directory, &options, &parameters);
    let split = [40, 300, 1_000_000][random.below(3) as usize];
    command.arg(format!("--source.split.size={split}"));
    command.args(more);
    command
}

fn has_checkpoint(directory: &Path) -> bool {
    let below = |path: &Path| fs::read_dir(path).into_iter().flatten().flatten();
    let jobs = below(&directory.join("data/checkpoints"));
    let mut checkpoints = jobs.flat_map(|job| fs::read_dir(job.path()).into_iter().flatten());
    checkpoints.any(|checkpoint| {
        let checkpoint = checkpoint.expect("is listed");
        checkpoint.path().join("_metadata").exists()
    })
}

#[test]
fn no_record_is_lost_or_doubled() {
    let seed = std::env::var("MILLSTREAM_SEED").ok();
    let seed = seed.and_then(|seed| seed.parse().ok()).unwrap_or(5);
    println!("seed {seed}; set MILLSTREAM_SEED to play another");
    let directory = tempfile::tempdir().expect("temporary directory");
    let directory = directory.path();
    let mut feeder = Feeder::new(directory, seed);
    let mut random = Random::new(seed + 1);
    let mut parallelism = 0;
    for round in 0..KILLS {
        // Another one than the last: 1 to 4.
        let other = 1 + random.below(3);
        parallelism = other + u64::from(other >= parallelism && parallelism > 0);
        let mut running = Running::start(job(directory, &mut random, parallelism, &[]));
        running.await_log("to RUNNING.");
        feeder.write_on(random.below(30));
        if round % 2 == 0 {
            running.await_log("Completed checkpoint");
            feeder.write_on(random.below(10));
        }
        running.kill();
        // It goes on being written while nobody looks.
        feeder.write_on(random.below(3));
    }
    assert!(has_checkpoint(directory), "nothing was gone on from");
    feeder.end();
    let said = running::run(job(directory, &mut random, 2, &[ONCE]));
    assert_eq!(said.code, Some(0), "{}", said.err);
    let mut found = BTreeMap::new();
    for line in lines(&directory.join("out")) {
        *found.entry(line).or_insert(0) += 1;
    }
    let missing: Vec<&String> = feeder
        .expected
        .keys()
        .filter(|row| !found.contains_key(*row))
        .collect();
    let other = found
        .iter()
        .filter(|(row, count)| feeder.expected.get(*row) != Some(*count));
    let other: Vec<_> = other.collect();
    assert!(
        missing.is_empty() && other.is_empty(),
        "seed {seed}, {} records: missing {missing:?}, doubled or falsified {other:?}",
        feeder.next
    );
}
