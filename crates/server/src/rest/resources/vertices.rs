//! The vertices of a job and their subtasks.

use axum::Json;
use axum::extract::State;
use millstream_protocol::link::VertexReport;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::clock;
use crate::rest::App;
use crate::rest::answers::metrics::{Metric, select};
use crate::rest::answers::vertex::{
    BackPressureInfo, JobVertexDetailsInfo, JobVertexTaskManagersInfo, SubtaskDetails,
    SubtasksTimesInfo, VertexFlameGraph,
};
use crate::rest::answers::{task_metrics, tasks};
use crate::rest::errors::{Answer, RestError};
use crate::rest::params::Params;
use crate::views::JobView;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(details))
        .routes(routes!(accumulators))
        .routes(routes!(back_pressure))
        .routes(routes!(flame_graph))
        .routes(routes!(subtask_times))
        .routes(routes!(processes))
        .routes(routes!(watermarks))
        .routes(routes!(subtasks_accumulators))
        .routes(routes!(subtask))
        .routes(routes!(attempt))
        .routes(routes!(attempt_accumulators))
}

/// A vertex with its subtasks.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/vertices/{vertexid}",
    responses((status = 200, body = JobVertexDetailsInfo))
)]
async fn details(State(app): State<App>, params: Params) -> Answer<Json<JobVertexDetailsInfo>> {
    let job = params.job(&app)?;
    let vertex = params.vertex(&job)?;
    let now = clock::now();
    Ok(Json(JobVertexDetailsInfo::of(
        &job, vertex, &app.names, now,
    )))
}

/// The accumulators of a vertex.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct VertexAccumulators {
    id: String,
    user_accumulators: Vec<String>,
}

/// The accumulators of a vertex: programs here have none.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/vertices/{vertexid}/accumulators",
    responses((status = 200, body = VertexAccumulators))
)]
async fn accumulators(State(app): State<App>, params: Params) -> Answer<Json<VertexAccumulators>> {
    let job = params.job(&app)?;
    Ok(Json(VertexAccumulators {
        id: params.vertex(&job)?.id.to_string(),
        user_accumulators: Vec::new(),
    }))
}

/// Who holds whom up: what the tasks of a vertex spent their last second with.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/vertices/{vertexid}/backpressure",
    responses((status = 200, body = BackPressureInfo))
)]
async fn back_pressure(State(app): State<App>, params: Params) -> Answer<Json<BackPressureInfo>> {
    let job = params.job(&app)?;
    let vertex = params.vertex(&job)?;
    Ok(Json(BackPressureInfo::of(&job, vertex, clock::now())))
}

/// A flame graph: there is none, which is answered as Flink does where they are switched off.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/vertices/{vertexid}/flamegraph",
    params(
        ("type" = Option<String>, Query, description = "`full`, `on_cpu` or `off_cpu`."),
        ("subtaskindex" = Option<usize>, Query, description = "The subtask.")
    ),
    responses((status = 200, body = VertexFlameGraph))
)]
async fn flame_graph(State(app): State<App>, params: Params) -> Answer<Json<VertexFlameGraph>> {
    params.vertex(&*params.job(&app)?)?;
    Ok(Json(VertexFlameGraph::OFF))
}

/// When the subtasks of a vertex switched to each status.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/vertices/{vertexid}/subtasktimes",
    responses((status = 200, body = SubtasksTimesInfo))
)]
async fn subtask_times(State(app): State<App>, params: Params) -> Answer<Json<SubtasksTimesInfo>> {
    let job = params.job(&app)?;
    let vertex = params.vertex(&job)?;
    let now = clock::now();
    Ok(Json(SubtasksTimesInfo::of(&job, vertex, &app.names, now)))
}

/// The processes that a vertex runs in.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/vertices/{vertexid}/taskmanagers",
    responses((status = 200, body = JobVertexTaskManagersInfo))
)]
async fn processes(
    State(app): State<App>,
    params: Params,
) -> Answer<Json<JobVertexTaskManagersInfo>> {
    let job = params.job(&app)?;
    let vertex = params.vertex(&job)?;
    let now = clock::now();
    Ok(Json(JobVertexTaskManagersInfo::of(
        &job, vertex, &app.names, now,
    )))
}

/// The watermarks that the subtasks of a vertex have seen; none of a source.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/vertices/{vertexid}/watermarks",
    responses((status = 200, body = Vec<Metric>))
)]
async fn watermarks(State(app): State<App>, params: Params) -> Answer<Json<Vec<Metric>>> {
    let job = params.job(&app)?;
    let watermarks = task_metrics::watermarks_of(params.vertex(&job)?);
    let names: Vec<_> = watermarks.iter().map(|(name, _)| name.as_str()).collect();
    Ok(Json(select(&watermarks, Some(&names))))
}

