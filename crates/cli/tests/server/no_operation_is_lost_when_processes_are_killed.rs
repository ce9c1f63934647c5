//! Server and job processes are killed at random moments of life-cycle operations: every operation ends and can be asked
//! after, no job is doubled, and in the end every record is in the output once.

#![allow(
    clippy::disallowed_methods,
    reason = "tests wait with a deadline, and have threads"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::common::processes::{kill, processes_of};
use crate::common::rest::try_call;
use crate::common::server::Server;
use datagen::random::Random;
use serde_json::{Value, json};

/// Games, each with a seed of its own.
const SEEDS: [u64; 3] = [5, 11, 23];
/// Operations of each game.
const OPERATIONS: usize = 14;
/// Between two questions.
const PAUSE: Duration = Duration::from_millis(2);
/// Records that are added before each operation.
const RECORDS: u64 = 2_000;

struct Play {
    directory: tempfile::TempDir,
    server: Server,
    random: Random,
    /// The job that runs.
    job: String,
    /// The savepoint that is to be deleted.
    doomed: String,
    records: u64,
}

/// What is asked of a job.
#[derive(Debug, Clone, Copy)]
enum Verb {
    Savepoint,
    Checkpoint,
    Stop,
    Drain,
    CancelWithSavepoint,
    Cancel,
    Disposal,
    Restart,
}

