//! The job in a process under `millstream server`.

use std::time::{Duration, Instant};

use anyhow::Result;
use serde_json::Value;

use super::{Ended, Subject, Surroundings};
use crate::launcher::{JOB, Launcher, Said, Target, savepoint_in};
use crate::orders::{End, From, Spelling, Victim};
use crate::places::Place;
use crate::processes::{self, Running, signal};
use crate::rest;
use crate::violation::Kind;
use crate::wait;
use rustix::process::Signal;

/// Between two looks at the job.
const LOOK: Duration = Duration::from_millis(100);

pub(crate) struct Server {
    pub(crate) launcher: Launcher,
    process: Option<Running>,
    port: u16,
    starts: usize,
    /// The harness has ended it.
    killed: bool,
    job: Option<String>,
    /// What the job is to begin from.
    begins: Option<From>,
    parallelism: u64,
    ending: Option<End>,
    /// The command that waits for the end of the job.
    command: Option<Running>,
    commands: usize,
    looked: Option<Instant>,
    numbers: Option<Value>,
}

impl Server {
    pub(crate) fn new(launcher: Launcher) -> Result<Self> {
        Ok(Self {
            parallelism: launcher.setup.parallelism,
            launcher,
            process: None,
            port: rest::free_port()?,
            starts: 0,
            killed: true,
            job: None,
            begins: Some(From::Nothing),
            ending: None,
            command: None,
            commands: 0,
            looked: None,
            numbers: None,
        })
    }

    /// The id of the job.
    pub(crate) fn job(&self) -> Option<String> {
        self.job.clone()
    }

    /// Ends the server as a service manager does.
    ///
    /// # Errors
    /// It does not end, or not well.
    pub(crate) fn leave(&mut self) -> Result<()> {
        let Some(process) = &mut self.process else {
            return Ok(());
        };
        process.signal(Signal::TERM)?;
        wait::until(
            "the server to end on SIGTERM",
            self.launcher.patience,
            || Ok(!process.runs()?),
        )?;
        self.killed = true;
        match process.status()?.and_then(|status| status.code()) {
            Some(0) => Ok(()),
            code => Err(Kind::Ended.because(format!("the server ended with {code:?} on SIGTERM"))),
        }
    }

    /// Starts another server on the same data directory.
    pub(crate) fn start_another(&mut self) -> Result<Running> {
        self.commands += 1;
        let mut command = self.launcher.tried();
        command.args(["server", "-Drest.port=0"]).arg(format!(
            "-Dmillstream.data-dir={}",
            self.launcher.places.path(Place::Data).display()
        ));
        Running::start(
            command,
            &self.launcher.places.logs(),
            &format!("another-{:03}", self.commands),
        )
    }

    fn start(&mut self, around: Surroundings) -> Result<()> {
        self.starts += 1;
        let mut command = self.launcher.tried();
        command
            .args(["server", &format!("-Drest.port={}", self.port)])
            .arg(format!(
                "-Dmillstream.data-dir={}",
                self.launcher.places.path(Place::Data).display()
            ))
            .arg("-Dmillstream.job-start-timeout=30 s");
        let name = format!("server-{:03}", self.starts);
        let mut process = Running::start(command, &self.launcher.places.logs(), &name)?;
        let mut listens = false;
        wait::until(
            "the server to listen or to end",
            self.launcher.patience,
            || {
                listens = process.printed().contains(" listens at ");
                Ok(listens || !process.runs()?)
            },
        )?;
        if !listens {
            let said = process.logged();
            if said.contains("in use") {
                self.port = rest::free_port()?;
            } else if !around.fault {
                return Err(Kind::Refused.because(format!("{name} does not start: {said}")));
            }
            return Ok(());
        }
        (self.process, self.killed) = (Some(process), false);
        Ok(())
    }

    /// Runs an action of the command against this server.
    pub(crate) fn act(&mut self, arguments: &[&str]) -> Result<Said> {
        let (command, name) = self.command_for(arguments);
        self.launcher.run(command, &name)
    }

