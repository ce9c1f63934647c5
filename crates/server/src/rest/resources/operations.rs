//! What is asked of jobs and takes its time: savepoints, checkpoints, stops, disposals. Each is on record before it is
//! answered; asked for again with the same trigger id it is the same operation.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use millstream_core::options::SAVEPOINT_DIRECTORY;
use millstream_core::{Configuration, Error, JobId, TriggerId, codes};
use millstream_protocol::{Request, SavepointFormat};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::operations::ended;
use crate::places;
use crate::registry::new_trigger_id;
use crate::rest::App;
use crate::rest::answers::operations::{
    AsynchronousOperationResult, CheckpointInfo, DisposalPreview, OperationInfo, OperationList,
    SavepointInfo, TriggerResponse,
};
use crate::rest::audit::About;
use crate::rest::body::{Body, or_default};
use crate::rest::errors::{Answer, ErrorBody, RestError};
use crate::rest::params::Params;
use crate::views::{JobView, OperationVerb, OperationView};

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(trigger_savepoint))
        .routes(routes!(savepoint))
        .routes(routes!(checkpoint))
        .routes(routes!(stop))
        .routes(routes!(trigger_disposal))
        .routes(routes!(preview_disposal))
        .routes(routes!(disposal))
        .routes(routes!(of_job))
        .routes(routes!(all))
        .routes(routes!(one))
}

/// A savepoint that is asked for.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "kebab-case")]
struct SavepointTriggerRequestBody {
    /// Where; left away: the directory of the configuration.
    target_directory: Option<String>,
    /// Whether the job is cancelled with it.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<bool>)]
    cancel_job: bool,
    /// `CANONICAL`, which is the default, or `NATIVE`.
    #[serde(rename = "formatType", deserialize_with = "or_default")]
    #[schema(value_type = Option<String>, example = "CANONICAL")]
    format_type: SavepointFormat,
    /// The id that the operation is to have; left away: a new one.
    #[serde(rename = "triggerId")]
    #[schema(value_type = Option<String>, pattern = "[0-9a-f]{32}")]
    trigger_id: Option<TriggerId>,
}

/// Writes a savepoint, and cancels the job with it where that is asked for.
#[utoipa::path(
    post,
    path = "/jobs/{jobid}/savepoints",
    request_body = SavepointTriggerRequestBody,
    responses(
        (status = 202, body = TriggerResponse),
        (status = 409, body = ErrorBody, description = "The job's state does not fit.")
    )
)]
async fn trigger_savepoint(
    State(app): State<App>,
    params: Params,
    Body(body): Body<SavepointTriggerRequestBody>,
) -> Answer<(StatusCode, Extension<About>, Json<TriggerResponse>)> {
    let job = params.job(&app)?;
    let directory = directory(&app, &job, body.target_directory, "target-directory")?;
    let id = body.trigger_id.unwrap_or_else(new_trigger_id);
    let format = body.format_type;
    if body.cancel_job {
        super::allowed(app.settings.cancel, "web.cancel.enable")?;
        app.registry
            .cancel_with_savepoint(job.id, id, Some(directory), format)
            .await?;
    } else {
        let request = Request::Savepoint {
            id,
            directory: Some(directory),
            format,
        };
        app.registry.operate(job.id, request).await?;
    }
    let about = Extension(About::Operation(id));
    Ok((StatusCode::ACCEPTED, about, Json(TriggerResponse::new(id))))
}

/// Where a savepoint goes that is asked for without a directory: as the job says, else as the server does.
fn directory(app: &App, job: &JobView, asked: Option<String>, property: &str) -> Answer<String> {
    let asked = asked.filter(|directory| !directory.trim().is_empty());
    let of_job = || {
        let settings = match &job.report {
            Some(report) => &report.configuration,
            None => &job.submission.configuration,
        };
        found(settings)
    };
    let of_server = || found(app.registry.configuration());
    let Some(directory) = asked.or_else(of_job).or_else(of_server) else {
        // With a directory it would be refused as well.
        if job.status.is_terminal() {
            return Err(ended(job).into());
        }
        return Err(RestError::bad_request(
            format!(
                "Config key [{}] is not set. Property [{property}] must be provided.",
                SAVEPOINT_DIRECTORY.name
            ),
            "name a directory in the request (in a command: `savepoint JOB DIRECTORY`, `stop -p DIRECTORY JOB`, or \
             -D execution.checkpointing.savepoint-dir=DIRECTORY), or set the option at the server",
        ));
    };
    Ok(places::whole(&directory)?)
}

/// The directory of savepoints that is set, with what its references stand for.
fn found(settings: &Configuration) -> Option<String> {
    let written = settings.written(SAVEPOINT_DIRECTORY.name)?;
    millstream_process::secrets::resolve(SAVEPOINT_DIRECTORY.name, written).ok()
}

