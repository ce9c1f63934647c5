//! A session server of a test: started, asked, suspended, killed and started again, with its data in a directory of its own.
//!
//! [`Server`] asks it by the command (`server/command.rs`) and over REST (`server/rest.rs`).

#![allow(dead_code, reason = "each test uses a part of it")]
#![allow(clippy::disallowed_methods, reason = "tests wait with a deadline")]

mod command;
mod rest;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use super::processes::{kill, processes_of};
use super::running::{PATIENCE, Running, Said};
use super::{environment, put};

/// Between two questions: asking without a pause takes the cores away from those who are waited for.
const PAUSE: Duration = Duration::from_millis(2);

/// A server on a free port. When the test is done with it, it is killed with every job process of its directory.
pub(crate) struct Server {
    /// Where it runs, and the command that asks it.
    directory: PathBuf,
    /// Its data directory: `server` below the directory.
    pub(crate) data: PathBuf,
    /// The words behind `millstream server`, beside the port and the data directory.
    pub(crate) options: Vec<String>,
    /// Variables of its environment.
    pub(crate) environment: Vec<(String, String)>,
    /// A script of the shell that starts the server as `exec "$@"`; `None`: it is started as it is.
    pub(crate) script: Option<String>,
    /// The words behind an action of the command that asks it, beside its address.
    pub(crate) asking: Vec<String>,
    /// The token that is sent with what is asked over REST.
    pub(crate) token: Option<String>,
    /// `http://host:port`, once it was started; another one after each start.
    url: String,
    process: Option<Mutex<Running>>,
    /// What the processes before have said.
    past: String,
}

impl Server {
    /// A server with its data in `directory`; not started. Savepoints are written to `savepoints`.
    pub(crate) fn new(directory: &Path) -> Self {
        let options = [
            "-Dexecution.checkpointing.savepoint-dir=savepoints",
            "-Dexecution.checkpointing.min-pause=0 ms",
        ];
        Self {
            directory: directory.to_path_buf(),
            data: directory.join("server"),
            options: options.map(str::to_owned).into(),
            environment: Vec::new(),
            script: None,
            asking: Vec::new(),
            token: None,
            url: String::new(),
            process: None,
            past: String::new(),
        }
    }

    /// A server that was started with its data in `directory`, and `options` behind `millstream server`.
    #[track_caller]
    pub(crate) fn started(directory: &Path, options: &[&str]) -> Self {
        let mut server = Self::new(directory);
        server.options.extend(owned(options));
        server.start();
        server
    }

    /// Starts it, and waits until it listens.
    #[track_caller]
    pub(crate) fn start(&mut self) {
        let mut process = Running::start(self.program());
        let line = process.await_printed(|line| line.contains(" listens at "));
        let url = line
            .split_once(" listens at ")
            .and_then(|(_, rest)| rest.split(' ').next());
        self.url = url.expect(&line).to_owned();
        self.process = Some(Mutex::new(process));
    }

    /// The command that starts it.
    pub(crate) fn program(&self) -> Command {
        let program = env!("CARGO_BIN_EXE_millstream");
        let mut command = match &self.script {
            Some(script) => {
                let mut shell = Command::new("sh");
                shell.args(["-c", script, "sh", program]);
                shell
            }
            None => Command::new(program),
        };
        environment::without_settings(&mut command);
        command
            .current_dir(&self.directory)
            .args(["server", "-Drest.port=0"])
            .arg(format!("-Dmillstream.data-dir={}", self.data.display()))
            .args(&self.options)
            .envs(self.environment.iter().cloned());
        command
    }

    /// Where it listens, as `host:port`.
    pub(crate) fn address(&self) -> &str {
        let (_, address) = self.url.split_once("://").expect("it was started");
        address
    }

    /// The port that it listens at.
    pub(crate) fn port(&self) -> u16 {
        let (_, port) = self.address().rsplit_once(':').expect("host:port");
        port.parse().expect("a port")
    }

    /// The process of the server.
    pub(crate) fn pid(&self) -> u32 {
        self.process().expect("it runs").id()
    }

