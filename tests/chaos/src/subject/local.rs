//! The job in the process of `run --target local`, under an operator who starts it again with `-s latest`.

use anyhow::Result;
use rustix::process::Signal;

use super::{Ended, Server, Subject, Surroundings};
use crate::launcher::{Launcher, savepoint_in};
use crate::orders::{End, From, Spelling, Victim};
use crate::processes::Running;
use crate::violation::Kind;
use crate::wait;

/// In the log where a stop has failed and the job goes on.
const STOP_FAILED: &str = " MS-2002: ";
/// What its numbers stand behind in the last lines of a job.
const COMMITTED: &str = "Committed since the job began";

pub(crate) struct Local {
    launcher: Launcher,
    run: Option<Running>,
    from: From,
    parallelism: u64,
    starts: usize,
    /// The harness has killed it.
    killed: bool,
    /// It was asked to end.
    ending: Option<End>,
    /// How many failed stops the log of this process shows that have been asked for again.
    asked_again: usize,
    /// A fault was there while it started.
    disturbed: bool,
    begins: bool,
    numbers: Option<serde_json::Value>,
}

impl Local {
    pub(crate) fn new(launcher: Launcher) -> Self {
        Self {
            parallelism: launcher.setup.parallelism,
            launcher,
            run: None,
            from: From::Nothing,
            starts: 0,
            killed: false,
            ending: None,
            asked_again: 0,
            disturbed: false,
            begins: true,
            numbers: None,
        }
    }

    fn launch(&mut self, from: From, around: Surroundings) -> Result<()> {
        let command = self
            .launcher
            .local(&from, self.parallelism, &self.launcher.main());
        self.starts += 1;
        let name = format!("local-{:03}", self.starts);
        self.run = Some(Running::start(
            command,
            &self.launcher.places.logs(),
            &name,
        )?);
        self.from = from;
        (self.killed, self.ending, self.begins) = (false, None, false);
        self.asked_again = 0;
        self.disturbed = around.fault;
        Ok(())
    }

    /// What is to be done about a process that ended though nobody asked it to.
    fn after(&mut self, code: Option<i32>, log: &str, around: Surroundings) -> Result<From> {
        let has_run = log.contains("to RUNNING.");
        let refused = self.from == From::Latest && log.contains("MS-3001");
        if !has_run && refused && around.nothing_out && !self.disturbed {
            return Ok(From::Nothing);
        }
        if (!has_run && self.disturbed) || around.may_end {
            return Ok(From::Latest);
        }
        let kind = if has_run { Kind::Ended } else { Kind::Refused };
        Err(kind.because(format!(
            "local-{:03} ended with exit code {code:?}: {}",
            self.starts,
            last(log)
        )))
    }
}

/// The last line that is no information.
fn last(log: &str) -> &str {
    let mut lines = log.lines().rev().filter(|line| !line.contains(" INFO "));
    lines.next().unwrap_or_default()
}

impl Subject for Local {
    fn tend(&mut self, around: Surroundings) -> Result<()> {
        let Some(run) = &mut self.run else {
            return match self.begins {
                true => self.launch(self.from.clone(), around),
                false => Ok(()),
            };
        };
        let status = run.status()?;
        if status.is_none() {
            self.disturbed |= around.fault && !run.logged().contains("to RUNNING.");
            return Ok(());
        }
        if self.ending.is_some() {
            return Ok(());
        }
        let log = run.logged();
        let from = if self.killed {
            From::Latest
        } else {
            self.after(status.and_then(|status| status.code()), &log, around)?
        };
        self.launch(from, around)
    }

    fn jobs(&mut self) -> Vec<u32> {
        self.run.iter_mut().filter_map(Running::living).collect()
    }

    fn all(&mut self) -> Vec<u32> {
        self.jobs()
    }

    fn kill(&mut self, _: Victim) -> Result<()> {
        if let Some(run) = &mut self.run
            && run.runs()?
        {
            run.kill()?;
            self.killed = true;
        }
        Ok(())
    }

    fn ask_to_end(&mut self, how: End) -> Result<()> {
        self.ending = Some(how);
        let signal = match how {
            End::Suspend | End::SuspendElsewhere => Signal::TERM,
            End::Cancel => Signal::INT,
        };
        match &mut self.run {
            Some(run) => run.signal(signal),
            None => Ok(()),
        }
    }

    fn has_ended(&mut self) -> Result<Option<Ended>> {
        let Some(run) = &mut self.run else {
            return Ok(Some(Ended { savepoint: None }));
        };
        if run.runs()? {
            // A job whose savepoint can't be written goes on, and may be asked again.
            let failed = run.logged().matches(STOP_FAILED).count();
            if failed > self.asked_again && self.ending != Some(End::Cancel) {
                self.asked_again = failed;
                run.signal(Signal::TERM)?;
            }
            return Ok(None);
        }
        self.numbers = numbers_in(&run.logged());
        let savepoint = savepoint_in(&run.printed());
        self.run = None;
        Ok(Some(Ended { savepoint }))
    }

    fn begin(&mut self, from: From, parallelism: u64, spelling: Spelling) {
        self.launcher.spelling = spelling;
        (self.from, self.parallelism, self.begins) = (from, parallelism, true);
    }

    fn latest(&mut self) -> Result<Option<String>> {
        let around = Surroundings {
            fault: false,
            may_end: false,
            nothing_out: false,
        };
        self.launch(From::Latest, around)?;
        let patience = self.launcher.patience;
        let mut refused = None;
        let run = &mut self.run;
        wait::until("the job to go on or to be refused", patience, || {
            let Some(run) = run else {
                return Ok(true);
            };
            let ended = !run.runs()?;
            let log = run.logged();
            if ended {
                refused = Some(last(&log).to_owned());
            }
            Ok(ended || log.contains("to RUNNING."))
        })?;
        if refused.is_some() {
            self.run = None;
        }
        Ok(refused)
    }

    fn numbers(&self) -> Option<serde_json::Value> {
        self.numbers.clone()
    }

    fn server(&mut self) -> Option<&mut Server> {
        None
    }
}

/// What a log says in its end of all records since the job began: `NUMBER read`, `NUMBER written` and so on.
fn numbers_in(log: &str) -> Option<serde_json::Value> {
    let of_all = |line: &str| {
        let (_, behind) = line.split_once(COMMITTED)?;
        // Between them it may stand what they leave out.
        Some(behind.rsplit_once(": ")?.1.to_owned())
    };
    let told = log.lines().rev().find_map(of_all)?;
    let mut numbers = serde_json::Map::new();
    let words: Vec<&str> = told
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    for pair in words.windows(2) {
        if let [count, name] = pair
            && let Ok(count) = count.parse::<u64>()
        {
            numbers.insert((*name).to_owned(), count.into());
        }
    }
    Some(numbers.into())
}
