//! Server and job processes are killed at random moments of 30 life-cycle operations: every operation ends and can be asked
//! after, no job is doubled, and in the end every record is in the output once.

#![allow(
    clippy::disallowed_methods,
    reason = "tests wait with a deadline, and have threads"
)]

#[path = "common/rest_server.rs"]
mod rest_server;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use datagen::random::Random;
use rest_server::{Server, kill, processes_of, try_call};
use serde_json::{Value, json};

const OPERATIONS: usize = 30;
/// Records that are added before each operation.
const RECORDS: u64 = 2_000;

struct Play {
    directory: tempfile::TempDir,
    server: Server,
    random: Random,
    /// The job that runs.
    job: String,
    records: u64,
}

/// What is asked of a job.
#[derive(Debug, Clone, Copy)]
enum Verb {
    Savepoint,
    Checkpoint,
    Stop,
    Cancel,
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
        let body = json!({
            "entryClass": "ingest",
            "programArgsList": arguments,
            "parallelism": parallelism,
            "jobId": self.job,
            "savepointPath": from,
            "flinkConfiguration": {
                "execution.checkpointing.interval": "30 ms",
                "execution.checkpointing.externalized-checkpoint-retention": "RETAIN_ON_CANCELLATION",
                "execution.checkpointing.savepoint-dir": self.place("savepoints").display().to_string(),
                "restart-strategy.type": "fixed-delay",
                "restart-strategy.fixed-delay.attempts": "1000000",
                "restart-strategy.fixed-delay.delay": "10 ms",
            },
        });
        let (status, answer) = self.server.call("POST", "/jars/ingest/run", Some(&body));
        if from == Some("latest") && answer.to_string().contains("no completed snapshot") {
            // The job was cancelled before its first checkpoint: nothing was committed, it begins anew.
            return self.submit(None);
        }
        assert_eq!(status, 200, "{answer}");
        self.await_status(&["RUNNING"]);
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
            Verb::Stop => (
                "POST",
                format!("/jobs/{job}/stop"),
                json!({"drain": false, "triggerId": trigger}),
            ),
            Verb::Cancel => ("PATCH", format!("/jobs/{job}?mode=cancel"), Value::Null),
        }
    }

    /// Asks for something and kills somebody a moment later; then makes sure that it was asked for.
    fn disturbed(&mut self, verb: Verb, trigger: &str) {
        let (method, path, body) = self.request(verb, trigger);
        let port = self.server.port;
        let (sent_path, sent) = (path.clone(), body.clone());
        let asking = std::thread::Builder::new()
            .spawn(move || try_call(port, method, &sent_path, Some(&sent)))
            .expect("a thread");
        let victims = self.victims();
        self.let_pass();
        for victim in &victims {
            kill(*victim);
        }
        let answer = asking.join().expect("no panic");
        if self
            .server
            .pid()
            .is_some_and(|server| victims.contains(&server))
        {
            self.server.was_killed();
            self.server.start();
        }
        if answer.is_none_or(|(status, _)| status >= 400) {
            // It never came through, or it is not known: asked again it is the same operation. A job that has ended by
            // now refuses it.
            let (status, answer) = self.server.call(method, &path, Some(&body));
            assert!(matches!(status, 200 | 202 | 409), "{status} {answer}");
        }
    }

    /// The server, the processes of the jobs, or both.
    fn victims(&mut self) -> Vec<u32> {
        let jobs = self.server.job_processes();
        let server: Vec<u32> = self.server.pid().into_iter().collect();
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
        let trigger = self.id();
        self.disturbed(verb, &trigger);
        match verb {
            Verb::Savepoint | Verb::Checkpoint => {
                let end = self.end_of(&trigger);
                println!("  {end:?}");
                self.await_status(&["RUNNING"]);
            }
            Verb::Stop => match self.end_of(&trigger) {
                Ok(savepoint) => {
                    println!("  stopped with {savepoint}");
                    self.await_status(&["FINISHED"]);
                    self.submit(Some(&savepoint));
                }
                Err(why) => {
                    println!("  {why}");
                    self.await_status(&["RUNNING"]);
                }
            },
            Verb::Cancel => {
                self.await_status(&["CANCELED"]);
                self.submit(Some("latest"));
            }
        }
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
    let seed = std::env::var("MILLSTREAM_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(5);
    println!("seed {seed}; set MILLSTREAM_SEED to play another");
    let directory = tempfile::tempdir().expect("a directory");
    fs::create_dir(directory.path().join("in")).expect("the input");
    let server = Server::new(directory.path());
    let mut play = Play {
        directory,
        server,
        random: Random::new(seed),
        job: String::new(),
        records: 0,
    };
    play.server.start();
    play.feed();
    play.submit(None);
    for number in 0..OPERATIONS {
        let verbs = [
            Verb::Savepoint,
            Verb::Checkpoint,
            Verb::Stop,
            Verb::Stop,
            Verb::Cancel,
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
    let began = std::time::Instant::now();
    while (output(&out).len() as u64) < play.records {
        assert!(
            began.elapsed() < rest_server::PATIENCE,
            "records do not come out"
        );
        // Every look reads the whole output: without a pause it takes a core away from the job.
        std::thread::sleep(Duration::from_millis(50));
    }
}
