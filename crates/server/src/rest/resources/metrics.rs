//! Metrics of jobs, tasks, processes and the server: their names, or the values of those that are asked for.

use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;

use axum::Json;
use axum::extract::State;
use millstream_core::JobId;
use millstream_storage::{Location, is_in_store, list_of};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::processes::{measure, running};
use crate::background::blocking;
use crate::clock;
use crate::rest::App;
use crate::rest::answers::cluster::{ClusterOverview, DiskSpace, server_metrics};
use crate::rest::answers::metrics::{
    AggregatedMetric, Aggregation, Metric, Metrics, aggregate, select,
};
use crate::rest::answers::processes::process_metrics;
use crate::rest::answers::{checkpoints, job_metrics, task_metrics};
use crate::rest::errors::{Answer, Problems, RestError};
use crate::rest::params::{Params, unresolved};
use crate::rest::proc;
use crate::views::JobView;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(of_jobs))
        .routes(routes!(of_job))
        .routes(routes!(of_vertex))
        .routes(routes!(of_coordinators))
        .routes(routes!(of_subtasks))
        .routes(routes!(of_subtask))
        .routes(routes!(of_processes))
        .routes(routes!(of_process))
        .routes(routes!(of_server))
}

fn answer(params: &Params, metrics: &Metrics) -> Json<Vec<Metric>> {
    Json(select(metrics, params.query_list("get").as_deref()))
}

fn aggregated(
    params: &Params,
    things: &[Metrics],
    mut problems: Problems,
) -> Answer<Json<Vec<AggregatedMetric>>> {
    let ways = match params.query_list("agg") {
        None => Aggregation::ALL.to_vec(),
        Some(names) => problems.values_of(names, way),
    };
    let wanted = params.query_list("get");
    let answer = aggregate(things, wanted.as_deref(), &ways);
    problems.unless(Json(answer))
}

fn way(name: &str) -> Answer<Aggregation> {
    Aggregation::by_name(name)
        .ok_or_else(|| unresolved("agg", name, "use min, max, avg, sum or skew"))
}

/// The metrics of jobs, aggregated over all or over those that are named.
#[utoipa::path(
    get,
    path = "/jobs/metrics",
    params(
        ("get" = Option<String>, Query, description = "Names of metrics with commas between them; left away: the names are the answer."),
        ("agg" = Option<String>, Query, description = "`min`, `max`, `avg`, `sum`, `skew`, with commas between them; left away: all."),
        ("jobs" = Option<String>, Query, description = "Ids of jobs with commas between them; left away: all.")
    ),
    responses((status = 200, body = Vec<AggregatedMetric>))
)]
async fn of_jobs(State(app): State<App>, params: Params) -> Answer<Json<Vec<AggregatedMetric>>> {
    let mut problems = Problems::default();
    let wanted: Option<HashSet<JobId>> = params.query_list("jobs").map(|ids| {
        let ids = problems.values_of(ids, |id| Ok(id.parse()?));
        ids.into_iter().collect()
    });
    let mut jobs = app.registry.jobs();
    jobs.retain(|job| wanted.as_ref().is_none_or(|ids| ids.contains(&job.id)));
    let now = clock::now();
    let metrics: Vec<_> = with_metadata(jobs)
        .await?
        .iter()
        .map(|(job, metadata)| job_metrics::of_job(job, *metadata, now))
        .collect();
    aggregated(&params, &metrics, problems)
}

/// Jobs with the bytes of the `_metadata` of their newest checkpoints, where it is there.
pub(crate) async fn with_metadata(
    jobs: Vec<Arc<JobView>>,
) -> Answer<Vec<(Arc<JobView>, Option<u64>)>> {
    let measured = blocking(move || {
        let jobs = jobs.into_iter();
        let with_metadata = jobs.map(|job| {
            let metadata = metadata_of(&job);
            (job, metadata)
        });
        Ok(with_metadata.collect())
    });
    Ok(measured.await?)
}

fn metadata_of(job: &JobView) -> Option<u64> {
    let path = checkpoints::latest_completed(job)?.path.as_deref()?;
    let location: Location = path.parse().ok()?;
    // Not asked of a store with each look: it would be a request for each job.
    let on_disk = Some(location).filter(|location| !is_in_store(location.path()))?;
    Some(list_of(&on_disk).ok()??.len() as u64)
}

