//! The server itself, which Flink calls cluster and job manager.

use axum::Json;
use axum::extract::State;
use axum::http::StatusCode;
use millstream_core::Configuration;
use millstream_core::options::WEB_REFRESH_INTERVAL;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::jobs::Empty;
use crate::background::blocking;
use crate::rest::App;
use crate::rest::answers::cluster::{
    ClusterOverview, ConfigurationEntry, DashboardConfiguration, EnvironmentInfo, ThreadDumpInfo,
};
use crate::rest::errors::{Answer, RestError};
use crate::rest::params::Params;
use crate::rest::{proc, secrets};
use crate::views::JobView;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(overview))
        .routes(routes!(dashboard))
        .routes(routes!(shut_down))
        .routes(routes!(config))
        .routes(routes!(environment))
        .routes(routes!(thread_dump))
        .routes(routes!(config_of_job))
        .routes(routes!(environment_of_job))
        .routes(routes!(data_sets))
        .routes(routes!(delete_data_set))
        .routes(routes!(deletion_of_data_set))
}

/// The server in numbers.
#[utoipa::path(get, path = "/overview", responses((status = 200, body = ClusterOverview)))]
async fn overview(State(app): State<App>) -> Answer<Json<ClusterOverview>> {
    let machine = blocking(|| Ok(proc::machine())).await?;
    let jobs = app.registry.known_jobs();
    let jobs = jobs.iter().map(AsRef::as_ref);
    Ok(Json(ClusterOverview::of(
        jobs,
        app.registry.server(),
        machine,
    )))
}

/// What the dashboard needs to know.
#[utoipa::path(get, path = "/config", responses((status = 200, body = DashboardConfiguration)))]
async fn dashboard(State(app): State<App>) -> Answer<Json<DashboardConfiguration>> {
    let interval = app
        .registry
        .configuration()
        .require(&WEB_REFRESH_INTERVAL)?;
    Ok(Json(DashboardConfiguration::of(
        app.registry.server(),
        u64::try_from(interval.as_millis()).unwrap_or(u64::MAX),
        app.settings.submit,
        app.settings.cancel,
    )))
}

/// Stops the server. Its jobs go on, and the next server on the same data directory takes them up.
#[utoipa::path(delete, path = "/cluster", responses((status = 200, body = Empty)))]
async fn shut_down(State(app): State<App>) -> Json<Empty> {
    app.registry.shut_down();
    Json(Empty {})
}

/// The settings of the server, secrets masked.
#[utoipa::path(get, path = "/jobmanager/config", responses((status = 200, body = Vec<ConfigurationEntry>)))]
async fn config(State(app): State<App>) -> Json<Vec<ConfigurationEntry>> {
    Json(entries(app.registry.configuration()))
}

/// The settings that a job runs with, as its process or its submission says.
pub(crate) fn settings_of(job: &JobView) -> &Configuration {
    match &job.report {
        Some(report) => &report.configuration,
        None => &job.submission.configuration,
    }
}

/// Settings as they are listed, secrets masked.
pub(crate) fn entries(configuration: &Configuration) -> Vec<ConfigurationEntry> {
    secrets::settings(configuration)
        .into_iter()
        .map(|(key, value)| ConfigurationEntry { key, value })
        .collect()
}

/// The program that the server is.
#[utoipa::path(get, path = "/jobmanager/environment", responses((status = 200, body = EnvironmentInfo)))]
async fn environment(State(app): State<App>) -> Json<EnvironmentInfo> {
    let program = std::env::current_exe().ok();
    Json(EnvironmentInfo::of(
        &app.registry.server().version,
        program.map(|program| program.display().to_string()),
    ))
}

/// The threads of the server, with their states; stacks are not to be had.
#[utoipa::path(get, path = "/jobmanager/thread-dump", responses((status = 200, body = ThreadDumpInfo)))]
async fn thread_dump() -> Answer<Json<ThreadDumpInfo>> {
    let threads = blocking(|| Ok(proc::threads(std::process::id()))).await?;
    Ok(Json(ThreadDumpInfo::of(&threads)))
}

/// The settings that a job runs with, secrets masked.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/jobmanager/config",
    responses((status = 200, body = Vec<ConfigurationEntry>))
)]
async fn config_of_job(
    State(app): State<App>,
    params: Params,
) -> Answer<Json<Vec<ConfigurationEntry>>> {
    let job = params.job(&app)?;
    Ok(Json(entries(settings_of(&job))))
}

/// The program that runs a job: the id of its package.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/jobmanager/environment",
    responses((status = 200, body = EnvironmentInfo))
)]
async fn environment_of_job(
    State(app): State<App>,
    params: Params,
) -> Answer<Json<EnvironmentInfo>> {
    let job = params.job(&app)?;
    let version = &app.registry.server().version;
    Ok(Json(EnvironmentInfo::of(
        version,
        Some(job.package.clone()),
    )))
}

/// Data sets: there are none, since batches keep none.
#[derive(Debug, Clone, Default, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DataSets {
    data_sets: Vec<String>,
}

/// The data sets that the cluster keeps: none.
#[utoipa::path(get, path = "/datasets", responses((status = 200, body = DataSets)))]
async fn data_sets() -> Json<DataSets> {
    Json(DataSets::default())
}

/// Deletes a data set: there is none.
#[utoipa::path(
    delete,
    path = "/datasets/{datasetid}",
    responses((status = 404, body = crate::rest::errors::ErrorBody, description = "Always."))
)]
async fn delete_data_set(params: Params) -> RestError {
    let id = params.path("datasetid");
    RestError::not_found(
        format!("There is no data set {id}."),
        "nothing needs to be deleted: data sets are not kept here",
    )
}

/// How far the deletion of a data set is: there is none.
#[utoipa::path(
    get,
    path = "/datasets/delete/{triggerid}",
    responses((status = 404, body = crate::rest::errors::ErrorBody, description = "Always, where the id is one."))
)]
async fn deletion_of_data_set(params: Params) -> RestError {
    match params.trigger_id() {
        Err(error) => error,
        Ok(id) => RestError::new(
            StatusCode::NOT_FOUND,
            &millstream_core::codes::OPERATION_UNKNOWN,
            format!("There is no deletion of a data set with triggerId={id}."),
            "nothing needs to be deleted: data sets are not kept here",
        ),
    }
}