    fn process(&self) -> Option<MutexGuard<'_, Running>> {
        let process = self.process.as_ref()?;
        Some(process.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn taken(&mut self) -> Running {
        let process = self.process.take().expect("it runs");
        process.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it as a service manager does; answers what it has said. Its jobs go on.
    #[track_caller]
    pub(crate) fn suspend(&mut self) -> Said {
        let said = self.taken().suspend();
        self.past += &format!("{}{}", said.out, said.err);
        said
    }

    /// Waits for its end, which somebody has asked for; answers what it has said.
    #[track_caller]
    pub(crate) fn ended(&mut self) -> Said {
        let said = self.taken().end();
        self.past += &format!("{}{}", said.out, said.err);
        said
    }

    /// Ends it as a crash does, or notes that somebody else has killed it. Its jobs go on.
    #[track_caller]
    pub(crate) fn kill(&mut self) {
        let said = self.taken().kill();
        self.past += &format!("{}{}", said.out, said.err);
    }

    /// What it has said, and the ends of the logs of it and of its jobs.
    pub(crate) fn log(&self) -> String {
        let said = self.process().map(|mut process| process.said());
        let jobs = fs::read_dir(self.data.join("jobs"))
            .into_iter()
            .flatten()
            .flatten();
        let logs = jobs.map(|job| job.path().join("job.log"));
        let logs = std::iter::once(self.data.join("server.log")).chain(logs);
        let tails: String = logs.map(|log| tail(&log)).collect();
        self.past.clone() + &said.unwrap_or_default() + &tails
    }

    /// Waits for a condition that the server or a job brings about.
    #[track_caller]
    pub(crate) fn await_that(&self, what: &str, mut condition: impl FnMut() -> bool) {
        self.await_found(|| condition().then_some(()).ok_or(what));
    }

    /// Waits until something is found; an error says what there is instead. In vain once the server has ended.
    #[track_caller]
    fn await_found<T, W: AsRef<str>>(&self, mut look: impl FnMut() -> Result<T, W>) -> T {
        let began = Instant::now();
        loop {
            let instead = match look() {
                Ok(found) => return found,
                Err(instead) => instead,
            };
            let has_ended = self.process().is_some_and(|mut own| own.has_ended());
            assert!(
                !has_ended && began.elapsed() < PATIENCE,
                "waited in vain: {}\n{}",
                instead.as_ref(),
                self.log()
            );
            std::thread::sleep(PAUSE);
        }
    }

    /// Waits until the only process of a job is so many seconds old, and is still the only one.
    pub(crate) fn outlives(&self, seconds: f64) -> Vec<u32> {
        let process = processes_of(&self.data);
        let [alone] = process.as_slice() else {
            unreachable!("one process: {process:?}")
        };
        self.await_that("the limit of the start to pass, and more", || {
            super::age(*alone) > seconds
        });
        assert_eq!(processes_of(&self.data), process);
        process
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // Nothing that a test has started may outlive it: first the server, which would start its jobs again.
        drop(self.process.take());
        processes_of(&self.directory).into_iter().for_each(kill);
    }
}

/// The last lines of a log, under its name.
fn tail(log: &Path) -> String {
    const LINES: usize = 60;
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let tail = lines.get(lines.len().saturating_sub(LINES)..);
    format!(
        "--- {}\n{}\n",
        log.display(),
        tail.unwrap_or_default().join("\n")
    )
}

fn owned(words: &[&str]) -> impl Iterator<Item = String> {
    words.iter().map(|&word| word.to_owned())
}

/// Puts the first file of the endless job into `directory`.
pub(crate) fn first_file(directory: &Path) {
    put(directory, "in/1.csv", "id,name\n1,Ann\n");
}

/// The arguments of the ingestion job that reads `in` and writes `out` of `directory`, and waits for more files. Its
/// first file is put there, where it is not there yet.
pub(crate) fn endless(directory: &Path) -> Vec<String> {
    if !directory.join("in/1.csv").exists() {
        first_file(directory);
    }
    let mut arguments = endless_below(directory);
    arguments.push("--job.name=endless".to_owned());
    arguments
}

/// The same without a name, and with paths as `directory` is given.
fn endless_below(directory: &Path) -> Vec<String> {
    vec![
        "--source.type=csv".to_owned(),
        "--source.firstLine.schema=true".to_owned(),
        format!("--source.path={}", directory.join("in").display()),
        "--source.watch.interval=20".to_owned(),
        "--source.file.settle=0".to_owned(),
        "--sink.type=file".to_owned(),
        format!("--sink.path={}", directory.join("out").display()),
    ]
}
