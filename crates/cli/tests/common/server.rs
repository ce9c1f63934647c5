//! A session server of a test, with its data in a directory of its own.

#![allow(dead_code, reason = "each test uses a part of it")]

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::processes::{kill, processes_of};
use super::running::{self, Running, Said};
use super::{command, put};

/// A server on a free port. It is killed when the test is done with it.
pub(crate) struct Server {
    process: Running,
    /// `host:port`.
    pub(crate) address: String,
    directory: PathBuf,
    /// What stands behind an action so that it asks this server.
    asking: Vec<String>,
    jobs: JobsOf,
}

/// The jobs of a data directory. None of a test that fails outlives it.
struct JobsOf(PathBuf);

impl Drop for JobsOf {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            return;
        }
        processes_of(&self.0).into_iter().for_each(kill);
    }
}

impl Server {
    /// Starts a server with its data in `directory`, and `options` behind `millstream server`.
    #[track_caller]
    pub(crate) fn start(directory: &Path, options: &[&str]) -> Self {
        Self::start_for(directory, options, &[])
    }

    /// Starts a server as [`Self::start`] does, which is asked with `asking` behind the actions of the command.
    #[track_caller]
    pub(crate) fn start_for(directory: &Path, options: &[&str], asking: &[&str]) -> Self {
        let mut command = command(directory);
        command
            .args(["server", "-Drest.port=0", "-Dmillstream.data-dir=server"])
            .args(["-Dexecution.checkpointing.savepoint-dir=savepoints"])
            .args(["-Dexecution.checkpointing.min-pause=0 ms"])
            .args(options);
        let mut process = Running::start(command);
        let line = process.await_print();
        let url = line
            .split_once(" listens at ")
            .and_then(|(_, rest)| rest.split(' ').next())
            .expect(&line);
        let (_, address) = url.split_once("://").expect(url);
        let mut all = vec!["-m".to_owned(), url.to_owned()];
        all.extend(asking.iter().map(|&text| text.to_owned()));
        Self {
            process,
            address: address.to_owned(),
            directory: directory.to_path_buf(),
            asking: all,
            jobs: JobsOf(directory.join("server")),
        }
    }

    /// The command, asking this server.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = command(&self.directory);
        let (action, rest) = arguments.split_first().expect("an action");
        command.arg(action).args(&self.asking).args(rest);
        command
    }

    /// Runs the command, asking this server.
    pub(crate) fn run<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Said {
        running::run(self.command(arguments))
    }

    /// Runs the command, which must succeed, and answers what it printed.
    #[track_caller]
    pub(crate) fn succeed<A: AsRef<OsStr>>(&self, arguments: &[A]) -> String {
        let said = self.run(arguments);
        assert_eq!(said.code, Some(0), "{}{}", said.out, said.err);
        said.out
    }

    /// Runs the command with `--json`, which must succeed, and answers what it printed.
    #[track_caller]
    pub(crate) fn json(&self, arguments: &[&str]) -> serde_json::Value {
        let (action, rest) = arguments.split_first().expect("an action");
        let said = self.succeed(&[&[action, "--json"], rest].concat());
        serde_json::from_str(&said).expect(&said)
    }

    /// Submits the ingestion job `name`, which goes on until somebody ends it, and answers its id.
    #[track_caller]
    pub(crate) fn submit(&self, name: &str, options: &[&str]) -> String {
        let name_option = format!("--job.name={name}");
        let out = self.succeed(&[&["run", "-d"], options, &ENDLESS, &[&name_option]].concat());
        let id = out
            .strip_prefix("Job has been submitted with JobID ")
            .expect(&out);
        id.trim_end().to_owned()
    }

    /// The status of a job.
    #[track_caller]
    pub(crate) fn status(&self, id: &str) -> String {
        let jobs = self.json(&["list", "-a"]);
        let mut jobs = jobs.as_array().expect("an array").iter();
        let job = jobs.find(|job| job["jid"] == id).expect("it is listed");
        job["state"].as_str().expect("a status").to_owned()
    }

    /// Waits until a job has a status.
    #[track_caller]
    pub(crate) fn await_status(&mut self, id: &str, status: &str) {
        let (asking, directory) = (self.asking.clone(), self.directory.clone());
        let is_there = move || {
            let mut command = command(&directory);
            command.args(["list", "-a", "--json"]).args(&asking);
            let jobs: serde_json::Value =
                serde_json::from_str(&running::run(command).out).unwrap_or_default();
            let jobs = jobs.as_array().cloned().unwrap_or_default();
            jobs.iter()
                .any(|job| job["jid"] == id && job["state"] == status)
        };
        self.process
            .await_that(&format!("{id} to be {status}"), is_there);
    }

    /// The process id of the server.
    pub(crate) fn id(&self) -> u32 {
        self.process.id()
    }

    /// The port that it listens at.
    pub(crate) fn port(&self) -> u16 {
        let (_, port) = self.address.rsplit_once(':').expect("host:port");
        port.parse().expect("a port")
    }

    /// Ends the server as a service manager does. Its jobs go on.
    #[track_caller]
    pub(crate) fn suspend(self) {
        self.process.suspend();
    }

    /// The same, and answers what it has said.
    #[track_caller]
    pub(crate) fn ended(self) -> Said {
        self.process.suspend()
    }

    /// Waits for a condition that the server or a job brings about.
    #[track_caller]
    pub(crate) fn await_that(&mut self, what: &str, condition: impl FnMut() -> bool) {
        self.process.await_that(what, condition);
    }

    /// Ends the server as a crash does. Its jobs go on.
    #[track_caller]
    pub(crate) fn kill(self) {
        self.process.kill();
    }

    /// Cancels every job, so that none outlives the test, and ends the server.
    #[track_caller]
    pub(crate) fn end(self) {
        let jobs = self.json(&["list"]);
        for job in jobs.as_array().expect("an array") {
            let said = self.run(&["cancel", job["jid"].as_str().expect("an id")]);
            // It may have ended by itself in between.
            let is_well = said.code == Some(0) || said.error().starts_with("MS-2004: ");
            assert!(is_well, "{}{}", said.out, said.err);
        }
        let said = self.process.suspend();
        assert_eq!(said.code, Some(0), "{}", said.err);
    }
}

/// Behind `run -d`: the ingestion job that reads `in` and writes `out`, and waits for more files.
const ENDLESS: [&str; 12] = [
    "-Dexecution.checkpointing.interval=50 ms",
    "-p",
    "1",
    "ingest",
    "--source.type=csv",
    "--source.firstLine.schema=true",
    "--source.path=in",
    "--source.watch.interval=20",
    "--source.file.settle=0",
    "--sink.type=file",
    "--sink.path=out",
    "--job.retry.maxNumberRestartAttempts=3",
];

/// Puts the first file of the endless job into `directory`.
pub(crate) fn first_file(directory: &Path) {
    put(directory, "in/1.csv", "id,name\n1,Ann\n");
}