/// The accumulators of all subtasks of a vertex.
#[derive(Debug, Clone, Serialize, ToSchema)]
struct SubtasksAllAccumulators {
    id: String,
    parallelism: usize,
    subtasks: Vec<SubtaskAccumulators>,
}

/// The accumulators of one execution of a subtask.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct SubtaskAccumulators {
    subtask: usize,
    attempt: u32,
    endpoint: String,
    user_accumulators: Vec<String>,
}

/// The accumulators of each subtask of a vertex: programs here have none.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/vertices/{vertexid}/subtasks/accumulators",
    responses((status = 200, body = SubtasksAllAccumulators))
)]
async fn subtasks_accumulators(
    State(app): State<App>,
    params: Params,
) -> Answer<Json<SubtasksAllAccumulators>> {
    let job = params.job(&app)?;
    let vertex = params.vertex(&job)?;
    let subtasks = (0..vertex.subtasks.len()).map(|subtask| SubtaskAccumulators {
        subtask,
        attempt: tasks::attempt_number(&job),
        endpoint: app.names.endpoint(&job),
        user_accumulators: Vec::new(),
    });
    Ok(Json(SubtasksAllAccumulators {
        id: vertex.id.to_string(),
        parallelism: vertex.subtasks.len(),
        subtasks: subtasks.collect(),
    }))
}

/// The present execution of a subtask.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/vertices/{vertexid}/subtasks/{subtaskindex}",
    responses((status = 200, body = SubtaskDetails))
)]
async fn subtask(State(app): State<App>, params: Params) -> Answer<Json<SubtaskDetails>> {
    let job = params.job(&app)?;
    let vertex = params.vertex(&job)?;
    let subtask = subtask_of(&params, vertex)?;
    Ok(Json(subtask_details(&app, &job, vertex, subtask)?))
}

/// An execution of a subtask: only the present one is remembered.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/vertices/{vertexid}/subtasks/{subtaskindex}/attempts/{attempt}",
    responses((status = 200, body = SubtaskDetails))
)]
async fn attempt(State(app): State<App>, params: Params) -> Answer<Json<SubtaskDetails>> {
    let job = params.job(&app)?;
    let vertex = params.vertex(&job)?;
    let subtask = subtask_of(&params, vertex)?;
    present_attempt(&params, &job)?;
    Ok(Json(subtask_details(&app, &job, vertex, subtask)?))
}

/// The accumulators of one execution of a subtask.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct AttemptAccumulators {
    subtask: usize,
    attempt: u32,
    id: String,
    user_accumulators: Vec<String>,
}

/// The accumulators of an execution of a subtask: programs here have none.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/vertices/{vertexid}/subtasks/{subtaskindex}/attempts/{attempt}/accumulators",
    responses((status = 200, body = AttemptAccumulators))
)]
async fn attempt_accumulators(
    State(app): State<App>,
    params: Params,
) -> Answer<Json<AttemptAccumulators>> {
    let job = params.job(&app)?;
    let vertex = params.vertex(&job)?;
    let subtask = subtask_of(&params, vertex)?;
    let execution = vertex.subtasks.get(subtask).and_then(|task| task.id);
    Ok(Json(AttemptAccumulators {
        subtask,
        attempt: present_attempt(&params, &job)?,
        id: execution.map(|id| id.to_string()).unwrap_or_default(),
        user_accumulators: Vec::new(),
    }))
}

/// The number of the subtask in the path, which is one of the vertex.
pub(crate) fn subtask_of(params: &Params, vertex: &VertexReport) -> Answer<usize> {
    let subtask: usize = params.path_value("subtaskindex")?;
    if subtask < vertex.subtasks.len() {
        return Ok(subtask);
    }
    Err(RestError::not_found(
        format!("Invalid subtask index for vertex {}.", vertex.id),
        "subtasks count from 0 to the parallelism less 1",
    ))
}

fn present_attempt(params: &Params, job: &JobView) -> Answer<u32> {
    let wanted: u32 = params.path_value("attempt")?;
    let present = tasks::attempt_number(job);
    if wanted == present {
        return Ok(present);
    }
    Err(RestError::not_found(
        format!("Could not find execution for attempt {wanted}."),
        "only the present attempt is remembered: leave /attempts away",
    ))
}

fn subtask_details(
    app: &App,
    job: &JobView,
    vertex: &VertexReport,
    subtask: usize,
) -> Answer<SubtaskDetails> {
    SubtaskDetails::of(job, vertex, subtask, &app.names, clock::now()).ok_or_else(|| {
        RestError::not_found(
            "There is no such subtask.",
            "take its number from the vertex",
        )
    })
}
