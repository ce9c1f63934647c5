//! Jobs: lists, details, configuration, failures, result.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::clock;
use crate::rest::App;
use crate::rest::answers::job::{
    JobConfigInfo, JobDetailsInfo, JobExceptionsInfo, JobExecutionResultInfo,
    VertexResourceRequirements, resource_requirements,
};
use crate::rest::answers::jobs::{
    JobIdsWithStatusOverview, JobPlanInfo, JobStatusInfo, MultipleJobsDetails,
};
use crate::rest::audit::About;
use crate::rest::body::Body;
use crate::rest::errors::{Answer, ErrorBody, Problems, RestError};
use crate::rest::params::{Params, unresolved};

/// So many failures are answered where nobody says how many, as in Flink.
const EXCEPTIONS: usize = 20;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, submit_graph))
        .routes(routes!(overview))
        .routes(routes!(details, terminate))
        .routes(routes!(status))
        .routes(routes!(plan))
        .routes(routes!(config))
        .routes(routes!(exceptions))
        .routes(routes!(execution_result))
        .routes(routes!(accumulators))
        .routes(routes!(requirements, change_requirements))
        .routes(routes!(client_heartbeat))
}

/// An answer without anything in it.
#[derive(Debug, Clone, Copy, Serialize, ToSchema)]
pub(crate) struct Empty {}

/// The ids of all jobs with their statuses.
#[utoipa::path(get, path = "/jobs", responses((status = 200, body = JobIdsWithStatusOverview)))]
async fn list(State(app): State<App>) -> Json<JobIdsWithStatusOverview> {
    let jobs = app.registry.jobs();
    Json(JobIdsWithStatusOverview::of(jobs.iter().map(AsRef::as_ref)))
}

/// Flink's submission of a serialized Java job graph: not supported, a package is uploaded and run instead.
#[utoipa::path(
    post,
    path = "/jobs",
    responses((status = 400, body = ErrorBody, description = "Always."))
)]
async fn submit_graph() -> RestError {
    super::unsupported(
        "A serialized Java job graph can't be run here.",
        "upload a package with POST /jars/upload and start it with POST /jars/:jarid/run, as `millstream run` does",
    )
}

/// All jobs, the newest first.
#[utoipa::path(get, path = "/jobs/overview", responses((status = 200, body = MultipleJobsDetails)))]
async fn overview(State(app): State<App>) -> Json<MultipleJobsDetails> {
    let jobs = app.registry.jobs();
    Json(MultipleJobsDetails::of(
        jobs.iter().map(AsRef::as_ref),
        clock::now(),
    ))
}

/// A job with its vertices and its plan.
#[utoipa::path(get, path = "/jobs/{jobid}", responses((status = 200, body = JobDetailsInfo)))]
async fn details(State(app): State<App>, params: Params) -> Answer<Json<JobDetailsInfo>> {
    let job = params.job(&app)?;
    Ok(Json(JobDetailsInfo::of(&job, clock::now())))
}

/// Cancels a job.
#[utoipa::path(
    patch,
    path = "/jobs/{jobid}",
    params(("mode" = Option<String>, Query, description = "How the job is to end: `cancel`, which is the default.")),
    responses(
        (status = 202, body = Empty),
        (status = 409, body = ErrorBody, description = "The job has ended in another way.")
    )
)]
async fn terminate(
    State(app): State<App>,
    params: Params,
) -> Answer<(StatusCode, Option<Extension<About>>, Json<Empty>)> {
    const NEXT: &str = "use `cancel`, or stop the job with a savepoint by POST /jobs/:jobid/stop";
    match params.query("mode").unwrap_or("cancel") {
        mode if mode.eq_ignore_ascii_case("cancel") => {}
        mode if mode.eq_ignore_ascii_case("stop") => {
            let message = "The termination mode \"stop\" has been removed.";
            return Err(super::unsupported(message, NEXT));
        }
        mode => return Err(unresolved("mode", mode, NEXT)),
    }
    let about = super::cancel(&app, params.job_id()?).await?;
    Ok((StatusCode::ACCEPTED, about, Json(Empty {})))
}

/// The status of a job.
#[utoipa::path(get, path = "/jobs/{jobid}/status", responses((status = 200, body = JobStatusInfo)))]
async fn status(State(app): State<App>, params: Params) -> Answer<Json<JobStatusInfo>> {
    Ok(Json(JobStatusInfo::of(params.job(&app)?.status)))
}

