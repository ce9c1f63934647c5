//! Submitting jobs, and planning them.

use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use millstream_core::options::reference::escape;
use millstream_core::options::{CHECKPOINT_DIRECTORY, DATA_DIRECTORY, JOB_NAME, RESTORE_PATH};
use millstream_core::{Configuration, Error, ErrorKind, JobId, JobStatus, Result, codes};
use millstream_protocol::link::{CheckpointState, LOCK_FILE, SUBMISSION_FILE, Submission};
use millstream_storage::Location;
use rustix::io::Errno;
use tokio::sync::oneshot;

use crate::background::{blocking, unbroken};
use crate::registry::{Registry, forget};
use crate::store::{JobRecord, delete_job, save_job};
use crate::supervisor::{self, PROGRAM};
use crate::views::{JobView, SubmitRequest};
use crate::{checkpoints, clock, configuration, files, packages, places, whose};

/// What runs: an executable, or the package that is built into the server.
type Program = Option<PathBuf>;

impl Registry {
    /// Submits a job, and answers when its process has built it and reports.
    ///
    /// # Errors
    /// There is no such package, the id is taken, or the job can't be started: then the error is the process's.
    pub async fn submit(&self, request: SubmitRequest) -> Result<JobId> {
        let program = self.program(&request.package)?;
        self.check_package(&request)?;
        start(self, request, program).await
    }

    /// Checks, without starting a program, that there are the package and the entry class of a request.
    ///
    /// # Errors
    /// [`codes::ENTRY_UNKNOWN`]: there is no such package, or it has no such entry class.
    pub(crate) fn check_package(&self, request: &SubmitRequest) -> Result<()> {
        let package = self.package(&request.package)?;
        packages::check_entry(&package, request.entry.as_deref())
    }

    /// What the built-in package says is wrong with a request; `None`: nothing, or it could not say, or the package is another
    /// one, whose program is not started for that.
    pub(crate) async fn refused_by_built_in(&self, request: &SubmitRequest) -> Option<Error> {
        if request.package != packages::BUILT_IN {
            return None;
        }
        let refused = plan_of(self, request, None).await.err()?;
        let could_not_say = match refused.kind() {
            ErrorKind::Internal | ErrorKind::Program => true,
            ErrorKind::Unavailable => refused.code() != codes::REFERENCE.id,
            _ => refused.code() == codes::PACKAGE_INVALID.id,
        };
        (!could_not_say).then_some(refused)
    }

    /// The program of a package, which is the server's alone; `None`: the built-in one.
    fn program(&self, package: &str) -> Result<Program> {
        let program = self.package(package)?.path;
        if let Some(program) = &program {
            whose::check_program(
                program,
                "delete the package and upload it again: somebody else may have changed it",
            )?;
        }
        Ok(program)
    }

    /// The plan of a job that is not submitted: what `PROGRAM --millstream-plan-of` prints.
    ///
    /// # Errors
    /// There is no such package, or the job can't be built.
    pub async fn plan(&self, request: SubmitRequest) -> Result<serde_json::Value> {
        let program = self.program(&request.package)?;
        self.check_package(&request)?;
        plan_of(self, &request, program).await
    }

    /// Submits what an ended job was submitted with again, as a new job. `changes` win over its options.
    ///
    /// # Errors
    /// There is no such job, it has not ended, or it can't be started.
    pub async fn resubmit(&self, job: JobId, changes: Configuration) -> Result<JobId> {
        let view = self.job(job)?;
        if view.end_time.is_none() {
            return Err(Error::new(
                &codes::JOB_STATE,
                format!("the job is {}, it has not ended", view.status),
            )
            .next("stop or cancel it first"));
        }
        let (request, program) = again(&view, &changes)?;
        let again = request.clone();
        let answer = start(self, request, program).await;
        answer.map_err(|error| told_of_the_newest(error, self, &view, &again))
    }

