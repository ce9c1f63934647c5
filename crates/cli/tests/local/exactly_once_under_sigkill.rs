//! The ingestion job, killed with SIGKILL at 20 random moments and started again from its newest checkpoint at another
//! parallelism each time, writes every record exactly once: compared record by record with the truth.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::common::read_and_accounted_for;
use datagen::random::Random;

const KILLS: u64 = 20;
const BYTES_EACH_ROUND: u64 = 16_000_000;
/// The latest moment of a kill: about as long as a round's records take.
const LATEST_KILL_MS: u64 = 200;
/// So many kills must meet output that is not committed, or the test proves little.
const KILLS_AT_WORK: usize = 4;

struct Places {
    input: PathBuf,
    output: PathBuf,
    data: PathBuf,
}

impl Places {
    fn job(&self, parallelism: u64, resume: bool, watch: &str) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_millstream"));
        command.args(["run", "--target", "local", "-p", &parallelism.to_string()]);
        if resume {
            command.args(["-s", "latest"]);
        }
        command
            .arg(format!("-Dmillstream.data-dir={}", self.data.display()))
            .args(["-D", "execution.checkpointing.interval=30 ms"])
            .args(["-D", "execution.checkpointing.min-pause=0 ms"])
            .args(["ingest", "--job.name", "kill", "--source.type", "csv"])
            .args(["--source.firstLine.schema", "true", "--stream.sql.enable", "true"])
            .args(["--stream.sql", datagen::people::QUERY])
            .args(["--stream.sql.schema", "struct<id:BigInt,city:String,name:String,x:String,y:String,tags:String,amount:String>"])
            .args(["--source.watch.type", watch, "--source.watch.interval", "20"])
            // Files are put in place whole.
            .args(["--source.file.settle", "0"])
            .args(["--source.split.size", "1000000"])
            .arg("--source.path")
            .arg(&self.input)
            .args(["--sink.type", "file", "--sink.format", "json", "--sink.path"])
            .arg(&self.output)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::piped());
        command
    }
}

/// Waits until the log says that the job runs; what it has said so far.
fn await_running(child: &mut Child) -> Vec<String> {
    let mut log = BufReader::new(child.stderr.take().expect("piped"));
    let mut seen = Vec::new();
    loop {
        let mut line = String::new();
        assert!(
            log.read_line(&mut line).expect("a line") > 0,
            "the job ended: {}",
            seen.concat()
        );
        let is_running = line.contains("to RUNNING.") && line.contains("Source: ");
        seen.push(line);
        if is_running {
            break;
        }
    }
    // The pipe is read on so that the job never waits for it.
    std::thread::Builder::new()
        .spawn(move || log.lines().for_each(drop))
        .expect("a thread");
    seen
}

#[test]
#[allow(
    clippy::disallowed_methods,
    reason = "the random moment of the kill is a time"
)]
fn no_record_is_lost_or_doubled() {
    let directory = tempfile::tempdir().expect("a directory");
    let place = |name: &str| directory.path().join(name);
    let places = Places {
        input: place("in"),
        output: place("out"),
        data: place("data"),
    };
    let seed = std::env::var("MILLSTREAM_SEED")
        .ok()
        .and_then(|s| s.parse().ok())
        .unwrap_or(11);
    println!("seed {seed}; set MILLSTREAM_SEED to play another");
    let mut random = Random::new(seed);
    fs::create_dir_all(&places.input).expect("a directory");
    let mut next_id = 0;
    let (mut parallelism, mut at_work) = (0, 0);
    for round in 0..KILLS {
        next_id = add_file(&places.input, round, seed, next_id);
        // Another one than the last: 1 to 4.
        let other = 1 + random.below(3);
        parallelism = other + u64::from(other >= parallelism && parallelism > 0);
        let moment = Duration::from_millis(random.below(LATEST_KILL_MS));
        let resume = round > 0 && has_checkpoint(&places.data);
        let before = hidden_files(&places.output);
        let mut child = places
            .job(parallelism, resume, "PROCESS_CONTINUOUSLY")
            .spawn()
            .expect("the job starts");
        await_running(&mut child);
        std::thread::sleep(moment);
        child.kill().expect("SIGKILL");
        let status = child.wait().expect("it is dead");
        at_work += usize::from(!hidden_files(&places.output).is_subset(&before));
        println!(
            "round {round}: parallelism {parallelism}, resumed {resume}, killed after {moment:?}: {status}"
        );
    }
    assert!(
        at_work >= KILLS_AT_WORK,
        "only {at_work} of {KILLS} kills met output that was not committed"
    );
    let last = places
        .job(2, true, "PROCESS_ONCE")
        .output()
        .expect("the last run");
    let said = String::from_utf8_lossy(&last.stderr);
    assert!(last.status.success(), "{said}");
    assert_eq!(read_and_accounted_for(&said), next_id, "seed {seed}");
    let outputs = [places.output.clone()];
    assert!(
        datagen::check::check(&places.input, &outputs).expect("files"),
        "seed {seed}"
    );
}

/// Adds a file of rows; it appears at once and whole, as the source's contract asks for.
fn add_file(input: &Path, round: u64, seed: u64, first_id: u64) -> u64 {
    let hidden = input.join(format!(".round-{round}"));
    let rows =
        datagen::people::write_from(&hidden, BYTES_EACH_ROUND, seed + round, 1, true, first_id);
    let rows = rows.expect("data");
    fs::rename(
        hidden.join("people-000.csv"),
        input.join(format!("people-{round:03}.csv")),
    )
    .expect("a rename");
    fs::remove_dir(&hidden).expect("an empty directory");
    rows
}

/// The files of output that is not committed.
fn hidden_files(output: &Path) -> BTreeSet<String> {
    let files = fs::read_dir(output).into_iter().flatten().flatten();
    files
        .map(|file| file.file_name().to_string_lossy().into_owned())
        .filter(|name| name.starts_with('.'))
        .collect()
}

fn has_checkpoint(data: &Path) -> bool {
    let jobs = fs::read_dir(data.join("checkpoints"))
        .into_iter()
        .flatten()
        .flatten();
    let mut checkpoints =
        jobs.flat_map(|job| fs::read_dir(job.path()).into_iter().flatten().flatten());
    checkpoints.any(|checkpoint| checkpoint.path().join("_metadata").exists())
}
