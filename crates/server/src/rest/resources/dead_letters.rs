//! Dead letters of jobs: what was set aside, and what is done about it.

use axum::extract::State;
use axum::http::StatusCode;
use axum::{Extension, Json};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::jobs::Empty;
use crate::letters::{Question, Replay};
use crate::rest::App;
use crate::rest::audit::About;
use crate::rest::body::{Body, or_default};
use crate::rest::errors::{Answer, RestError};
use crate::rest::params::Params;

/// The routes of this module.
pub(crate) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(show))
        .routes(routes!(discard))
        .routes(routes!(replay, replayed))
}

async fn ask(
    app: &App,
    params: &Params,
    verb: &'static str,
    options: Vec<String>,
) -> Answer<Json<Value>> {
    let question = question(app, params, verb, options)?;
    let data = &app.registry.server().data_directory;
    Ok(Json(app.letters.ask(&question, data).await?))
}

fn question(
    app: &App,
    params: &Params,
    verb: &'static str,
    options: Vec<String>,
) -> Answer<Question> {
    let job = params.job(app)?.id;
    Ok(Question { job, verb, options })
}

/// The dead letters of a job by their codes: how many, first and last, and an example, as `millstream dead-letters list --json`
/// has it.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/dead-letters",
    params(("code" = Option<String>, Query, description = "Only letters with this code.")),
    responses(
        (status = 200, description = "The codes.", body = Vec<Object>),
        (status = 404, description = "There is no such job, or it sets nothing aside.")
    )
)]
async fn list(State(app): State<App>, params: Params) -> Answer<Json<Value>> {
    let code = params.query("code").map(of_code);
    ask(&app, &params, "list", code.into_iter().collect()).await
}

/// Dead letters of a job, as `millstream dead-letters show --json` has them.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/dead-letters/letters",
    params(
        ("code" = Option<String>, Query, description = "Only letters with this code."),
        ("limit" = Option<u64>, Query, description = "At most so many; 20 unless it is given, 1000 at most."),
        ("all" = Option<bool>, Query, description = "Also those that were replayed or discarded.")
    ),
    responses(
        (status = 200, description = "The letters.", body = Vec<Object>),
        (status = 404, description = "There is no such job, or it sets nothing aside.")
    )
)]
async fn show(State(app): State<App>, params: Params) -> Answer<Json<Value>> {
    const MOST: u64 = 1_000;
    let mut options: Vec<String> = params.query("code").map(of_code).into_iter().collect();
    if let Some(limit) = params.query_value::<u64>("limit")? {
        options.push(format!("--limit={}", limit.min(MOST)));
    }
    if params.query_value("all")? == Some(true) {
        options.push("--all".to_owned());
    }
    ask(&app, &params, "show", options).await
}

fn of_code(code: &str) -> String {
    format!("--code={code}")
}

/// Which letters are meant.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(default, rename_all = "kebab-case")]
struct DeadLettersRequestBody {
    /// Those with this code; left away: with any.
    code: Option<String>,
    /// At most so many.
    limit: Option<u64>,
    /// Also those of which nobody knows whether a replay that was interrupted sent them.
    #[serde(deserialize_with = "or_default")]
    unclear: bool,
    /// How many it would be is told, and nothing is done.
    #[serde(deserialize_with = "or_default")]
    dry_run: bool,
}

impl DeadLettersRequestBody {
    fn options(self) -> Vec<String> {
        let mut options: Vec<String> = self.code.as_deref().map(of_code).into_iter().collect();
        options.extend(self.limit.map(|limit| format!("--limit={limit}")));
        let flags = [(self.unclear, "--unclear"), (self.dry_run, "--dry-run")];
        let given = flags.into_iter().filter(|(given, _)| *given);
        options.extend(given.map(|(_, flag)| flag.to_owned()));
        options
    }
}

/// Dismisses dead letters of a job: they are never replayed.
#[utoipa::path(
    post,
    path = "/jobs/{jobid}/dead-letters/discard",
    request_body = DeadLettersRequestBody,
    responses(
        (status = 200, description = "How many, as `millstream dead-letters discard --json` has it.", body = Object),
        (status = 409, description = "Somebody else replays or discards at present.")
    )
)]
async fn discard(
    State(app): State<App>,
    params: Params,
    body: Body<DeadLettersRequestBody>,
) -> Answer<(Extension<About>, Json<Value>)> {
    let body = body.inner();
    // Whoever asks for it here has named it.
    let force = (!body.dry_run).then(|| "--force".to_owned());
    let chosen = body.options();
    let about = About::Letters(chosen.join(" "));
    let options = chosen.into_iter().chain(force).collect();
    let told = ask(&app, &params, "discard", options).await?;
    Ok((Extension(about), told))
}

/// Sends dead letters of a job through its pipeline once more, as it was run last. How far that is says the same path.
#[utoipa::path(
    post,
    path = "/jobs/{jobid}/dead-letters/replay",
    request_body = DeadLettersRequestBody,
    responses(
        (status = 202, description = "It has begun.", body = Empty),
        (status = 403, description = "Submitting is switched off: what is sent goes through the program of the job."),
        (status = 409, description = "Letters of the job are being replayed.")
    )
)]
async fn replay(
    State(app): State<App>,
    params: Params,
    body: Body<DeadLettersRequestBody>,
) -> Answer<(StatusCode, Extension<About>, Json<Empty>)> {
    super::allowed(app.settings.submit, "web.submit.enable")?;
    let question = question(&app, &params, "replay", body.inner().options())?;
    let about = Extension(About::Letters(question.options.join(" ")));
    let data = &app.registry.server().data_directory;
    app.letters.start(question, data)?;
    Ok((StatusCode::ACCEPTED, about, Json(Empty {})))
}

/// How far a replay is.
#[derive(Debug, Serialize, ToSchema)]
struct ReplayInfo {
    /// `running` or `completed`.
    status: &'static str,
    /// Once it has completed: how many were sent, as `millstream dead-letters replay --json` has it.
    #[schema(value_type = Option<Object>)]
    result: Option<Value>,
}

/// How far the last replay of dead letters of a job is that was asked for here; one that failed is answered with its error.
#[utoipa::path(
    get,
    path = "/jobs/{jobid}/dead-letters/replay",
    responses(
        (status = 200, body = ReplayInfo),
        (status = 404, description = "This server has replayed none.")
    )
)]
async fn replayed(State(app): State<App>, params: Params) -> Answer<Json<ReplayInfo>> {
    let job = params.job(&app)?.id;
    let (status, result) = match app.letters.last(job) {
        Some(Replay::Running) => ("running", None),
        Some(Replay::Completed(told)) => ("completed", Some(told)),
        Some(Replay::Failed(error)) => return Err(error.into()),
        None => {
            return Err(RestError::not_found(
                format!(
                    "No dead letters of job {job} were replayed by this server since it was started."
                ),
                "ask for it with POST; what became of each letter is in GET /jobs/:jobid/dead-letters",
            ));
        }
    };
    Ok(Json(ReplayInfo { status, result }))
}