/// How far a savepoint or stop is, and where it is or why it failed.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/savepoints/{triggerid}",
    responses((status = 200, body = AsynchronousOperationResult<SavepointInfo>))
)]
async fn savepoint(
    State(app): State<App>,
    params: Params,
) -> Answer<Json<AsynchronousOperationResult<SavepointInfo>>> {
    let verbs = [
        OperationVerb::Savepoint,
        OperationVerb::CancelWithSavepoint,
        OperationVerb::Stop,
    ];
    let operation = operation_of_job(&app, &params, &verbs, "savepoint")?;
    Ok(Json(AsynchronousOperationResult::of_savepoint(&operation)))
}

/// A checkpoint that is asked for.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase")]
pub(crate) struct CheckpointTriggerRequestBody {
    /// What is written: `CONFIGURED`, which is the default, `FULL` or `INCREMENTAL`. Every checkpoint is complete in itself
    /// as far as its state backend writes it so.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<String>, example = "CONFIGURED")]
    checkpoint_type: CheckpointType,
    /// The id that the operation is to have; left away: a new one.
    #[schema(value_type = Option<String>, pattern = "[0-9a-f]{32}")]
    trigger_id: Option<TriggerId>,
}

/// What a checkpoint holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum CheckpointType {
    #[default]
    Configured,
    Full,
    Incremental,
}

/// Takes a checkpoint now.
#[utoipa::path(
    post,
    path = "/jobs/{jobid}/checkpoints",
    request_body = CheckpointTriggerRequestBody,
    responses(
        (status = 202, body = TriggerResponse),
        (status = 409, body = ErrorBody, description = "The job's state does not fit.")
    )
)]
pub(crate) async fn trigger_checkpoint(
    State(app): State<App>,
    params: Params,
    Body(body): Body<CheckpointTriggerRequestBody>,
) -> Answer<(StatusCode, Extension<About>, Json<TriggerResponse>)> {
    let job = params.job_id()?;
    if body.checkpoint_type == CheckpointType::Incremental {
        return Err(RestError::new(
            StatusCode::BAD_REQUEST,
            &codes::REQUEST_UNSUPPORTED,
            "Checkpoints are written in full.",
            "leave checkpointType away, or say FULL",
        ));
    }
    let id = body.trigger_id.unwrap_or_else(new_trigger_id);
    app.registry
        .operate(job, Request::Checkpoint { id })
        .await?;
    let about = Extension(About::Operation(id));
    Ok((StatusCode::ACCEPTED, about, Json(TriggerResponse::new(id))))
}

/// How far a checkpoint that was asked for is, and its number or why it failed.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/checkpoints/{triggerid}",
    responses((status = 200, body = AsynchronousOperationResult<CheckpointInfo>))
)]
async fn checkpoint(
    State(app): State<App>,
    params: Params,
) -> Answer<Json<AsynchronousOperationResult<CheckpointInfo>>> {
    let operation = operation_of_job(&app, &params, &[OperationVerb::Checkpoint], "checkpoint")?;
    Ok(Json(AsynchronousOperationResult::of_checkpoint(&operation)))
}

/// A stop that is asked for.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default, rename_all = "camelCase")]
struct StopWithSavepointRequestBody {
    /// Where the savepoint goes; left away: the directory of the configuration.
    target_directory: Option<String>,
    /// Whether every window and timer fires first.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<bool>)]
    drain: bool,
    /// `CANONICAL`, which is the default, or `NATIVE`.
    #[serde(deserialize_with = "or_default")]
    #[schema(value_type = Option<String>, example = "CANONICAL")]
    format_type: SavepointFormat,
    /// The id that the operation is to have; left away: a new one.
    #[schema(value_type = Option<String>, pattern = "[0-9a-f]{32}")]
    trigger_id: Option<TriggerId>,
}

/// Stops a job with a savepoint.
#[utoipa::path(
    post,
    path = "/jobs/{jobid}/stop",
    request_body = StopWithSavepointRequestBody,
    responses(
        (status = 202, body = TriggerResponse),
        (status = 409, body = ErrorBody, description = "The job's state does not fit.")
    )
)]
async fn stop(
    State(app): State<App>,
    params: Params,
    Body(body): Body<StopWithSavepointRequestBody>,
) -> Answer<(StatusCode, Extension<About>, Json<TriggerResponse>)> {
    let job = params.job(&app)?;
    let id = body.trigger_id.unwrap_or_else(new_trigger_id);
    let request = Request::Stop {
        id,
        drain: body.drain,
        directory: Some(directory(
            &app,
            &job,
            body.target_directory,
            "targetDirectory",
        )?),
        format: body.format_type,
    };
    app.registry.operate(job.id, request).await?;
    let about = Extension(About::Operation(id));
    Ok((StatusCode::ACCEPTED, about, Json(TriggerResponse::new(id))))
}

/// A snapshot that is to be deleted.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
struct SavepointDisposalRequest {
    /// Its directory.
    #[serde(rename = "savepoint-path")]
    savepoint_path: Option<String>,
    /// The id that the operation is to have; left away: a new one.
    #[serde(rename = "triggerId")]
    #[schema(value_type = Option<String>, pattern = "[0-9a-f]{32}")]
    trigger_id: Option<TriggerId>,
}

