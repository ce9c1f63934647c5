//! Running a job under a server: in a process of its own, which outlives the server.
//!
//! The server starts `PROGRAM --millstream-job DIRECTORY`; what stands in the directory, and what is said over the socket in
//! it, is [`millstream_protocol::link`]. A server that goes away changes nothing for the job: the next one connects.

mod directory;
mod ending;
mod past;
mod report;
mod requests;
mod rotation;
mod siblings;
mod socket;
mod state;

use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use millstream_core::options::LiveSettings;
use millstream_core::{Configuration, Error, Result, codes};
use millstream_engine::job::{Job, JobSpec, Restore};
use millstream_engine::{JobGraph, Plan};
use millstream_protocol::JobSettings;
use millstream_protocol::link::Submission;
pub use millstream_protocol::link::{self, JOB_ARGUMENT};
pub use millstream_protocol::{OperationResult, Request, SavepointFormat};
use millstream_storage::Location;
use signal_hook::consts::SIGHUP;

use crate::clock::{random_number, time_of_day};
use crate::directories::Directories;
use crate::run::{Recovery, RunOptions};
use directory::JobDirectory;
use ending::Ending;
use past::Past;
use report::Reporter;
use requests::Requests;
use state::SharedState;
pub use state::{PlanReport, plan_report};

/// The process of a job: takes the job's directory, and has `program` declare and execute the job with its arguments. What
/// keeps it from starting is left in the directory for the server.
pub fn run(
    directory: &Path,
    program: impl FnOnce(&[String], &RunOptions) -> Result<()>,
) -> ExitCode {
    match try_run(directory, program) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // The process's standard error is the job's output file.
            millstream_log::say(&error.to_string());
            ExitCode::FAILURE
        }
    }
}

/// The arguments and options of the submission in `file`: what a server wants the plan of.
///
/// # Errors
/// The file can't be read.
pub fn read_submission(file: &Path) -> Result<(Vec<String>, RunOptions)> {
    let submission: Submission = directory::read_submission(file)?;
    let options = RunOptions {
        entry: submission.entry,
        configuration: submission.configuration,
        job_directory: None,
        job: None,
    };
    Ok((submission.arguments, options))
}

/// Refuses the settings that a job is refused for when it begins: one that is planned is to be told the same.
///
/// # Errors
/// An option has a value that does not fit its type or range; the error names it.
pub fn check_settings(configuration: &Configuration) -> Result<()> {
    JobSettings::from_configuration(configuration, Vec::new())?;
    LiveSettings::of(configuration)?;
    Recovery::from_configuration(configuration).map(drop)
}

/// Has the process outlive a hangup: that is for the server, which reads its settings again, and may be sent to all processes of its
/// service. A group of processes that stands still is sent one when its server dies, too.
fn outlive_hangups() -> Result<()> {
    signal_hook::flag::register(SIGHUP, Arc::default()).map_err(|cause| {
        Error::new(&codes::INTERNAL, "signals can't be listened for").cause(cause)
    })?;
    Ok(())
}

fn try_run(path: &Path, program: impl FnOnce(&[String], &RunOptions) -> Result<()>) -> Result<()> {
    outlive_hangups()?;
    let directory = JobDirectory::new(path);
    let _lock = directory.lock()?;
    rotation::start_logging(&directory)?;
    if ending::has_ended(&directory)? {
        return Ok(());
    }
    let submission = directory.submission()?;
    let options = RunOptions {
        entry: submission.entry.clone(),
        configuration: submission.configuration.clone(),
        job_directory: Some(path.to_path_buf()),
        job: None,
    };
    let result = program(&submission.arguments, &options);
    if let Err(error) = &result
        && !ending::has_ended(&directory)?
    {
        // Where that can't be told, it may have: it is tried again then.
        let error = of_what_is_away(error, directory.has_begun().unwrap_or(true));
        tracing::error!("The job can't be started: {error}");
        directory.write_outcome(&state::failed_to_start(&submission, &error, time_of_day()))?;
    }
    result
}

/// Why a job can't be built. Where it has run before, its parameters and the path of its input were right, so the input
/// is away or empty at present, and it is worth another try.
fn of_what_is_away(error: &Error, has_begun: bool) -> Error {
    let of_input = [codes::SOURCE_PATH.id, codes::INGEST_PARAMETERS.id].contains(&error.code());
    if !(has_begun && of_input) {
        return error.clone();
    }
    let cause = error.cause_text().map(|cause| format!(": {cause}"));
    let message = format!("{}{}", error.message(), cause.unwrap_or_default());
    Error::new(&codes::SOURCE_READ, message).next(error.next_step())
}

