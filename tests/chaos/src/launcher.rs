//! How the command and the job are started.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::rc::Rc;
use std::time::Duration;

use anyhow::{Result, ensure};

use crate::orders::{From, Spelling};
use crate::places::{Place, Places};
use crate::processes::{self, Running};
use crate::record;
use crate::schedule::{After, Setup};
use crate::wait;

/// The name of the job that is tried.
pub(crate) const JOB: &str = "chaos";

/// What is tried, and with what.
#[derive(Clone)]
pub(crate) struct Launcher {
    pub(crate) binary: PathBuf,
    /// The directory of all rounds.
    pub(crate) root: PathBuf,
    pub(crate) library: PathBuf,
    pub(crate) control: PathBuf,
    pub(crate) places: Rc<Places>,
    pub(crate) setup: Setup,
    pub(crate) spelling: Spelling,
    /// Whether the job takes `source.file.settle`.
    pub(crate) settles: bool,
    /// The job reads what is there, and ends.
    pub(crate) once: bool,
    /// Another job has taken input away that this one would have read, as it was meant to.
    pub(crate) shared_input: Rc<Cell<bool>>,
    pub(crate) patience: Duration,
}

/// What a command said.
pub(crate) struct Said {
    /// `None`: it was killed, or did not end in time and was killed then.
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    /// What it printed to both streams, on one line.
    pub(crate) fn text(&self) -> String {
        let text = format!("exit code {:?}: {} {}", self.code, self.out, self.err);
        text.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

impl Launcher {
    /// The command, as a client: no fault strikes it.
    pub(crate) fn client(&self) -> Command {
        let mut command = Command::new(&self.binary);
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if text.starts_with("MILLSTREAM_") || text == "FLINK_CONF_DIR" {
                command.env_remove(&name);
            }
        }
        command
            .env(processes::MARK, &self.root)
            .current_dir(&self.places.root);
        command
    }

    /// The command, where faults strike.
    pub(crate) fn tried(&self) -> Command {
        let mut command = self.client();
        command
            .env("LD_PRELOAD", &self.library)
            .env("CHAOS_CONTROL", &self.control);
        command
    }

    /// Runs `command` to its end, at most for the patience.
    pub(crate) fn run(&self, command: Command, name: &str) -> Result<Said> {
        let mut running = Running::start(command, &self.places.logs(), name)?;
        let ends = wait::holds_within(self.patience, || Ok(!running.runs()?))?;
        if !ends {
            running.kill()?;
        }
        Ok(Said {
            code: running.status()?.and_then(|status| status.code()),
            out: running.printed(),
            err: running.logged(),
        })
    }

    /// `run` in this process.
    pub(crate) fn local(&self, from: &From, parallelism: u64, target: &Target) -> Command {
        let mut command = self.tried();
        command.args(["run", "--target", "local"]);
        self.job(&mut command, from, parallelism, target);
        command
    }

    /// The directory of the input, as it is written.
    fn input(&self) -> String {
        let root = text(&self.places.root);
        match self.spelling {
            Spelling::Plain => format!("{root}/in"),
            Spelling::DoubleSlash => format!("{root}//in/"),
            Spelling::UpAndDown => format!("{root}/logs/../in"),
            Spelling::Link => format!("{root}/link-to-in"),
        }
    }

    /// Behind `run`: the options and the job.
    pub(crate) fn job(
        &self,
        command: &mut Command,
        from: &From,
        parallelism: u64,
        target: &Target,
    ) {
        let (places, setup) = (&self.places, &self.setup);
        let option = |key: &str, value: &str| format!("-D{key}={value}");
        command
            .args(from.arguments())
            .args(["-p", &parallelism.to_string()])
            .arg(option(
                "millstream.data-dir",
                &text(&places.path(Place::Data)),
            ))
            .arg(option(
                "execution.checkpointing.dir",
                &text(&places.path(Place::Checkpoints)),
            ))
            .arg(option(
                "execution.checkpointing.savepoint-dir",
                &text(&places.path(Place::Savepoints)),
            ))
            .arg(option(
                "execution.checkpointing.interval",
                &format!("{} ms", setup.checkpoint_ms),
            ))
            .arg(option(
                "execution.checkpointing.num-retained",
                &setup.retained.to_string(),
            ))
            .arg(option(
                "execution.checkpointing.externalized-checkpoint-retention",
                setup.retention.name(),
            ))
            .args([
                "-Dexecution.checkpointing.min-pause=0 ms",
                "-Dexecution.checkpointing.tolerable-failed-checkpoints=1000000",
                "-Dexecution.checkpointing.timeout=20 s",
                "-Drestart-strategy.type=fixed-delay",
                "-Drestart-strategy.fixed-delay.attempts=1000000",
                "-Drestart-strategy.fixed-delay.delay=100 ms",
                "-Dtask.cancellation.timeout=20 s",
            ])
            .arg("ingest")
            .args(["--job.name", &target.name])
            .args(["--source.type", "csv"])
            .args(["--source.path", &self.input()])
            .args(["--source.split.size", &setup.split_bytes.to_string()])
            .args(["--stream.sql.enable", "true", "--stream.sql", record::SQL])
            .args(["--stream.sql.schema.json", record::SCHEMA])
            .args(["--error.policy", "dead-letter", "--error.dead-letter.path"])
            .arg(&target.bad)
            .args([
                "--sink.type",
                "file",
                "--sink.rolling.size",
                &setup.rolling_bytes.to_string(),
            ])
            .arg("--sink.path")
            .arg(&target.good);
        if self.once {
            command.args(["--source.watch.type", "PROCESS_ONCE"]);
        } else {
            command.args(["--source.watch.interval", "40"]);
        }
        if self.settles {
            command.args(["--source.file.settle", "0"]);
        }
        if self.appends() {
            command.args(["--source.file.changed", "append"]);
        }
        if self.shared_input.get() {
            command.args(["--source.file.lost", "skip"]);
        }
        match setup.after {
            After::Keep => {}
            After::Delete => {
                command.args(["--source.after.commit", "delete"]);
            }
            After::Move => {
                command
                    .args(["--source.after.commit", "move"])
                    .arg("--source.after.commit.path")
                    .arg(places.moved());
            }
        }
    }

    /// Whether the job follows files that grow; one that takes files away does not.
    pub(crate) fn appends(&self) -> bool {
        self.settles && !self.once && self.setup.after == After::Keep
    }

    /// The target of the job that is tried.
    pub(crate) fn main(&self) -> Target {
        Target {
            name: JOB.to_owned(),
            good: self.places.good(),
            bad: self.places.bad(),
        }
    }
}

/// The name of a job, and where it writes.
pub(crate) struct Target {
    pub(crate) name: String,
    pub(crate) good: PathBuf,
    pub(crate) bad: PathBuf,
}

/// Whether the ingestion job of `binary` takes `parameter`.
pub(crate) fn takes(binary: &Path, parameter: &str) -> Result<bool> {
    let output = Command::new(binary)
        .args(["run", "ingest", "--help"])
        .output()?;
    ensure!(
        output.status.success(),
        "{} run ingest --help fails",
        binary.display()
    );
    Ok(String::from_utf8_lossy(&output.stdout).contains(parameter))
}

fn text(path: &Path) -> String {
    path.display().to_string()
}

/// The path that a command printed behind `Savepoint completed. Path: `.
pub(crate) fn savepoint_in(out: &str) -> Option<String> {
    let mut paths = out
        .lines()
        .filter_map(|line| line.split_once("Savepoint completed. Path: "));
    paths.next_back().map(|(_, path)| path.trim().to_owned())
}