/// Deletes a savepoint, or a checkpoint that was retained.
#[utoipa::path(
    post,
    path = "/savepoint-disposal",
    request_body = SavepointDisposalRequest,
    responses(
        (status = 200, body = TriggerResponse),
        (status = 409, body = ErrorBody, description = "The trigger id is that of another operation.")
    )
)]
async fn trigger_disposal(
    State(app): State<App>,
    Body(body): Body<SavepointDisposalRequest>,
) -> Answer<(Extension<About>, Json<TriggerResponse>)> {
    let path = path_of(body.savepoint_path)?;
    let id = body.trigger_id.unwrap_or_else(new_trigger_id);
    let about = Extension(About::Disposal(id, path.clone()));
    app.registry.dispose(id, path).await?;
    Ok((about, Json(TriggerResponse::new(id))))
}

fn path_of(given: Option<String>) -> Answer<String> {
    let path = given.filter(|path| !path.trim().is_empty());
    let path = path.ok_or_else(|| {
        RestError::bad_request(
            "Field savepoint-path must not be omitted or be null.",
            "name the directory of the savepoint",
        )
    })?;
    Ok(places::whole(&path)?)
}

/// A snapshot whose disposal is to be looked at.
#[derive(Debug, Default, Serialize, Deserialize, ToSchema)]
#[serde(default)]
struct DisposalPreviewRequest {
    /// Its directory.
    #[serde(rename = "savepoint-path")]
    savepoint_path: Option<String>,
}

/// What a disposal would delete; nothing is touched. What it would refuse is refused.
#[utoipa::path(
    post,
    path = "/savepoint-disposal/preview",
    request_body = DisposalPreviewRequest,
    responses(
        (status = 200, body = DisposalPreview),
        (status = 404, body = ErrorBody, description = "There is no snapshot."),
        (status = 409, body = ErrorBody, description = "A job would go back to the snapshot.")
    )
)]
async fn preview_disposal(
    State(app): State<App>,
    Body(body): Body<DisposalPreviewRequest>,
) -> Answer<Json<DisposalPreview>> {
    let path = path_of(body.savepoint_path)?;
    let (location, disposed) = app.registry.preview_disposal(path).await?;
    Ok(Json(DisposalPreview::of(&location, &disposed)))
}

/// How far a disposal is, and why it failed.
#[utoipa::path(
    get,
    path = "/savepoint-disposal/{triggerid}",
    responses((status = 200, body = AsynchronousOperationResult<SavepointInfo>))
)]
async fn disposal(
    State(app): State<App>,
    params: Params,
) -> Answer<Json<AsynchronousOperationResult<SavepointInfo>>> {
    let id = params.trigger_id()?;
    let operation = app
        .registry
        .operation(id)
        .filter(|operation| operation.kind == OperationVerb::Disposal)
        .ok_or_else(|| {
            unknown(format!(
                "There is no savepoint disposal operation with triggerId={id}."
            ))
        })?;
    Ok(Json(AsynchronousOperationResult::of_disposal(&operation)))
}

/// The operations of a job, the newest first.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/operations",
    responses((status = 200, body = OperationList))
)]
async fn of_job(State(app): State<App>, params: Params) -> Answer<Json<OperationList>> {
    let job = params.job(&app)?;
    Ok(Json(OperationList::of(
        &app.registry.operations(Some(job.id)),
    )))
}

/// All operations that are remembered, the newest first.
#[utoipa::path(get, path = "/operations", responses((status = 200, body = OperationList)))]
async fn all(State(app): State<App>) -> Json<OperationList> {
    Json(OperationList::of(&app.registry.operations(None)))
}

/// An operation.
#[utoipa::path(
    get,
    path = "/operations/{triggerid}",
    responses((status = 200, body = OperationInfo))
)]
async fn one(State(app): State<App>, params: Params) -> Answer<Json<OperationInfo>> {
    let id = params.trigger_id()?;
    let operation = app
        .registry
        .operation(id)
        .ok_or_else(|| unknown(format!("There is no operation with triggerId={id}.")))?;
    Ok(Json(OperationInfo::of(&operation)))
}

/// The operation in the path, if it is one of `verbs` on the job in the path. The job itself may be forgotten.
fn operation_of_job(
    app: &App,
    params: &Params,
    verbs: &[OperationVerb],
    noun: &str,
) -> Answer<OperationView> {
    let job: JobId = params.job_id()?;
    let id = params.trigger_id()?;
    app.registry
        .operation(id)
        .filter(|operation| operation.job == Some(job) && verbs.contains(&operation.kind))
        .ok_or_else(|| {
            unknown(format!(
                "There is no {noun} operation with triggerId={id} for job {job}."
            ))
        })
}

fn unknown(message: String) -> RestError {
    let error = Error::new(&codes::OPERATION_UNKNOWN, message)
        .next("list the operations with GET /operations");
    RestError::from(error)
}
