//! Changes of the parallelism of a job that runs: a job keeps it, so there were none and none can be asked for.

use axum::Json;
use axum::extract::State;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::rest::App;
use crate::rest::answers::rescales::{
    JobRescaleConfigInfo, JobRescalesOverview, JobRescalesSummary,
};
use crate::rest::errors::{Answer, ErrorBody, RestError};
use crate::rest::params::Params;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(config))
        .routes(routes!(history))
        .routes(routes!(details))
        .routes(routes!(overview))
        .routes(routes!(summary))
        .routes(routes!(rescale))
        .routes(routes!(rescaling))
}

/// How changes of the parallelism are made: not at all.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/rescales/config",
    responses((status = 200, body = JobRescaleConfigInfo))
)]
async fn config(State(app): State<App>, params: Params) -> Answer<Json<JobRescaleConfigInfo>> {
    params.job(&app)?;
    Ok(Json(JobRescaleConfigInfo::default()))
}

/// The changes of the parallelism: none.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/rescales/history",
    responses((status = 200, body = Vec<String>, description = "Empty."))
)]
async fn history(State(app): State<App>, params: Params) -> Answer<Json<[String; 0]>> {
    params.job(&app)?;
    Ok(Json([]))
}

/// A change of the parallelism: there is none.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/rescales/details/{rescaleuuid}",
    responses((status = 404, body = ErrorBody, description = "Always."))
)]
async fn details(State(app): State<App>, params: Params) -> RestError {
    match params.job(&app) {
        Err(error) => error,
        Ok(job) => RestError::not_found(
            format!(
                "There is no rescale {} of job {}.",
                params.path("rescaleuuid"),
                job.id
            ),
            "a job keeps its parallelism while it runs",
        ),
    }
}

/// How many changes of the parallelism there were: none.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/rescales/overview",
    responses((status = 200, body = JobRescalesOverview))
)]
async fn overview(State(app): State<App>, params: Params) -> Answer<Json<JobRescalesOverview>> {
    params.job(&app)?;
    Ok(Json(JobRescalesOverview::default()))
}

/// How long the changes of the parallelism took: there were none.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/rescales/summary",
    responses((status = 200, body = JobRescalesSummary))
)]
async fn summary(State(app): State<App>, params: Params) -> Answer<Json<JobRescalesSummary>> {
    params.job(&app)?;
    Ok(Json(JobRescalesSummary::default()))
}

/// Changing the parallelism of a job that runs: not supported.
#[utoipa::path(
    patch,
    path = "/jobs/{jobid}/rescaling",
    params(("parallelism" = Option<u32>, Query, description = "The new parallelism.")),
    responses((status = 400, body = ErrorBody, description = "Always, where there is such a job."))
)]
async fn rescale(State(app): State<App>, params: Params) -> RestError {
    unsupported(&app, &params)
}

/// How far a change of the parallelism is: there is none.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/rescaling/{triggerid}",
    responses((status = 400, body = ErrorBody, description = "Always, where there is such a job."))
)]
async fn rescaling(State(app): State<App>, params: Params) -> RestError {
    unsupported(&app, &params)
}

/// What is answered to whoever wants another parallelism.
pub(crate) fn unsupported(app: &App, params: &Params) -> RestError {
    match params.job(app) {
        Err(error) => error,
        Ok(_) => super::unsupported(
            "A job keeps its parallelism while it runs.",
            "stop it with a savepoint by POST /jobs/:jobid/stop, then start it again by POST /jobs/:jobid/restart with another parallelism",
        ),
    }
}
