//! A job whose output is committed is not started again, whoever dies before its outcome is on disk: it ends as it has
//! ended, or says that its output may be there. What keeps the outcome from the disk is waited for.

#![allow(
    clippy::disallowed_methods,
    reason = "tests wait with a deadline, and have threads"
)]

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use crate::common::processes::{kill, processes_of};
use crate::common::server::{Server, endless};
use datagen::random::Random;
use serde_json::{Value, json};

const RECORDS: usize = 100;
const JOB: &str = "0123456789abcdef0123456789abcdef";
/// What the job says while it can't write how it ends.
const WAITS: &str = "The end of the job is not on disk, it is tried again";

/// A bounded job that is held up where it writes a file of its directory.
struct Play {
    directory: tempfile::TempDir,
    server: Server,
    /// What keeps the file from being written: a directory in its place.
    hold: PathBuf,
    package: String,
}

impl Play {
    fn new(file: &str) -> Self {
        let directory = tempfile::tempdir().expect("a directory");
        let server = Server::started(directory.path(), &[]);
        let hold = server.data.join(format!("jobs/{JOB}/.{file}.tmp"));
        let wanted = directory.path().join("hold");
        fs::write(&wanted, "").expect("a file");
        let script = format!(
            "#!/bin/sh\n[ \"$1\" = --millstream-job ] && [ -e {} ] && mkdir {}\nexec {} \"$@\"\n",
            wanted.display(),
            hold.display(),
            env!("CARGO_BIN_EXE_millstream"),
        );
        let package = server.upload("held", &script);
        Self {
            directory,
            server,
            hold,
            package,
        }
    }

