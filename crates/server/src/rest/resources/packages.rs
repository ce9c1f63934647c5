//! Job packages, which Flink calls jars: listing, uploading, deleting, planning.

use axum::extract::multipart::Field;
use axum::extract::{DefaultBodyLimit, FromRequest, Multipart, Request, State};
use axum::http::StatusCode;
use axum::{Extension, Json};
use millstream_core::options::format_duration;
use millstream_core::{Error, codes};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use utoipa::ToSchema;
use utoipa_axum::router::{OpenApiRouter, UtoipaMethodRouterExt};
use utoipa_axum::routes;

use super::jobs::Empty;
use super::run::{JarPlanRequestBody, plan_request};
use crate::package_names::UNFINISHED;
use crate::registry::new_trigger_id;
use crate::rest::App;
use crate::rest::answers::jobs::JobPlanInfo;
use crate::rest::answers::package_plan;
use crate::rest::answers::packages::{JarListInfo, JarUploadResponse};
use crate::rest::audit::About;
use crate::rest::body::{Body, Given};
use crate::rest::errors::{Answer, ErrorBody, RestError};
use crate::rest::params::Params;

/// A file that takes longer to come is not waited for, even if a byte comes now and then.
const UPLOAD_PATIENCE: Duration = Duration::from_secs(1_800);

/// The routes of this module, without those of [`upload_routes`].
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(delete))
        .routes(routes!(plan_of_query, plan_of_body))
}

/// Uploads, of at most `largest_upload` bytes.
pub(crate) fn upload_routes(largest_upload: usize) -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(upload).layer(DefaultBodyLimit::max(largest_upload)))
}

/// The packages that there are, the built-in one among them.
#[utoipa::path(get, path = "/jars", responses((status = 200, body = JarListInfo)))]
async fn list(State(app): State<App>) -> Json<JarListInfo> {
    let address = app.registry.server().url.clone();
    Json(JarListInfo::of(address, &app.registry.packages()))
}

/// An upload.
#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the form; it is read as a stream")]
struct UploadForm {
    /// The executable.
    #[schema(content_media_type = "application/octet-stream", value_type = String, format = Binary)]
    jarfile: Vec<u8>,
}

/// Uploads a package: an executable that links the `millstream` crate.
#[utoipa::path(
    post,
    path = "/jars/upload",
    request_body(content = UploadForm, content_type = "multipart/form-data"),
    responses(
        (status = 200, body = JarUploadResponse),
        (status = 403, body = ErrorBody, description = "Submitting is switched off.")
    )
)]
async fn upload(
    State(app): State<App>,
    request: Request,
) -> Answer<(Extension<About>, Json<JarUploadResponse>)> {
    super::allowed(app.settings.submit, "web.submit.enable")?;
    let mut form = Multipart::from_request(request, &app)
        .await
        .map_err(|error| no_form(&error.body_text()))?;
    let mut field = form
        .next_field()
        .await
        .map_err(|error| of_form(error.status(), &error.body_text()))?
        .ok_or_else(|| no_form("it has no file"))?;
    let name = field
        .file_name()
        .map(str::to_owned)
        .filter(|name| !name.is_empty())
        .ok_or_else(|| no_form("its first part is no file with a name"))?;
    let directory = app.registry.upload_directory()?;
    let file = Unfinished(directory.join(format!("{UNFINISHED}{}", new_trigger_id())));
    let received = tokio::time::timeout(UPLOAD_PATIENCE, receive(&mut field, &file.0)).await;
    received.map_err(|_| too_slow())??;
    drop(field);
    refuse_more(form).await?;
    let package = app.registry.upload(&name, file.0.clone()).await?;
    let answer = Json(JarUploadResponse::of(&package));
    Ok((Extension(About::Package(package.id)), answer))
}

/// An upload is one package; parts that are no files mean nothing.
async fn refuse_more(mut form: Multipart) -> Answer<()> {
    while let Some(field) = form
        .next_field()
        .await
        .map_err(|error| of_form(error.status(), &error.body_text()))?
    {
        if field.file_name().is_some() {
            return Err(RestError::bad_request(
                "Exactly 1 file must be sent, received more.",
                "send one package at a time",
            ));
        }
    }
    Ok(())
}

/// A file that is being received: whatever happens, also if the client goes away, it does not stay.
struct Unfinished(PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Gone already where it has become a package.
        drop(std::fs::remove_file(&self.0));
    }
}

