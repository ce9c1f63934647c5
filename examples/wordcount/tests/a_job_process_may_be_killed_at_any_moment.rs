//! The process of a job under a server is killed at random moments, also while it stops, and started again as a
//! server would: every running count is handed out exactly once, and a stop that was asked for comes to its end.

#![allow(clippy::disallowed_methods, reason = "a test waits with a deadline")]

mod common;

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use datagen::random::Random;
use millstream::service::link::{
    JOB_ARGUMENT, JobReport, LAUNCH_FILE, Launch, OUTCOME_FILE, SOCKET_FILE, SUBMISSION_FILE,
    Submission, ToJob,
};
use millstream::service::{OperationResult, Request, SavepointFormat};
use millstream::{Configuration, JobStatus};

const BYTES: u64 = 60_000_000;
const KILLS: u32 = 12;
const PATIENCE: Duration = Duration::from_secs(240);

/// A job as a server sees it.
struct Job {
    directory: PathBuf,
    launches: u32,
}

impl Job {
    fn submit(place: &Path, number: u64, arguments: &[&str], options: &[(&str, &str)]) -> Self {
        let directory = place.join(format!("job-{number}"));
        fs::create_dir_all(&directory).expect("a directory");
        let mut configuration = Configuration::new();
        for (key, value) in options {
            configuration.set(*key, *value);
        }
        let submission = Submission {
            job: format!("{number:032x}").parse().expect("an id"),
            entry: None,
            arguments: arguments.iter().map(|&text| text.to_owned()).collect(),
            configuration,
        };
        let text = serde_json::to_vec(&submission).expect("JSON");
        fs::write(directory.join(SUBMISSION_FILE), text).expect("the submission");
        Self {
            directory,
            launches: 0,
        }
    }

    fn launch(&mut self) -> Child {
        let launch = Launch {
            earlier: self.launches,
            ..Launch::default()
        };
        self.launches += 1;
        let text = serde_json::to_vec(&launch).expect("JSON");
        fs::write(self.directory.join(LAUNCH_FILE), text).expect("the launch");
        drop(fs::remove_file(self.directory.join(SOCKET_FILE)));
        Command::new(env!("CARGO_BIN_EXE_wordcount"))
            .arg(JOB_ARGUMENT)
            .arg(&self.directory)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the process starts")
    }

    /// Connects as soon as the process listens; `None`: it has ended before.
    fn connect(&self, child: &mut Child) -> Option<UnixStream> {
        let began = Instant::now();
        loop {
            if let Ok(stream) = UnixStream::connect(self.directory.join(SOCKET_FILE)) {
                return Some(stream);
            }
            if child.try_wait().expect("a status").is_some() {
                return None;
            }
            assert!(began.elapsed() < PATIENCE, "the process does not listen");
            std::thread::yield_now();
        }
    }

    fn outcome(&self) -> Option<JobReport> {
        let text = fs::read(self.directory.join(OUTCOME_FILE)).ok()?;
        Some(serde_json::from_slice(&text).expect("a report"))
    }
}

/// Reads reports until one is as wanted; `None`: the process ended.
fn wait_for(stream: &UnixStream, wanted: impl Fn(&JobReport) -> bool) -> Option<JobReport> {
    for line in BufReader::new(stream).lines() {
        let report: JobReport = serde_json::from_str(&line.ok()?).expect("a report");
        if wanted(&report) {
            return Some(report);
        }
    }
    None
}

fn stop(savepoints: &Path) -> Vec<u8> {
    let request = Request::Stop {
        id: "0123456789abcdef0123456789abcdef".parse().expect("an id"),
        drain: false,
        directory: Some(savepoints.display().to_string()),
        format: SavepointFormat::Canonical,
    };
    let mut line = serde_json::to_vec(&ToJob::Request(request)).expect("JSON");
    line.push(b'\n');
    line
}

fn kill(mut child: Child) {
    child.kill().expect("killed");
    child.wait().expect("gone");
}

/// Lets a random time pass, not longer than a few checkpoints take: what is under way when the process is killed is
/// what is tested.
fn moment(random: &mut Random, longest: u64) {
    let end = Instant::now() + Duration::from_micros(random.below(longest));
    while Instant::now() < end {
        std::hint::spin_loop();
    }
}

#[test]
fn no_count_is_missing_or_doubled_and_the_stop_ends() {
    // A job that has ended before it could be stopped needs more input.
    let mut bytes = BYTES;
    while !is_stopped_and_right(bytes) {
        bytes *= 2;
        assert!(bytes <= 16 * BYTES, "no stop was asked for");
    }
}

/// Kills and stops a job with so much input; false: it ended before a stop was asked for.
fn is_stopped_and_right(bytes: u64) -> bool {
    let directory = tempfile::tempdir().expect("a directory");
    let place = |name: &str| directory.path().join(name);
    let (input, output, savepoints) = (place("words.txt"), place("out"), place("savepoints"));
    let seed = std::env::var("MILLSTREAM_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(11);
    println!("seed {seed}; set MILLSTREAM_SEED to play another");
    let mut random = Random::new(seed);
    datagen::words::write(&input, bytes, seed).expect("data");
    let (input_text, output_text) = (input.display().to_string(), output.display().to_string());
    let arguments = ["--input", &input_text, "--output", &output_text];
    let data = place("data").display().to_string();
    let mut options = vec![
        ("millstream.data-dir", data.as_str()),
        ("execution.checkpointing.interval", "20 ms"),
        ("parallelism.default", "2"),
    ];
    let mut job = Job::submit(directory.path(), 1, &arguments, &options);
    let mut stops = 0;
    for round in 0..KILLS {
        let mut child = job.launch();
        let Some(mut stream) = job.connect(&mut child) else {
            break;
        };
        let is_running =
            |report: &JobReport| report.status == JobStatus::Running && report.counts.completed > 0;
        if wait_for(&stream, is_running).is_none() {
            break;
        }
        if round % 2 == 1 {
            stream.write_all(&stop(&savepoints)).expect("the request");
            stops += 1;
        }
        moment(&mut random, 60_000);
        kill(child);
        if job.outcome().is_some() {
            break;
        }
    }
    if stops == 0 {
        return false;
    }
    // As a server does: the stop that it has on record is asked for until it has ended.
    while job.outcome().is_none() {
        let mut child = job.launch();
        if let Some(mut stream) = job.connect(&mut child)
            && wait_for(&stream, |report| report.status == JobStatus::Running).is_some()
        {
            // The job may have ended in between.
            drop(stream.write_all(&stop(&savepoints)));
        }
        child.wait().expect("it ends");
    }
    let outcome = job.outcome().expect("an outcome");
    assert_eq!(outcome.status, JobStatus::Finished, "{outcome:?}");
    let path = outcome
        .operations
        .iter()
        .find_map(|ended| match &ended.result {
            OperationResult::Stopped { path, .. } => Some(path.clone()),
            _ => None,
        });
    if let Some(path) = path {
        println!("stopped with {path}; the rest is counted by a job that goes on from it");
        options.push(("execution.state-recovery.path", &path));
        let mut rest = Job::submit(directory.path(), 2, &arguments, &options);
        rest.launch().wait().expect("it ends");
        let outcome = rest.outcome().expect("an outcome");
        assert_eq!(outcome.status, JobStatus::Finished, "{outcome:?}");
    }
    common::every_count_is_there_once(&input, &output);
    true
}