    /// Starts an action of the command against this server.
    pub(crate) fn start_act(&mut self, arguments: &[&str]) -> Result<Running> {
        let (command, name) = self.command_for(arguments);
        Running::start(command, &self.launcher.places.logs(), &name)
    }

    fn command_for(&mut self, arguments: &[&str]) -> (std::process::Command, String) {
        self.commands += 1;
        let action = arguments.first().copied().unwrap_or_default();
        let mut command = self.launcher.client();
        command
            .arg(action)
            .args([
                "-m",
                &format!("127.0.0.1:{}", self.port),
                "-Dclient.timeout=40 s",
            ])
            .args(arguments.iter().skip(1));
        (command, format!("command-{:03}-{action}", self.commands))
    }

    /// Submits a job, and answers its id or what was said.
    pub(crate) fn submit(
        &mut self,
        from: &From,
        parallelism: u64,
        target: &Target,
    ) -> Result<Result<String, Said>> {
        let (mut command, name) = self.command_for(&["run", "-d"]);
        self.launcher.job(&mut command, from, parallelism, target);
        let said = self.launcher.run(command, &name)?;
        let id = said
            .out
            .split_once("JobID ")
            .and_then(|(_, id)| id.split_whitespace().next());
        Ok(match id {
            Some(id) if said.code == Some(0) => Ok(id.to_owned()),
            _ => Err(said),
        })
    }

    fn submit_main(&mut self, from: From, around: Surroundings) -> Result<()> {
        let target = self.launcher.main();
        let said = match self.submit(&from, self.parallelism, &target)? {
            Ok(id) => return self.runs(id),
            Err(said) => said,
        };
        if let Some(id) = self.running_job() {
            // The answer was lost, the job was not.
            return self.runs(id);
        }
        if around.fault || around.may_end || self.killed {
            return Ok(());
        }
        if from == From::Latest && said.err.contains("MS-3001") && around.nothing_out {
            self.begins = Some(From::Nothing);
            return Ok(());
        }
        Err(Kind::Refused.because(format!("run from {from:?}: {}", said.text())))
    }

    fn runs(&mut self, job: String) -> Result<()> {
        (self.job, self.begins, self.ending) = (Some(job), None, None);
        Ok(())
    }

    /// A job of the name that has not ended, as the server lists it.
    fn running_job(&self) -> Option<String> {
        let overview = self.get("/jobs/overview")?;
        let mut jobs = overview.get("jobs")?.as_array()?.iter();
        let job = jobs.find(|job| {
            let is = |key: &str, value: &str| job.get(key).and_then(Value::as_str) == Some(value);
            is("name", JOB)
                && !["FAILED", "CANCELED", "FINISHED"]
                    .iter()
                    .any(|state| is("state", state))
        })?;
        Some(job.get("jid")?.as_str()?.to_owned())
    }

    fn get(&self, path: &str) -> Option<Value> {
        rest::get(self.port, path)
    }

    /// The status of a job, as the server shows it.
    pub(crate) fn status(&self, job: &str) -> Option<String> {
        let shown = self.get(&format!("/jobs/{job}"))?;
        Some(shown.get("state")?.as_str()?.to_owned())
    }

    fn look_after_job(&mut self, around: Surroundings) -> Result<()> {
        let now = wait::now();
        if self.looked.is_some_and(|looked| now < looked + LOOK) {
            return Ok(());
        }
        self.looked = Some(now);
        let Some(job) = self.job.clone() else {
            return Ok(());
        };
        let Some(status) = self.status(&job) else {
            return Ok(());
        };
        if self.ending.is_some() || !["FAILED", "CANCELED", "FINISHED"].contains(&status.as_str()) {
            return Ok(());
        }
        if around.may_end && status == "FAILED" {
            (self.job, self.begins) = (None, Some(From::Latest));
            return Ok(());
        }
        Err(Kind::Ended.because(format!("job {job} is {status}: {}", self.cause(&job))))
    }

    /// The processes of a job that live.
    pub(crate) fn processes_of(&self, job: &str) -> Vec<u32> {
        let jobs = self.launcher.places.path(Place::Data).join("jobs");
        processes::with_arguments("--millstream-job", &jobs.join(job).display().to_string())
    }