    /// Checks, as far as that is known before, whether [`Self::resubmit`] could start the job once it has ended: the options, the
    /// snapshot, the plan.
    ///
    /// # Errors
    /// There is no such job, or it could not be started.
    pub(crate) async fn check_resubmission(
        &self,
        job: JobId,
        changes: &Configuration,
    ) -> Result<()> {
        let view = self.job(job)?;
        let mut found = changes.clone();
        // References name files, whose disk may not answer.
        let found = blocking(move || {
            millstream_process::secrets::resolve_settings(&mut found)?;
            Ok(found)
        })
        .await?;
        // What a reference stands for is part of no error: its process looks.
        let is_written = found.text(RESTORE_PATH.name) == found.written(RESTORE_PATH.name);
        let named = found.get(&RESTORE_PATH)?.filter(|_| is_written);
        if let Some(path) = named.filter(|path| path != "latest") {
            let location: Location = path.parse()?;
            blocking(move || match location.is_complete()? {
                true => Ok(()),
                false => Err(Error::new(
                    &codes::SNAPSHOT_MISSING,
                    format!("there is no completed savepoint or checkpoint at {location}"),
                )
                .next("check the path")),
            })
            .await?;
        }
        let (request, program) = again(&view, changes)?;
        plan_of(self, &request, program).await.map(drop)
    }
}

/// What a job was submitted with, and `changes`.
fn again(view: &JobView, changes: &Configuration) -> Result<(SubmitRequest, Program)> {
    let mut submission = (*view.submission).clone();
    submission.configuration.extend(changes);
    let kept = view.directory.join(PROGRAM);
    let program = files::is_there(&kept)?.then_some(kept);
    let request = SubmitRequest {
        job: None,
        package: view.package.clone(),
        entry: submission.entry,
        arguments: submission.arguments,
        configuration: submission.configuration,
    };
    Ok((request, program))
}

/// The error of a job that was to go on from its newest snapshot, and has none where checkpoints lie by now: with what is known of
/// it, where they lay elsewhere before.
fn told_of_the_newest(
    error: Error,
    registry: &Registry,
    before: &JobView,
    again: &SubmitRequest,
) -> Error {
    let from = again.configuration.text(RESTORE_PATH.name).map(str::trim);
    if from != Some("latest") || error.code() != codes::SNAPSHOT_MISSING.id {
        return error;
    }
    match left_elsewhere(registry, before, again) {
        Some(step) => error.next(step),
        None => error,
    }
}

/// What to name in the place of `latest` where the job has another directory of checkpoints than before; `None`: it has not, or it
/// left nothing.
fn left_elsewhere(registry: &Registry, before: &JobView, again: &SubmitRequest) -> Option<String> {
    let data = registry.shared.data.path();
    let settings = match &before.report {
        Some(report) => &report.configuration,
        None => &before.submission.configuration,
    };
    let place = checkpoints::place(settings, data).ok()?;
    let settings = submission(registry, again).ok()?.configuration;
    // What its program says, where nobody else does, is not known here.
    let is_told = settings.is_set(&CHECKPOINT_DIRECTORY);
    let present = checkpoints::place(&settings, data).ok();
    if !is_told || present.is_none_or(|present| present == place) {
        return None;
    }
    let mut newest_first = before.checkpoints.iter().rev();
    // Where that was deleted, an older one would write output twice.
    let newest = newest_first.find(|known| known.state == CheckpointState::Completed)?;
    let path = newest.path.as_ref().filter(|_| !newest.discarded)?;
    let id = before.id;
    Some(format!(
        "job {id} had its checkpoints in {place}, and its newest snapshot is {path}: name that instead of `latest`"
    ))
}

/// A client that goes away does not take the submission along.
async fn start(registry: &Registry, request: SubmitRequest, program: Program) -> Result<JobId> {
    unbroken(start_now(registry.clone(), request, program)).await
}

async fn start_now(registry: Registry, request: SubmitRequest, program: Program) -> Result<JobId> {
    let submission = Arc::new(submission(&registry, &request)?);
    let job = submission.job;
    let shared = Arc::clone(&registry.shared);
    let reservation = shared.reserve(job)?;
    let record = record(&submission, &request);
    let row = record.clone();
    shared
        .store
        .durable(move |transaction| save_job(transaction, &row))
        .await?;
    let directory = shared.data.job(job);
    let claimed = {
        let directory = directory.clone();
        blocking(move || claim(&directory, job)).await
    };
    if let Err(error) = claimed {
        // The directory is somebody else's.
        shared
            .store
            .soon(move |transaction| delete_job(transaction, job))
            .await;
        return Err(error);
    }
    let prepared = {
        let (directory, submission) = (directory.clone(), Arc::clone(&submission));
        blocking(move || prepare(&directory, &submission, program.as_deref())).await
    };
    if let Err(error) = prepared {
        forget(&registry, job, &directory).await;
        return Err(error);
    }
    let (started, has_started) = oneshot::channel();
    supervisor::start(&registry, record, submission, reservation, started);
    has_started.await.unwrap_or_else(|_| {
        Err(Error::new(
            &codes::INTERNAL,
            format!("the supervisor of job {job} has ended"),
        ))
    })?;
    Ok(job)
}