/// The metrics of a job.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/metrics",
    params(("get" = Option<String>, Query, description = "Names of metrics with commas between them; left away: the names are the answer.")),
    responses((status = 200, body = Vec<Metric>))
)]
async fn of_job(State(app): State<App>, params: Params) -> Answer<Json<Vec<Metric>>> {
    let job = params.job(&app)?;
    let jobs = with_metadata(vec![job]).await?;
    let metrics = jobs
        .first()
        .map(|(job, metadata)| job_metrics::of_job(job, *metadata, clock::now()));
    Ok(answer(&params, &metrics.unwrap_or_default()))
}

/// The metrics of the tasks of a vertex, each behind the number of its task and a dot.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/vertices/{vertexid}/metrics",
    params(("get" = Option<String>, Query, description = "Names of metrics with commas between them; left away: the names are the answer.")),
    responses((status = 200, body = Vec<Metric>))
)]
async fn of_vertex(State(app): State<App>, params: Params) -> Answer<Json<Vec<Metric>>> {
    let job = params.job(&app)?;
    let metrics = task_metrics::of_vertex(&job, params.vertex(&job)?, clock::now());
    Ok(answer(&params, &metrics))
}

/// The metrics of what coordinates the operators of a vertex: there is nothing apart from its tasks.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/vertices/{vertexid}/jm-operator-metrics",
    params(("get" = Option<String>, Query, description = "Names of metrics with commas between them.")),
    responses((status = 200, body = Vec<Metric>))
)]
async fn of_coordinators(State(app): State<App>, params: Params) -> Answer<Json<Vec<Metric>>> {
    params.vertex(&*params.job(&app)?)?;
    Ok(Json(Vec::new()))
}

/// The metrics of the tasks of a vertex, aggregated over all or over those that are named.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/vertices/{vertexid}/subtasks/metrics",
    params(
        ("get" = Option<String>, Query, description = "Names of metrics with commas between them; left away: the names are the answer."),
        ("agg" = Option<String>, Query, description = "`min`, `max`, `avg`, `sum`, `skew`, with commas between them; left away: all."),
        ("subtasks" = Option<String>, Query, description = "Numbers and ranges of subtasks, for example `1,3,5-9`; left away: all.")
    ),
    responses((status = 200, body = Vec<AggregatedMetric>))
)]
async fn of_subtasks(
    State(app): State<App>,
    params: Params,
) -> Answer<Json<Vec<AggregatedMetric>>> {
    let job = params.job(&app)?;
    let vertex = params.vertex(&job)?;
    let mut problems = Problems::default();
    let wanted = params.query_list("subtasks").map(|ranges| {
        problems.values_of(ranges, |range| {
            parse_range(range).ok_or_else(|| no_range(range))
        })
    });
    let now = clock::now();
    let metrics: Vec<_> = task_metrics::tasks_of(&job, vertex)
        .enumerate()
        .filter(|(subtask, _)| {
            let inside = |(first, last): &(usize, usize)| (first..=last).contains(&subtask);
            wanted
                .as_ref()
                .is_none_or(|ranges| ranges.iter().any(inside))
        })
        .map(|(_, task)| task.all(now))
        .collect();
    aggregated(&params, &metrics, problems)
}

/// `3` or `5-9`.
fn parse_range(text: &str) -> Option<(usize, usize)> {
    let (first, last) = text.split_once('-').unwrap_or((text, text));
    Some((first.trim().parse().ok()?, last.trim().parse().ok()?))
}

fn no_range(text: &str) -> RestError {
    unresolved("subtasks", text, "give numbers and ranges such as 1,3,5-9")
}