    /// Why a job failed, on one line.
    pub(crate) fn cause(&self, job: &str) -> String {
        let shown = self.get(&format!("/jobs/{job}/exceptions"));
        rest::cause(&shown.unwrap_or_default())
    }
}

impl Subject for Server {
    fn tend(&mut self, around: Surroundings) -> Result<()> {
        let runs = match &mut self.process {
            Some(process) => process.runs()?,
            None => false,
        };
        if !runs {
            if let Some(process) = &self.process
                && !self.killed
                && !around.fault
            {
                return Err(Kind::Ended.because(format!("the server ended: {}", process.logged())));
            }
            return self.start(around);
        }
        if self.job.is_none()
            && let Some(from) = self.begins.clone()
        {
            return self.submit_main(from, around);
        }
        self.look_after_job(around)
    }

    fn jobs(&mut self) -> Vec<u32> {
        let jobs = self.job.iter();
        jobs.flat_map(|job| self.processes_of(job)).collect()
    }

    fn all(&mut self) -> Vec<u32> {
        let mut all = self.jobs();
        all.extend(self.process.iter_mut().filter_map(Running::living));
        all
    }

    fn kill(&mut self, victim: Victim) -> Result<()> {
        // A process that dies is not to see the other go first.
        let jobs = if victim == Victim::Server {
            Vec::new()
        } else {
            self.jobs()
        };
        signal(&self.launcher.root, &jobs, Signal::KILL);
        if victim != Victim::Job
            && let Some(process) = &mut self.process
        {
            process.kill()?;
            self.killed = true;
        }
        Ok(())
    }

    fn ask_to_end(&mut self, how: End) -> Result<()> {
        self.ending = Some(how);
        let Some(job) = self.job.clone() else {
            return Ok(());
        };
        let elsewhere = self.launcher.places.elsewhere().display().to_string();
        let arguments: &[&str] = match how {
            End::Suspend => &["stop", &job],
            End::SuspendElsewhere => &["stop", "-p", &elsewhere, &job],
            End::Cancel => &["cancel", &job],
        };
        self.command = Some(self.start_act(arguments)?);
        Ok(())
    }

    fn has_ended(&mut self) -> Result<Option<Ended>> {
        let Some(job) = self.job.clone() else {
            return Ok(Some(Ended { savepoint: None }));
        };
        let Some(shown) = self.get(&format!("/jobs/{job}")) else {
            return Ok(None);
        };
        let status = shown
            .get("state")
            .and_then(Value::as_str)
            .unwrap_or_default()
            .to_owned();
        let waits = match &mut self.command {
            Some(command) => command.runs()?,
            None => false,
        };
        if waits {
            return Ok(None);
        }
        match status.as_str() {
            "FINISHED" | "CANCELED" => {}
            "FAILED" => {
                let why = self.cause(&job);
                return Err(
                    Kind::Ended.because(format!("job {job} was asked to end and is FAILED: {why}"))
                );
            }
            // The request was lost with whom it was made to.
            "RUNNING" => {
                self.ending.map_or(Ok(()), |how| self.ask_to_end(how))?;
                return Ok(None);
            }
            _ => return Ok(None),
        }
        self.numbers = shown.get("numbers").cloned();
        let printed = self
            .command
            .take()
            .map(|command| command.printed())
            .unwrap_or_default();
        self.job = None;
        Ok(Some(Ended {
            savepoint: savepoint_in(&printed),
        }))
    }

    fn begin(&mut self, from: From, parallelism: u64, spelling: Spelling) {
        self.launcher.spelling = spelling;
        (self.begins, self.parallelism) = (Some(from), parallelism);
    }

    fn latest(&mut self) -> Result<Option<String>> {
        match self.submit(&From::Latest, self.parallelism, &self.launcher.main())? {
            Ok(id) => self.runs(id).map(|()| None),
            Err(said) => Ok(Some(said.text())),
        }
    }

    fn numbers(&self) -> Option<Value> {
        self.numbers.clone()
    }

    fn server(&mut self) -> Option<&mut Server> {
        Some(self)
    }
}
