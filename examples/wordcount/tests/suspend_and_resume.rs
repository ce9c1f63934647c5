//! Word count, suspended at random moments and resumed at other parallelisms, hands out every running count of
//! every word exactly once: 1, 2, …, n, without a gap and without a double.

mod common;

use std::io::{BufRead, BufReader, Read};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use datagen::random::Random;

const BYTES: u64 = 60_000_000;
const ROUNDS: u64 = 6;

fn start(input: &Path, output: &Path, data: &Path, from: Option<&str>, parallelism: u64) -> Child {
    let mut command = Command::new(env!("CARGO_BIN_EXE_wordcount"));
    if let Some(from) = from {
        command.args(["-s", from]);
    }
    command
        .args(["-p", &parallelism.to_string()])
        .arg(format!("-Dmillstream.data-dir={}", data.display()))
        .args(["-D", "execution.checkpointing.interval=20 ms"])
        .arg("--input")
        .arg(input)
        .arg("--output")
        .arg(output)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the example starts")
}

/// Waits until the job runs, lets it run for a random number of checkpoints, and asks it to suspend. Answers the
/// savepoint; `None`: the job had come to its end before.
fn suspend(mut child: Child, checkpoints: u64) -> Option<String> {
    let mut log = BufReader::new(child.stderr.take().expect("piped"));
    let mut text = String::new();
    let mut seen = 0;
    while seen < checkpoints {
        let from = text.len();
        if log.read_line(&mut text).expect("a line") == 0 {
            break;
        }
        seen += u64::from(
            text.get(from..)
                .is_some_and(|line| line.contains("Completed checkpoint")),
        );
    }
    // The job may have ended already; then there is nobody to tell.
    let told = Command::new("kill")
        .args(["-TERM", &child.id().to_string()])
        .status();
    drop(told);
    log.read_to_string(&mut text).expect("the rest of the log");
    let mut printed = String::new();
    child
        .stdout
        .take()
        .expect("piped")
        .read_to_string(&mut printed)
        .expect("text");
    let status = child.wait().expect("the job ends");
    assert!(status.success(), "{status}\n{text}");
    let path = printed
        .lines()
        .find_map(|line| line.strip_prefix("Savepoint completed. Path: "));
    path.map(str::to_owned)
}

#[test]
fn every_running_count_is_handed_out_once() {
    // A job that has ended before it could be suspended needs more input.
    let mut bytes = BYTES;
    while !is_suspended_and_right(bytes) {
        bytes *= 2;
        assert!(bytes <= 16 * BYTES, "the job was never suspended");
    }
}

/// Plays all rounds with so much input; false: the job was never suspended.
fn is_suspended_and_right(bytes: u64) -> bool {
    let directory = tempfile::tempdir().expect("a directory");
    let place = |name: &str| directory.path().join(name);
    let (input, output, data) = (place("words.txt"), place("out"), place("data"));
    let seed = std::env::var("MILLSTREAM_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(7);
    println!("seed {seed}; set MILLSTREAM_SEED to play another");
    datagen::words::write(&input, bytes, seed).expect("data");
    let mut random = Random::new(seed);
    let mut from: Option<String> = None;
    let (mut suspended, mut finished) = (0, false);
    for round in 0..ROUNDS {
        let parallelism = 1 + random.below(4);
        let checkpoints = 1 + random.below(3);
        println!(
            "round {round}: parallelism {parallelism}, suspended after {checkpoints} checkpoints"
        );
        let child = start(&input, &output, &data, from.as_deref(), parallelism);
        match suspend(child, checkpoints) {
            Some(path) => from = Some(path),
            None => {
                finished = true;
                break;
            }
        }
        suspended += 1;
    }
    if !finished {
        let last = start(&input, &output, &data, from.as_deref(), 2);
        let last = last.wait_with_output().expect("the job ends");
        assert!(
            last.status.success(),
            "{}",
            String::from_utf8_lossy(&last.stderr)
        );
    }
    common::every_count_is_there_once(&input, &output);
    suspended > 0
}