/// Writes the file of a form piece by piece, so that its size does not matter.
async fn receive(field: &mut Field<'_>, path: &Path) -> Answer<()> {
    let failed = |cause: std::io::Error| {
        let message = format!("{} can't be written", path.display());
        RestError::from(Error::new(&codes::SERVER_DIRECTORY, message).cause(cause))
    };
    let mut file = tokio::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .await
        .map_err(failed)?;
    while let Some(piece) = field
        .chunk()
        .await
        .map_err(|error| of_form(error.status(), &error.body_text()))?
    {
        file.write_all(&piece).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    file.sync_all().await.map_err(failed)
}

fn too_slow() -> RestError {
    RestError::new(
        StatusCode::REQUEST_TIMEOUT,
        &codes::REQUEST,
        format!(
            "The file has not come within {}.",
            format_duration(UPLOAD_PATIENCE)
        ),
        "send it over a faster connection",
    )
}

fn no_form(why: &str) -> RestError {
    RestError::bad_request(
        format!("Exactly 1 file must be sent, received none: {why}"),
        "send it as multipart/form-data under the name jarfile, as `curl -F jarfile=@PACKAGE` does",
    )
}

fn of_form(status: StatusCode, why: &str) -> RestError {
    match status {
        StatusCode::PAYLOAD_TOO_LARGE => RestError::new(
            status,
            &codes::REQUEST,
            "The file is too large.",
            "send a smaller one, or raise rest.server.max-content-length",
        ),
        _ => no_form(why),
    }
}

/// Deletes a package. Jobs that were started from it go on, and can be restarted.
#[utoipa::path(
    delete,
    path = "/jars/{jarid}",
    responses(
        (status = 200, body = Empty),
        (status = 403, body = ErrorBody, description = "Submitting is switched off.")
    )
)]
async fn delete(State(app): State<App>, params: Params) -> Answer<Json<Empty>> {
    super::allowed(app.settings.submit, "web.submit.enable")?;
    let id = params.path("jarid");
    app.registry
        .delete_package(id)
        .await
        .map_err(RestError::of_submission)?;
    Ok(Json(Empty {}))
}

/// The plan of a job in a package, which is not started. Everything is said in the query.
#[utoipa::path(
    get,
    path = "/jars/{jarid}/plan",
    params(
        ("entry-class" = Option<String>, Query, description = "The entry class."),
        ("programArg" = Option<String>, Query, description = "The arguments of the program, with commas between them."),
        ("program-args" = Option<String>, Query, description = "The arguments of the program in one text."),
        ("parallelism" = Option<i64>, Query, description = "The parallelism, at least 1.")
    ),
    responses(
        (status = 200, body = JobPlanInfo),
        (status = 403, body = ErrorBody, description = "Submitting is switched off.")
    )
)]
async fn plan_of_query(State(app): State<App>, params: Params) -> Answer<Json<JobPlanInfo>> {
    plan(&app, &params, Ok(Body(JarPlanRequestBody::default()))).await
}

/// The plan of a job in a package, which is not started. What the body says wins over the query.
#[utoipa::path(
    post,
    path = "/jars/{jarid}/plan",
    params(
        ("entry-class" = Option<String>, Query, description = "The entry class."),
        ("programArg" = Option<String>, Query, description = "The arguments of the program, with commas between them."),
        ("program-args" = Option<String>, Query, description = "The arguments of the program in one text."),
        ("parallelism" = Option<i64>, Query, description = "The parallelism, at least 1.")
    ),
    request_body = JarPlanRequestBody,
    responses(
        (status = 200, body = JobPlanInfo),
        (status = 403, body = ErrorBody, description = "Submitting is switched off.")
    )
)]
async fn plan_of_body(
    State(app): State<App>,
    params: Params,
    body: Given<JarPlanRequestBody>,
) -> Answer<Json<JobPlanInfo>> {
    plan(&app, &params, body).await
}

async fn plan(
    app: &App,
    params: &Params,
    body: Given<JarPlanRequestBody>,
) -> Answer<Json<JobPlanInfo>> {
    super::allowed(app.settings.submit, "web.submit.enable")?;
    let request = plan_request(params, body).checked(&app.registry).await?;
    let printed = app.registry.plan(request.clone()).await;
    let plan = printed.and_then(|printed| package_plan::of(printed, request.job));
    plan.map(Json)
        .map_err(|error| RestError::of_request(error, &request))
}
