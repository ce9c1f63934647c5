//! `source.after.commit` delete and move, with the job killed by SIGKILL at random moments and started again from its newest
//! checkpoint: every record comes out exactly once, also of files that come under the name of one that was taken away;
//! what was read goes, and what can't be read stays.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;
use std::time::Duration;

use crate::common::{CSV_TO_FILES, Running, ingest, lines, read_and_accounted_for};
use datagen::random::Random;

const KILLS: u64 = 8;
/// The latest moment of a kill, once the job runs.
const LATEST_KILL_MS: u64 = 300;
/// Files have one of these names, so that names come again.
const NAMES: u64 = 12;

/// A compressed file without its end, and one that is none.
const DAMAGED: [(&str, &[u8]); 2] = [
    ("half.csv.gz", &[0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3, 0x33]),
    ("none.csv.gz", b"no gzip at all\n"),
];

/// Hands files over as producers do that replace nothing.
struct Producer {
    random: Random,
    next: u64,
    /// The content of every file.
    files: BTreeSet<String>,
}

impl Producer {
    /// Puts some files in, each under a name that is free.
    fn produce(&mut self, input: &Path, count: u64) {
        for _ in 0..count {
            let path = input.join(format!("{}.csv", self.random.below(NAMES)));
            let end = self.next + 1 + self.random.below(40);
            let rows: String = (self.next..end).map(|id| format!("{id}\n")).collect();
            let hidden = input.join("_next");
            fs::write(&hidden, format!("id\n{rows}")).expect("is written");
            if fs::hard_link(&hidden, path).is_ok() {
                self.next = end;
                self.files.insert(format!("id\n{rows}"));
            }
            fs::remove_file(&hidden).expect("was written");
        }
    }
}

fn visible(directory: &Path) -> BTreeMap<String, Vec<u8>> {
    let entries = fs::read_dir(directory).expect("is there").flatten();
    let files = entries.filter_map(|entry| {
        let name = entry.file_name().to_string_lossy().into_owned();
        Some((name, fs::read(entry.path()).ok()?))
    });
    files.filter(|(name, _)| !name.starts_with('_')).collect()
}

fn is_only_damaged(input: &Path) -> bool {
    let damaged = DAMAGED.map(|(name, content)| (name.to_owned(), content.to_vec()));
    visible(input) == BTreeMap::from(damaged)
}

#[allow(
    clippy::disallowed_methods,
    reason = "the random moment of the kill is a time"
)]
fn kill_and_go_on(directory: &Path, seed: u64, after: &[&str]) {
    let mut producer = Producer {
        random: Random::new(seed),
        next: 0,
        files: BTreeSet::new(),
    };
    let input = directory.join("in");
    fs::create_dir(&input).expect("is made");
    for (name, content) in DAMAGED {
        fs::write(input.join(name), content).expect("is written");
    }
    let parameters = [&CSV_TO_FILES, after].concat();
    let run = |parallelism: u64, resume: bool| {
        let parallelism = format!("-p{parallelism}");
        let options = if resume {
            vec![parallelism.as_str(), "-s", "latest"]
        } else {
            vec![parallelism.as_str()]
        };
        Running::start(ingest(directory, &options, &parameters))
    };
    producer.produce(&input, NAMES);
    let mut resume = false;
    for round in 0..KILLS {
        let there = visible(&input).len();
        let mut job = run(1 + producer.random.below(3), resume);
        if round == 0 {
            job.await_checkpoint();
        } else {
            job.await_log("to RUNNING.");
        }
        resume = true;
        // Half of the kills come behind files that were taken away, the others at any time.
        if round % 2 == 0 {
            job.await_that("a file to go", || visible(&input).len() < there);
        }
        let moment = producer.random.below(LATEST_KILL_MS);
        for _ in 0..10 {
            producer.produce(&input, 3);
            std::thread::sleep(Duration::from_millis(moment / 10));
        }
        let said = job.kill();
        println!("seed {seed}, round {round}: killed after {moment} ms");
        assert_eq!(said.code, None, "it ran until then: {}", said.err);
        // What comes while it is down.
        producer.produce(&input, 4);
    }
    let mut job = run(2, true);
    job.await_that("all that was read to go", || is_only_damaged(&input));
    let said = job.suspend();
    read_and_accounted_for(&said.err);
    let mut expected: Vec<String> = (0..producer.next)
        .map(|id| format!("{{\"id\":\"{id}\"}}"))
        .collect();
    expected.sort();
    assert!(lines(&directory.join("out")) == expected, "seed {seed}");
    assert!(is_only_damaged(&input), "seed {seed}: they stay");
    if directory.join("done").exists() {
        let done = visible(&directory.join("done")).into_values();
        let done: BTreeSet<String> = done
            .map(|content| String::from_utf8(content).expect("text"))
            .collect();
        assert!(done == producer.files, "seed {seed}: nothing was replaced");
    }
}

fn seed(usual: u64) -> u64 {
    let seed = std::env::var("MILLSTREAM_SEED").ok();
    seed.and_then(|seed| seed.parse().ok()).unwrap_or(usual)
}

#[test]
fn what_is_deleted_was_read_once() {
    let directory = tempfile::tempdir().expect("temporary directory");
    kill_and_go_on(directory.path(), seed(3), &["--source.after.commit=delete"]);
}

#[test]
fn what_is_moved_was_read_once() {
    let directory = tempfile::tempdir().expect("temporary directory");
    let after = [
        "--source.after.commit=move",
        "--source.after.commit.path=done",
    ];
    kill_and_go_on(directory.path(), seed(4), &after);
}
