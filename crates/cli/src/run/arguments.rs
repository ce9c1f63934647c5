//! The options of `run`, with Flink's names.

use clap::{ArgAction, Parser};

use crate::arguments::Connection;

/// Runs a job on a server, or in this process: the ingestion job, or a job package.
#[derive(Debug, Parser)]
#[command(
    name = "millstream run",
    no_binary_name = true,
    override_usage = "millstream run [OPTIONS] <ingest | package> [arguments]",
    after_help = "\
Long options may begin with one dash, as in Flink. What stands behind `ingest` or the package belongs to the program:
`millstream run ingest --help` shows the parameters of the ingestion job.

On a server (default): Ctrl-C while the command waits cancels the job; with --detached it does not wait.
With --target local: SIGTERM stops the job with a savepoint, or, where it does not run at that moment, ends the process with exit status 143 and says \
what to go on from; SIGINT cancels it."
)]
pub(crate) struct RunArguments {
    /// Savepoint or checkpoint to go on from: its directory or its _metadata; `latest`: the newest completed one
    /// of the job's name.
    #[arg(short = 's', long = "fromSavepoint", value_name = "PATH")]
    pub(super) from_savepoint: Option<String>,

    /// Drop state that no operator of the job takes, instead of refusing the savepoint.
    #[arg(short = 'n', long = "allowNonRestoredState")]
    pub(super) allow_non_restored_state: bool,

    /// Who owns the savepoint's files afterwards: NO_CLAIM (whoever made it; default), CLAIM (the job, which deletes it once
    /// it is replaced), LEGACY (deprecated).
    #[arg(
        long = "claimMode",
        visible_alias = "restoreMode",
        alias = "rm",
        value_name = "MODE"
    )]
    pub(super) claim_mode: Option<String>,

    /// What becomes of a start where output that the savepoint tells to commit is lost, or may be: fail (default), or accept (it
    /// is named in warnings and taken for committed).
    #[arg(long = "on-lost-output", value_name = "CHOICE")]
    pub(super) on_lost_output: Option<String>,

    /// How many subtasks each operator has that sets none itself.
    #[arg(short, long, value_name = "NUMBER")]
    pub(super) parallelism: Option<String>,

    /// Entry point of the package; com._4paradigm.csp.operator.Main is the ingestion job.
    #[arg(short, long, value_name = "CLASS")]
    pub(super) class: Option<String>,

    /// Return once the job is submitted.
    #[arg(short, long, aliases = ["yarndetached", "yd"])]
    pub(super) detached: bool,

    /// Cancel the job when the command is interrupted, which it does anyway.
    #[arg(long = "shutdownOnAttachedExit", alias = "sae")]
    pub(super) shutdown_on_attached_exit: bool,

    /// The job package: the same as naming it behind the options, for scripts of Flink.
    #[arg(short = 'j', long, value_name = "FILE")]
    pub(super) jarfile: Option<String>,

    /// Accepted without effect: for Java.
    #[arg(short = 'C', long, value_name = "URL")]
    pub(super) classpath: Vec<String>,

    /// Refused: Python programs can't run here.
    #[arg(long, alias = "py", value_name = "FILE")]
    pub(super) python: Option<String>,

    /// Refused: Python programs can't run here.
    #[arg(long = "pyModule", alias = "pym", value_name = "MODULE")]
    pub(super) python_module: Option<String>,

    /// Accepted without effect, as --pyFiles, --pyExecutable, --pyClientExecutable, --pyRequirements and --pyPythonPath: for Python.
    #[arg(
        long = "pyArchives",
        aliases = ["pyarch", "pyFiles", "pyfs", "pyExecutable", "pyexec", "pyClientExecutable", "pyclientexec",
            "pyRequirements", "pyreq", "pyPythonPath", "pypath"],
        value_name = "VALUE",
        action = ArgAction::Append
    )]
    pub(super) python_settings: Vec<String>,

    /// Shows columns, plan and the first 10 rows that the ingestion job would write, in this process: nothing is started, written or
    /// committed. May also stand behind `ingest`.
    #[arg(long = "dry-run")]
    pub(super) dry_run: bool,

    /// Log more: -v debug lines, -vv everything. The environment variable MILLSTREAM_LOG wins.
    #[arg(short = 'v', action = ArgAction::Count)]
    pub(super) verbosity: u8,

    #[command(flatten)]
    pub(super) connection: Connection,

    /// `ingest`, or the path of a job package, and the program's own arguments.
    #[arg(trailing_var_arg = true, allow_hyphen_values = true, hide = true)]
    pub(super) program: Vec<String>,
}

impl RunArguments {
    /// Of the options of `run`, which `info` takes as well, those that change no plan, and whether they are given.
    pub(crate) fn beside_the_plan(&self) -> [(bool, &'static str); 10] {
        [
            (self.from_savepoint.is_some(), "--fromSavepoint"),
            (self.allow_non_restored_state, "--allowNonRestoredState"),
            (self.claim_mode.is_some(), "--claimMode"),
            (self.on_lost_output.is_some(), "--on-lost-output"),
            (self.detached, "--detached"),
            (self.shutdown_on_attached_exit, "--shutdownOnAttachedExit"),
            (self.dry_run, "--dry-run"),
            (self.verbosity > 0, "-v"),
            (self.connection.jobmanager.is_some(), "--jobmanager"),
            (self.connection.target.is_some(), "--target"),
        ]
    }

    /// Whether something is named that could be run.
    pub(crate) fn names_a_program(&self) -> bool {
        !self.program.is_empty() || self.jarfile.is_some() || self.class.is_some()
    }

    /// The options that every action has.
    pub(crate) const fn connection(&self) -> &Connection {
        &self.connection
    }
}