/// What the process is told: the server's settings that concern jobs, then those of the call.
fn submission(registry: &Registry, request: &SubmitRequest) -> Result<Submission> {
    // Of a job that was submitted to an older server: what a request sets was looked at with the request.
    let unknown = configuration::unknown(&request.configuration);
    if let Some(key) = unknown.first() {
        return Err(configuration::no_option(key));
    }
    let shared = &registry.shared;
    let mut settings = configuration::of_jobs(&shared.settings);
    let data = escape(&shared.data.path().to_string_lossy());
    settings.set(DATA_DIRECTORY.name, data);
    settings.extend(&configuration::of_jobs(&request.configuration));
    places::settle(&mut settings)?;
    Ok(Submission {
        job: request
            .job
            .unwrap_or_else(|| JobId::from_bytes(clock::random_id())),
        entry: request.entry.clone(),
        arguments: request.arguments.clone(),
        configuration: settings,
    })
}

fn record(submission: &Submission, request: &SubmitRequest) -> JobRecord {
    let now = clock::now();
    let named = submission.configuration.get(&JOB_NAME).ok().flatten();
    let name = named.or_else(|| request.entry.clone());
    JobRecord {
        id: submission.job,
        name: name.unwrap_or_else(|| request.package.clone()),
        package: request.package.clone(),
        accepted: false,
        status: JobStatus::Initializing,
        submitted: now,
        ended: None,
        modified: now,
        timestamps: [(JobStatus::Initializing, now)].into(),
        failures: Vec::new(),
        totals: Default::default(),
        present: Default::default(),
        completed_up_to: None,
        next_checkpoint: 0,
        launches: 0,
        followed: None,
        checkpoints: Vec::new(),
    }
}

/// Makes the job's directory, which is no other job's. What a job that is forgotten has left there is taken away, unless its
/// process is still there.
fn claim(directory: &Path, job: JobId) -> Result<()> {
    let make = || DirBuilder::new().mode(0o700).create(directory);
    let failed = |cause| files::unusable(directory, "created", cause);
    match make() {
        Err(cause) if cause.kind() == io::ErrorKind::AlreadyExists => {}
        made => return made.map_err(failed),
    }
    if files::is_locked(&directory.join(LOCK_FILE))? {
        return Err(Error::new(
            &codes::JOB_DUPLICATE,
            format!("a process that this server does not know runs job {job}"),
        )
        .next("leave the id out to have a new one chosen, or end that process"));
    }
    fs::remove_dir_all(directory)
        .and_then(|()| make())
        .map_err(failed)
}

/// Puts into the job's directory what its process needs. The executable is linked into it, so that deleting or replacing the
/// package changes nothing for the job.
fn prepare(directory: &Path, submission: &Submission, program: Option<&Path>) -> Result<()> {
    files::write(&directory.join(SUBMISSION_FILE), submission)?;
    if let Some(program) = program {
        let kept = directory.join(PROGRAM);
        link(program, &kept).map_err(|cause| files::unusable(&kept, "written", cause))?;
    }
    directory
        .parent()
        .map_or(Ok(()), files::sync)
        .map_err(|cause| files::unusable(directory, "synced", cause))
}

/// Links a file, or copies it where it can't be linked: into another file system, or often enough.
fn link(from: &Path, to: &Path) -> io::Result<()> {
    let linked = fs::hard_link(from, to);
    let number = linked.as_ref().err().and_then(io::Error::raw_os_error);
    match number.map(Errno::from_raw_os_error) {
        Some(Errno::XDEV | Errno::PERM | Errno::MLINK) => files::copy(from, to),
        _ => linked,
    }
}

async fn plan_of(
    registry: &Registry,
    request: &SubmitRequest,
    program: Program,
) -> Result<serde_json::Value> {
    let submission = submission(registry, request)?;
    let name = format!(".plan-{:016x}.json", clock::random_number());
    let file = registry.shared.data.path().join(name);
    let written = {
        let file = file.clone();
        blocking(move || Ok(files::write(&file, &submission)?)).await
    };
    let planned = match written {
        Ok(()) => packages::plan(program.as_deref(), &file).await,
        Err(error) => Err(error),
    };
    let removed = blocking(move || Ok(files::remove(&file)?)).await;
    let plan = planned?;
    removed?;
    Ok(plan)
}
