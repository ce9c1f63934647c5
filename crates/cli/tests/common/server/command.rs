//! Asking the server by the command, as a user does.

use std::ffi::OsStr;
use std::path::Path;
use std::process::Command;

use super::{Server, endless_below};
use crate::common::running::{self, Said};

impl Server {
    /// The command, asking this server.
    pub(crate) fn command<A: AsRef<OsStr>>(&self, arguments: &[A]) -> Command {
        let mut command = crate::common::command(&self.directory);
        let (action, rest) = arguments.split_first().expect("an action");
        command
            .arg(action)
            .args(["-m", &self.url])
            .args(&self.asking)
            .args(rest);
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
        let own = ["-Dexecution.checkpointing.interval=50 ms", "-p", "1"];
        let parameters = endless_below(Path::new(""));
        let parameters = parameters.iter().map(String::as_str);
        let parameters: Vec<&str> = ["--job.retry.maxNumberRestartAttempts=3"]
            .into_iter()
            .chain(parameters)
            .collect();
        self.submit_with(name, &[options, &own].concat(), &parameters)
    }

    /// Submits the ingestion job `name` with these options and parameters, and answers its id.
    #[track_caller]
    pub(crate) fn submit_with(&self, name: &str, options: &[&str], parameters: &[&str]) -> String {
        let name = format!("--job.name={name}");
        let all = [&["run", "-d"], options, &["ingest"], parameters, &[&name]].concat();
        let out = self.succeed(&all);
        let id = out
            .strip_prefix("Job has been submitted with JobID ")
            .expect(&out);
        id.trim_end().to_owned()
    }

    /// The status of a job, as it is listed.
    #[track_caller]
    pub(crate) fn status(&self, id: &str) -> String {
        let jobs = self.json(&["list", "-a"]);
        let mut jobs = jobs.as_array().expect("an array").iter();
        let job = jobs.find(|job| job["jid"] == id).expect("it is listed");
        job["state"].as_str().expect("a status").to_owned()
    }

    /// Cancels every job, so that none outlives the test, and ends the server.
    #[track_caller]
    pub(crate) fn end(mut self) {
        let jobs = self.json(&["list"]);
        for job in jobs.as_array().expect("an array") {
            let said = self.run(&["cancel", job["jid"].as_str().expect("an id")]);
            // It may have ended by itself in between.
            let is_well = said.code == Some(0) || said.error().starts_with("MS-2004: ");
            assert!(is_well, "{}{}", said.out, said.err);
        }
        self.suspend();
    }
}