/// Runs `graph` as the job of `directory` until it ends.
///
/// # Errors
/// The job can't be started. How a job ends that did start is told by its outcome file.
pub(crate) fn execute(
    graph: JobGraph,
    configuration: Configuration,
    directory: &Path,
    longest_interval: Option<Duration>,
) -> Result<()> {
    let directory = JobDirectory::new(directory);
    let Submission { job, .. } = directory.submission()?;
    let launch = directory.launch()?;
    let directories = Directories::of(&configuration)?;
    let plan = Plan::of(&graph);
    let state = SharedState::new(job, &graph, &plan, &configuration, time_of_day());
    state.change(|state| {
        let millis = longest_interval.map(|longest| longest.as_millis());
        state.report.longest_interval_ms = millis.and_then(|millis| u64::try_from(millis).ok());
    });
    // The server knows from now on that the process is there, whatever time the rest takes.
    let requests = Requests::default();
    let socket = socket::Socket::listen(&directory, state.clone(), requests.clone())?;
    let (restore, is_latest) = restore(&configuration, &graph.name, &directories, &directory)?;
    let mut past = Past {
        directory: directory.clone(),
        job,
        name: graph.name.clone(),
        launch,
        checkpoints: directories.checkpoints.clone(),
        savepoints: directories.savepoints.clone(),
        restored: restore.as_ref().map(|restore| restore.location.clone()),
        is_latest,
        is_claimed: restore
            .as_ref()
            .is_some_and(|restore| restore.claim == millstream_protocol::ClaimMode::Claim),
        owned: None,
    };
    // What keeps a job from starting is told to the one who submits it. A job that has run waits for what is away; not for
    // somebody else who has its checkpoints: where that one ends, its output is behind the job's newest snapshot.
    let owned = past.own();
    if let Err(error) = owned
        && (!directory.has_begun()? || error.code() == codes::OWNED.id)
    {
        return Err(error);
    }
    let counted_from = directory.counted_from()?;
    state.change(|state| state.report.counted_from = counted_from);
    let savepoints = past::savepoint_directory(&configuration)?;
    let ending = Ending::new(state.clone(), directory.clone());
    let reporter = Reporter::new(state.clone(), directory.clone(), ending.clone());
    let spec = JobSpec {
        id: job,
        graph,
        configuration,
        checkpoints: directories.checkpoints,
        savepoints,
        restore,
        keeper: Box::new(past),
        random: Box::new(random_number),
        time_of_day,
    };
    let prepared = Job::prepare(spec, Box::new(reporter))?;
    requests.connect(prepared.control())?;
    state.built(time_of_day());
    directory.begin_run()?;
    let outcome = prepared.run();
    state.ended(&outcome, time_of_day());
    ending.write_outcome()?;
    socket.close();
    Ok(())
}

/// The snapshot that the job of `directory` goes on from, as far as that can be told before its checkpoints are taken, for who only
/// looks into it. `None`: it begins anew.
///
/// # Errors
/// There is no snapshot where one is named, or what there is can't be looked at.
pub(crate) fn goes_on_from(
    configuration: &Configuration,
    directory: &Path,
) -> Result<Option<Location>> {
    let directory = JobDirectory::new(directory);
    let directories = Directories::of(configuration)?;
    if let Some(own) = past::newest_of(&directory, &directories.checkpoints)? {
        return Ok(Some(own));
    }
    match directory.restored_from()? {
        Some(pinned) => Ok(Some(pinned)),
        None => Recovery::named(configuration),
    }
}

/// The snapshot that the user wants the job to go on from, and whether it is the newest of its name. What `latest` means is
/// decided once, when the job first starts.
fn restore(
    configuration: &Configuration,
    job_name: &str,
    directories: &Directories,
    directory: &JobDirectory,
) -> Result<(Option<Restore>, bool)> {
    let Some(recovery) = Recovery::from_configuration(configuration)? else {
        return Ok((None, false));
    };
    let location = match directory.restored_from()? {
        Some(pinned) => pinned,
        None => {
            let location: Location = recovery.locate(job_name, directories)?;
            directory.pin_restored_from(&location)?;
            location
        }
    };
    let restore = Restore {
        location,
        allow_non_restored: recovery.allow_non_restored,
        claim: recovery.claim,
        has_run: directory.has_begun()?,
    };
    Ok((Some(restore), recovery.is_latest()))
}