/// The plan of a job.
#[utoipa::path(get, path = "/jobs/{jobid}/plan", responses((status = 200, body = JobPlanInfo)))]
async fn plan(State(app): State<App>, params: Params) -> Answer<Json<JobPlanInfo>> {
    Ok(Json(JobPlanInfo::of(&*params.job(&app)?)))
}

/// The settings of a job and the parameters of its program.
#[utoipa::path(get, path = "/jobs/{jobid}/config", responses((status = 200, body = JobConfigInfo)))]
async fn config(State(app): State<App>, params: Params) -> Answer<Json<JobConfigInfo>> {
    Ok(Json(JobConfigInfo::of(&*params.job(&app)?)))
}

/// What went wrong in a job, the newest first.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/exceptions",
    params(
        ("maxExceptions" = Option<usize>, Query, description = "How many failures are answered at most."),
        ("failureLabelFilter" = Option<String>, Query,
            description = "`key:value` pairs with commas between them that failures must carry, for example `code:MS-4001`.")
    ),
    responses((status = 200, body = JobExceptionsInfo))
)]
async fn exceptions(State(app): State<App>, params: Params) -> Answer<Json<JobExceptionsInfo>> {
    let mut problems = Problems::default();
    let limit = problems.value_of(params.query_value("maxExceptions"));
    let labels = params.query_list("failureLabelFilter").unwrap_or_default();
    for label in labels.iter().filter(|label| !label.contains(':')) {
        problems.add(unresolved(
            "failureLabelFilter",
            label,
            "give pairs of the form key:value",
        ));
    }
    let labels: Vec<_> = labels
        .iter()
        .filter_map(|label| label.split_once(':'))
        .collect();
    let limit = problems.unless(limit.unwrap_or(EXCEPTIONS))?;
    let job = params.job(&app)?;
    Ok(Json(JobExceptionsInfo::of(
        &job, &app.names, limit, &labels,
    )))
}

/// How a job ended.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/execution-result",
    responses((status = 200, body = JobExecutionResultInfo))
)]
async fn execution_result(
    State(app): State<App>,
    params: Params,
) -> Answer<Json<JobExecutionResultInfo>> {
    let job = params.job(&app)?;
    Ok(Json(JobExecutionResultInfo::of(&job, clock::now())))
}

/// Accumulators: there are none, so all lists are empty.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "kebab-case")]
struct JobAccumulatorsInfo {
    job_accumulators: Vec<String>,
    user_task_accumulators: Vec<String>,
    serialized_user_task_accumulators: std::collections::BTreeMap<String, String>,
}

/// The accumulators of a job: programs here have none.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/accumulators",
    params(("includeSerializedValue" = Option<bool>, Query, description = "Whether values are wanted in Java's format too.")),
    responses((status = 200, body = JobAccumulatorsInfo))
)]
async fn accumulators(State(app): State<App>, params: Params) -> Answer<Json<JobAccumulatorsInfo>> {
    params.query_value::<bool>("includeSerializedValue")?;
    params.job(&app)?;
    Ok(Json(JobAccumulatorsInfo::default()))
}

/// The parallelism of each vertex.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/resource-requirements",
    responses((status = 200, body = std::collections::BTreeMap<String, VertexResourceRequirements>))
)]
async fn requirements(
    State(app): State<App>,
    params: Params,
) -> Answer<Json<std::collections::BTreeMap<String, VertexResourceRequirements>>> {
    Ok(Json(resource_requirements(&*params.job(&app)?)))
}

/// Changing the parallelism of a job that runs: not supported.
#[utoipa::path(
    put,
    path = "/jobs/{jobid}/resource-requirements",
    responses((status = 400, body = ErrorBody, description = "Always, where there is such a job."))
)]
async fn change_requirements(State(app): State<App>, params: Params) -> RestError {
    super::rescales::unsupported(&app, &params)
}

/// A client that is still there.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase")]
struct JobClientHeartbeatRequestBody {
    /// Until when the client is to be taken for alive.
    expired_timestamp: Option<i64>,
}

/// A client says that it is still there. A job does not end with the client that has submitted it, as one of Flink that
/// was not attached to its client does not, so nothing follows.
#[utoipa::path(
    patch,
    path = "/jobs/{jobid}/clientHeartbeat",
    request_body = JobClientHeartbeatRequestBody,
    responses((status = 202, body = Empty))
)]
async fn client_heartbeat(
    State(app): State<App>,
    params: Params,
    _heartbeat: Body<JobClientHeartbeatRequestBody>,
) -> Answer<(StatusCode, Json<Empty>)> {
    params.job(&app)?;
    Ok((StatusCode::ACCEPTED, Json(Empty {})))
}