    fn place(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// Starts the job and waits until it is held up; no process after this one is.
    fn run(&self, options: &Value) {
        let body = self.body(options);
        let path = format!("/jars/{}/run", self.package);
        let (status, answer) = self.server.call("POST", &path, Some(&body));
        assert_eq!(status, 200, "{answer}");
        let log = self.server.data.join(format!("jobs/{JOB}/job.log"));
        let log = || fs::read_to_string(&log).unwrap_or_default();
        self.server
            .await_that("the job to be held up", || log().contains(WAITS));
        fs::remove_file(self.place("hold")).expect("removed");
    }

    /// What is asked for to have it run.
    fn body(&self, options: &Value) -> Value {
        let mut arguments = endless(self.directory.path());
        arguments.push("--source.watch.type=PROCESS_ONCE".to_owned());
        let lines: String = (0..RECORDS).map(|id| format!("{id},name\n")).collect();
        fs::write(self.place("in/1.csv"), format!("id,name\n{lines}")).expect("written");
        json!({
            "entryClass": "ingest",
            "programArgsList": arguments,
            "jobId": JOB,
            "flinkConfiguration": options,
        })
    }

    fn release(&self) {
        fs::remove_dir(&self.hold).expect("removed");
    }

    fn is_ended(&self, status: &str, what: &str) {
        self.server.await_status(JOB, status);
        self.is_written_once(what);
        assert_eq!(processes_of(&self.server.data), Vec::<u32>::new(), "{what}");
    }

    fn is_written_once(&self, what: &str) {
        assert_eq!(rows(&self.place("out")), RECORDS, "{what}");
    }
}

/// How many lines the visible files of a directory have.
fn rows(directory: &Path) -> usize {
    let files = fs::read_dir(directory).expect("the output").flatten();
    let visible = files.filter(|file| !file.file_name().to_string_lossy().starts_with('.'));
    visible
        .map(|file| fs::read_to_string(file.path()).expect("lines"))
        .map(|text| text.lines().count())
        .sum()
}

fn options(checkpoints: bool, strategy: &str) -> Value {
    json!({
        // The ingestion job has them unless it is told otherwise.
        "execution.checkpointing.interval": if checkpoints { "1 h" } else { "0 ms" },
        "restart-strategy.type": strategy,
        "restart-strategy.fixed-delay.attempts": "3",
        "restart-strategy.fixed-delay.delay": "10 ms",
    })
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Victims {
    Process,
    Both,
}

/// Kills while the job waits, then lets it write.
fn killed(play: &mut Play, victims: Victims) {
    let processes = processes_of(&play.server.data);
    assert_eq!(processes.len(), 1);
    if victims == Victims::Both {
        play.server.kill();
    }
    play.release();
    processes.into_iter().for_each(kill);
    if victims == Victims::Both {
        play.server.start();
    }
}

#[test]
fn a_process_that_dies_before_the_outcome_is_written_has_finished_its_job() {
    for (checkpoints, strategy, victims) in [
        (false, "fixed-delay", Victims::Process),
        (false, "none", Victims::Process),
        (false, "none", Victims::Both),
        (true, "none", Victims::Process),
        (true, "fixed-delay", Victims::Both),
    ] {
        let mut play = Play::new("outcome.json");
        play.run(&options(checkpoints, strategy));
        killed(&mut play, victims);
        let what = format!("checkpoints: {checkpoints}, {strategy}, {victims:?}");
        play.is_ended("FINISHED", &what);
    }
}

#[test]
fn an_outcome_that_can_not_be_written_is_waited_for() {
    for checkpoints in [false, true] {
        let play = Play::new("outcome.json");
        play.run(&options(checkpoints, "none"));
        play.release();
        play.is_ended("FINISHED", &format!("checkpoints: {checkpoints}"));
    }
}

/// Kills the process of the job so long after it has begun to commit.
fn kill_with_its_commit(data: &Path, moment: Duration) {
    let ended = data.join(format!("jobs/{JOB}/outcome.json"));
    let pid = loop {
        match processes_of(data).first() {
            Some(pid) => break *pid,
            None if ended.exists() => return,
            None => {}
        }
    };
    // To start a program would take too long then.
    let mut killer = Command::new("sh")
        .args(["-c", &format!("read go; kill -KILL {pid}")])
        .stdin(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("a shell");
    let begun = data.join(format!("jobs/{JOB}/ending.json"));
    while !begun.exists() && !ended.exists() {
        std::hint::spin_loop();
    }
    std::thread::sleep(moment);
    let go = killer.stdin.take().map(|mut go| go.write_all(b"go\n"));
    drop(go);
    killer.wait().expect("it ends");
}

#[test]
fn a_job_without_checkpoints_that_dies_with_its_commit_writes_nothing_twice() {
    let seed = std::env::var("MILLSTREAM_SEED")
        .ok()
        .and_then(|seed| seed.parse().ok())
        .unwrap_or(7);
    println!("seed {seed}; set MILLSTREAM_SEED to play another");
    let mut random = Random::new(seed);
    for number in 0..8 {
        let play = Play::new("nothing");
        fs::remove_file(play.place("hold")).expect("removed");
        let moment = Duration::from_micros(random.below(40_000));
        let data = play.server.data.clone();
        let killer = std::thread::Builder::new().spawn(move || kill_with_its_commit(&data, moment));
        let body = play.body(&options(false, "fixed-delay"));
        let path = format!("/jars/{}/run", play.package);
        let (status, answer) = play.server.call("POST", &path, Some(&body));
        assert_eq!(status, 200, "{answer}");
        killer.expect("a thread").join().expect("no panic");
        let path = format!("/jobs/{JOB}");
        let shown = play.server.await_answer(&path, |_, job| {
            let state = job.get("state")?.as_str()?;
            ["FINISHED", "FAILED"]
                .contains(&state)
                .then(|| state.to_owned())
        });
        let rows = rows(&play.place("out"));
        println!("{number}: {shown}, {rows} rows");
        if shown == "FINISHED" {
            assert_eq!(rows, RECORDS);
        } else {
            assert!([0, RECORDS].contains(&rows), "{rows} rows");
            let why = play
                .server
                .get(&format!("/jobs/{JOB}/exceptions"))
                .to_string();
            assert!(why.contains("its output may be committed"), "{why}");
        }
    }
}