/// The metrics of a task.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/vertices/{vertexid}/subtasks/{subtaskindex}/metrics",
    params(("get" = Option<String>, Query, description = "Names of metrics with commas between them; left away: the names are the answer.")),
    responses((status = 200, body = Vec<Metric>))
)]
async fn of_subtask(State(app): State<App>, params: Params) -> Answer<Json<Vec<Metric>>> {
    let job = params.job(&app)?;
    let vertex = params.vertex(&job)?;
    let subtask = super::vertices::subtask_of(&params, vertex)?;
    let task = task_metrics::tasks_of(&job, vertex).nth(subtask);
    let metrics = task.map(|task| task.all(clock::now()));
    Ok(answer(&params, &metrics.unwrap_or_default()))
}

/// The metrics of the processes of jobs, aggregated over all or over those that are named.
#[utoipa::path(
    get,
    path = "/taskmanagers/metrics",
    params(
        ("get" = Option<String>, Query, description = "Names of metrics with commas between them; left away: the names are the answer."),
        ("agg" = Option<String>, Query, description = "`min`, `max`, `avg`, `sum`, `skew`, with commas between them; left away: all."),
        ("taskmanagers" = Option<String>, Query, description = "Ids of processes with commas between them; left away: all.")
    ),
    responses((status = 200, body = Vec<AggregatedMetric>))
)]
async fn of_processes(
    State(app): State<App>,
    params: Params,
) -> Answer<Json<Vec<AggregatedMetric>>> {
    let mut jobs = running(&app);
    if let Some(ids) = params.query_list("taskmanagers") {
        jobs.retain(|job| ids.contains(&app.names.process(job).as_str()));
    }
    let measured = measure(jobs).await?;
    let metrics: Vec<_> = measured
        .jobs
        .iter()
        .map(|(_, numbers)| process_metrics(*numbers, measured.machine))
        .collect();
    aggregated(&params, &metrics, Problems::default())
}

/// The metrics of the process of a job.
#[utoipa::path(
    get,
    path = "/taskmanagers/{taskmanagerid}/metrics",
    params(("get" = Option<String>, Query, description = "Names of metrics with commas between them; left away: the names are the answer.")),
    responses((status = 200, body = Vec<Metric>))
)]
async fn of_process(State(app): State<App>, params: Params) -> Answer<Json<Vec<Metric>>> {
    let job = super::processes::find_running(&app, &params)?;
    let measured = measure(vec![job]).await?;
    let metrics = measured
        .jobs
        .first()
        .map(|(_, numbers)| process_metrics(*numbers, measured.machine));
    Ok(answer(&params, &metrics.unwrap_or_default()))
}

/// The metrics of the server.
#[utoipa::path(
    get,
    path = "/jobmanager/metrics",
    params(("get" = Option<String>, Query, description = "Names of metrics with commas between them; left away: the names are the answer.")),
    responses((status = 200, body = Vec<Metric>))
)]
async fn of_server(State(app): State<App>, params: Params) -> Answer<Json<Vec<Metric>>> {
    Ok(answer(&params, &metrics_of_server(&app).await?))
}

/// The metrics of the server: its process, and how much it looks after.
pub(crate) async fn metrics_of_server(app: &App) -> Answer<Metrics> {
    let data = app.registry.server().data_directory.clone();
    let (numbers, machine, disk) = blocking(move || {
        let numbers = proc::numbers(std::process::id()).unwrap_or_default();
        Ok((numbers, proc::machine(), space(&data)))
    })
    .await?;
    let jobs = app.registry.known_jobs();
    let overview = ClusterOverview::of(
        jobs.iter().map(AsRef::as_ref),
        app.registry.server(),
        machine,
    );
    let refused = app.refusals.counts();
    Ok(server_metrics(&overview, numbers, machine, disk, refused))
}

fn space(directory: &Path) -> Option<DiskSpace> {
    let about = rustix::fs::statvfs(directory).ok()?;
    Some(DiskSpace {
        free: about.f_bavail.saturating_mul(about.f_frsize),
        total: about.f_blocks.saturating_mul(about.f_frsize),
    })
}

#[cfg(test)]
mod tests {
    use super::parse_range;

    #[test]
    fn subtasks_are_named_by_number_or_range() {
        assert_eq!(parse_range("3"), Some((3, 3)));
        assert_eq!(parse_range("5-9"), Some((5, 9)));
        assert_eq!(parse_range("-1"), None);
        assert_eq!(parse_range("x"), None);
    }
}
