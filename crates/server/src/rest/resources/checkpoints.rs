//! The checkpoints and savepoints of a job.

use axum::Json;
use axum::extract::State;
use millstream_protocol::link::CheckpointReport;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::rest::App;
use crate::rest::answers::checkpoint_config::CheckpointConfigInfo;
use crate::rest::answers::checkpoint_subtasks::TaskCheckpointStatisticsWithSubtasks;
use crate::rest::answers::checkpoints::{CheckpointStatistics, CheckpointingStatistics, find};
use crate::rest::answers::tasks::vertices;
use crate::rest::errors::{Answer, RestError};
use crate::rest::params::Params;
use crate::views::JobView;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(statistics, super::operations::trigger_checkpoint))
        .routes(routes!(config))
        .routes(routes!(details))
        .routes(routes!(subtasks))
}

/// The checkpoints of a job: how many, how large, how long, and the newest of them.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/checkpoints",
    responses((status = 200, body = CheckpointingStatistics))
)]
async fn statistics(
    State(app): State<App>,
    params: Params,
) -> Answer<Json<CheckpointingStatistics>> {
    Ok(Json(CheckpointingStatistics::of(&*params.job(&app)?)))
}

/// How a job takes checkpoints.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/checkpoints/config",
    responses((status = 200, body = CheckpointConfigInfo))
)]
async fn config(State(app): State<App>, params: Params) -> Answer<Json<CheckpointConfigInfo>> {
    let job = params.job(&app)?;
    let settings = super::cluster::settings_of(&job);
    Ok(Json(CheckpointConfigInfo::of(settings)?))
}

/// A checkpoint with the parts of the vertices.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/checkpoints/details/{checkpointid}",
    responses((status = 200, body = CheckpointStatistics))
)]
async fn details(State(app): State<App>, params: Params) -> Answer<Json<CheckpointStatistics>> {
    let job = params.job(&app)?;
    let checkpoint = checkpoint_of(&params, &job)?;
    Ok(Json(CheckpointStatistics::detailed(&job, checkpoint)))
}

/// The part of a vertex in a checkpoint, with its subtasks.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/checkpoints/details/{checkpointid}/subtasks/{vertexid}",
    responses((status = 200, body = TaskCheckpointStatisticsWithSubtasks))
)]
async fn subtasks(
    State(app): State<App>,
    params: Params,
) -> Answer<Json<TaskCheckpointStatisticsWithSubtasks>> {
    let job = params.job(&app)?;
    let checkpoint = checkpoint_of(&params, &job)?;
    let vertex = params.vertex(&job)?;
    vertices(&job)
        .iter()
        .position(|other| other.id == vertex.id)
        .and_then(|position| TaskCheckpointStatisticsWithSubtasks::of(checkpoint, position))
        .map(Json)
        .ok_or_else(|| {
            RestError::not_found(
                format!(
                    "There is no checkpoint statistics for task {} in checkpoint {}.",
                    vertex.id, checkpoint.id
                ),
                "look at a checkpoint of the job's present process",
            )
        })
}

fn checkpoint_of<'a>(params: &Params, job: &'a JobView) -> Answer<&'a CheckpointReport> {
    let id: u64 = params.path_value("checkpointid")?;
    find(job, id).ok_or_else(|| {
        RestError::not_found(
            format!("Could not find checkpointing statistics for checkpoint {id}."),
            "take the number from GET /jobs/:jobid/checkpoints, which lists the newest ones",
        )
    })
}
