//! The processes of jobs, which Flink calls task managers.

use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::background::blocking;
use crate::clock;
use crate::rest::App;
use crate::rest::answers::cluster::ThreadDumpInfo;
use crate::rest::answers::processes::{TaskManagerDetails, TaskManagerInfo, TaskManagersInfo};
use crate::rest::errors::{Answer, RestError};
use crate::rest::params::Params;
use crate::rest::proc::{self, Machine, ProcessNumbers};
use crate::views::JobView;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(details))
        .routes(routes!(thread_dump))
}

/// The processes of all jobs.
#[utoipa::path(get, path = "/taskmanagers", responses((status = 200, body = TaskManagersInfo)))]
async fn list(State(app): State<App>) -> Answer<Json<TaskManagersInfo>> {
    let measured = measure(running(&app)).await?;
    let now = clock::now();
    let processes = measured.jobs.iter().map(|(job, numbers)| {
        TaskManagerInfo::of(job, &app.names, *numbers, measured.machine, now)
    });
    Ok(Json(TaskManagersInfo {
        taskmanagers: processes.collect(),
    }))
}

/// The process of a job.
#[utoipa::path(
    get,
    path = "/taskmanagers/{taskmanagerid}",
    responses((status = 200, body = TaskManagerDetails))
)]
async fn details(State(app): State<App>, params: Params) -> Answer<Json<TaskManagerDetails>> {
    let job = find_running(&app, &params)?;
    let measured = measure(vec![job]).await?;
    let (job, numbers) = measured
        .jobs
        .into_iter()
        .next()
        .ok_or_else(|| gone(&params))?;
    let details = TaskManagerDetails::of(&job, &app.names, numbers, measured.machine, clock::now());
    Ok(Json(details))
}

/// The threads of the process of a job, with their states; stacks are not to be had.
#[utoipa::path(
    get,
    path = "/taskmanagers/{taskmanagerid}/thread-dump",
    responses((status = 200, body = ThreadDumpInfo))
)]
async fn thread_dump(State(app): State<App>, params: Params) -> Answer<Json<ThreadDumpInfo>> {
    let job = find_running(&app, &params)?;
    let process = job.process.ok_or_else(|| gone(&params))?;
    let threads = blocking(move || Ok(proc::threads(process))).await?;
    Ok(Json(ThreadDumpInfo::of(&threads)))
}

/// Jobs with the numbers of their processes, and the machine.
pub(crate) struct Measured {
    /// The jobs whose processes are there.
    pub(crate) jobs: Vec<(Arc<JobView>, ProcessNumbers)>,
    /// The machine.
    pub(crate) machine: Machine,
}

/// Measures the processes of `jobs`; those that are gone are left out.
pub(crate) async fn measure(jobs: Vec<Arc<JobView>>) -> Answer<Measured> {
    let measured = blocking(move || {
        let measured = jobs.into_iter().filter_map(|job| {
            let numbers = proc::numbers(job.process?)?;
            Some((job, numbers))
        });
        Ok(Measured {
            jobs: measured.collect(),
            machine: proc::machine(),
        })
    });
    Ok(measured.await?)
}

/// The jobs that have a process.
pub(crate) fn running(app: &App) -> Vec<Arc<JobView>> {
    let mut jobs = app.registry.known_jobs();
    jobs.retain(|job| job.process.is_some());
    jobs.sort_by_key(|job| (std::cmp::Reverse(job.start_time), job.id));
    jobs
}

/// The job whose process the path names. The process of a job that has ended is found as long as the job is remembered,
/// so that its logs can be read.
pub(crate) fn find(app: &App, params: &Params) -> Answer<Arc<JobView>> {
    let id = params.path("taskmanagerid");
    let mut jobs = app.registry.jobs().into_iter();
    jobs.find(|job| job.report.is_some() && app.names.process(job) == id)
        .ok_or_else(|| gone(params))
}

/// The job whose process the path names, while that process runs: its number may be that of another one by now.
pub(crate) fn find_running(app: &App, params: &Params) -> Answer<Arc<JobView>> {
    let job = find(app, params)?;
    match job.process {
        Some(_) => Ok(job),
        None => Err(gone(params)),
    }
}

/// The error of a process that is not there.
pub(crate) fn gone(params: &Params) -> RestError {
    let id = params.path("taskmanagerid");
    RestError::not_found(
        format!("Could not find TaskManager with id {id}."),
        "take the id from GET /taskmanagers: each process of a job has another",
    )
}
