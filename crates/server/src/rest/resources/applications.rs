//! Applications, of which Flink 2.3 speaks beside jobs: here each job is one by itself, of the same id.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::cluster::{entries, settings_of};
use super::jobs::Empty;
use crate::clock;
use crate::rest::App;
use crate::rest::answers::applications::{
    ApplicationDetailsInfo, ApplicationExceptionsInfo, MultipleApplicationsDetails,
};
use crate::rest::answers::cluster::ConfigurationEntry;
use crate::rest::audit::About;
use crate::rest::errors::{Answer, ErrorBody, RestError};
use crate::rest::params::Params;
use crate::views::JobView;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(overview))
        .routes(routes!(details))
        .routes(routes!(cancel))
        .routes(routes!(exceptions))
        .routes(routes!(config))
}

/// The application in the path: a job.
fn find(app: &App, params: &Params) -> Answer<Arc<JobView>> {
    let id = params.path_value("applicationid")?;
    app.registry.job(id).map_err(|_| {
        RestError::new(
            StatusCode::NOT_FOUND,
            &millstream_core::codes::JOB_UNKNOWN,
            format!("Application {id} not found"),
            "list them with GET /applications/overview: each job is one, of the same id",
        )
    })
}

/// All applications, the newest first: each job is one.
#[utoipa::path(
    get,
    path = "/applications/overview",
    responses((status = 200, body = MultipleApplicationsDetails))
)]
async fn overview(State(app): State<App>) -> Json<MultipleApplicationsDetails> {
    let jobs = app.registry.jobs();
    Json(MultipleApplicationsDetails::of(
        jobs.iter().map(AsRef::as_ref),
        clock::now(),
    ))
}

/// An application with its job.
#[utoipa::path(
    get,
    path = "/applications/{applicationid}",
    responses((status = 200, body = ApplicationDetailsInfo))
)]
async fn details(State(app): State<App>, params: Params) -> Answer<Json<ApplicationDetailsInfo>> {
    let job = find(&app, &params)?;
    Ok(Json(ApplicationDetailsInfo::of(&job, clock::now())))
}

/// Cancels an application, that is, its job.
#[utoipa::path(
    post,
    path = "/applications/{applicationid}/cancel",
    responses(
        (status = 202, body = Empty),
        (status = 409, body = ErrorBody, description = "The job has ended in another way.")
    )
)]
async fn cancel(
    State(app): State<App>,
    params: Params,
) -> Answer<(StatusCode, Option<Extension<About>>, Json<Empty>)> {
    let about = super::cancel(&app, find(&app, &params)?.id).await?;
    Ok((StatusCode::ACCEPTED, about, Json(Empty {})))
}

/// What went wrong in an application, the newest first.
#[utoipa::path(
    get,
    path = "/applications/{applicationid}/exceptions",
    responses((status = 200, body = ApplicationExceptionsInfo))
)]
async fn exceptions(
    State(app): State<App>,
    params: Params,
) -> Answer<Json<ApplicationExceptionsInfo>> {
    let job = find(&app, &params)?;
    Ok(Json(ApplicationExceptionsInfo::of(&job)))
}

/// The settings that an application runs with, secrets masked.
#[utoipa::path(
    get,
    path = "/applications/{applicationid}/jobmanager/config",
    responses((status = 200, body = Vec<ConfigurationEntry>))
)]
async fn config(State(app): State<App>, params: Params) -> Answer<Json<Vec<ConfigurationEntry>>> {
    let job = find(&app, &params)?;
    Ok(Json(entries(settings_of(&job))))
}