impl Play {
    fn place(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    fn id(&mut self) -> String {
        format!("{:016x}{:016x}", self.random.draw(), self.random.draw())
    }

    /// Puts a file with new records into the input; it appears at once and whole.
    fn feed(&mut self) {
        let (first, last) = (self.records, self.records + RECORDS);
        let lines: String = (first..last)
            .map(|id| format!("{id},name {id}\n"))
            .collect();
        let hidden = self.place("in/.new");
        fs::write(&hidden, format!("id,name\n{lines}")).expect("written");
        fs::rename(&hidden, self.place(&format!("in/{first:08}.csv"))).expect("renamed");
        self.records = last;
    }

    /// Submits the job, from a snapshot if there is one. The call is repeated until it is known to have come through:
    /// the id makes it the same job.
    fn submit(&mut self, from: Option<&str>) {
        self.job = self.id();
        let body = self.submission(from);
        if self.random.below(2) == 0 {
            self.ask_disturbed("POST", "/jars/ingest/run", &body);
        }
        // Whoever is refused because of the id asks again: the submission before is taken up, or forgotten.
        let path = format!("/jobs/{}/status", self.job);
        loop {
            let (status, answer) = self.server.call("POST", "/jars/ingest/run", Some(&body));
            if from == Some("latest") && answer.to_string().contains("no completed snapshot") {
                // The job was cancelled before its first checkpoint: nothing was committed, it begins anew.
                return self.submit(None);
            }
            let is_known = answer.to_string().contains("MS-2010");
            assert!(status == 200 || is_known, "{status} {answer}");
            if self.server.call("GET", &path, None).0 == 200 {
                self.await_status(&["RUNNING"]);
                return;
            }
            std::thread::sleep(PAUSE);
        }
    }

    fn submission(&mut self, from: Option<&str>) -> Value {
        let parallelism = 1 + self.random.below(3);
        let arguments = [
            "--job.name=fault",
            "--source.type=csv",
            "--source.firstLine.schema=true",
            &format!("--source.path={}", self.place("in").display()),
            "--source.watch.interval=20",
            "--sink.type=file",
            &format!("--sink.path={}", self.place("out").display()),
        ];
        json!({
            "entryClass": "ingest",
            "programArgsList": arguments,
            "parallelism": parallelism,
            "jobId": self.job,
            "savepointPath": from,
            "flinkConfiguration": {
                "execution.checkpointing.interval": "30 ms",
                "execution.checkpointing.min-pause": "0 ms",
                "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
                "execution.checkpointing.savepoint-dir": self.place("savepoints").display().to_string(),
                "restart-strategy.type": "fixed-delay",
                "restart-strategy.fixed-delay.attempts": "1000000",
                "restart-strategy.fixed-delay.delay": "10 ms",
            },
        })
    }

    fn await_status(&self, wanted: &[&str]) -> String {
        let path = format!("/jobs/{}/status", self.job);
        self.server.await_answer(&path, |_, body| {
            let status = body.get("status")?.as_str()?;
            if status == "FAILED" {
                let why = self.server.get(&format!("/jobs/{}/exceptions", self.job));
                unreachable!("job {} has failed: {why}", self.job);
            }
            wanted.contains(&status).then(|| status.to_owned())
        })
    }

    fn request(&self, verb: Verb, trigger: &str) -> (&'static str, String, Value) {
        let job = &self.job;
        match verb {
            Verb::Savepoint => (
                "POST",
                format!("/jobs/{job}/savepoints"),
                json!({"triggerId": trigger}),
            ),
            Verb::Checkpoint => (
                "POST",
                format!("/jobs/{job}/checkpoints"),
                json!({"triggerId": trigger}),
            ),
            Verb::Stop | Verb::Drain | Verb::Restart => (
                "POST",
                format!("/jobs/{job}/stop"),
                json!({"drain": matches!(verb, Verb::Drain), "triggerId": trigger}),
            ),
            Verb::CancelWithSavepoint => (
                "POST",
                format!("/jobs/{job}/savepoints"),
                json!({"cancel-job": true, "triggerId": trigger}),
            ),
            Verb::Disposal => (
                "POST",
                "/savepoint-disposal".to_owned(),
                json!({"savepoint-path": self.doomed, "triggerId": trigger}),
            ),
            Verb::Cancel => ("PATCH", format!("/jobs/{job}?mode=cancel"), Value::Null),
        }
    }

    /// Asks for something and kills somebody a moment later; then makes sure that it was asked for.
    fn disturbed(&mut self, verb: Verb, trigger: &str) {
        let (method, path, body) = self.request(verb, trigger);
        let status = self.ask_disturbed(method, &path, &body);
        if status.is_none_or(|status| status >= 400) {
            // It never came through, or it is not known: asked again it is the same operation. A job that has ended by
            // now refuses it.
            let (status, answer) = self.server.call(method, &path, Some(&body));
            assert!(matches!(status, 200 | 202 | 409), "{status} {answer}");
        }
    }

    /// Asks for something and kills somebody a moment later. The server runs again when this answers the status.
    fn ask_disturbed(&mut self, method: &'static str, path: &str, body: &Value) -> Option<u16> {
        let port = self.server.port();
        let (sent_path, sent) = (path.to_owned(), body.clone());
        let asking = std::thread::Builder::new()
            .spawn(move || try_call(port, method, &sent_path, &sent))
            .expect("a thread");
        let victims = self.victims();
        self.let_pass();
        for victim in &victims {
            kill(*victim);
        }
        let answer = asking.join().expect("no panic");
        if victims.contains(&self.server.pid()) {
            self.server.kill();
            self.server.start();
        }
        answer.map(|(status, _)| status)
    }

    /// The server, the processes of the jobs, or both.
    fn victims(&mut self) -> Vec<u32> {
        let jobs = self.server.job_processes();
        let server = vec![self.server.pid()];
        match self.random.below(3) {
            0 => server,
            1 => jobs,
            _ => [server, jobs].concat(),
        }
    }

    fn let_pass(&mut self) {
        let moment = Duration::from_micros(self.random.below(60_000));
        let end = std::time::Instant::now() + moment;
        while std::time::Instant::now() < end {
            std::hint::spin_loop();
        }
    }

    /// Waits for the end of an operation. Answers its path, or why it failed.
    fn end_of(&self, trigger: &str) -> Result<String, String> {
        let path = format!("/operations/{trigger}");
        self.server.await_answer(&path, |status, body| {
            assert_ne!(
                status,
                404,
                "operation {trigger} is lost: {body}\n{}",
                self.server.log()
            );
            let text = |name: &str| {
                body.get(name)
                    .and_then(Value::as_str)
                    .unwrap_or_default()
                    .to_owned()
            };
            match text("status").as_str() {
                "COMPLETED" => Some(Ok(text("path"))),
                "FAILED" => Some(Err(text("message"))),
                _ => None,
            }
        })
    }

    fn play(&mut self, verb: Verb) {
        if matches!(verb, Verb::Disposal) {
            self.doomed = self.savepoint();
        }
        let trigger = self.id();
        self.disturbed(verb, &trigger);
        match verb {
            Verb::Savepoint | Verb::Checkpoint => {
                let end = self.end_of(&trigger);
                println!("  {end:?}");
                self.await_status(&["RUNNING"]);
            }
            Verb::Disposal => {
                self.end_of(&trigger).expect("it is deleted");
                let gone = self.doomed.trim_start_matches("file:");
                assert!(!Path::new(gone).join("_metadata").exists(), "{gone}");
            }
            Verb::Stop | Verb::Drain | Verb::CancelWithSavepoint | Verb::Restart => {
                match self.end_of(&trigger) {
                    Ok(savepoint) => {
                        println!("  stopped with {savepoint}");
                        let is_cancel = matches!(verb, Verb::CancelWithSavepoint);
                        self.await_status(&[if is_cancel { "CANCELED" } else { "FINISHED" }]);
                        if matches!(verb, Verb::Restart) {
                            self.restart(&savepoint);
                        } else {
                            self.submit(Some(&savepoint));
                        }
                    }
                    Err(why) => {
                        println!("  {why}");
                        self.await_status(&["RUNNING"]);
                    }
                }
            }
            Verb::Cancel => {
                self.await_status(&["CANCELED"]);
                self.submit(Some("latest"));
            }
        }
    }

    /// A savepoint that nobody disturbs.
    fn savepoint(&mut self) -> String {
        let trigger = self.id();
        let (method, path, body) = self.request(Verb::Savepoint, &trigger);
        let (status, answer) = self.server.call(method, &path, Some(&body));
        assert_eq!(status, 202, "{answer}");
        self.end_of(&trigger).expect("a savepoint")
    }

    /// Has the job that has ended go on from its savepoint, as a new one. No id is given, so that the call is not repeated.
    fn restart(&mut self, savepoint: &str) {
        let path = format!("/jobs/{}/restart", self.job);
        let body = json!({"savepointPath": savepoint});
        let (status, answer) = self.server.call("POST", &path, Some(&body));
        assert_eq!(status, 200, "{answer}");
        let id = answer.get("jobid").and_then(Value::as_str);
        self.job = id.expect("an id").to_owned();
        self.await_status(&["RUNNING"]);
    }

    /// Never do two processes run the job, and soon one does: the last one may have been killed just now.
    fn is_single(&self) {
        let data = self.place("server");
        self.server.await_answer("/taskmanagers", |_, _| {
            self.await_status(&["RUNNING"]);
            let processes = processes_of(&data);
            assert!(
                processes.len() <= 1,
                "two processes for one job: {processes:?}"
            );
            (processes.len() == 1 && processes == self.server.job_processes()).then_some(())
        });
    }
}

/// How often each record is in the output.
fn output(directory: &Path) -> BTreeMap<u64, u32> {
    let mut seen = BTreeMap::new();
    for entry in fs::read_dir(directory).expect("the output").flatten() {
        if entry.file_name().to_string_lossy().starts_with('.') {
            continue;
        }
        for line in fs::read_to_string(entry.path()).expect("lines").lines() {
            let record: Value = serde_json::from_str(line).expect("JSON");
            let id = record.get("id").and_then(Value::as_str).expect("an id");
            *seen.entry(id.parse().expect("a number")).or_default() += 1;
        }
    }
    seen
}

#[test]
fn every_operation_ends_and_every_record_comes_out_once() {
    let named = std::env::var("MILLSTREAM_SEED").ok();
    match named.and_then(|seed| seed.parse().ok()) {
        Some(seed) => game(seed),
        None => SEEDS.into_iter().for_each(game),
    }
}

fn game(seed: u64) {
    println!("seed {seed}; set MILLSTREAM_SEED to play another");
    let directory = tempfile::tempdir().expect("a directory");
    fs::create_dir(directory.path().join("in")).expect("the input");
    let server = Server::started(directory.path(), &[]);
    let mut play = Play {
        directory,
        server,
        random: Random::new(seed),
        job: String::new(),
        doomed: String::new(),
        records: 0,
    };
    play.feed();
    play.submit(None);
    for number in 0..OPERATIONS {
        let verbs = [
            Verb::Savepoint,
            Verb::Checkpoint,
            Verb::Stop,
            Verb::Drain,
            Verb::CancelWithSavepoint,
            Verb::Cancel,
            Verb::Disposal,
            Verb::Restart,
        ];
        let choice = play.random.below(verbs.len() as u64) as usize;
        let verb = verbs.get(choice).copied().expect("below");
        println!("{number}: {verb:?} of {}", play.job);
        play.feed();
        play.play(verb);
        play.is_single();
    }
    await_output(&play);
    let trigger = play.id();
    let body = json!({"drain": true, "triggerId": trigger});
    let (status, answer) =
        play.server
            .call("POST", &format!("/jobs/{}/stop", play.job), Some(&body));
    assert_eq!(status, 202, "{answer}");
    play.end_of(&trigger).expect("the drain comes to its end");
    let seen = output(&play.place("out"));
    let missing: Vec<u64> = (0..play.records)
        .filter(|id| !seen.contains_key(id))
        .collect();
    let doubled: Vec<_> = seen.iter().filter(|(_, times)| **times > 1).collect();
    assert!(missing.is_empty(), "missing: {missing:?}");
    assert!(doubled.is_empty(), "more than once: {doubled:?}");
    assert_eq!(seen.len() as u64, play.records);
}

/// Waits until the source has read everything.
fn await_output(play: &Play) {
    let out = play.place("out");
    play.server.await_that("records to come out", || {
        output(&out).len() as u64 >= play.records
    });
}
